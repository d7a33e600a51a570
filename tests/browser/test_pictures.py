"""The pictures of the documentation, taken of the demo; `make screenshots` puts new ones there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.pages import preview
from tests.browser.site import Site
from tests.browser.watch import Watch

SIZE = {"width": 1280, "height": 760}


def show_home(page: Page) -> None:
    page.goto("/admin/", wait_until="networkidle")


def show_schedules(page: Page) -> None:
    page.goto("/admin/schedules/schedule/", wait_until="networkidle")


def show_schedule_form(page: Page) -> None:
    page.goto("/admin/schedules/schedule/add/")
    page.get_by_label("Name").fill("Nightly sync")
    page.locator("#id_workflow").select_option(label="task_sync_from (Nightly validate and NSO sync)")
    page.locator("#id_trigger").select_option("cron")
    page.get_by_label("Crontab").fill("30 2 * 3,10 0")
    expect(preview(page)).to_contain_text("The clocks skip the planned time")
    page.locator("#id_trigger").evaluate("field => field.scrollIntoView()")
    expect(preview(page).locator("tr").last).to_be_in_viewport()


def show_explanation(page: Page) -> None:
    """Show why something did not run: the task before it had not ended."""
    answer = page.request.get("/api/firings", params={"outcome": "skipped_overlap", "page_size": 1})
    firing = answer.json()["results"][0]
    path = reverse("admin:schedules_schedule_explain", args=[firing["schedule_id"]])
    page.goto(f"{path}?at={firing['scheduled_for']}", wait_until="networkidle")
    expect(page.locator("#explanation")).to_contain_text("skipped")


def show_task(page: Page) -> None:
    page.goto("/admin/tasks/task/?status__exact=failed")
    page.locator("#result_list tbody a[href*='/change/']").first.click()
    step = page.locator("article[data-step]").last
    step.scroll_into_view_if_needed()
    expect(step).to_contain_text("No space left on device")


def show_workflows(page: Page) -> None:
    page.goto("/admin/workflows/workflow/", wait_until="networkidle")


PICTURES: dict[str, Callable[[Page], None]] = {
    "admin-home": show_home,
    "admin-schedules": show_schedules,
    "admin-schedule-form": show_schedule_form,
    "admin-explanation": show_explanation,
    "admin-task-steps": show_task,
    "admin-workflows": show_workflows,
}


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    chosen: Path | None = request.config.getoption("docs_images", None)
    return (chosen or tmp_path).resolve()


@pytest.mark.timeout(300)  # its site lives through a day before it answers
def test_pictures_are_taken_of_the_pages_as_they_are(
    browser: Browser, demo: Site, context_options: dict[str, Any], folder: Path
) -> None:
    context = browser.new_context(**{**context_options, "base_url": demo.url, "viewport": SIZE})
    watch = Watch(context, demo.url)
    page = context.new_page()
    log_in(page, demo)
    for name, show in PICTURES.items():
        show(page)
        page.screenshot(path=folder / f"{name}.png", animations="disabled")
    context.close()
    assert watch.complaints == []
    assert {path.stem for path in folder.glob("admin-*.png")} == set(PICTURES)

"""The pictures of the documentation, taken of the demo; `make screenshots` puts new ones there."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.pages import preview, start_task, step, wait_for_status
from tests.browser.shots import shot
from tests.browser.site import Site, running_site
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
    page.goto("/admin/schedules/schedule/?q=Task+Validate+Products")
    row = page.get_by_role("link", name="Task Validate Products").get_attribute("href")
    assert row
    page.goto(f"{row.partition('change/')[0]}explain/?at=2099-01-01T02:30:00", wait_until="networkidle")
    expect(page.locator("#explanation")).to_be_visible()


def show_task(page: Page) -> None:
    start_task(page, json.dumps({"gate": "the north gate"}))
    wait_for_status(page, "failed")
    step(page, "Walk to the gate").get_by_text("State after it").click()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(step(page, "Pass the gate")).to_be_in_viewport()


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


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site of its own, at work since yesterday."""
    with running_site(tmp_path_factory.mktemp("demo"), DEMO="true") as site:
        yield site


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    chosen: Path | None = request.config.getoption("docs_images", None)
    return (chosen or tmp_path).resolve()


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
        shot(page, name)
    context.close()
    assert watch.complaints == []
    assert {path.stem for path in folder.glob("admin-*.png")} == set(PICTURES)

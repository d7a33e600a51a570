"""The pictures of the documentation; `make pictures` puts new ones there."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import preview, start_task, step, wait_for_status

SIZE = {"width": 1280, "height": 760}


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    chosen: Path | None = request.config.getoption("docs_images", None)
    return (chosen or tmp_path).resolve()


def test_pictures_are_taken_of_the_pages_as_they_are(page: Page, folder: Path) -> None:
    page.set_viewport_size(SIZE)  # type: ignore[arg-type]  # a dict like any other
    page.goto("/admin/schedules/schedule/add/")
    page.get_by_label("Name").fill("Nightly sync")
    page.locator("#id_workflow").select_option(label="task_sync_from (Nightly validate and NSO sync)")
    page.locator("#id_trigger").select_option("cron")
    page.get_by_label("Crontab").fill("30 2 * 3,10 0")
    expect(preview(page)).to_contain_text("The clocks skip the planned time")
    page.locator("#id_trigger").evaluate("field => field.scrollIntoView()")
    expect(preview(page).locator("tr").last).to_be_in_viewport()
    page.screenshot(path=folder / "admin-schedule-form.png")

    start_task(page, json.dumps({"gate": "the north gate"}))
    wait_for_status(page, "failed")
    step(page, "Walk to the gate").get_by_text("State after it").click()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(step(page, "Pass the gate")).to_be_in_viewport()
    page.screenshot(path=folder / "admin-task-steps.png")

    page.goto("/admin/schedules/schedule/", wait_until="networkidle")
    page.screenshot(path=folder / "admin-schedules.png")
    assert {path.name for path in folder.glob("admin-*.png")} == {
        "admin-schedule-form.png",
        "admin-task-steps.png",
        "admin-schedules.png",
    }

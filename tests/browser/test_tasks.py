import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import start_task, step, wait_for_status


def test_a_task_that_failed_says_why_and_is_resumed(page: Page, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    start_task(page, json.dumps({"gate": str(gate)}))
    wait_for_status(page, "failed")
    failed = step(page, "Pass the gate")
    expect(failed).to_contain_text("GateClosed: nobody has opened gate")
    failed.get_by_text("Traceback", exact=True).click()
    expect(failed.locator("pre", has_text="raise GateClosed")).to_be_visible()
    failed.get_by_text("State before it").click()
    expect(failed.locator("pre", has_text='"metres": 42')).to_be_visible()
    gate.touch()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("on the queue again")).to_be_visible()
    wait_for_status(page, "completed")
    expect(step(page, "Pass the gate").last).to_contain_text("attempt 2")
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)


def test_inputs_that_are_no_json_are_refused_at_their_field(page: Page) -> None:
    page.goto("/admin/tasks/task/add/")
    page.get_by_label("Workflow").select_option(index=1)
    page.get_by_label("Inputs").fill("{gate}")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("This is no JSON that can be read")).to_be_visible()
    expect(page.get_by_label("Inputs")).to_have_value("{gate}")


def test_a_task_is_aborted_after_a_question(page: Page, tmp_path: Path) -> None:
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    wait_for_status(page, "failed")
    abort = page.get_by_role("button", name="Abort")
    expect(abort).to_be_hidden()
    page.get_by_text("Abort…").click()
    abort.click()
    expect(page.get_by_text("The task is aborted.")).to_be_visible()
    expect(page.get_by_role("group", name="Actions")).to_have_count(0)

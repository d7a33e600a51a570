import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.pages import TASK, at_field, choose_workflow, start_task, step, wait_for_status
from tests.browser.site import Site
from tests.browser.watch import Watch

PAINTING = "task_repaint_the_gate"


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
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("on the queue again")).to_be_visible()
    wait_for_status(page, "completed")
    expect(step(page, "Pass the gate").last).to_contain_text("attempt 2")
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)


def test_inputs_that_are_no_json_are_refused_at_their_field(page: Page) -> None:
    choose_workflow(page, TASK)
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


def repaint(page: Page) -> None:
    """Start a task by its form, at first wrongly, and answer what it asks, at first wrongly."""
    choose_workflow(page, PAINTING)
    page.get_by_label("Colour").select_option("red")
    page.get_by_label("Coats").fill("4")
    page.get_by_label("To be done on").fill("2099-03-01")
    page.get_by_label("It is urgent").check()
    page.get_by_role("button", name="Start").click()
    expect(at_field(page, "coats")).to_contain_text("less than or equal to 3")
    expect(page.get_by_label("Colour")).to_have_value("red")
    expect(page.get_by_label("To be done on")).to_have_value("2099-03-01")
    expect(page.get_by_label("It is urgent")).to_be_checked()
    page.get_by_label("Coats").fill("2")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#steps")).to_be_visible()
    wait_for_status(page, "suspended")
    page.get_by_label("Remarks").fill("ok")
    page.get_by_role("button", name="Answer and resume").click()
    expect(at_field(page, "remarks")).to_contain_text("at least 4 characters")
    expect(page.get_by_label("Remarks")).to_have_value("ok")
    page.get_by_label("Remarks").fill("looks good")
    page.get_by_role("button", name="Answer and resume").click()
    expect(page.get_by_text("on the queue again, with the answers")).to_be_visible()
    wait_for_status(page, "completed")
    expect(step(page, "Gate: Inspect").last).to_contain_text("success")


def test_a_task_is_started_and_answered_by_forms(page: Page) -> None:
    repaint(page)
    step(page, "Done").get_by_text("State after it").click()
    expect(step(page, "Done").locator("pre", has_text='"inspected": "looks good"')).to_be_visible()


def test_forms_and_verbs_work_without_scripts(
    browser: Browser, site: Site, context_options: dict[str, Any], tmp_path: Path
) -> None:
    context = browser.new_context(**context_options, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    log_in(page, site)
    repaint(page)
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    wait_for_status(page, "failed")
    page.goto("/admin/tasks/task/?status__exact=failed")
    page.locator("#result_list tbody input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(label="Resume the selected tasks")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 of 1 tasks are on the queue again.")).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_the_engine_is_frozen_and_every_page_says_so(page: Page) -> None:
    page.goto("/admin/tasks/enginefreeze/")
    page.get_by_label("Reason").fill("Upgrade of the gate")
    page.get_by_role("button", name="Freeze", exact=True).click()
    try:
        expect(page.get_by_text("The engine is frozen:")).to_be_visible()
        page.goto("/admin/schedules/schedule/")
        expect(page.locator("#engine-banner")).to_contain_text("Upgrade of the gate")
    finally:
        page.goto("/admin/tasks/enginefreeze/")
        page.get_by_role("button", name="Unfreeze").click()
    expect(page.get_by_text("The engine runs again.")).to_be_visible()
    expect(page.locator("#engine-banner")).to_have_count(0)
    expect(page.locator("#result_list")).to_contain_text("Upgrade of the gate")

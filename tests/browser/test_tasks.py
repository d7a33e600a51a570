import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import PATIENCE_SECONDS, log_in
from tests.browser.pages import TASK, at_field, choose_workflow, start_task, step, wait_for_status
from tests.browser.shots import shot
from tests.browser.site import Site
from tests.browser.watch import Watch

PAINTING = "task_repaint_the_gate"
# A live part is asked for every five seconds, and the worker may have much else to do.
PATIENCE = 1000 * PATIENCE_SECONDS


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
    shot(page, "failed-task")
    gate.touch()
    page.get_by_role("button", name="Retry from “Pass the gate”").click()
    expect(page.get_by_text("on the queue again")).to_be_visible()
    wait_for_status(page, "completed")
    passed = step(page, "Pass the gate").last
    expect(passed).to_contain_text("attempt 2")
    expect(passed.locator("[data-change=added]")).to_contain_text("passed true")
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
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    expect(page.get_by_text("Abort…")).to_have_count(0)


def test_the_page_of_a_task_follows_it_to_its_end_by_itself(page: Page, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    start_task(page, json.dumps({"gate": str(gate)}))
    wait_for_status(page, "failed")
    expect(page.locator("[data-live]")).to_have_count(0)
    gate.touch()
    page.get_by_role("button", name="Retry").click()
    # Nothing is pressed and no page is loaded from here on.
    expect(page.locator("#task-head .task-title")).to_contain_text("completed", timeout=PATIENCE)
    expect(step(page, "Done")).to_contain_text("complete", timeout=PATIENCE)
    expect(page.locator("[data-live]")).to_have_count(0)


def test_a_failed_task_is_resumed_and_another_aborted_from_the_list(page: Page, tmp_path: Path) -> None:
    gates = [tmp_path / "north", tmp_path / "south"]
    for gate in gates:
        start_task(page, json.dumps({"gate": str(gate)}))
        wait_for_status(page, "failed")
        gate.touch()
    there = f"/admin/tasks/task/?workflow_name={TASK}"
    page.goto(there)
    south, north = page.locator("#result_list tbody").nth(0), page.locator("#result_list tbody").nth(1)
    expect(north).to_contain_text("GateClosed: nobody has opened north")
    south.get_by_text("Abort…").click()
    south.get_by_role("button", name="Abort").click()
    expect(page.get_by_text("The task is aborted.")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(there)))
    north.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("on the queue again")).to_be_visible()
    # The table follows by itself.
    expect(north).to_contain_text("completed", timeout=PATIENCE)
    expect(south).to_contain_text("aborted")


def test_a_table_stands_still_while_a_box_is_ticked(page: Page, tmp_path: Path) -> None:
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    page.clock.install()
    page.goto("/admin/tasks/task/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if is_live(request) else None)
    box = page.locator("#result_list tbody input.action-select").first
    box.check()
    page.evaluate("document.activeElement.blur()")
    page.clock.run_for(30_000)
    assert asked == []
    box.uncheck()
    page.evaluate("document.activeElement.blur()")
    page.clock.resume()
    expect(page.locator("[data-live-status]")).to_contain_text("Updated", timeout=PATIENCE)
    assert asked
    # The boxes that came with the fresh table work as those before them did.
    page.locator("#result_list tbody input.action-select").first.check()
    expect(page.locator(".action-counter")).to_contain_text(re.compile("^1 of"))
    page.locator("#result_list .action-toggle").check()
    expect(page.locator("#result_list tbody input.action-select").last).to_be_checked()


def test_an_answer_that_comes_too_late_takes_no_tick_away(page: Page, tmp_path: Path) -> None:
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    page.clock.install()
    page.goto("/admin/tasks/task/")
    held: list[Route] = []
    page.route(
        "**/admin/tasks/task/", lambda route: held.append(route) if is_live(route.request) else route.continue_()
    )
    with page.expect_request(is_live):
        page.clock.run_for(7_000)
    box = page.locator("#result_list tbody input.action-select").first
    box.check()
    page.evaluate(
        "document.body.addEventListener('htmx:afterRequest', () => { document.body.dataset.answered = 'yes'; })"
    )
    held[0].continue_()
    expect(page.locator("body")).to_have_attribute("data-answered", "yes")
    page.clock.resume()
    expect(box).to_be_checked()


def is_live(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def test_a_task_is_run_again_with_its_inputs(page: Page, tmp_path: Path) -> None:
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    first = page.url
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_text("Nothing has started yet.")).to_be_visible()
    expect(page.get_by_label("Inputs")).to_have_value(re.compile("gate"))
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#steps")).to_be_visible()
    assert page.url != first


def test_a_description_is_changed(page: Page) -> None:
    page.goto(f"/admin/workflows/workflow/?q={TASK}")
    page.get_by_role("link", name=TASK).click()
    page.get_by_role("link", name="Change the description…").click()
    page.get_by_label("Description").fill("Through the gate,\nby night")
    page.get_by_role("button", name="Change the description").click()
    expect(page.get_by_text("The description is changed.")).to_be_visible()
    expect(page.locator("#workflow-head")).to_contain_text("by night")
    page.get_by_role("link", name="Change the description…").click()
    page.get_by_label("Description").fill("Through the gate")
    page.get_by_role("button", name="Change the description").click()
    expect(page.locator("#workflow-head")).not_to_contain_text("by night")


def fill_in_start(page: Page) -> None:
    """Fill in the form by which a task is started, at first wrongly."""
    choose_workflow(page, PAINTING)
    page.get_by_role("combobox", name="Colour").select_option("red")
    page.get_by_label("Coats").fill("4")
    page.get_by_label("To be done on").fill("2099-03-01")
    page.get_by_label("It is urgent").check()
    page.get_by_role("button", name="Start").click()
    expect(at_field(page, "coats")).to_contain_text("less than or equal to 3")
    expect(page.get_by_role("combobox", name="Colour")).to_have_value("red")
    expect(page.get_by_label("To be done on")).to_have_value("2099-03-01")
    expect(page.get_by_label("It is urgent")).to_be_checked()
    page.get_by_label("Coats").fill("2")


def fill_in_answer(page: Page) -> None:
    """Start the task, and fill in the form by which it asks something, at first wrongly."""
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#steps")).to_be_visible()
    wait_for_status(page, "suspended")
    page.get_by_label("Remarks").fill("ok")
    page.get_by_role("button", name="Answer and resume").click()
    expect(at_field(page, "remarks")).to_contain_text("at least 4 characters")
    expect(page.get_by_label("Remarks")).to_have_value("ok")
    page.get_by_label("Remarks").fill("looks good")


def answer(page: Page) -> None:
    """Send the answer, and see the task end."""
    page.get_by_role("button", name="Answer and resume").click()
    expect(page.get_by_text("on the queue again, with the answers")).to_be_visible()
    wait_for_status(page, "completed")
    expect(step(page, "Gate: Inspect").last).to_contain_text("success")


def test_a_task_is_started_and_answered_by_forms(page: Page) -> None:
    fill_in_start(page)
    shot(page, "start-by-hand")
    fill_in_answer(page)
    shot(page, "suspended-task")
    answer(page)
    step(page, "Done").get_by_text("State after it").click()
    expect(step(page, "Done").locator("pre", has_text='"inspected": "looks good"')).to_be_visible()


def test_forms_and_verbs_work_without_scripts(
    browser: Browser, site: Site, context_options: dict[str, Any], tmp_path: Path
) -> None:
    context = browser.new_context(**context_options, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    log_in(page, site)
    fill_in_start(page)
    fill_in_answer(page)
    answer(page)
    start_task(page, json.dumps({"gate": str(tmp_path / "gate")}))
    wait_for_status(page, "failed")
    page.goto("/admin/tasks/task/?status=failed")
    page.locator("#result_list tbody input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(label="Resume the selected tasks")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 of 1 task is on the queue again.")).to_be_visible()
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
        shot(page, "frozen-engine")
    finally:
        page.goto("/admin/tasks/enginefreeze/")
        page.get_by_role("button", name="Unfreeze").click()
    expect(page.get_by_text("The engine runs again.")).to_be_visible()
    expect(page.locator("#engine-banner")).to_have_count(0)
    expect(page.locator("#result_list")).to_contain_text("Upgrade of the gate")

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.pages import (
    at_field,
    kind_fields,
    new_name,
    open_add_form,
    open_schedule,
    preview,
    save,
    step,
    wait_for_status,
)
from tests.browser.shots import shot
from tests.browser.site import Site
from tests.browser.walk import look_around
from tests.browser.watch import Watch
from tests.support.wait import wait_for

# Triggers look ten years ahead.
NEXT_YEAR = datetime.now(UTC).year + 1
PARTS = '[{"trigger": "cron", "trigger_kwargs": {"hour": 8}}, {"trigger": "cron", "trigger_kwargs": {"hour": 20}}]'
ZONE = "Europe/Amsterdam"
KINDS = {
    "interval": ({"Hours": "6", "End date": f"{NEXT_YEAR}-01-01T00:00:00"}, "Every 6 hours"),
    "cron": ({"Crontab": "30 2 * * 1-5"}, f"At 02:30, Monday to Friday, {ZONE}"),
    "date": ({"Run date": "2099-03-28T02:30:00"}, ZONE),
    "calendarinterval": ({"Months": "1", "Hour": "8", "Start date": f"{NEXT_YEAR}-01-31"}, ZONE),
    "and": ({"Triggers": PARTS.replace("20", "8"), "Threshold seconds": "60"}, ZONE),
    "or": ({"Triggers": PARTS}, ZONE),
}

NOTE_WHAT_IS_SAID = """() => {
    const status = document.querySelector("#schedule-preview [role=status]");
    window.said = [];
    new MutationObserver(() => window.said.push(status.innerText.trim())).observe(status, { childList: true });
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_previewed_and_created_with_its_own_fields(page: Page, kind: str) -> None:
    name = new_name()
    fields, words = KINDS[kind]
    open_add_form(page, name, kind)
    for other in KINDS:
        expect(kind_fields(page, other)).to_be_visible(visible=other == kind)
    for label, value in fields.items():
        kind_fields(page, kind).get_by_label(label, exact=True).fill(value)
    expect(preview(page)).to_contain_text(words)
    shot(page, f"schedule-form-{kind}")
    first_time = preview(page).get_by_role("cell", name=re.compile(r"[+-]\d\d:\d\d$")).first.inner_text()
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"/admin/schedules/schedule/?q={name}")
    row = page.locator("#result_list tr", has_text=name)
    expect(row).to_contain_text(words)
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d:\d\d CES?T"))
    expect(row).to_contain_text("active", ignore_case=True)
    if kind != "interval":  # which counts from when it is saved
        expect(row).to_contain_text(first_time.split(" ", maxsplit=1)[1].rsplit(" ", maxsplit=1)[0])


def test_the_next_times_appear_while_one_types_and_nothing_moves(page: Page) -> None:
    open_add_form(page, new_name(), "cron")
    hour = page.locator("#id_cron_hour")
    expect(preview(page)).to_contain_text("Fill in cron: its next times appear here.")
    hour.scroll_into_view_if_needed()
    before = hour.bounding_box(), preview(page).bounding_box()
    hour.press_sequentially("2")
    expect(preview(page).get_by_role("status")).to_contain_text(f"At 02:00 every day, {ZONE}")
    expect(preview(page).locator("tbody tr:not(.schedule-mark)")).to_have_count(10)
    assert (hour.bounding_box(), preview(page).bounding_box()) == before
    page.locator("#id_cron_minute").press_sequentially("30")
    expect(preview(page).get_by_role("status")).to_contain_text("At 02:30")
    page.get_by_label("Time zone").fill("Asia/Kolkata")
    expect(preview(page).get_by_role("cell", name=re.compile(r"02:30:00 \+05:30")).first).to_be_visible()
    page.locator("#id_spread_seconds").fill("60")
    expect(preview(page)).to_contain_text("times before the spread")


def test_what_the_clocks_do_to_a_time_is_said_in_words(page: Page) -> None:
    open_add_form(page, new_name(), "cron")
    page.get_by_label("Crontab").fill("30 2 * 3,10 0")
    expect(preview(page)).to_contain_text("The clocks skip the planned time: it runs after the gap.")
    expect(preview(page)).to_contain_text("The clocks show the planned time twice")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_error_appears_at_its_field_while_one_types_and_goes_with_it(page: Page) -> None:
    open_add_form(page, new_name(), "cron")
    hour = page.locator("#id_cron_hour")
    hour.fill("25")
    at_hour = page.locator(".field-cron_hour")
    expect(at_hour).to_contain_text("'hour' is 25")
    expect(hour).to_have_attribute("aria-invalid", "true")
    expect(preview(page).get_by_role("status")).to_contain_text("Hour: 'hour' is 25")
    expect(preview(page).locator("tbody")).to_have_count(0)
    hour.fill("5")
    expect(preview(page).get_by_role("status")).to_contain_text("At 05:00")
    expect(at_hour).not_to_contain_text("'hour' is")
    expect(hour).not_to_have_attribute("aria-invalid", "true")


def test_a_slow_answer_does_not_take_the_place_of_a_newer_one(page: Page) -> None:
    held: list[Route] = []
    open_add_form(page, new_name(), "cron")
    expect(preview(page)).to_contain_text("Fill in cron")
    page.evaluate(NOTE_WHAT_IS_SAID)
    page.route("**/preview/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/preview/"):
        page.locator("#id_cron_hour").fill("3")
    page.locator("#id_cron_hour").fill("4")
    expect(preview(page).get_by_role("status")).to_contain_text("At 04:00")
    held[0].fulfill(json={"panel": '<p data-part="said">old</p><p data-part="details">old</p>', "errors": {}})
    page.locator("#id_cron_minute").fill("15")
    expect(preview(page).get_by_role("status")).to_contain_text("At 04:15")
    said = page.evaluate("window.said")
    assert [line.split(" every")[0] for line in said] == ["At 04:00", "At 04:15"]


def test_the_button_asks_at_once_and_is_reached_with_the_keyboard(page: Page) -> None:
    open_add_form(page, new_name(), "interval")
    button = page.get_by_role("button", name="Preview")
    page.locator("#id_interval_hours").fill("6")
    button.focus()
    page.keyboard.press("Enter")
    expect(preview(page).get_by_role("status")).to_contain_text("Every 6 hours")
    expect(button).to_be_focused()
    expect(page.locator("#id_interval_hours")).to_have_value("6")


def test_the_button_shows_the_next_times_without_scripts(
    browser: Browser, site: Site, browser_context_args: dict[str, Any]
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    page.goto("/admin/schedules/schedule/add/")
    page.locator("#id_trigger").select_option("cron")
    page.locator("#id_cron_crontab").fill("30 2 * * 1-5")
    page.get_by_role("button", name="Preview").click()
    expect(preview(page)).to_contain_text("At 02:30, Monday to Friday")
    expect(preview(page)).to_be_in_viewport()
    expect(preview(page).locator("tbody tr:not(.schedule-mark)")).to_have_count(10)
    expect(page.locator("#id_cron_crontab")).to_have_value("30 2 * * 1-5")
    page.locator("#id_cron_crontab").fill("30 2 * * 8")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".field-cron_crontab")).to_contain_text("8")
    context.close()
    assert watch.complaints == []


def test_options_that_do_not_concern_the_kind_are_out_of_the_way_unless_they_are_set(page: Page) -> None:
    open_add_form(page, new_name(), "interval")
    gap, trigger = page.get_by_role("group", name="When the clocks skip it"), page.locator("#id_trigger")
    expect(gap).to_be_hidden()
    trigger.select_option("cron")
    expect(gap).to_be_visible()
    expect(page.get_by_role("group", name="When a month lacks the day")).to_be_hidden()
    gap.get_by_label("Do not run on that day").check()
    trigger.select_option("interval")
    expect(gap).to_be_visible()


def test_a_change_is_previewed_on_the_page_of_a_schedule(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "cron")
    page.locator("#id_cron_hour").fill("6")
    save(page)
    open_schedule(page, name)
    expect(preview(page)).to_contain_text("At 06:00")
    page.locator("#id_cron_hour").fill("7")
    expect(preview(page)).to_contain_text("At 07:00")
    page.reload()
    expect(preview(page)).to_contain_text("At 06:00")


def test_an_error_is_shown_at_its_field_and_what_was_typed_stays(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "cron")
    page.locator("#id_cron_hour").fill("25")
    save(page)
    at_hour = page.locator(".field-cron_hour")
    expect(at_hour).to_contain_text("'hour' is 25")
    expect(page.get_by_label("Name")).to_have_value(name)
    expect(page.locator("#id_cron_hour")).to_have_value("25")
    expect(kind_fields(page, "interval")).to_be_hidden()
    page.locator("#id_cron_hour").fill("5")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()


def test_a_change_of_kind_takes_out_what_was_typed_and_says_so(page: Page) -> None:
    open_add_form(page, new_name(), "interval")
    page.get_by_label("Hours", exact=True).fill("6")
    trigger = page.locator("#id_trigger")
    trigger.select_option("cron")
    expect(page.get_by_role("status").filter(has_text="Taken out of interval: Hours.")).to_be_visible()
    expect(page.locator("#id_interval_hours")).to_have_value("")
    trigger.select_option("interval")
    expect(page.get_by_label("Hours", exact=True)).to_have_value("6")
    trigger.select_option("date")
    page.get_by_label("Run date").fill("2099-03-28T02:30:00")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()


def test_the_form_offers_time_zones_while_one_types(page: Page) -> None:
    page.goto("/admin/schedules/schedule/add/")
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_value("Europe/Amsterdam")
    offered = page.locator(f"#{zone.get_attribute('list')} option[value='Pacific/Chatham']")
    expect(offered).to_have_count(1)


def test_run_now_leads_to_the_task_and_its_steps(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "date")
    page.get_by_label("Run date").fill("2099-03-28T02:30:00")
    save(page)
    open_schedule(page, name)
    page.get_by_role("button", name="Run now").click()
    page.get_by_role("link", name="a task").click()
    wait_for_status(page, "completed")
    for done in ("Start", "NSO calls", "Done"):
        expect(step(page, done)).to_be_visible()
    page.get_by_role("link", name="Firing", exact=True).click()
    expect(page.get_by_text("by hand")).to_be_visible()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_label("Name")).to_have_value(name)


def test_a_schedule_is_paused_with_a_reason_and_resumed(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Hours", exact=True).fill("6")
    page.get_by_label("Run beside it").check()
    save(page)
    open_schedule(page, name)
    expect(page.get_by_role("group", name="While a task has not ended").get_by_label("Run beside it")).to_be_checked()
    page.get_by_role("link", name="Pause…").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Reason").fill("Upgrade of the network")
    page.get_by_label("Until").fill("2099-01-01T00:00:00")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text(f"“{name}” is paused until 2099-01-01 00:00:00 CET")).to_be_visible()
    # Once as what is known of it, and once with its next times.
    expect(page.get_by_text(re.compile("^paused by .*: Upgrade of the network$"))).to_have_count(2)
    page.goto(f"/admin/schedules/schedule/?q={name}&state=paused")
    row = page.locator("#result_list tr", has_text=name)
    expect(row).to_contain_text(re.compile("paused", re.IGNORECASE))
    expect(row.get_by_text("Upgrade of the network", exact=True)).to_be_visible()
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("goes on; it runs next at")).to_be_visible()
    expect(page.get_by_role("link", name="Pause…")).to_be_visible()


def test_a_schedule_is_changed_and_deleted(page: Page) -> None:
    name, other = new_name(), new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Hours", exact=True).fill("6")
    save(page)
    open_schedule(page, name)
    page.get_by_label("Name").fill(other)
    page.locator("#id_trigger").select_option("cron")
    page.locator("#id_cron_minute").fill("5")
    save(page)
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    open_schedule(page, other)
    expect(page.locator("#id_cron_minute")).to_have_value("5")
    page.get_by_role("link", name="Delete schedule").click()
    expect(page.get_by_text("Firings and tasks stay")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()


def test_the_inputs_are_the_fields_of_the_workflow_once_it_is_chosen(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Hours", exact=True).fill("6")
    expect(page.get_by_label("Inputs")).to_be_visible()
    page.locator("#id_workflow").select_option(label="task_repaint_the_gate (Repaint the gate)")
    page.get_by_role("combobox", name="Colour").select_option("Red")
    page.get_by_label("Coats").fill("4")
    save(page)
    expect(at_field(page, "coats")).to_contain_text("less than or equal to 3")
    expect(page.get_by_role("combobox", name="Colour")).to_have_value("red")
    page.get_by_label("Coats").fill("2")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    open_schedule(page, name)
    expect(page.get_by_label("Coats")).to_have_value("2")


def test_two_who_save_at_once_choose_what_is_kept(page: Page, context: BrowserContext) -> None:
    name = new_name()
    open_add_form(page, name, "cron")
    page.locator("#id_cron_hour").fill("6")
    save(page)
    open_schedule(page, name)
    other = context.new_page()
    other.goto(page.url)
    other.locator("#id_cron_hour").fill("7")
    other.get_by_label("Name").fill(f"{name} of theirs")
    save(other)
    expect(other.get_by_text("was changed successfully")).to_be_visible()
    page.get_by_label("Name").fill(f"{name} of mine")
    page.get_by_label("Run beside it").check()
    save(page)
    expect(page.get_by_role("heading", name="admin saved this schedule first")).to_be_visible()
    named, runs = page.get_by_role("group", name="Name"), page.get_by_role("group", name="When it runs")
    expect(named).to_contain_text("changed by both of you")
    expect(runs.get_by_label("Stored now, by admin")).to_be_checked()
    expect(page.get_by_role("group", name="While a task has not ended").get_by_label("Yours")).to_be_checked()
    assert look_around(page) == []
    shot(page, "two-who-saved")
    page.get_by_role("button", name="Save what is chosen").click()
    expect(page.get_by_role("heading", name="admin saved this schedule first")).to_be_visible()  # one is to be chosen
    named.get_by_label("Yours").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save what is chosen").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    open_schedule(page, f"{name} of mine")
    expect(page.locator("#id_cron_hour")).to_have_value("7")
    expect(page.get_by_label("Run beside it")).to_be_checked()


def test_a_skipped_run_is_found_in_the_history_and_explained(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Seconds", exact=True).fill("2")
    save(page)
    open_schedule(page, name)
    page.get_by_role("link", name="Pause…").click()
    page.get_by_label("Reason").fill("Upgrade of the network")
    page.get_by_role("button", name="Pause", exact=True).click()
    history = page.get_by_role("region", name="History")

    def has_passed() -> bool:
        page.get_by_role("link", name="History", exact=True).click()
        return history.get_by_text("Not in the ledger yet:").is_visible()

    wait_for(has_passed, timeout=20, describe="a time that passed in the pause")
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text(f"“{name}” goes on; it runs next at")).to_be_visible()
    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_label("Outcome").select_option("skipped while paused")
    page.get_by_role("button", name="Filter").click()
    row = history.get_by_role("row", name="Upgrade of the network").first
    expect(row).to_contain_text("skipped while paused")
    row.get_by_role("link", name="Explain").click()
    expect(page.get_by_role("heading", name="It did not run")).to_be_visible()
    expect(page.locator('[data-check="not_paused"]')).to_contain_text("Upgrade of the network")
    shot(page, "skipped-run-explained")
    page.get_by_role("link", name="The next time").click()
    # Two seconds may have passed by now.
    expect(page.get_by_role("heading", name=re.compile("^It (will run|is about to run|ran)"))).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Delete schedule").click()  # it would run every two seconds
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()


def test_the_form_is_filled_in_with_the_keyboard_alone(page: Page) -> None:
    name = new_name()
    page.goto("/admin/schedules/schedule/add/")
    keyboard = page.keyboard
    # Where the page puts the focus by itself depends on whether the window has it.
    page.locator("#id_name").focus()
    keyboard.type(name)
    type_into: dict[str, Callable[[], None]] = {
        "id_workflow": lambda: keyboard.type("task_sync"),
        "id_trigger": lambda: keyboard.press("ArrowDown"),
        "id_cron_hour": lambda: keyboard.type("3"),
    }
    passed = ["id_name"]
    while "id_cron_minute" not in passed:
        keyboard.press("Tab")
        passed.append(page.evaluate("document.activeElement.id"))
        type_into.get(passed[-1], lambda: None)()
        assert len(passed) < 60, passed
    fields = [field for field in passed if field.startswith("id_")]
    assert fields[:4] == ["id_name", "id_workflow", "id_timezone", "id_trigger"]
    assert {field.split("_")[1] for field in fields[4:]} == {"cron"}, "fields that are hidden are passed over"
    keyboard.press("Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"/admin/schedules/schedule/?q={name}")
    expect(page.locator("#result_list")).to_contain_text("At 03:00 every day")

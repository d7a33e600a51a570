import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import (
    kind_fields,
    new_name,
    open_add_form,
    open_schedule,
    save,
    step,
    wait_for_status,
)

KINDS = {
    "interval": ({"Hours": "6", "End date": "2099-01-01T00:00:00"}, "interval[6:00:00]"),
    "cron": ({"Hour": "2", "Minute": "*/30"}, "cron[hour='2', minute='*/30']"),
    "date": ({"Run date": "2099-03-28T02:30:00"}, "date[2099-03-28 02:30:00 CET]"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_created_with_its_own_fields(page: Page, kind: str) -> None:
    name = new_name()
    fields, rule = KINDS[kind]
    open_add_form(page, name, kind)
    for other in KINDS:
        expect(kind_fields(page, other)).to_be_visible(visible=other == kind)
    for label, value in fields.items():
        kind_fields(page, kind).get_by_label(label, exact=True).fill(value)
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"/admin/schedules/schedule/?q={name}")
    row = page.locator("#result_list tr", has_text=name)
    expect(row).to_contain_text(rule)
    expect(row).to_contain_text("Europe/Amsterdam")
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d:\d\d CES?T"))
    expect(row).to_contain_text("active", ignore_case=True)


def test_an_error_is_shown_at_its_field_and_what_was_typed_stays(page: Page) -> None:
    name = new_name()
    open_add_form(page, name, "cron")
    page.get_by_label("Hour", exact=True).fill("25")
    save(page)
    at_hour = page.locator(".field-line, div", has=page.locator("#id_cron_hour")).last.locator("xpath=..")
    expect(at_hour).to_contain_text("'hour' is 25")
    expect(page.get_by_label("Name")).to_have_value(name)
    expect(page.get_by_label("Hour", exact=True)).to_have_value("25")
    expect(kind_fields(page, "interval")).to_be_hidden()
    page.get_by_label("Hour", exact=True).fill("5")
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
    expect(page.get_by_text("manual")).to_be_visible()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_label("Name")).to_have_value(name)


def test_a_schedule_is_changed_and_deleted(page: Page) -> None:
    name, other = new_name(), new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Hours", exact=True).fill("6")
    save(page)
    open_schedule(page, name)
    page.get_by_label("Name").fill(other)
    page.locator("#id_trigger").select_option("cron")
    page.get_by_label("Minute", exact=True).fill("5")
    save(page)
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    open_schedule(page, other)
    expect(page.get_by_label("Minute", exact=True)).to_have_value("5")
    page.get_by_role("link", name="Delete schedule").click()
    expect(page.get_by_text("Firings and tasks stay")).to_be_visible()
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
    expect(page.locator("#result_list")).to_contain_text("cron[hour='3']")

"""Reading the dashboard: is everything running, what failed, what comes next, why did something not run."""

import json
import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import log_in
from tests.browser.pages import new_name, open_add_form, save, start_task, wait_for_status
from tests.browser.shots import shot
from tests.browser.site import Site
from tests.browser.watch import Watch

HOME = "/admin/"
# A live part asks again after ten seconds.
LIVE_MS = 40_000


def card(page: Page, label: str) -> Locator:
    return page.get_by_role("link", name=re.compile(f"^{label}"))


def panel(page: Page, heading: str) -> Locator:
    return page.get_by_role("region", name=heading, exact=True)


def fail_a_task(page: Page) -> None:
    """Start a task whose gate nobody opens, and see it fail."""
    start_task(page, json.dumps({"gate": "/nowhere/the north gate"}))
    wait_for_status(page, "failed")


def make_schedule_of_every_minute(page: Page) -> str:
    name = new_name()
    open_add_form(page, name, "interval")
    page.get_by_label("Minutes", exact=True).fill("1")
    save(page)
    return name


def test_the_dashboard_is_read(page: Page) -> None:
    fail_a_task(page)
    name = make_schedule_of_every_minute(page)
    page.goto(HOME)
    expect(page.get_by_role("status").filter(has_text="Everything is running")).to_contain_text("1 scheduler")
    failed = panel(page, "Failed last")
    expect(failed).to_contain_text("at Pass the gate · GateClosed: nobody has opened the north gate")
    expect(panel(page, "Comes next")).to_contain_text(name)
    shot(page, "home")

    failed.get_by_role("link", name="Retry").first.click()
    expect(page.get_by_role("button", name="Retry from “Pass the gate”")).to_be_visible()
    page.goto(HOME)
    card(page, "Failed in 24 h").click()
    expect(page.locator("#result_list")).to_contain_text("GateClosed")

    page.goto(HOME)
    panel(page, "Comes next").get_by_role("link", name=f"Whether {name} will run").first.click()
    expect(page.get_by_text(re.compile("will_fire|being_decided|started")).first).to_be_visible()

    page.goto(HOME)
    lanes = panel(page, "Six hours back, a day ahead")
    expect(lanes.get_by_role("link", name=name, exact=True)).to_be_visible()
    lanes.get_by_text("The same as a table").click()
    expect(lanes.get_by_role("rowheader", name=name).first).to_be_visible()
    panel(page, "Load by minute, the next 24 hours").get_by_role("listitem").get_by_role("link").last.click()
    expect(page.get_by_role("heading", name="What is planned until")).to_be_visible()
    page.get_by_role("link", name="Tonight, 01:00 to 03:00").click()
    expect(page.get_by_role("region", name="What is planned until")).to_contain_text(name)
    expect(page.get_by_label("From")).to_have_value(re.compile("T01:00"))


def test_the_numbers_follow_by_themselves_and_stand_still_when_told_to(page: Page) -> None:
    page.goto(HOME)
    before = card(page, "Failed in 24 h").locator("strong").inner_text()
    page.get_by_role("button", name="Live").click()
    other = page.context.new_page()
    fail_a_task(other)
    other.close()
    expect(card(page, "Failed in 24 h").locator("strong")).to_have_text(before)
    page.get_by_role("button", name="Live").click()
    expect(card(page, "Failed in 24 h").locator("strong")).to_have_text(str(int(before) + 1), timeout=LIVE_MS)
    expect(page.locator("[data-live-status]")).to_contain_text("Updated")


def test_the_keyboard_stays_where_it_is_when_a_part_is_refreshed(page: Page) -> None:
    page.goto(HOME)
    card(page, "Failed in 24 h").focus()
    with page.expect_response("**/admin/home/numbers/", timeout=LIVE_MS):
        pass
    expect(page.locator("#home-card-failed")).to_be_focused()


def test_a_drawing_is_skipped_with_the_keyboard(page: Page) -> None:
    page.goto(HOME)
    page.get_by_role("link", name="Skip the drawing").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#home-timeline-table summary")).to_be_focused()


def test_a_narrow_window_scrolls_the_drawing_and_not_the_page(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(HOME)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    box = page.get_by_role("group", name="Time line", exact=True)
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#home-timeline .home-scroll').scrollLeft > 0")


def test_the_dashboard_is_read_without_scripts(browser: Browser, site: Site, context_options: dict[str, Any]) -> None:
    context = browser.new_context(**context_options, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    log_in(page, site)
    expect(page.get_by_text("Everything is running")).to_be_visible()
    page.locator("#home-load-table summary").click()
    page.locator("#home-load-table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What is planned until")).to_be_visible()
    context.close()
    assert watch.complaints == []

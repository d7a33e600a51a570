"""What operators do from the list of schedules, without leaving their place in it."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.browser.pages import new_name, open_add_form, save
from tests.browser.shots import shot
from tests.browser.site import Site
from tests.browser.watch import Watch

LIST = "/admin/schedules/schedule/"


def add_schedule(page: Page, name: str) -> str:
    """Add one that does not fire by itself while the test looks."""
    open_add_form(page, name, "date")
    page.get_by_label("Run date").fill("2099-03-28T02:30:00")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    return name


def is_at(place: str) -> re.Pattern[str]:
    """Return what the address of a page has to end in; a space may be written in two ways."""
    return re.compile(re.escape(place).replace(r"\ ", r"(\+|%20)") + "$")


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def open_menu(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"More: {name}").click()
    menu = page.get_by_role("list", name=name)
    expect(menu).to_be_visible()
    return menu


def test_a_schedule_is_run_from_its_row_as_it_is_and_with_other_inputs(page: Page) -> None:
    name = add_schedule(page, new_name())
    place = f"{LIST}?q={name}&state=active"
    page.goto(place)
    page.get_by_role("button", name=f"Run now: {name}").click()
    expect(page).to_have_url(is_at(place))
    expect(page.get_by_text(f"of “{name}”")).to_be_visible()
    open_menu(page, name).get_by_role("link", name="Run with inputs…").click()
    page.get_by_label("Inputs").fill('{"region": "north"}')
    page.get_by_label("Reason").fill("a part was missing")
    shot(page, "run-now-with-inputs")
    page.get_by_role("button", name="Run with inputs").click()
    expect(page).to_have_url(is_at(place))
    expect(row_of(page, name).get_by_role("link", name=re.compile("^last 2: 2 started"))).to_be_visible()
    page.get_by_role("link", name="a task").click()
    expect(page.locator("#steps")).to_be_visible()
    expect(page.get_by_role("group").filter(has_text="Where it came from")).to_contain_text('"region": "north"')


def test_a_schedule_is_paused_and_resumed_from_its_row(page: Page) -> None:
    name = add_schedule(page, new_name())
    place = f"{LIST}?q={name}"
    page.goto(place)
    page.get_by_role("link", name=f"Pause…: {name}").click()
    page.get_by_label("Reason").fill("Upgrade of the network")
    page.get_by_label("Until").fill("2098-01-01T00:00:00")
    shot(page, "pause-with-reason-and-until")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page).to_have_url(is_at(place))
    row = row_of(page, name)
    expect(row.get_by_text("by admin until 2098-01-01 00:00:00 CET")).to_be_visible()
    expect(row.get_by_text("Upgrade of the network")).to_be_visible()
    shot(page, "paused-schedule")
    page.get_by_role("button", name=f"Resume: {name}").click()
    expect(page.get_by_text(f"“{name}” goes on; it runs next at")).to_be_visible()
    expect(page).to_have_url(is_at(place))
    expect(row.get_by_role("link", name="Pause…")).to_be_visible()


def test_a_copy_is_made_by_its_form(page: Page) -> None:
    name = add_schedule(page, new_name())
    page.goto(f"{LIST}?q={name}")
    open_menu(page, name).get_by_role("link", name="Duplicate…").click()
    expect(page.get_by_label("Name")).to_have_value(f"{name} (copy)")
    expect(page.get_by_label("Run date")).to_have_value(re.compile("^2099-03-28T02:30"))
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"{LIST}?q={name}")
    expect(page.get_by_role("rowheader")).to_have_text([name, f"{name} (copy)"])


def test_many_are_paused_after_a_look_ahead(page: Page) -> None:
    prefix = new_name()
    names = [add_schedule(page, f"{prefix} {letter}") for letter in "abc"]
    page.goto(f"{LIST}?q={prefix}")
    page.get_by_role("checkbox", name=f"Choose {names[0]}").check()
    expect(page.get_by_role("status").filter(has_text="1 ticked")).to_be_visible()
    page.get_by_role("checkbox", name="Choose all of this page").check()
    expect(page.get_by_role("status").filter(has_text="3 ticked")).to_be_visible()
    page.get_by_role("button", name="Pause…", exact=True).click()
    would = page.get_by_role("region", name="3 change")
    for name in names:
        expect(would.get_by_role("row", name=re.compile(f"{name}.*is paused", re.IGNORECASE))).to_be_visible()
    shot(page, "pause-of-many-ahead")
    page.get_by_role("button", name="Pause 3 schedules").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Reason").fill("Maintenance")
    page.get_by_role("button", name="Pause 3 schedules").click()
    expect(page.get_by_text("3 of 3 schedules are paused.")).to_be_visible()
    expect(page).to_have_url(is_at(f"{LIST}?q={prefix}"))
    expect(page.get_by_text("by admin until it is resumed")).to_have_count(3)
    shot(page, "pause-of-many-done")


def test_the_list_is_filtered_and_acted_on_without_scripts(
    page: Page, browser: Browser, site: Site, browser_context_args: dict[str, Any]
) -> None:
    name = add_schedule(page, new_name())
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    watch = Watch(context, site.url)
    bare = context.new_page()
    bare.goto(LIST)
    bare.locator("#schedule-filters summary").click()
    bare.get_by_label("Name", exact=True).fill(name)
    bare.get_by_label("State").select_option("active")
    bare.get_by_role("button", name="Filter", exact=True).click()
    expect(bare.get_by_role("rowheader")).to_have_text([name])
    bare.get_by_role("checkbox", name=f"Choose {name}").check()
    bare.get_by_role("button", name="Run now…", exact=True).click()
    bare.get_by_role("button", name="Run 1 schedule now").click()
    expect(bare.get_by_text("1 of 1 schedules have a new task on the queue.")).to_be_visible()
    expect(open_menu(bare, name).get_by_role("link", name="Explain")).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_a_row_is_operated_with_the_keyboard(page: Page) -> None:
    name = add_schedule(page, new_name())
    page.goto(f"{LIST}?q={name}")
    more = page.get_by_role("button", name=f"More: {name}")
    more.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("list", name=name)
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()


def test_the_rows_are_fresh_and_what_is_ticked_stays(page: Page) -> None:
    name = add_schedule(page, new_name())
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.headers.get("hx-request"):
            asked.append(request.url)

    page.on("request", note)
    page.clock.install()
    page.goto(f"{LIST}?q={name}")
    box = page.get_by_role("checkbox", name=f"Choose {name}")
    box.check()
    page.clock.run_for(60_000)
    expect(box).to_be_checked()
    assert asked == []
    box.uncheck()
    more = page.get_by_role("button", name=f"More: {name}")
    more.click()
    page.clock.run_for(60_000)
    assert asked == []
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        page.clock.run_for(60_000)
    assert asked
    expect(page.get_by_text("Updated")).to_be_visible()
    expect(more).to_be_focused()


def test_the_list_fits_the_window(page: Page) -> None:
    page.goto(LIST)
    page.locator("#schedule-filters summary").click()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.get_by_label("Time zone")).to_be_visible()
        expect(page.get_by_role("rowheader").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width

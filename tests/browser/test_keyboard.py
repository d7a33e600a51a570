"""Everything is done with the keyboard alone, and it is always seen where one is."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import start_task, wait_for_status
from tests.browser.walk import HEIGHT, NARROW

MOST_STOPS = 120
# Whether what has the focus, or a box around it, is outlined.
SHOWS_FOCUS = """
() => {
    let element = document.activeElement;
    for (let depth = 0; element && depth < 3; depth += 1, element = element.parentElement) {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        if (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) {
            return true;
        }
    }
    return false;
}
"""
DESCRIBE_FOCUS = "() => document.activeElement.outerHTML.slice(0, 120)"


def tab_to(page: Page, role: Any, name: str, *, key: str = "Tab") -> None:
    """Press the key until what is called so has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if wanted.count() and wanted.first.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"there is no way to {role} {name!r}")


def test_one_skips_to_the_content(page: Page) -> None:
    page.goto("/admin/schedules/schedule/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert not page.evaluate("document.activeElement.closest('nav')")


def test_the_navigation_of_a_narrow_page_opens_and_closes(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    page.goto("/admin/schedules/schedule/")
    toggle = page.get_by_role("button", name="Navigation", exact=True)
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    tab_to(page, "button", "Navigation")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close the navigation")).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    expect(toggle).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "link", "Tasks")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/tasks/task/")


def test_the_navigation_of_a_narrow_page_closes_behind_one(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    page.goto("/admin/schedules/schedule/")
    tab_to(page, "button", "Navigation")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close the navigation")).to_be_focused()
    tab_to(page, "searchbox", "Search")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()


def test_a_part_of_the_navigation_opens(page: Page) -> None:
    page.goto("/admin/")
    jobs = page.get_by_role("link", name="Jobs", exact=True)
    expect(jobs).to_be_hidden()
    tab_to(page, "button", "Scheduled in code")
    page.keyboard.press("Enter")
    expect(jobs).to_be_visible()
    tab_to(page, "link", "Jobs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/djangojob/")
    expect(page.get_by_role("link", name="Jobs", exact=True)).to_have_attribute("aria-current", "page")


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/admin/")
    dark = page.get_by_role("button", name="Dark")
    tab_to(page, "button", "admin")
    page.keyboard.press("Space")
    expect(dark).to_have_attribute("aria-pressed", "false")
    tab_to(page, "button", "Dark", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_class("dark")
    expect(dark).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dark).to_be_hidden()
    expect(page.get_by_role("button", name="admin")).to_be_focused()
    page.reload()
    expect(page.locator("html")).to_have_class("dark")


@pytest.mark.usefixtures("rows")
def test_filters_keep_the_focus_and_give_it_back(page: Page) -> None:
    page.goto("/admin/auth/user/")
    expect(page.locator("#result_list")).to_contain_text("robot")
    dialog = page.get_by_role("dialog", name="Filters")
    tab_to(page, "button", "Filters")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    for _ in range(2 * dialog.get_by_role("link").count()):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement.closest('header, nav, #result_list')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Filters")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "link", "Yes")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).not_to_contain_text("robot")
    expect(page.get_by_role("button", name="Filters")).to_contain_text("some are on")
    tab_to(page, "link", "Show all")


@pytest.mark.usefixtures("rows")
def test_an_action_is_run_on_a_chosen_row(page: Page) -> None:
    page.goto("/admin/auth/user/?q=robot")
    row = page.locator("#result_list tbody input.action-select").first
    row.focus()
    page.keyboard.press("Space")
    expect(row).to_be_checked()
    action = page.get_by_label("Select action to run")
    expect(action).to_be_in_viewport()
    action.focus()
    page.keyboard.type("Delete")
    tab_to(page, "button", "Run")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("delete user")


def test_what_is_folded_opens(page: Page) -> None:
    start_task(page, '{"gate": "of nobody"}')
    wait_for_status(page, "failed")
    page.get_by_text("Abort…").focus()
    page.keyboard.press("Enter")
    tab_to(page, "button", "Abort")


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/schedules/schedule/", "/admin/schedules/schedule/add/", "/admin/auth/user/1/change/"],
)
def test_it_is_always_seen_where_the_focus_is(page: Page, path: str) -> None:
    page.goto(path)
    expect_visible_focus(page)


def test_it_is_seen_where_the_focus_is_before_one_logs_in(browser: Browser, context_options: dict[str, Any]) -> None:
    page = browser.new_page(**context_options)
    page.goto("/admin/")
    expect_visible_focus(page)
    page.close()


def expect_visible_focus(page: Page) -> None:
    """Go through the page once, in its own order: nothing asks to come before others."""
    assert page.locator("[tabindex]").evaluate_all("found => found.every(element => element.tabIndex <= 0)")
    seen = set()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(DESCRIBE_FOCUS)
        if stop.startswith("<body"):
            break
        seen.add(stop)
        assert page.evaluate(SHOWS_FOCUS), stop
    assert len(seen) >= 4

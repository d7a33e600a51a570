"""Every page can be used by everybody: WCAG 2.1 AA in light and dark, at 1440 and at 390 px.

Each test is about a group of pages, and says all that is wrong with them at once. That no page complains, or asks
another host for something, is watched by the context, as in all tests of the browser.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page, expect

from orchestrator_site import admin_pages
from tests.browser.axe import find_barriers
from tests.browser.conftest import log_in
from tests.browser.pages import choose_workflow, save
from tests.browser.shots import shot
from tests.browser.site import Site
from tests.browser.walk import FRAME, app_labels, find_pages, is_page, look_around, look_at, show_theme

admin.autodiscover()

pytestmark = [pytest.mark.usefixtures("rows"), pytest.mark.timeout(400)]

# Few enough rows that looking at all of them takes no minute.
FORECAST = "/admin/forecast/?from=2027-03-01T00:00&to=2027-03-01T00:10"


def expect_none(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("app_label", app_labels())
def test_the_pages_of_an_app(page: Page, app_label: str) -> None:
    expect_none([problem for path in find_pages(page, app_label) for problem in look_at(page, path)])


def test_the_pages_of_no_app(page: Page) -> None:
    paths = ["/admin/password_change/", "/admin/password_change/done/", FORECAST]
    paths += [f"/admin/{each.pattern}" for each in admin_pages.urlpatterns if "<" not in str(each.pattern)]
    problems = [problem for path in paths if is_page(page, path) for problem in look_at(page, path)]
    page.goto("/admin/")
    expect_none(problems + look_around(page))


def test_each_kind_of_a_trigger_in_the_form_of_a_schedule(page: Page) -> None:
    page.goto("/admin/schedules/schedule/add/")
    problems = []
    for kind in page.locator("#id_trigger option").evaluate_all("options => options.map(option => option.value)"):
        page.locator("#id_trigger").select_option(kind)
        problems += [f"{kind}: {problem}" for problem in look_around(page, exclude=FRAME)]
    expect_none(problems)


def refuse_schedule(page: Page) -> None:
    page.goto("/admin/schedules/schedule/add/")
    page.locator("#id_trigger").select_option("cron")
    page.get_by_label("Crontab").fill("99 * * * *")
    save(page)
    expect(page.locator(".errornote").first).to_be_visible()


def refuse_start(page: Page) -> None:
    choose_workflow(page, "task_repaint_the_gate")
    page.get_by_label("Coats").fill("9")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".errorlist").first).to_be_visible()


def show_start_with_json(page: Page) -> None:
    choose_workflow(page, "task_through_the_gate")


def refuse_pause(page: Page) -> None:
    page.goto("/admin/schedules/schedule/?q=Nightly")
    page.get_by_role("link", name="Nightly", exact=True).click()
    page.get_by_role("link", name="Pause…").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("This field is required.")).to_be_visible()


def refuse_user(page: Page) -> None:
    page.goto("/admin/auth/user/add/")
    save(page)
    expect(page.locator(".errornote").first).to_be_visible()


def choose_rows(page: Page) -> None:
    page.goto("/admin/tasks/task/")
    page.locator("#result_list tbody input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(index=1)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()


def open_filters(page: Page) -> None:
    page.goto("/admin/schedules/firing/?outcome__exact=missed")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("dialog", name="Filters")).to_be_visible()


def open_filters_of_schedules(page: Page) -> None:
    page.goto("/admin/schedules/schedule/?state=asleep")
    expect(page.get_by_label("Time zone")).to_be_visible()


def open_menu_of_a_schedule(page: Page) -> None:
    page.goto("/admin/schedules/schedule/")
    page.get_by_role("button", name=re.compile("^More: ")).first.click()
    expect(page.get_by_role("link", name="Duplicate…")).to_be_visible()


def choose_schedules(page: Page) -> None:
    page.goto("/admin/schedules/schedule/")
    page.get_by_role("checkbox", name="Choose all of this page").check()
    expect(page.get_by_text(re.compile("[0-9]+ ticked"))).to_be_visible()


def look_ahead_at_a_pause(page: Page) -> None:
    choose_schedules(page)
    page.get_by_role("button", name="Pause…", exact=True).click()
    page.locator("button[name=_do]").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()


def open_user_menu(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("button", name="admin").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


STATES: tuple[Callable[[Page], None], ...] = (
    refuse_schedule,
    refuse_start,
    show_start_with_json,
    refuse_pause,
    refuse_user,
    choose_rows,
    open_filters,
    open_filters_of_schedules,
    open_menu_of_a_schedule,
    choose_schedules,
    look_ahead_at_a_pause,
    open_user_menu,
)


def test_pages_on_which_something_was_done(page: Page) -> None:
    problems = []
    for bring_about in STATES:
        bring_about(page)
        exclude = () if bring_about is open_user_menu else FRAME
        problems += [f"{bring_about.__name__}: {problem}" for problem in look_around(page, exclude=exclude)]
        shot(page, bring_about.__name__.replace("_", "-"))
    expect_none(problems)


def test_the_navigation_over_a_narrow_page(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto("/admin/")
    page.get_by_role("button", name="Navigation").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    problems = find_barriers(page)
    show_theme(page, "dark")
    expect_none(problems + find_barriers(page))


def test_before_and_after_a_session(browser: Browser, site: Site, context_options: dict[str, Any]) -> None:
    page = browser.new_page(**context_options)
    problems = look_at(page, "/admin/login/")
    page.get_by_label("Username").fill(site.user)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    problems += look_around(page)
    log_in(page, site)
    page.get_by_role("button", name=site.user).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()
    problems += look_around(page)
    page.close()
    expect_none(problems)


def test_errors(browser: Browser, browser_context_args: dict[str, Any]) -> None:
    page = browser.new_page(**browser_context_args)
    problems = []
    for path in ("/admin/nothing/", "/admin/schedules/firing/add/", "/nothing"):
        problems += look_at(page, path)
    page.context.clear_cookies()
    problems += look_at(page, "/nothing")
    page.close()
    expect_none(problems)

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.pages import new_name, save
from tests.browser.site import Site
from tests.browser.watch import Watch

ADMIN = "/admin/"
LISTS = (
    "schedules/schedule/",
    "schedules/firing/",
    "tasks/task/",
    "tasks/enginefreeze/",
    "tasks/workerprocess/",
    "workflows/workflow/",
    "auth/user/",
    "auth/group/",
    "knox/authtoken/",
    "django_apscheduler/djangojob/",
    "django_apscheduler/djangojobexecution/",
)


def test_a_wrong_password_is_refused_and_the_right_one_lets_in(
    browser: Browser, site: Site, context_options: dict[str, Any]
) -> None:
    context = browser.new_context(**context_options)
    watch = Watch(context, site.url)
    page = context.new_page()
    page.goto(ADMIN)
    page.get_by_label("Username").fill(site.user)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    log_in(page, site)
    expect(page.get_by_role("link", name="Schedules").first).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_every_link_of_the_sidebar_leads_to_a_page_without_a_complaint(page: Page) -> None:
    page.goto(ADMIN)
    links = [link.get_attribute("href") for link in page.locator("#nav-sidebar-apps a").all()]
    assert {"/api/docs", "/api/graphql", *(f"{ADMIN}{path}" for path in LISTS)} <= set(links)
    for link in filter(None, links):
        if link.startswith(ADMIN):  # whose pages are all opened by those who look for barriers
            expect(page.request.get(link)).to_be_ok()
        else:
            page.goto(link, wait_until="networkidle")


def test_filters_open_and_filter(page: Page) -> None:
    page.goto(f"{ADMIN}schedules/schedule/")
    filter_schedules(page)
    page.goto(f"{ADMIN}workflows/workflow/")
    page.get_by_role("button", name="Filters").click()
    filter_workflows(page)


def filter_schedules(page: Page) -> None:
    """Keep those of one kind, by the form above their list."""
    expect(page.locator("#result_list")).to_contain_text("Task Clean Up Tasks")
    page.locator("#schedule-filters summary").click()
    page.get_by_label("Trigger").select_option("cron")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator("#result_list")).not_to_contain_text("Task Clean Up Tasks")
    expect(page.locator("#result_list")).to_contain_text("Task Validate Products")


def filter_workflows(page: Page) -> None:
    """Keep those that were deleted, by the choices in the dialog of filters, which is open."""
    workflow = page.get_by_role("link", name="task_validate_products", exact=True)
    expect(workflow).to_be_visible()
    page.get_by_role("dialog", name="Filters").get_by_role("link", name="Deleted", exact=True).click()
    expect(workflow).to_have_count(0)


def test_the_form_of_a_schedule_works_without_scripts(
    browser: Browser, site: Site, context_options: dict[str, Any]
) -> None:
    context = browser.new_context(**context_options, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    log_in(page, site)
    name = new_name()
    page.goto(f"{ADMIN}schedules/schedule/add/")
    page.get_by_label("Name").fill(name)
    page.locator("#id_workflow").select_option(index=1)
    page.locator("#id_trigger").select_option("cron")
    page.locator("#id_cron_minute").fill("5")
    page.locator("#id_interval_hours").fill("1")
    save(page)
    at_hours = page.locator(".field-interval_hours")
    expect(at_hours).to_contain_text("This belongs to 'interval', and the trigger is 'cron'")
    page.locator("#id_interval_hours").fill("")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_one_gets_around_a_narrow_page_without_scripts(
    browser: Browser, site: Site, context_options: dict[str, Any]
) -> None:
    narrow = {**context_options, "viewport": {"width": 390, "height": 800}}
    context = browser.new_context(**narrow, java_script_enabled=False)
    watch = Watch(context, site.url)
    page = context.new_page()
    log_in(page, site)
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_role("link", name="Schedules", exact=True).click()
    filter_schedules(page)
    navigation.get_by_role("link", name="Workflows", exact=True).click()
    filter_workflows(page)
    expect(page.get_by_role("button", name="Navigation")).to_be_hidden()
    expect(navigation.get_by_role("link", name="Jobs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_times_are_shown_in_the_zone_of_the_site(page: Page) -> None:
    page.goto(f"{ADMIN}schedules/schedule/?q=Task+Validate+Products")
    expect(page.locator("#result_list")).to_contain_text("02:30:00 CE")

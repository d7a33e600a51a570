"""The ten questions of docs/questions.md: each is answered on the demo by the clicks that the page tells."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE_SECONDS, log_in
from tests.browser.site import Site
from tests.browser.watch import Watch

MAX_CLICKS = 3


class Operator:
    """Somebody who begins on the first page, and whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def begin(self) -> None:
        self.page.goto("/admin/")
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def go_to(self, name: str) -> None:
        """Follow an entry of the navigation."""
        self.click(self.page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True))

    def panel(self, heading: str) -> Locator:
        return self.page.get_by_role("region", name=heading, exact=True)

    def open_menu(self, schedule: str) -> None:
        self.click(self.page.get_by_role("button", name=f"More: {schedule}"))

    def find_status(self, text: str) -> Locator:
        return self.page.get_by_role("status").filter(has_text=text)


def is_anything_down(operator: Operator) -> None:
    expect(operator.find_status("Everything is running")).to_contain_text("1 worker")


def what_failed_last_night(operator: Operator) -> None:
    expect(operator.panel("Failed last")).to_contain_text("No space left on device")
    operator.click(operator.panel("Failed last").get_by_role("link", name="Retry").first)
    expect(operator.page.get_by_role("button", name=re.compile("^Retry")).first).to_be_visible()


def why_did_x_not_run(operator: Operator) -> None:
    operator.click(operator.panel("Did not run").get_by_role("link", name=re.compile("^Why")).first)
    expect(operator.page.locator("#explanation")).to_be_visible()
    operator.begin()
    operator.go_to("Schedules")
    operator.open_menu("Inventory sync")
    operator.click(operator.page.locator("[popover]:popover-open").get_by_role("link", name="Explain"))
    expect(operator.page.get_by_role("button", name="Explain")).to_be_visible()


def what_runs_between_one_and_three(operator: Operator) -> None:
    operator.go_to("What runs")
    operator.click(operator.page.get_by_role("link", name="Tonight, 01:00 to 03:00"))
    expect(operator.page.locator("#planned, #past").first).to_contain_text("Nightly validation of all devices")


def who_paused_y(operator: Operator) -> None:
    operator.go_to("Schedules")
    row = operator.page.locator("#result_list tr", has_text="Audit of the access switches")
    expect(row).to_contain_text("by demo until")
    expect(row).to_contain_text("CHG-2041")


def which_task_hangs(operator: Operator) -> None:
    expect(operator.panel("Running now")).to_contain_text("Backup of all configurations")
    expect(operator.panel("Running now")).to_contain_text("step Copy")


def run_z_with_other_inputs(operator: Operator) -> None:
    operator.go_to("Schedules")
    operator.open_menu("Counters of the core")
    operator.click(operator.page.locator("[popover]:popover-open").get_by_role("link", name="Run with inputs"))
    expect(operator.page.get_by_role("button", name="Run with inputs")).to_be_visible()


def stop_everything(operator: Operator) -> None:
    operator.go_to("Engine")
    operator.page.get_by_label("Reason").fill("Upgrade of the core")
    operator.click(operator.page.get_by_role("button", name="Freeze"))
    expect(operator.page.locator("#engine-banner")).to_contain_text("frozen by admin")
    operator.page.get_by_role("button", name="Unfreeze").click()
    expect(operator.page.get_by_role("heading", name="The engine runs")).to_be_visible()


def what_did_this_deploy_change(operator: Operator) -> None:
    operator.go_to("Changes")
    expect(operator.page.get_by_text("In use:")).to_be_visible()


def when_did_w_last_succeed(operator: Operator) -> None:
    operator.go_to("Workflows")
    row = operator.page.locator("#result_list tr", has_text="task_demo_sync_inventory")
    expect(row).to_contain_text(re.compile(r"\d+ (min|h) ago"))


# What runs right now comes first; the freeze last, since nothing runs until it is over.
QUESTIONS: dict[int, Callable[[Operator], None]] = {
    1: is_anything_down,
    6: which_task_hangs,
    2: what_failed_last_night,
    3: why_did_x_not_run,
    4: what_runs_between_one_and_three,
    5: who_paused_y,
    7: run_z_with_other_inputs,
    9: what_did_this_deploy_change,
    10: when_did_w_last_succeed,
    8: stop_everything,
}


def read_clicks() -> dict[int, int]:
    """Return how many clicks the page tells for each question; the larger number, where it tells two."""
    page = (settings.BASE_DIR / "docs" / "questions.md").read_text()
    rows = re.findall(r"^\| (\d+) \| \[.*\]\(.*\) \| (.+) \|$", page, re.MULTILINE)
    return {int(number): max(map(int, re.findall(r"\d", told)), default=0) for number, told in rows}


@pytest.fixture
def operator(browser: Browser, demo: Site, context_options: dict[str, Any]) -> Iterator[Operator]:
    context = browser.new_context(**{**context_options, "base_url": demo.url})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    watch = Watch(context, demo.url)
    page = context.new_page()
    log_in(page, demo)
    yield Operator(page)
    context.close()
    assert watch.complaints == []


@pytest.mark.timeout(300)  # its site lives through a day before it answers
def test_each_question_is_answered_by_the_clicks_that_the_docs_tell(operator: Operator) -> None:
    told = read_clicks()
    counted = {}
    for number, answer in QUESTIONS.items():
        operator.begin()
        answer(operator)
        counted[number] = operator.clicks
    assert counted == told
    assert max(counted.values()) <= MAX_CLICKS

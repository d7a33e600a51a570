"""What runs between two moments, on the clocks of whoever asks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import PlannedLoad
from tasks.freezing import freeze_engine
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.support.database import recorded_statements
from tests.support.factories import make_paused_schedule, make_schedule, make_task, make_workflow

PAGE = "/admin/forecast/"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return database_now()


def url(start: object = "", end: object = "") -> str:
    return f"{PAGE}?{urlencode({'from': start, 'to': end})}"


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.context["planned"]]


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"].rpartition("<span>")[2].removesuffix("</span></span>") for row in answer.context["past"]]


def test_it_lists_what_is_planned_in_the_window_in_order(root: Client, now: datetime) -> None:
    workflow = make_workflow(name="task_nightly")
    for hours in (5, 2, 3):
        make_schedule(workflow, name=f"In {hours}", next_run_at=now + hours * HOUR, trigger_kwargs={"days": 2})
    answer = root.get(url(now + HOUR, now + 4 * HOUR))
    assert names(answer) == ["In 2", "In 3"]
    page = read(answer)
    for text in ("in 2 h", "task_nightly", "Will it run?"):
        assert text in page
    assert answer.context["past"] is None
    assert answer.context["exact_until"] is None


def test_moments_without_an_offset_are_those_of_the_reader(root: Client) -> None:
    root.cookies["browser_time_zone"] = "Asia/Kolkata"
    at = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)  # 01:30 on the clocks of Kolkata
    make_schedule(name="At night", next_run_at=at, trigger_kwargs={"days": 3}, timezone="Europe/Amsterdam")
    answer = root.get(url("2027-03-02T01:00", "2027-03-02T03:00"))
    assert names(answer) == ["At night"]
    page = read(answer)
    assert "2027-03-02 01:30:00 IST" in page
    assert "21:00:00 CET (Europe/Amsterdam)" in page
    assert 'value="2027-03-02T01:00:00"' in page
    assert names(root.get(url("2027-03-01T01:00", "2027-03-01T03:00"))) == []


def test_the_part_that_has_passed_is_read_from_the_ledger(root: Client, now: datetime) -> None:
    schedule = make_schedule(name="Sync", next_run_at=now + HOUR, trigger_kwargs={"days": 2})
    task = make_task(schedule.workflow)
    make_firing(schedule, scheduled_for=now - HOUR, decided_at=now, task_id=task.pk)
    missed = make_firing(
        schedule, scheduled_for=now - 2 * HOUR, decided_at=now, outcome="missed", reason="no scheduler"
    )
    make_firing(schedule, scheduled_for=now - 9 * HOUR, decided_at=now)
    answer = root.get(url(now - 3 * HOUR, now + 3 * HOUR))
    assert outcomes(answer) == ["started", "missed"]
    assert names(answer) == ["Sync"]
    page = read(answer)
    assert "no scheduler" in page
    assert page_url("schedules_firing", missed.pk) in page
    assert page_url("tasks_task", task.pk) in page
    only_past = root.get(url(now - 3 * HOUR, now - HOUR - MINUTE))
    assert outcomes(only_past) == ["missed"]
    assert only_past.context["planned"] is None


@pytest.mark.parametrize("others", [(), ("tasks.view_task",)])
def test_a_task_is_a_link_for_those_who_may_view_it(login: Login, now: datetime, others: tuple[str, ...]) -> None:
    schedule = make_schedule()
    task = make_task(schedule.workflow)
    make_firing(schedule, scheduled_for=now - HOUR, decided_at=now, task_id=task.pk)
    viewer = login("schedules.view_schedule", "schedules.view_firing", *others)
    page = read(viewer.get(url(now - 2 * HOUR, now)))
    assert "started" in page
    assert (page_url("tasks_task", task.pk) in page) == bool(others)


def test_beyond_the_list_the_counts_tell_and_lead_on(root: Client, now: datetime) -> None:
    make_schedule(next_run_at=now + MINUTE, trigger_kwargs={"seconds": 10})
    answer = root.get(url(end=now + 4 * HOUR))
    assert len(answer.context["planned"]) == 500
    assert "It has not been counted yet" in read(answer)
    start = now.replace(second=0, microsecond=0)
    PlannedLoad.objects.create(pk=1, as_of=now, starts_at=start, counts=[6] * 300)
    answer = root.get(url(end=now + 4 * HOUR))
    beyond = answer.context["beyond"]
    assert beyond[1]["count"] == "60"
    assert beyond[0]["url"].startswith(PAGE)
    assert root.get(beyond[0]["url"]).status_code == 200
    assert "not been counted" not in read(answer)


def test_a_freeze_is_told_of_the_instants_that_it_keeps(root: Client, now: datetime) -> None:
    for hours in (1, 3):
        make_schedule(name=f"In {hours}", next_run_at=now + hours * HOUR, trigger_kwargs={"days": 2})
    freeze_engine(reason="Upgrade", actor="ada", until=now + 2 * HOUR)
    rows = root.get(url()).context["planned"]
    assert [(row["name"], bool(row["remarks"])) for row in rows] == [("In 1", True), ("In 3", False)]


def test_what_the_clocks_skip_and_what_is_paused_are_told(root: Client) -> None:
    change = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    make_schedule(
        name="Skipped",
        next_run_at=change,
        trigger="cron",
        trigger_kwargs={"hour": 2, "minute": 30},
        timezone="Europe/Amsterdam",
    )
    make_paused_schedule(name="Paused")
    answer = root.get(url("2027-03-28T00:00Z", "2027-03-28T06:00Z"))
    assert [row["remarks"] for row in answer.context["planned"]] == [["the clocks skip the planned time"]]
    assert "1 schedule is paused" in read(answer)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("tonight", "", "“tonight” is no moment"),
        ("2027-03-02T03:00", "2027-03-02T01:00", "Give a moment after"),
        ("9999-12-31T23:59", "", "more than ten years ahead"),
    ],
)
def test_what_is_no_window_is_said_at_its_field(root: Client, start: str, end: str, told: str) -> None:
    answer = root.get(url(start, end))
    page = read(answer)
    assert told in page
    assert ('value="2027-03-02T03:00:00"' in page) == start.startswith("2027"), "what a picker can show is kept"
    assert "planned" not in answer.context


def test_the_usual_windows_are_a_click_away(root: Client) -> None:
    usual = root.get(PAGE).context["usual"]
    assert [name for name, _ in usual][:2] == ["The next hour", "Tonight, 01:00 to 03:00"]
    for _, address in usual:
        assert root.get(address).status_code == 200


def test_it_is_for_those_who_may_view_schedules(login: Login, now: datetime) -> None:
    viewer = login("schedules.view_schedule")
    make_firing(make_schedule(next_run_at=now + HOUR), scheduled_for=now - HOUR, decided_at=now)
    answer = viewer.get(url(now - 2 * HOUR))
    assert answer.context["past"] is None, "the ledger has a permission of its own"
    assert f'href="{PAGE}"' in read(answer), "it is in the sidebar"


def test_it_is_refused_to_others(login: Login) -> None:
    viewer = login("tasks.view_task")
    assert viewer.get(PAGE).status_code == 403
    assert f'href="{PAGE}"' not in read(viewer.get("/admin/"))


def test_statements_do_not_grow_with_what_is_planned(root: Client, now: datetime) -> None:
    workflow = make_workflow()

    def count() -> int:
        for number in range(20):
            made = make_schedule(workflow, name=f"s{number}", next_run_at=now + number * MINUTE)
            make_firing(made, scheduled_for=now - MINUTE, decided_at=now)
        with recorded_statements() as statements:
            read(root.get(url(now - HOUR, now + 9 * HOUR)))
        return len(statements)

    assert count() == count() <= 13

"""The history of a schedule: the ledger as a tab of its page."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.ids import first_id_at, new_id
from schedules.admin.history import MAX_COUNTED, ROWS_PER_PAGE
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule
from tasks.models import EngineFreeze, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, make_schedule, make_task

VIEW = ("schedules.view_schedule", "schedules.view_firing")
# Session, user, its permissions, the schedule, the rows, the tasks, the days, the strip of outcomes, the freeze.
MOST_STATEMENTS = 13


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(name="Nightly", timezone="America/New_York", next_run_at=now() + HOUR)


def make_firing(schedule: Schedule, at: datetime, **fields: Any) -> Firing:
    defaults = {"schedule_name": schedule.name, "due_at": at, "decided_at": at, "lateness_ms": 1500}
    outcome = fields.pop("outcome", FiringOutcome.STARTED)
    pk = UUID(int=first_id_at(fields.get("decided_at", at)).int | (new_id().int & ((1 << 62) - 1)))
    values = {**defaults, "outcome": outcome, **fields}
    return Firing.objects.create(id=pk, schedule_id=schedule.pk, scheduled_for=at, **values)


def url(schedule: Schedule) -> str:
    return reverse("admin:schedules_schedule_firings", args=[schedule.pk])


def planned_in(answer: Any) -> list[str]:
    return [row.planned for row in answer.context["rows"]]


def test_a_row_tells_what_became_of_a_time_and_why(root: Client, schedule: Schedule) -> None:
    root.cookies["chosen_time_zone"] = "Europe/Amsterdam"
    at = datetime.fromisoformat("2026-07-01T06:00:00Z")
    reason = "the task before <it> had not ended"
    make_firing(schedule, at, outcome=FiringOutcome.SKIPPED_OVERLAP, cause=FiringCause.CATCHUP, reason=reason)
    answer = root.get(url(schedule))
    page = read(answer)
    for shown in (
        "Wed 2026-07-01 02:00:00 EDT",
        "2026-07-01 08:00:00 CEST",
        "skipped for overlap",
        'aria-hidden="true">layers<',
        "caught up",
        reason,
        "1.500 s",
        f"/admin/schedules/schedule/{schedule.pk}/explain/?at=2026-07-01T06%3A00%3A00%2B00%3A00",
    ):
        assert shown in page, shown
    assert "<it>" not in answer.content.decode()


def test_the_task_is_shown_with_its_status_and_how_long_it_took(root: Client, schedule: Schedule) -> None:
    start = now() - HOUR
    task = make_task(status=TaskStatus.COMPLETED, started_at=start, finished_at=start + timedelta(seconds=65))
    make_firing(schedule, start, task_id=task.pk)
    page = read(root.get(url(schedule)))
    assert page_url("tasks_task", task.pk) in page
    assert "completed" in page
    assert "1 min 5 s" in page


def test_who_may_not_see_tasks_sees_the_rows_alone(login: Login, schedule: Schedule) -> None:
    task = make_task(status=TaskStatus.COMPLETED)
    make_firing(schedule, now() - HOUR, task_id=task.pk, reason="it was time")
    page = read(login(*VIEW).get(url(schedule)))
    assert "it was time" in page
    assert str(task.pk) not in page


def test_rows_of_other_schedules_are_not_among_them(root: Client, schedule: Schedule) -> None:
    make_firing(make_schedule(name="Other"), now() - HOUR)
    answer = root.get(url(schedule))
    assert answer.context["rows"] == []
    assert "Nothing has become due yet." in read(answer)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["an hour", "a day", "a week"]),
        ({"outcome": "missed"}, ["a day"]),
        ({"outcome": "started"}, ["an hour", "a week"]),
        ({"cause": "manual"}, ["an hour"]),
        ({"period": "week"}, ["an hour", "a day"]),
        ({"period": "day", "outcome": "missed"}, []),
        ({"outcome": "no such", "cause": "none", "period": "year"}, ["an hour", "a day", "a week"]),
    ],
)
def test_rows_are_filtered(root: Client, schedule: Schedule, query: dict[str, str], found: list[str]) -> None:
    moment = now()
    make_firing(schedule, moment - timedelta(days=8), reason="a week")
    make_firing(schedule, moment - timedelta(days=2), reason="a day", outcome=FiringOutcome.MISSED)
    make_firing(schedule, moment - HOUR, reason="an hour", cause=FiringCause.MANUAL)
    answer = root.get(url(schedule), query)
    assert [row.reason for row in answer.context["rows"]] == found
    assert ("Nothing in the history of this schedule is like that." in read(answer)) == (not found)


def test_pages_go_on_from_a_row_and_back(root: Client, schedule: Schedule) -> None:
    start = now() - timedelta(hours=2 * ROWS_PER_PAGE)
    for number in range(2 * ROWS_PER_PAGE + 1):
        make_firing(schedule, start + number * HOUR / 2)
    first = root.get(url(schedule), {"outcome": "started"})
    assert first.context["newer_url"] == ""
    second = root.get(first.context["older_url"])
    third = root.get(second.context["older_url"])
    assert [len(page.context["rows"]) for page in (first, second, third)] == [ROWS_PER_PAGE, ROWS_PER_PAGE, 1]
    assert third.context["older_url"] == ""
    assert len({*planned_in(first), *planned_in(second), *planned_in(third)}) == 2 * ROWS_PER_PAGE + 1
    assert planned_in(root.get(third.context["newer_url"])) == planned_in(second)
    back = root.get(second.context["newer_url"])
    assert planned_in(back) == planned_in(first)
    assert back.context["newer_url"] == ""
    assert "outcome=started" in second.context["newer_url"]


def test_an_address_that_names_no_row_is_no_error(root: Client, schedule: Schedule) -> None:
    make_firing(schedule, now() - HOUR)
    assert len(root.get(url(schedule), {"older_than": "x"}).context["rows"]) == 1
    answer = root.get(url(schedule), {"older_than": str(first_id_at(now() - timedelta(days=9)))})
    assert "There are no more rows." in read(answer)


def test_what_is_not_in_the_ledger_yet_stands_on_top(root: Client, db: None) -> None:
    begin = database_now() - HOUR
    schedule = make_schedule(next_run_at=begin)
    EngineFreeze.objects.create(started_at=begin, started_by="ada", reason="maintenance", in_force=True)
    answer = root.get(url(schedule))
    assert answer.context["unsettled"].count == 2
    page = read(answer)
    assert page.count("the engine was frozen by ada since") == 2, "in the summary, and above the rows"


def test_a_row_that_stands_for_many_says_so(root: Client, schedule: Schedule) -> None:
    at = now() - HOUR
    make_firing(schedule, at, count=1234, last_scheduled_for=at + HOUR / 2, outcome=FiringOutcome.MISSED)
    page = read(root.get(url(schedule)))
    assert "1234 times, up to" in page


def test_the_last_days_are_counted_on_the_clocks_of_the_schedule(root: Client, schedule: Schedule) -> None:
    zone_now = now().astimezone(tz=None)
    for hours in (1, 2):
        make_firing(schedule, now() - timedelta(days=3, minutes=hours))
    make_firing(schedule, now() - timedelta(days=3, minutes=3), outcome=FiringOutcome.ERROR)
    days = root.get(url(schedule)).context["days"]
    assert len(days) == 14
    assert sum(day.ran for day in days) == 2
    assert sum(day.others for day in days) == 1
    assert {day.colour for day in days} <= {"", "success", "danger"}
    assert any(day.others and day.colour == "danger" for day in days)
    assert days[-1].day >= zone_now.date() - timedelta(days=1)


def test_days_of_which_rows_may_be_missing_are_left_out(
    root: Client, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schedules.admin.history.MAX_COUNTED", 3)
    assert MAX_COUNTED > 3
    for days in (1, 2, 3, 4):
        make_firing(schedule, now() - timedelta(days=days))
    assert len(root.get(url(schedule)).context["days"]) == 3


def test_the_rows_alone_are_answered_to_what_makes_them_fresh(root: Client, schedule: Schedule) -> None:
    make_firing(schedule, now() - HOUR, reason="it was time")
    part = read(root.get(url(schedule), headers={"HX-Request": "true"}))
    assert 'id="schedule-history"' in part
    assert "it was time" in part
    assert "<html" not in part


def test_a_full_page_needs_no_more_statements_than_an_empty_one(login: Login, schedule: Schedule) -> None:
    viewer = login(*VIEW, "tasks.view_task")
    task = make_task(status=TaskStatus.COMPLETED)
    viewer.get(url(schedule))
    with recorded_statements() as empty:
        viewer.get(url(schedule))
    for number in range(ROWS_PER_PAGE + 1):
        make_firing(schedule, now() - number * HOUR, task_id=task.pk)
    with recorded_statements() as full:
        viewer.get(url(schedule))
    assert len(full) <= len(empty) + 1, "the tasks"
    assert len(full) <= MOST_STATEMENTS, "\n".join(full)

"""Triggers that no check would let in, written to the table by something else, next to good ones."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import JSONField, Value

from orchestrator_site.common.database import is_postgresql
from schedules.firing import STEPS_PER_TURN, Turn, fire_due
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState
from schedules.triggers import Budget, build_trigger
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

GOOD = 50
# Far more than it takes, far less than one evaluation without bounds.
AT_MOST_SECONDS = 10

NEVER_MEETING = {
    "triggers": [
        {"trigger": "interval", "trigger_kwargs": {"seconds": 3600, "start_date": "2027-01-01T00:00:00Z"}},
        {"trigger": "interval", "trigger_kwargs": {"seconds": 3600, "start_date": "2027-01-01T00:30:00Z"}},
    ]
}
RARELY_MEETING = {
    "triggers": [
        {"trigger": "interval", "trigger_kwargs": {"seconds": 3599, "start_date": "2027-01-01T00:30:00.5Z"}},
        {"trigger": "interval", "trigger_kwargs": {"seconds": 3600, "start_date": "2027-01-01T00:00:00Z"}},
    ],
    "threshold_seconds": 0,
}

# What is stored, and what its schedule says of it.
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "never meeting": ({"trigger": "and", "trigger_kwargs": NEVER_MEETING}, "no instant was found within 10,000 steps"),
    "rarely meeting": (
        {"trigger": "and", "trigger_kwargs": RARELY_MEETING},
        "no instant was found within 10,000 steps",
    ),
    "30 February": (
        {"trigger": "cron", "trigger_kwargs": {"month": 2, "day": 30}},
        "there is no instant within ten years",
    ),
    "unknown kind": ({"trigger": "crn"}, "unknown trigger 'crn': did you mean 'cron'?"),
    "a list": ({"trigger_kwargs": [1, 2]}, "trigger_kwargs is [1, 2]; give an object"),
    "a text": ({"trigger_kwargs": "hours"}, "trigger_kwargs is 'hours'; give an object"),
    "null": ({"trigger_kwargs": Value(None, JSONField())}, "trigger_kwargs is None; give an object"),
    "unreadable zone": ({"timezone": "Europe/Atlantis"}, "unknown time zone 'Europe/Atlantis'"),
    "no zone": ({"timezone": "../../etc/passwd"}, "unknown time zone '../../etc/passwd'"),
}


def make_hostile(**fields: Any) -> Schedule:
    """Store what is due before all others."""
    return make_schedule(trigger_text="as somebody wrote it", next_run_at=NOW - SECOND, name="Hostile", **fields)


def make_good() -> None:
    workflow = make_workflow()
    for number in range(GOOD):
        trigger, kwargs = [("interval", {"hours": 1}), ("cron", {"minute": 0})][number % 2]
        make_schedule(workflow, trigger=trigger, trigger_kwargs=kwargs, name="Good")


def take_turns(*, limit: int = 100) -> list[Turn]:
    turns = [fire_due(limit=limit, now=NOW)]
    while turns[-1].found_due:
        turns.append(fire_due(limit=limit, now=NOW))
    return turns


def assert_all_good_ones_fired_on_time() -> None:
    fired = Firing.objects.filter(schedule_name="Good")
    assert set(fired.values_list("scheduled_for", "outcome", "lateness_ms")) == {(NOW, FiringOutcome.STARTED, 0)}
    assert fired.count() == GOOD
    good = Schedule.objects.filter(name="Good")
    assert set(good.values_list("state", "next_run_at")) == {(ScheduleState.ACTIVE, NOW + HOUR)}


def test_each_of_them_breaks_its_own_schedule_and_all_others_fire_on_time() -> None:
    hostile = {make_hostile(**fields).pk: reason for fields, reason in HOSTILE.values()}
    make_good()
    started = time.monotonic()
    take_turns()
    assert time.monotonic() - started < AT_MOST_SECONDS
    assert_all_good_ones_fired_on_time()
    for schedule in Schedule.objects.filter(name="Hostile"):
        assert (schedule.state, schedule.next_run_at, schedule.state_since) == (ScheduleState.BROKEN, None, NOW)
        assert schedule.state_reason.startswith(hostile[schedule.pk])


def test_a_document_that_python_cannot_read_breaks_its_own_schedule_alone() -> None:
    schedule = make_hostile()
    with connection.cursor() as cursor:
        document = '{"hours": ' + 5_000 * "1" + "}"
        cast = "::jsonb" if is_postgresql() else ""
        cursor.execute(f"UPDATE schedules_schedule SET trigger_kwargs = %s{cast}", [document])
    make_good()
    take_turns()
    assert_all_good_ones_fired_on_time()
    schedule.refresh_from_db()
    assert schedule.state == ScheduleState.BROKEN


def test_a_trigger_that_fails_in_a_way_nobody_foresaw_breaks_its_own_schedule_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build(kind: str, *arguments: Any, **options: Any) -> Any:
        if kind == "date":
            raise ZeroDivisionError("division by zero")
        return build_trigger(kind, *arguments, **options)

    schedule = make_hostile(trigger="date", trigger_kwargs={})
    make_good()
    monkeypatch.setattr("schedules.models.schedule.build_trigger", build)
    take_turns()
    assert_all_good_ones_fired_on_time()
    schedule.refresh_from_db()
    assert (schedule.state, schedule.state_reason) == (ScheduleState.BROKEN, "ZeroDivisionError: division by zero")


def test_the_instant_that_was_promised_is_decided_before_the_schedule_is_broken() -> None:
    schedule = make_hostile(**HOSTILE["rarely meeting"][0])
    fire_due(limit=1, now=NOW)
    firing = Firing.objects.get()
    assert (firing.schedule_id, firing.scheduled_for, firing.outcome) == (
        schedule.pk,
        NOW - SECOND,
        FiringOutcome.STARTED,
    )
    schedule.refresh_from_db()
    assert (schedule.state, schedule.planned_through) == (ScheduleState.BROKEN, NOW - SECOND)


def test_many_of_them_take_turns_of_their_own_so_that_none_is_held_for_long() -> None:
    for _ in range(9):
        make_hostile(**HOSTILE["never meeting"][0])
    make_good()
    turns = take_turns()
    assert max(turn.decided for turn in turns[:3]) <= STEPS_PER_TURN // 10_000 + 1
    assert_all_good_ones_fired_on_time()


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        pytest.param(
            {"trigger": "cron", "trigger_kwargs": {"second": "*"}}, ScheduleState.ACTIVE, id="a second for a year"
        ),
        pytest.param({"trigger": "and", "trigger_kwargs": NEVER_MEETING}, ScheduleState.BROKEN, id="never"),
    ],
)
def test_a_long_downtime_costs_no_more_than_the_bounds(
    fields: dict[str, Any], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: list[int] = []
    count_steps(monkeypatch, spent.append)
    schedule = make_schedule(
        next_run_at=NOW - timedelta(days=365),
        trigger_text="as somebody wrote it",
        grid_start_at=NOW - timedelta(days=365),
        **fields,
    )
    fire_due(limit=1, now=NOW)
    schedule.refresh_from_db()
    assert schedule.state == outcome
    assert sum(spent) <= 2 * 10_000 + 20


def count_steps(monkeypatch: pytest.MonkeyPatch, note: Callable[[int], object]) -> None:
    spend = Budget.spend

    def noted(budget: Budget, steps: int = 1) -> None:
        note(steps)
        spend(budget, steps)

    monkeypatch.setattr(Budget, "spend", noted)

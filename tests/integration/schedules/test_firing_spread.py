"""The turn of schedules with a spread: planned at one instant, due a while later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schedules.firing import fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule
from schedules.running import run_schedule_now
from tasks.models import Task
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

SPREAD_SECONDS = 3_000
# Of this id the hash is known: the offset follows from it.
SCHEDULE_ID = UUID("01a20bba-0000-7000-8000-000000000003")
MINUTE = timedelta(minutes=1)


def offset_of(**fields: Any) -> timedelta:
    return Schedule(**{"id": SCHEDULE_ID, "spread_seconds": SPREAD_SECONDS, **fields}).spread_offset


OFFSET = offset_of()


def make_spread(*, nominal: datetime = NOW, **fields: Any) -> Schedule:
    """Store an hourly schedule whose next instant is `nominal`."""
    defaults: dict[str, Any] = {
        "id": SCHEDULE_ID,
        "spread_seconds": SPREAD_SECONDS,
        "next_run_at": nominal + OFFSET,
        "planned_through": nominal - HOUR,
        "grid_start_at": nominal - HOUR,
    }
    return make_schedule(**{**defaults, **fields})


def test_the_offset_is_whole_seconds_within_the_spread_and_always_the_same() -> None:
    assert timedelta(0) < OFFSET < SPREAD_SECONDS * SECOND
    assert OFFSET.microseconds == 0
    assert offset_of() == OFFSET
    assert offset_of(spread_seconds=0) == timedelta(0)


def test_it_fires_when_it_is_due_and_not_when_it_is_planned() -> None:
    schedule = make_spread()
    assert not fire_due(limit=10, now=NOW).found_due
    assert not fire_due(limit=10, now=NOW + OFFSET - SECOND).found_due
    decided_at = NOW + OFFSET + timedelta(milliseconds=250)
    assert fire_due(limit=10, now=decided_at).decided == 1
    firing, task = Firing.objects.get(), Task.objects.get()
    assert (firing.scheduled_for, firing.due_at, firing.decided_at) == (NOW, NOW + OFFSET, decided_at)
    assert (firing.lateness_ms, firing.outcome, firing.cause) == (250, FiringOutcome.STARTED, FiringCause.SCHEDULE)
    assert task.scheduled_for == NOW
    schedule.refresh_from_db()
    assert (schedule.next_run_at, schedule.planned_through) == (NOW + HOUR + OFFSET, NOW)


def test_an_instant_that_is_planned_and_not_yet_due_is_left_for_its_own_turn() -> None:
    make_spread(nominal=NOW - HOUR)
    fire_due(limit=10, now=NOW + SECOND)  # two are planned by now, and one is due
    assert [firing.scheduled_for for firing in Firing.objects.all()] == [NOW - HOUR]
    assert Schedule.objects.get().next_run_at == NOW + OFFSET


def test_hour_after_hour_each_instant_is_decided_once() -> None:
    schedule = make_spread()
    now = NOW
    while now < NOW + 12 * HOUR:
        now += 7 * MINUTE
        fire_due(limit=10, now=now)
    planned = [NOW + hours * HOUR for hours in range(12)]
    firings = Firing.objects.order_by("scheduled_for")
    decided = [each for each in planned if each + OFFSET <= now]
    assert list(firings.values_list("scheduled_for", "due_at")) == [(each, each + OFFSET) for each in decided]
    schedule.refresh_from_db()
    assert schedule.next_run_at == decided[-1] + HOUR + OFFSET


def test_a_downtime_that_ended_before_it_was_due_is_none_of_its_business() -> None:
    make_spread()
    record_tick(NOW - SECOND)  # up, and then down while it was planned
    record_tick(NOW + OFFSET / 2)
    fire_due(limit=10, now=NOW + OFFSET + HOUR / 2)
    assert [firing.cause for firing in Firing.objects.all()] == [FiringCause.SCHEDULE]


def test_it_is_caught_up_with_when_it_came_due_in_a_downtime() -> None:
    make_spread()
    record_tick(NOW + SECOND)  # up while it was planned
    back_at = NOW + OFFSET + MINUTE
    record_tick(back_at)
    fire_due(limit=10, now=back_at)
    firing = Firing.objects.get()
    assert (firing.cause, firing.outcome, firing.lateness_ms) == (FiringCause.CATCHUP, FiringOutcome.STARTED, 60_000)


def test_a_one_shot_is_spread_as_well() -> None:
    make_spread(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()})
    fire_due(limit=10, now=NOW + OFFSET)
    assert [(each.scheduled_for, each.lateness_ms) for each in Firing.objects.all()] == [(NOW, 0)]
    assert Schedule.objects.get().next_run_at is None


def test_a_run_by_hand_waits_for_nothing() -> None:
    run_schedule_now(schedule=make_spread(), actor="ada")
    firing = Firing.objects.get()
    assert firing.due_at == firing.scheduled_for
    assert firing.lateness_ms == 0


def test_a_batch_takes_as_many_statements_with_a_spread_as_without() -> None:
    workflow = make_workflow()
    counts = []
    for spread_seconds in (0, SPREAD_SECONDS):
        for _ in range(20):
            make_schedule(workflow, spread_seconds=spread_seconds, planned_through=NOW - 2 * HOUR)
        with recorded_statements() as statements:
            assert fire_due(limit=20, now=NOW).decided == 20
        counts.append(len(statements))
    assert counts[0] == counts[1]

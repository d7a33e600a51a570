"""What becomes of schedules while the engine is frozen, and after."""

from datetime import UTC, datetime, timedelta

import pytest

from schedules.firing import fire_due
from schedules.jobstore import FROZEN_WAIT_SECONDS, ScheduleJobStore
from schedules.models import Firing, FiringOutcome, Schedule
from schedules.running import run_schedule_now
from tasks.freezing import EngineFrozen, freeze_engine, unfreeze_engine
from tasks.models import EngineFreeze, Task
from tests.support.factories import HOUR, NOW, SECOND, make_schedule

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def freeze(start: datetime, *, end: datetime | None = None, until: datetime | None = None) -> None:
    EngineFreeze.objects.create(
        started_at=start,
        started_by="ada",
        reason="core upgrade",
        until=until,
        ended_at=end,
        in_force=True if end is None else None,
    )


def test_nothing_fires_while_it_is_frozen() -> None:
    schedule = make_schedule()
    freeze(NOW - HOUR)
    assert not fire_due(limit=10, now=NOW).found_due
    schedule.refresh_from_db()
    assert schedule.next_run_at == NOW
    assert not Firing.objects.exists()


def test_instants_of_the_freeze_are_skipped_with_the_reason_and_the_next_one_fires() -> None:
    make_schedule(next_run_at=NOW)
    freeze(NOW - MINUTE, end=NOW + 2 * HOUR + MINUTE)
    fire_due(limit=10, now=NOW + 3 * HOUR)
    outcomes = Firing.objects.order_by("scheduled_for").values_list("outcome", flat=True)
    assert list(outcomes) == [FiringOutcome.SKIPPED_FROZEN] * 3 + [FiringOutcome.STARTED]
    reason = Firing.objects.order_by("scheduled_for").values_list("reason", flat=True)[0]
    assert reason == "the engine was frozen by ada since 2027-03-01 08:59:00Z: core upgrade"


def test_an_instant_at_the_very_end_of_the_freeze_fires() -> None:
    make_schedule(next_run_at=NOW)
    freeze(NOW - HOUR, end=NOW)
    fire_due(limit=10, now=NOW)
    assert [firing.outcome for firing in Firing.objects.all()] == [FiringOutcome.STARTED]


def test_a_freeze_ends_by_itself_when_its_time_has_come() -> None:
    make_schedule(next_run_at=NOW)
    freeze(NOW - HOUR, until=NOW + MINUTE)
    assert not fire_due(limit=10, now=NOW + MINUTE - SECOND).found_due
    assert fire_due(limit=10, now=NOW + MINUTE).decided == 1
    assert [firing.outcome for firing in Firing.objects.all()] == [FiringOutcome.SKIPPED_FROZEN]


def test_a_one_shot_waits_for_the_release() -> None:
    make_schedule(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()}, next_run_at=NOW)
    freeze(NOW - MINUTE, end=NOW + HOUR)
    fire_due(limit=10, now=NOW + HOUR)
    [firing] = Firing.objects.all()
    assert (firing.outcome, firing.scheduled_for) == (FiringOutcome.STARTED, NOW)


def test_the_loop_looks_again_after_a_while_and_not_at_once() -> None:
    make_schedule(next_run_at=NOW)
    freeze(NOW - HOUR)
    store = ScheduleJobStore(batch_size=10, clock=lambda: NOW)
    assert store.get_due_jobs(NOW) == []
    asked_at = datetime.now(UTC)
    next_look = store.get_next_run_time()
    assert next_look is not None
    assert next_look >= asked_at + timedelta(seconds=FROZEN_WAIT_SECONDS)


def test_a_run_by_hand_is_refused_and_says_who_froze_it() -> None:
    schedule = make_schedule()
    freeze_engine(reason="core upgrade", actor="ada")
    with pytest.raises(EngineFrozen, match=r"by ada since .*: core upgrade; unfreeze it first"):
        run_schedule_now(schedule=schedule, actor="bob")
    assert not Task.objects.exists()
    unfreeze_engine(actor="ada")
    run_schedule_now(schedule=schedule, actor="bob")
    assert Task.objects.count() == 1
    assert Schedule.objects.get().next_run_at == NOW

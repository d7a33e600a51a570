"""The pulse of all schedulers: overload is no outage, and neither is one frozen process beside another."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schedules.jobstore import ScheduleJobStore
from schedules.liveness import Pulse, record_tick
from schedules.models import Firing, FiringCause, FiringOutcome, SchedulerOutage, SchedulerPulse
from tests.support.factories import HOUR, NOW, SECOND, make_schedule

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@dataclass
class SetClock:
    """The database's clock, as the test sets it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, length: timedelta) -> None:
        self.now += length


@pytest.fixture
def clock() -> SetClock:
    """Return a clock, at which a scheduler has just ticked for the first time."""
    SchedulerPulse.objects.create(last_tick_at=NOW)
    return SetClock()


def outages() -> list[tuple[datetime, datetime]]:
    return list(SchedulerOutage.objects.order_by("id").values_list("started_at", "ended_at"))


def last_tick() -> datetime:
    return SchedulerPulse.objects.get().last_tick_at


def beat_for(pulse: Pulse, clock: SetClock, length: timedelta) -> None:
    """Beat every 5 s, as a heartbeat does."""
    end = clock.now + length
    while clock.now < end:
        clock.pass_by(5 * SECOND)
        pulse.tick()


class TestTheLoopAndTheHeartbeat:
    def test_the_loop_writes_no_tick_while_the_heartbeat_does(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        pulse.tick()
        with CaptureQueriesContext(connection) as captured:
            for seconds in (-1, 0, 5):
                pulse.tick_if_late(NOW + seconds * SECOND)
        assert len(captured) == 0

    def test_the_loop_ticks_when_the_heartbeat_does_not(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        for _ in range(6):
            clock.pass_by(6 * SECOND)
            pulse.tick_if_late(clock())
        assert last_tick() == NOW + 36 * SECOND
        assert outages() == []

    def test_a_turn_that_takes_minutes_is_no_outage(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        store = ScheduleJobStore(batch_size=10, clock=clock, pulse=pulse)
        store.get_due_jobs(NOW)
        schedule = make_schedule(trigger_kwargs={"minutes": 1}, next_run_at=NOW + MINUTE)
        beat_for(pulse, clock, 3 * MINUTE + SECOND)  # the loop is in a turn meanwhile
        store.get_due_jobs(NOW)
        firings = Firing.objects.filter(schedule_id=schedule.pk).order_by("scheduled_for")
        assert [(each.cause, each.outcome, each.lateness_ms) for each in firings] == [
            (FiringCause.SCHEDULE, FiringOutcome.STARTED, 125_000),
            (FiringCause.SCHEDULE, FiringOutcome.SKIPPED_OVERLAP, 65_000),
            (FiringCause.SCHEDULE, FiringOutcome.SKIPPED_OVERLAP, 5_000),
        ]


class TestAFrozenProcess:
    def test_the_only_one_learns_of_the_outage_before_its_loop_decides(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        store = ScheduleJobStore(batch_size=10, clock=clock, pulse=pulse)
        pulse.tick()
        make_schedule(next_run_at=NOW + 20 * SECOND)
        clock.pass_by(MINUTE)
        store.get_due_jobs(NOW)  # its heartbeat wakes later
        assert Firing.objects.get().cause == FiringCause.CATCHUP
        pulse.tick()
        assert outages() == [(NOW, NOW + MINUTE)]

    def test_what_its_heartbeat_had_read_before_hides_no_outage(self, clock: SetClock) -> None:
        def read_and_be_stopped() -> datetime:
            read = clock()
            clock.pass_by(MINUTE)
            return read

        make_schedule(next_run_at=NOW + 20 * SECOND)
        clock.pass_by(5 * SECOND)
        pulse = Pulse(read_and_be_stopped)
        pulse.tick()
        ScheduleJobStore(batch_size=10, clock=clock, pulse=pulse).get_due_jobs(NOW)
        [(began_at, _)] = outages()
        assert began_at == NOW + 5 * SECOND
        assert Firing.objects.get().cause == FiringCause.CATCHUP

    def test_beside_one_that_was_not_there_is_no_outage_and_nothing_fires_twice(self, clock: SetClock) -> None:
        pulses = [Pulse(clock), Pulse(clock)]
        frozen, awake = (ScheduleJobStore(batch_size=10, clock=clock, pulse=pulse) for pulse in pulses)
        for store in (frozen, awake):
            store.get_due_jobs(NOW)
        schedule = make_schedule(trigger_kwargs={"seconds": 20}, next_run_at=NOW + 20 * SECOND)
        for _ in range(3):
            beat_for(pulses[1], clock, 20 * SECOND)
            awake.get_due_jobs(NOW)
        for store in (frozen, awake):
            store.get_due_jobs(NOW)
        assert outages() == []
        firings = Firing.objects.filter(schedule_id=schedule.pk).order_by("scheduled_for")
        assert [(each.scheduled_for - NOW, each.cause) for each in firings] == [
            (seconds * SECOND, FiringCause.SCHEDULE) for seconds in (20, 40, 60)
        ]

    @pytest.mark.parametrize("seconds", [10, 60, 3600])
    def test_a_tick_that_it_wrote_late_moves_nothing_back(self, clock: SetClock, seconds: int) -> None:
        read_before = clock()
        beat_for(Pulse(clock), clock, seconds * SECOND)
        ticked_at = record_tick(read_before, clock=clock)
        assert last_tick() == NOW + seconds * SECOND
        assert ticked_at in {read_before, clock()}
        clock.pass_by(5 * SECOND)
        record_tick(clock(), clock=clock)
        assert outages() == []


class TestAClockThatIsSetBack:
    @pytest.mark.parametrize("length", [SECOND, MINUTE, HOUR])
    def test_is_no_outage_then_or_when_its_time_comes_again(self, clock: SetClock, length: timedelta) -> None:
        pulse = Pulse(clock)
        pulse.tick()
        clock.pass_by(-length)
        beat_for(pulse, clock, length + MINUTE)
        assert outages() == []
        assert last_tick() == clock()

    def test_the_loop_does_not_take_its_old_tick_for_a_new_one(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        pulse.tick()
        clock.pass_by(-HOUR)
        pulse.tick_if_late(clock())
        assert last_tick() == NOW - HOUR

    def test_an_outage_after_it_is_one(self, clock: SetClock) -> None:
        pulse = Pulse(clock)
        clock.pass_by(-HOUR)
        pulse.tick()
        clock.pass_by(MINUTE)
        pulse.tick()
        assert outages() == [(NOW - HOUR, NOW - HOUR + MINUTE)]


KINDS: dict[str, dict[str, Any]] = {
    "interval": {"hours": 1},
    "cron": {"minute": 0},
    "date": {"run_date": NOW.isoformat()},
    "calendarinterval": {"days": 1, "hour": 9},
    "and": {
        "triggers": [
            {"trigger": "cron", "trigger_kwargs": {"minute": 0}},
            {"trigger": "cron", "trigger_kwargs": {"minute": "*/30"}},
        ]
    },
    "or": {
        "triggers": [
            {"trigger": "cron", "trigger_kwargs": {"minute": 0}},
            {"trigger": "cron", "trigger_kwargs": {"minute": 30}},
        ]
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_instant_fires_twice_when_the_clock_is_set_back(clock: SetClock, kind: str) -> None:
    store = ScheduleJobStore(batch_size=10, clock=clock)
    schedule = make_schedule(trigger=kind, trigger_kwargs=KINDS[kind])
    for _ in range(3):
        store.get_due_jobs(NOW)
        clock.pass_by(-HOUR)
        for _ in range(4):
            store.get_due_jobs(NOW)
            clock.pass_by(timedelta(minutes=15))
    firings = list(Firing.objects.filter(schedule_id=schedule.pk).values_list("scheduled_for", "decided_at"))
    assert firings == [(NOW, NOW)]

"""Schedulers as rows: who is there, who is alive, and how far behind they are."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.version import VERSION
from schedules import heartbeat
from schedules.heartbeat import Activity, Heartbeat
from schedules.liveness import Pulse
from schedules.models import Firing, SchedulerProcess, SchedulerPulse
from schedules.processes import ProcessState, find_standing, forget_process, see_process, state_of
from schedules.scheduler import Scheduler
from tasks.freezing import freeze_engine
from tests.support.factories import HOUR, NOW, SECOND, make_schedule
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db


def see(name: str, *, now: datetime = NOW, ticked_at: datetime | None = None, firings: int = 0) -> SchedulerProcess:
    see_process(name=name, now=now, last_tick_at=ticked_at, firings_per_minute=firings)
    return SchedulerProcess.objects.get(pk=name)


class TestTheRow:
    def test_says_where_it_runs_since_when_and_in_which_version(self) -> None:
        process = see("host:1")
        assert (process.version, process.started_at, process.last_seen_at) == (VERSION, NOW, NOW)
        assert process.pid > 0
        assert process.host

    def test_is_renewed_by_one_statement(self) -> None:
        started = see("host:1")
        later = NOW + 5 * SECOND
        with CaptureQueriesContext(connection) as captured:
            see_process(name="host:1", now=later, last_tick_at=later - SECOND, firings_per_minute=7)
        assert len(captured) == 1
        process = SchedulerProcess.objects.get()
        assert (process.started_at, process.last_seen_at) == (started.started_at, later)
        assert (process.last_tick_at, process.firings_per_minute) == (later - SECOND, 7)

    def test_comes_back_when_it_was_removed_while_the_process_was_frozen(self) -> None:
        see("frozen:1")
        see("other:1", now=NOW + 25 * HOUR)
        assert not SchedulerProcess.objects.filter(pk="frozen:1").exists()
        see("frozen:1", now=NOW + 26 * HOUR)
        assert SchedulerProcess.objects.count() == 2

    def test_stays_for_a_day_when_its_process_died(self) -> None:
        see("dead:1")
        see("other:1", now=NOW + 23 * HOUR)
        assert SchedulerProcess.objects.filter(pk="dead:1").exists()

    def test_goes_when_the_process_ends_and_no_other_one_does(self) -> None:
        see("one:1")
        see("other:1")
        forget_process(name="one:1")
        assert [process.pk for process in SchedulerProcess.objects.all()] == ["other:1"]


class TestItsState:
    @pytest.mark.parametrize(
        ("seen_ago", "ticked_ago", "state"),
        [
            (0, 0, ProcessState.ALIVE),
            (29, 59, ProcessState.ALIVE),
            (30, 31, ProcessState.STALE),
            (0, 60, ProcessState.STUCK),
            (30, 60, ProcessState.STALE),
        ],
    )
    def test_follows_from_when_it_was_seen_and_when_its_loop_looked(
        self, seen_ago: int, ticked_ago: int, state: ProcessState
    ) -> None:
        process = see("host:1", now=NOW - seen_ago * SECOND, ticked_at=NOW - ticked_ago * SECOND)
        assert state_of(process, now=NOW) is state

    def test_one_that_has_just_started_is_alive(self) -> None:
        assert state_of(see("host:1"), now=NOW + SECOND) is ProcessState.ALIVE


class TestTheStanding:
    def test_counts_every_state_and_is_alive_with_one_that_is(self) -> None:
        see("stuck:1", ticked_at=NOW - HOUR)
        see("stale:1", now=NOW - HOUR)
        standing = find_standing(now=NOW)
        assert not standing.is_alive
        see("alive:1")
        standing = find_standing(now=NOW)
        assert standing.is_alive
        assert standing.counts == {ProcessState.ALIVE: 1, ProcessState.STUCK: 1, ProcessState.STALE: 1}

    def test_names_the_schedule_that_is_due_for_longest(self) -> None:
        make_schedule(next_run_at=NOW - SECOND)
        longest = make_schedule(next_run_at=NOW - 90 * SECOND)
        make_schedule(next_run_at=NOW + SECOND)
        standing = find_standing(now=NOW)
        assert (standing.most_overdue, standing.behind) == (longest, timedelta(seconds=90))

    def test_is_not_behind_when_nothing_is_due_or_the_engine_is_frozen(self) -> None:
        make_schedule(next_run_at=NOW + SECOND)
        assert find_standing(now=NOW).behind == timedelta(0)
        make_schedule(next_run_at=database_now() - HOUR)
        freeze_engine(reason="Maintenance", actor="a test")
        assert find_standing(now=database_now()).most_overdue is None


class TestWhatTheLoopDoes:
    def test_firings_count_for_a_minute(self) -> None:
        activity = Activity()
        activity.note_firings(3, at=100.0)
        activity.note_firings(0, at=110.0)
        activity.note_firings(4, at=130.0)
        assert activity.firings_per_minute(at=159.9) == 7
        assert activity.firings_per_minute(at=160.0) == 4
        assert activity.firings_per_minute(at=190.0) == 0


@contextmanager
def running(scheduler: Scheduler) -> Iterator[None]:
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        scheduler.shutdown()
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
class TestAScheduler:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beat every 50 ms."""
        monkeypatch.setattr(heartbeat, "TICK_EVERY", timedelta(milliseconds=50))

    def test_is_there_while_it_runs_and_says_what_it_fires(self) -> None:
        schedule = make_schedule(next_run_at=database_now() - SECOND)
        with running(Scheduler(batch_size=10, poll_seconds=0.05)):
            fired = SchedulerProcess.objects.filter(firings_per_minute=1)
            wait_for(fired.exists, describe="the firing in the row")
            process = fired.get()
            assert Firing.objects.filter(schedule_id=schedule.pk).exists()
            assert process.last_tick_at >= process.started_at - SECOND
        assert not SchedulerProcess.objects.exists()

    def test_beats_while_its_loop_hangs_and_is_stuck(self) -> None:
        may_go_on = threading.Event()

        def hang() -> datetime:
            if threading.current_thread().name != "scheduler-heartbeat":
                may_go_on.wait(20)
            return database_now()

        with running(Scheduler(batch_size=10, poll_seconds=0.05, clock=hang)):
            wait_for(SchedulerProcess.objects.exists, describe="the row")
            first = SchedulerProcess.objects.get()
            wait_for(SchedulerProcess.objects.filter(last_seen_at__gt=first.last_seen_at).exists)
            process = SchedulerProcess.objects.get()
            assert process.last_tick_at == first.last_tick_at
            assert SchedulerPulse.objects.get().last_tick_at >= first.last_seen_at
            may_go_on.set()
            wait_for(SchedulerProcess.objects.filter(last_tick_at__gt=first.last_tick_at).exists)

    def test_goes_on_beating_after_an_error(self) -> None:
        errors = [DatabaseError("away")]

        def clock() -> datetime:
            if errors:
                raise errors.pop()
            return database_now()

        beating = Heartbeat(pulse=Pulse(clock), activity=Activity())
        beating.start()
        wait_for(SchedulerProcess.objects.exists, describe="the row")
        beating.stop()
        assert errors == []
        assert not SchedulerProcess.objects.exists()


@pytest.mark.parametrize("offset_seconds", [-300, 300])
def test_a_machine_whose_clock_is_wrong_waits_as_long_as_any_other(offset_seconds: int) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) - timedelta(seconds=offset_seconds)

    with time_machine.travel(time.time() + offset_seconds, tick=True):
        scheduler = Scheduler(batch_size=10, poll_seconds=60, clock=clock)
        schedule = make_schedule(next_run_at=clock() + 10 * SECOND)
        assert 5 < scheduler._process_jobs() <= 10
        assert not Firing.objects.exists()
        make_schedule(next_run_at=clock() - SECOND)
        scheduler._process_jobs()
        [firing] = Firing.objects.all()
        assert firing.schedule_id != schedule.pk
        assert abs(firing.decided_at - clock()) < 5 * SECOND

"""The job store between APScheduler's loop and the turn, and the loop itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger
from django.db import DatabaseError, connections, transaction
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import is_postgresql
from schedules.firing import fire_due
from schedules.jobstore import CONTENDED_WAIT_SECONDS, ScheduleJobStore
from schedules.models import Firing, FiringCause, Schedule, SchedulerPulse
from schedules.scheduler import RETRY_SECONDS, Scheduler
from tests.support.database import in_thread
from tests.support.factories import HOUR, NOW, SECOND, make_schedule
from tests.support.wait import wait_for

POLL_SECONDS = 60.0
SOON = timedelta(seconds=2)  # for what the machine takes between two looks at its clock


def make_store(now: datetime = NOW) -> ScheduleJobStore:
    return ScheduleJobStore(batch_size=10, clock=lambda: now)


@contextmanager
def running(scheduler: BlockingScheduler, start: str = "start") -> Iterator[threading.Thread]:
    """Run the loop in a thread for the length of the block."""

    def run() -> None:
        getattr(scheduler, start)()
        connections.close_all()

    thread = threading.Thread(target=run, daemon=True)  # a loop that does not end fails its test, not the whole run
    thread.start()
    try:
        yield thread
    finally:
        if thread.is_alive():
            scheduler.shutdown()
        thread.join(10)
        assert not thread.is_alive()


class TestWhatWeRelyOnInAPScheduler:
    """With an update of APScheduler these fail first, and say which of our assumptions no longer holds."""

    class Store(MemoryJobStore):  # type: ignore[misc]  # APScheduler has no types
        def __init__(self, errors: int = 0) -> None:
            super().__init__()
            self.errors = errors
            self.calls: list[tuple[str, datetime]] = []

        def get_due_jobs(self, now: datetime) -> list[Job]:
            self.calls.append(("get_due_jobs", datetime.now(UTC)))
            if self.errors:
                self.errors -= 1
                raise DatabaseError("away")
            return []

        def get_next_run_time(self) -> datetime | None:
            self.calls.append(("get_next_run_time", datetime.now(UTC)))
            return None

    def test_a_look_asks_for_due_jobs_and_then_for_the_next_run_time(self) -> None:
        store = self.Store()
        scheduler = BlockingScheduler(jobstores={"default": store}, timezone="UTC")
        assert scheduler._process_jobs() is None
        assert [name for name, _ in store.calls] == ["get_due_jobs", "get_next_run_time"]

    def test_after_an_error_in_get_due_jobs_it_asks_again_after_the_retry_interval(self) -> None:
        store = self.Store(errors=1)
        scheduler = BlockingScheduler(jobstores={"default": store}, timezone="UTC", jobstore_retry_interval=0.2)
        with running(scheduler):
            wait_for(lambda: len(store.calls) >= 3)
        names, times = zip(*store.calls[:3], strict=True)
        assert names == ("get_due_jobs", "get_due_jobs", "get_next_run_time")
        assert 0.2 <= (times[1] - times[0]).total_seconds() < 5

    def test_a_wakeup_makes_it_look_at_once(self) -> None:
        store = self.Store()
        scheduler = BlockingScheduler(jobstores={"default": store}, timezone="UTC")
        with running(scheduler):
            wait_for(lambda: len(store.calls) == 2)
            scheduler.wakeup()
            wait_for(lambda: len(store.calls) == 4)

    def test_the_private_names_exist(self) -> None:
        assert {"_process_jobs", "_main_loop", "_event", "wakeup", "shutdown"} <= set(dir(BlockingScheduler))
        scheduler = BlockingScheduler(jobstores={"default": self.Store()}, timezone="UTC")
        with running(scheduler):
            wait_for(lambda: scheduler._event is not None)
            assert isinstance(scheduler._event, Event)


@pytest.mark.django_db
class TestTheStore:
    def test_a_look_takes_a_turn_by_the_clock_of_the_store_and_has_no_job_to_return(self) -> None:
        make_schedule()
        long_ago = datetime(1999, 1, 1, tzinfo=UTC)
        assert make_store().get_due_jobs(long_ago) == []
        assert Firing.objects.get().decided_at == NOW

    def test_a_tick_is_written_before_the_turn_decides(self) -> None:
        make_schedule(next_run_at=NOW - HOUR)
        make_store().get_due_jobs(NOW)
        assert SchedulerPulse.objects.get().last_tick_at == NOW
        # The first tick of all ends an outage: the turn has to know of it.
        assert Firing.objects.get(scheduled_for=NOW - HOUR).cause == FiringCause.CATCHUP

    def test_the_next_run_time_is_told_on_this_machines_clock(self) -> None:
        machine_is_ahead = timedelta(days=2)
        database_time = datetime.now(UTC) - machine_is_ahead
        make_schedule(next_run_at=database_time + HOUR)
        store = make_store(database_time)
        store.get_due_jobs(datetime.now(UTC))
        asked_at = store.get_next_run_time()
        assert asked_at is not None
        assert abs(asked_at - datetime.now(UTC) - HOUR) < SOON

    def test_there_is_no_next_run_time_without_an_active_schedule(self) -> None:
        make_schedule(next_run_at=None)
        store = make_store()
        store.get_due_jobs(NOW)
        assert store.get_next_run_time() is None

    def test_what_a_batch_left_over_is_due_at_once(self) -> None:
        for _ in range(3):
            make_schedule()
        now = database_now()
        store = ScheduleJobStore(batch_size=2, clock=lambda: NOW)
        store.get_due_jobs(now)
        assert Firing.objects.count() == 2
        asked_at = store.get_next_run_time()
        assert asked_at is not None
        assert asked_at <= datetime.now(UTC)

    def test_it_holds_no_jobs_and_refuses_them(self) -> None:
        store = make_store()
        job = Job(
            BlockingScheduler(timezone="UTC"), id="nightly", trigger=IntervalTrigger(hours=1), func=print,
            args=(), kwargs={}, executor="default", misfire_grace_time=1, coalesce=True, max_instances=1,
        )  # fmt: skip
        for refused in (store.add_job, store.update_job):
            with pytest.raises(TypeError, match=r"job 'nightly' cannot be stored here; create a schedule with"):
                refused(job)
        with pytest.raises(TypeError, match="job 'nightly' cannot be removed here"):
            store.remove_job("nightly")
        assert store.get_all_jobs() == []
        store.lookup_job("nightly")  # finds none, and gives none
        assert not DjangoJob.objects.exists()

    def test_it_listens_to_no_events(self) -> None:
        scheduler = Scheduler(batch_size=10, poll_seconds=POLL_SECONDS, clock=lambda: NOW)
        store = make_store()
        store.start(scheduler, "default")
        assert scheduler._listeners == []

    def test_a_schedule_leaves_nothing_in_the_tables_of_django_apscheduler(self) -> None:
        make_schedule()
        make_store().get_due_jobs(NOW)
        assert not DjangoJob.objects.exists()
        assert not DjangoJobExecution.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestContention:
    def test_while_others_hold_all_that_is_due_it_asks_again_in_a_moment(self) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer and no row locks")
        make_schedule()
        has_decided, may_commit = Event(), Event()

        def decide_and_hold() -> None:
            with transaction.atomic():
                fire_due(limit=1, now=NOW)
                has_decided.set()
                assert may_commit.wait(10)

        store = make_store()
        with in_thread(decide_and_hold):
            assert has_decided.wait(10)
            store.get_due_jobs(NOW)
            before = datetime.now(UTC)
            asked_at = store.get_next_run_time()
            after = datetime.now(UTC)
            may_commit.set()
        shortest, longest = (timedelta(seconds=seconds) for seconds in CONTENDED_WAIT_SECONDS)
        assert asked_at is not None
        assert before + shortest <= asked_at <= after + longest


class Flaky(ScheduleJobStore):
    """Fails as often as it is told to, where APScheduler does not expect it."""

    def __init__(self, errors: int) -> None:
        super().__init__(batch_size=10, clock=database_now)
        self.errors = errors
        self.asked = 0

    def get_next_run_time(self) -> datetime | None:
        self.asked += 1
        if self.errors:
            self.errors -= 1
            raise DatabaseError("the server closed the connection")
        return super().get_next_run_time()


@pytest.mark.django_db(transaction=True)
class TestTheLoop:
    def make_scheduler(self, store: ScheduleJobStore | None = None, *, poll_seconds: float = 0.05) -> Scheduler:
        scheduler = Scheduler(batch_size=10, poll_seconds=poll_seconds)
        if store is not None:
            scheduler.add_jobstore(store, "more")
        return scheduler

    def test_it_fires_what_is_due_and_ends_when_it_is_told_to(self) -> None:
        schedule = make_schedule(next_run_at=database_now() - SECOND)
        with running(self.make_scheduler(), "run"):
            wait_for(lambda: Firing.objects.filter(schedule_id=schedule.pk).exists())

    def test_without_a_next_run_time_it_looks_again_after_the_poll(self) -> None:
        scheduler = self.make_scheduler(poll_seconds=POLL_SECONDS)
        assert scheduler._process_jobs() == POLL_SECONDS

    def test_it_waits_no_longer_than_until_the_next_run_time(self) -> None:
        make_schedule(next_run_at=database_now() + 10 * SECOND)
        assert 5 < self.make_scheduler(poll_seconds=POLL_SECONDS)._process_jobs() <= 10
        Schedule.objects.update(next_run_at=database_now() + 2 * HOUR)
        assert self.make_scheduler(poll_seconds=POLL_SECONDS)._process_jobs() == POLL_SECONDS

    def test_an_error_that_apscheduler_does_not_expect_is_waited_out(self) -> None:
        scheduler = self.make_scheduler(Flaky(errors=1), poll_seconds=POLL_SECONDS)
        assert scheduler._process_jobs() == RETRY_SECONDS
        assert scheduler._process_jobs() == POLL_SECONDS

    def test_the_loop_goes_on_after_it(self) -> None:
        store = Flaky(errors=1)
        with running(self.make_scheduler(store), "run") as thread:
            wait_for(lambda: store.asked >= 3)
            assert thread.is_alive()

    def test_a_turn_that_fails_is_tried_again(self) -> None:
        errors = [DatabaseError("away")]

        def clock() -> datetime:
            if errors:
                raise errors.pop()
            return database_now()

        schedule = make_schedule(next_run_at=database_now() - SECOND)
        scheduler = Scheduler(batch_size=10, poll_seconds=0.05, clock=clock)
        with running(scheduler, "run"):
            wait_for(lambda: Firing.objects.filter(schedule_id=schedule.pk).exists())
        assert errors == []

    def test_it_can_be_woken_before_it_has_begun(self) -> None:
        scheduler = self.make_scheduler()
        scheduler.wakeup()
        schedule = make_schedule(next_run_at=database_now() - SECOND)
        with running(scheduler, "run"):
            wait_for(lambda: Firing.objects.filter(schedule_id=schedule.pk).exists())

    def test_told_to_end_before_it_has_begun_it_ends_at_once_and_fires_nothing(self) -> None:
        make_schedule(next_run_at=database_now() - SECOND)
        scheduler = self.make_scheduler()
        scheduler.shutdown()
        with running(scheduler, "run") as thread:
            thread.join(10)
            assert not thread.is_alive()
        assert not Firing.objects.exists()

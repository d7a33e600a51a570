"""Several schedulers, wrong clocks, deaf ones, dead ones and more work than they can do: nothing is lost or doubled."""

import math
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, SchedulerOutage, SchedulerProcess
from schedules.services import ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from schedules.triggers import fire_times_between
from tasks.services import start_process
from tests.conftest import SUMMARY
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.load import copy_schedule, wait_until
from tests.process.test_scheduler_process import EFFECT_SECONDS, LISTENERS, edit_and_see_it_fire, is_listening
from tests.support.factories import make_schedule
from tests.support.processes import Program
from tests.support.wait import wait_for

POLL_SECONDS = 5
SECOND = timedelta(seconds=1)

BUSY_SECONDS = 20
DUE_AT_ONCE = 5_000
EVERY_SECOND = 600

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="an installation on SQLite has one scheduler"),
    pytest.mark.timeout(120),
]


def fork_scheduler(fork: Start, *, clock_offset_seconds: float = 0) -> Program:
    """Start a scheduler, and wait until its loop looks for what is due."""
    scheduler = fork("scheduler", "run", "--no-worker", clock_offset_seconds=clock_offset_seconds)
    rows = SchedulerProcess.objects.filter(pid=scheduler.process.pid)
    wait_for(rows.exists, timeout=30, describe="the row of a scheduler")
    return scheduler


@pytest.fixture
def hourly(fault_workflow: MakeFaultWorkflow) -> Schedule:
    """Return a schedule that is due in an hour."""
    draft = ScheduleDraft("hourly", "interval", {"hours": 1})
    return create_schedule(draft=draft, workflow=fault_workflow("task_one_step"), actor="a test")


@contextmanager
def nobody_can_connect() -> Iterator[None]:
    """Have the server refuse new connections to the database of the test; those that there are stay."""
    settings = connection.get_connection_params()
    elsewhere = {key: settings[key] for key in ("host", "port", "user", "password") if settings.get(key)}
    name = psycopg.sql.Identifier(settings["dbname"])
    with closing(psycopg.connect(**elsewhere, dbname="postgres", autocommit=True)) as other:
        command = psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        other.execute(command.format(name, psycopg.sql.SQL("false")))
        try:
            yield
        finally:
            other.execute(command.format(name, psycopg.sql.SQL("true")))


def lateness_of(firings: list[Firing]) -> timedelta:
    """Return the 99th percentile."""
    late = sorted(firing.lateness_ms for firing in firings)
    return timedelta(milliseconds=late[math.ceil(0.99 * len(late)) - 1])


@pytest.mark.parametrize("offset_seconds", [300, -300])
def test_a_machine_whose_clock_is_wrong_fires_nothing_early_or_late(
    fork: Start, fault_workflow: MakeFaultWorkflow, offset_seconds: int
) -> None:
    scheduler = fork_scheduler(fork, clock_offset_seconds=offset_seconds)
    [running] = scheduler.events("scheduler_running")
    its_clock = datetime.fromisoformat(running["timestamp"])
    assert abs((its_clock - database_now()).total_seconds() - offset_seconds) < 60
    now = database_now()
    workflow = fault_workflow("task_one_step")
    for name, at in (("soon", now + 2 * SECOND), ("in four minutes", now + 240 * SECOND)):
        draft = ScheduleDraft(name, "date", {"run_date": at.isoformat()})
        create_schedule(draft=draft, workflow=workflow, actor="a test")
    wait_for(Firing.objects.exists, timeout=10, describe="the firing")
    wait_until(now + 3 * SECOND)
    [firing] = Firing.objects.all()
    assert (firing.schedule_name, firing.cause) == ("soon", FiringCause.SCHEDULE)
    assert timedelta(0) <= firing.decided_at - firing.scheduled_for < SECOND


def test_a_scheduler_that_cannot_listen_hears_of_an_edit_at_its_next_look(fork: Start, hourly: Schedule) -> None:
    scheduler = fork_scheduler(fork)
    wait_for(is_listening, describe="the listener")
    with nobody_can_connect():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                f" WHERE datname = current_database() AND {LISTENERS}",
                [],
            )
        scheduler.wait_for_event("listener_disconnected")
        edited_at = database_now()
        changes = ScheduleChanges(trigger="date", trigger_kwargs={"run_date": (edited_at + SECOND / 4).isoformat()})
        update_schedule(schedule_id=hourly.pk, changes=changes, actor="a test")
        wait_for(Firing.objects.exists, timeout=2 * POLL_SECONDS, describe="the firing of what was edited")
        assert not is_listening()
    assert Firing.objects.get().decided_at - edited_at < (POLL_SECONDS + EFFECT_SECONDS) * SECOND
    wait_for(is_listening, describe="the listener, again")
    edit_and_see_it_fire(hourly)


def test_every_scheduler_hears_of_an_edit_within_a_second_and_leaves_in_order(fork: Start, hourly: Schedule) -> None:
    schedulers = [fork_scheduler(fork) for _ in range(2)]
    wait_for(lambda: count_listeners() == len(schedulers), describe="the listeners")
    for listening, stopped in (schedulers, schedulers[::-1]):
        stopped.send(signal.SIGSTOP)
        edit_and_see_it_fire(hourly)
        stopped.send(signal.SIGCONT)
        assert len(listening.events("turn_taken")) == 1
    assert [scheduler.stop() for scheduler in schedulers] == [0, 0]
    assert not SchedulerProcess.objects.exists()


def count_listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {LISTENERS}", [])
        count: int = cursor.fetchone()[0]
    return count


def test_the_others_carry_on_at_once_when_one_is_killed_under_load(
    record_property: Callable[[str, object], None], fork: Start, fault_workflow: MakeFaultWorkflow
) -> None:
    schedulers = [fork_scheduler(fork) for _ in range(2)]
    grid_start = database_now() + SECOND
    end = grid_start + 7 * SECOND
    one = make_schedule(
        fault_workflow("task_one_step"),
        name="every second",
        trigger_kwargs={"seconds": 1, "end_date": end.isoformat()},
        next_run_at=grid_start + SECOND,
        planned_through=grid_start,
        grid_start_at=grid_start,
    )
    copy_schedule(one, count=EVERY_SECOND - 1)
    wait_for(lambda: all(each.events("turn_taken") for each in schedulers), describe="turns of both")
    wait_until(grid_start + 4.05 * SECOND)  # in the middle of a turn
    busiest, survivor = sorted(schedulers, key=lambda each: -len(each.events("turn_taken")))
    busiest.kill()
    killed_at = database_now()

    unfinished = Schedule.objects.filter(next_run_at__isnull=False)
    wait_for(lambda: not unfinished.exists(), timeout=30, describe="the end of all schedules")
    planned = fire_times_between(one.trigger_rule, after=grid_start, until=end, limit=100)
    assert len(planned) == 7
    decided = Counter(Firing.objects.values_list("schedule_id", "scheduled_for"))
    assert set(decided.values()) == {1}
    assert decided.keys() == {(pk, at) for pk in Schedule.objects.values_list("pk", flat=True) for at in planned}
    assert set(Firing.objects.values_list("cause", flat=True)) == {FiringCause.SCHEDULE}
    afterwards = list(Firing.objects.filter(decided_at__gt=killed_at))
    assert len(afterwards) >= 2 * EVERY_SECOND
    assert lateness_of(afterwards) < 2 * SECOND
    assert survivor.stop() == 0
    record_property(
        SUMMARY,
        f"one of two schedulers killed at {EVERY_SECOND} firings/s: none lost, none twice; the next {len(afterwards)} "
        f"were late by {lateness_of(afterwards).total_seconds():.3f} s in the 99th percentile",
    )


def test_overload_is_no_downtime(
    record_property: Callable[[str, object], None], fork: Start, fault_workflow: MakeFaultWorkflow
) -> None:
    schedulers = [fork_scheduler(fork) for _ in range(2)]
    held = fault_workflow("task_held")
    worker = fork("worker", is_gated=True)
    worker.wait_for_event("worker_started")
    start_process(held.name)
    due_at = database_now() + 3 * SECOND
    one = make_schedule(held, name="all at once", next_run_at=due_at, grid_start_at=due_at)
    copy_schedule(one, count=DUE_AT_ONCE - 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE schedules_firing IN SHARE MODE")  # every turn has to wait to write its ledger
        wait_until(due_at + BUSY_SECONDS * SECOND)
    wait_for(lambda: Firing.objects.count() >= DUE_AT_ONCE, timeout=60, describe="all firings")
    started = {(FiringCause.SCHEDULE, FiringOutcome.STARTED): DUE_AT_ONCE}
    assert Counter(Firing.objects.values_list("cause", "outcome")) == started
    assert Firing.objects.values("schedule_id").distinct().count() == DUE_AT_ONCE
    assert not SchedulerOutage.objects.filter(ended_at__gt=due_at).exists()
    assert not Firing.objects.filter(decided_at__gt=due_at + BUSY_SECONDS * SECOND, lateness_ms__lt=15_000).exists()
    assert [scheduler.stop() for scheduler in schedulers] == [0, 0]
    record_property(
        SUMMARY,
        f"{DUE_AT_ONCE} schedules due at once while no turn could end for {BUSY_SECONDS} s: all fired, none missed; "
        f"late by {lateness_of(list(Firing.objects.all())).total_seconds():.1f} s in the 99th percentile",
    )

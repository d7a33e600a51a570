"""A scheduler that is told to end, hears of edits, and loses its connections."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, Schedule
from schedules.services import ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.gate import Gates
from tests.support.processes import Program
from tests.support.wait import wait_for

# As late as an edit may take effect. The poll, every 5 s, would find one edit of six in this time, and not several.
EFFECT_SECONDS = 1
EDITS = 4

LISTENERS = "query LIKE 'LISTEN%%'"
EVERYONE_ELSE = "pid <> pg_backend_pid()"

needs_connections = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server to lose")


@pytest.fixture
def schedule(fault_workflow: MakeFaultWorkflow) -> Schedule:
    """Return a schedule that is due in an hour."""
    draft = ScheduleDraft("hourly", "interval", {"hours": 1})
    return create_schedule(draft=draft, workflow=fault_workflow("task_one_step"), actor="a test")


@contextmanager
def firing_follows(schedule: Schedule, *, edited_by: str) -> Iterator[datetime]:
    """Give a moment that the block makes the schedule fire at; check that it does, and so within a second."""
    edited_at = database_now()
    soon = edited_at + timedelta(seconds=EFFECT_SECONDS / 4)
    yield soon
    firings = Firing.objects.filter(schedule_id=schedule.pk, scheduled_for=soon)
    firing = wait_for(firings.first, timeout=10, describe=f"the firing of what {edited_by} changed")
    assert firing is not None
    assert (firing.decided_at - edited_at).total_seconds() < EFFECT_SECONDS


def edit_and_see_it_fire(schedule: Schedule) -> None:
    with firing_follows(schedule, edited_by="an edit") as soon:
        changes = ScheduleChanges(trigger="date", trigger_kwargs={"run_date": soon.isoformat()})
        update_schedule(schedule_id=schedule.pk, changes=changes, actor="a test")


def wait_for_more_firings(schedule: Schedule, count: int) -> None:
    firings = Firing.objects.filter(schedule_id=schedule.pk)
    before = firings.count()
    wait_for(lambda: firings.count() >= before + count, timeout=15, describe="more firings")


def is_listening() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {LISTENERS}", [])
        count: int = cursor.fetchone()[0]
    return count > 0


def start_scheduler(start: Start, *arguments: str) -> Program:
    scheduler = start("scheduler", "run", *arguments)
    scheduler.wait_for_event("scheduler_running")
    return scheduler


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_with_its_code(
    start: Start, transactional_db: None, number: signal.Signals, code: int
) -> None:
    scheduler = start_scheduler(start)
    scheduler.wait_for_event("worker_started")
    assert scheduler.stop(number) == code


def test_a_signal_ends_it_while_it_still_loads_workflows(start: Start, transactional_db: None, gates: Gates) -> None:
    scheduler = start("scheduler", "run", "--no-worker", is_gated=True)
    scheduler.wait_for_event("scheduler_running")
    scheduler.send(signal.SIGTERM)
    scheduler.wait_for_event("scheduler_stopping")
    gates.open("loading")
    assert scheduler.wait() == 0, scheduler.log.read_text()


@pytest.mark.timeout(120)
def test_an_edit_by_another_process_takes_effect_within_a_second(fork: Start, schedule: Schedule) -> None:
    start_scheduler(fork, "--no-worker")
    wait_until_it_hears(schedule)
    for _ in range(EDITS):
        edit_and_see_it_fire(schedule)


@pytest.mark.timeout(120)
def test_edits_made_while_it_starts_do_not_make_it_deaf(start: Start, schedule: Schedule, gates: Gates) -> None:
    scheduler = start("scheduler", "run", "--no-worker", is_gated=True)
    scheduler.wait_for_event("scheduler_running")
    if connection.vendor == "postgresql":
        wait_for(is_listening, describe="the listener")
    for hours in range(2, 6):
        changes = ScheduleChanges(trigger="interval", trigger_kwargs={"hours": hours})
        update_schedule(schedule_id=schedule.pk, changes=changes, actor="a test")
    gates.open("loading")
    wait_until_it_hears(schedule)
    for _ in range(EDITS):
        edit_and_see_it_fire(schedule)


def wait_until_it_hears(schedule: Schedule) -> None:
    """Wait for the first firing of the scheduler, however long its start takes."""
    changes = ScheduleChanges(trigger="interval", trigger_kwargs={"seconds": 1})
    update_schedule(schedule_id=schedule.pk, changes=changes, actor="a test")
    wait_for_more_firings(schedule, 1)


@needs_connections
@pytest.mark.timeout(120)
@pytest.mark.parametrize("lost", [LISTENERS, EVERYONE_ELSE], ids=["of the listener", "all"])
def test_firing_goes_on_when_connections_are_lost(fork: Start, schedule: Schedule, lost: str) -> None:
    scheduler = start_scheduler(fork)
    wait_until_it_hears(schedule)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND {lost}",
            [],
        )
        assert cursor.fetchone()[0] >= 1
    scheduler.wait_for_event("listener_disconnected")
    wait_for_more_firings(schedule, 3)
    wait_for(is_listening, describe="the listener, again")
    for _ in range(EDITS):
        edit_and_see_it_fire(schedule)
    assert scheduler.stop() == 0

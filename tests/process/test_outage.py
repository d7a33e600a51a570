"""The database goes away under load and comes back: whoever needs it waits for it, and nothing is lost or repeated."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from orchestrator_site.common.clock import database_now
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tasks.services import start_process
from tests.conftest import SUMMARY
from tests.postgres import Server
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.gate import Gates
from tests.process.load import schedule_many, wait_until, wait_until_all_has_ended
from tests.support.processes import Program
from tests.support.wait import wait_for
from tests.support.witness import read_witness, reconcile

HELD = 4
BEFORE_SECONDS = 3
PENDING_SECONDS = 2
AFTERWARDS_SECONDS = 5
PENDING = "step_not_recorded_yet"

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server to lose")


@pytest.mark.timeout(120)
def test_the_database_goes_away_under_load_and_comes_back(
    *,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
    server: Server,
    fork_on_server: Start,
    fault_workflow: MakeFaultWorkflow,
    witness: Path,
    gates: Gates,
) -> None:
    outage_seconds = pytestconfig.getoption("outage_seconds")
    scheduler = fork_on_server("scheduler", "run", "--no-worker")
    workers = [fork_on_server("worker", is_gated=True) for _ in range(2)]
    held, hurried = fault_workflow("task_held"), fault_workflow("task_unhurried")
    held_ids = {start_process(held.name) for _ in range(HELD)}
    wait_for(lambda: count_held(witness) == HELD, timeout=30, describe="steps that are held")
    end = database_now() + timedelta(seconds=BEFORE_SECONDS + outage_seconds + AFTERWARDS_SECONDS)
    schedule_many(hurried, count=5, seconds=1, end=end)
    running = Task.objects.filter(workflow=hurried, status=TaskStatus.RUNNING, position__gt=0)
    wait_for(running.exists, timeout=30, describe="a task of a schedule in its middle")

    connection.close()
    stopped_at = time.monotonic()
    server.stop()
    wait_for(lambda: time.monotonic() >= stopped_at + outage_seconds - PENDING_SECONDS, timeout=60)
    gates.open(1)
    wait_for(lambda: count_events(workers, PENDING) >= HELD, describe="steps that ended in the outage")
    wait_for(lambda: time.monotonic() >= stopped_at + outage_seconds, timeout=60)
    server.start()

    wait_until(end)
    wait_until_all_has_ended()
    assert [program.stop() for program in (scheduler, *workers)] == [0, 0, 0]
    evidence = reconcile(witness, until=end)
    # Nobody died: no step has run twice, whether it was recorded before the outage or after it.
    times = Counter((each.task_id, each.step) for each in evidence.sightings)
    repeated = [each for each in evidence.sightings if times[each.task_id, each.step] > 1]
    assert repeated == []
    held_steps = TaskStep.objects.filter(task__in=held_ids, name="Held", status=StepStatus.SUCCESS, attempt=1)
    assert held_steps.count() == HELD
    completed = sum(task.status == TaskStatus.COMPLETED for task in evidence.tasks)
    record_property(
        SUMMARY,
        f"PostgreSQL stopped for {outage_seconds:g} s: {len(evidence.tasks)} tasks = {completed} completed; "
        f"{count_events(workers, PENDING)} steps ended meanwhile, and were recorded afterwards; "
        f"steps repeated {len(repeated)}; lost {len(evidence.tasks) - completed}",
    )


def count_held(witness: Path) -> int:
    return sum(sighting.step == "Held" for sighting in read_witness(witness))


def count_events(programs: list[Program], name: str) -> int:
    return sum(len(program.events(name)) for program in programs)

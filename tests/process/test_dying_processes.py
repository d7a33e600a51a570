"""A scheduler and its worker are killed while they have much to do; nothing is lost, and nothing happens twice.

On PostgreSQL, where there may be many of both, `test_storm` kills them.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator_site.common.clock import database_now
from schedules.models import FiringOutcome
from tasks.models import Task, TaskStatus, TaskStep
from tests.process.conftest import MakeFaultWorkflow, Start, once_on_sqlite
from tests.process.load import schedule_many, wait_until, wait_until_all_has_ended
from tests.support.processes import START_SECONDS, Program
from tests.support.wait import wait_for
from tests.support.witness import Evidence, read_witness, reconcile


def wait_until_in_step(program: Program, witness: Path) -> None:
    """Wait until a worker of that process runs the body of a step, which it has not recorded yet."""

    def is_in_step() -> bool:
        running = Task.objects.filter(status=TaskStatus.RUNNING, worker__contains=program.worker_prefix)
        held = set(running.values_list("pk", flat=True))
        seen = {(sighting.task_id, sighting.step) for sighting in read_witness(witness) if sighting.task_id in held}
        return bool(seen.difference(TaskStep.objects.filter(task__in=held).values_list("task_id", "name")))

    wait_for(is_in_step, timeout=START_SECONDS, describe="a step in the middle")


def assert_enough_happened(evidence: Evidence, *, instants: int, tasks: int) -> None:
    """Check that the reckoning was about something: so many at the least, and a death hit a step in the middle."""
    started = [firing for firing in evidence.firings if firing.outcome == FiringOutcome.STARTED]
    assert len(evidence.firings) >= instants, [(str(each), each.count) for each in evidence.firings]
    assert len(started) >= tasks
    assert len(evidence.sightings) > 3 * len(started), "no step ran a second time: the kill hit none"
    assert max(task.attempt for task in evidence.tasks) > 1


@once_on_sqlite
@pytest.mark.timeout(120)
def test_a_scheduler_with_its_worker_dies_twice_and_is_started_again(
    fork: Start, witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    workflow = fault_workflow("task_unhurried")
    running = fork("scheduler", "run")
    running.wait_for_event("worker_started")
    began_at = database_now()
    end = began_at + timedelta(seconds=20)
    schedule_many(workflow, count=10, seconds=2, end=end)

    for kill_at in (began_at + timedelta(seconds=5), began_at + timedelta(seconds=11)):
        wait_until(kill_at)
        wait_until_in_step(running, witness)
        running.kill()
        running = fork("scheduler", "run")

    wait_until(end)
    wait_until_all_has_ended()
    assert running.stop() == 0
    # A task whose worker died waits up to two leases for the next one; its schedule skips three instants meanwhile.
    assert_enough_happened(reconcile(witness, until=end), instants=10 * 9, tasks=10 * (9 - 2 * 3))

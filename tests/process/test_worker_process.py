"""A worker that is frozen, told to end, or told twice."""

import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator_site.common.clock import database_now
from tasks.models import Task, TaskStatus
from tasks.services import start_process
from tests.process.conftest import LEASE_SECONDS, MakeFaultWorkflow, Start
from tests.process.faultapp.definitions import SECONDS_VARIABLE
from tests.process.faultapp.gate import Gates
from tests.support.processes import Program
from tests.support.wait import wait_for
from tests.support.witness import read_witness, reconcile

TAKE_OVER_SECONDS = 5
CONCURRENCY = 3
STEP_SECONDS = 1.5
# Less than another step would take.
EXIT_SECONDS = 1.4


@pytest.fixture
def task(fault_workflow: MakeFaultWorkflow) -> Task:
    """Return a task on the queue whose middle step takes as long as the gate of its attempt is closed."""
    return Task.objects.get(pk=start_process(fault_workflow("task_held").name))


def wait_until_held(witness: Path, task: Task, *, attempt: int = 1) -> None:
    wait_for(lambda: (task.pk, "Held", attempt) in read_witness(witness), timeout=30, describe="the held step")


def wait_for_status(task: Task, status: TaskStatus) -> None:
    with_status = Task.objects.filter(pk=task.pk, status=status)
    wait_for(with_status.exists, timeout=30, describe=f"the task {status}")


def start_worker(fork: Start) -> Program:
    worker = fork("worker", is_gated=True)
    worker.wait_for_event("worker_started")
    return worker


def attempts_of_steps(task: Task) -> list[tuple[str, int]]:
    return [(step.name, step.attempt) for step in task.steps.order_by("id")]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("other_has_finished", [True, False], ids=["other has finished", "other is in the same step"])
def test_a_worker_frozen_past_its_lease_cannot_write_when_it_wakes(
    fork: Start, witness: Path, gates: Gates, task: Task, other_has_finished: bool
) -> None:
    frozen = start_worker(fork)
    wait_until_held(witness, task)
    other = start_worker(fork)
    frozen.send(signal.SIGSTOP)
    frozen_at = time.monotonic()
    wait_until_held(witness, task, attempt=2)
    assert time.monotonic() - frozen_at <= LEASE_SECONDS + TAKE_OVER_SECONDS
    if other_has_finished:
        gates.open(2)
        wait_for_status(task, TaskStatus.COMPLETED)

    gates.open(1)
    frozen.send(signal.SIGCONT)
    frozen.wait_for_event("task_lease_lost")
    [refused] = frozen.events("task_lease_lost")
    assert (refused["task_id"], refused["attempt"]) == (str(task.pk), 1)

    gates.open(2)
    wait_for_status(task, TaskStatus.COMPLETED)
    assert [worker.stop() for worker in (frozen, other)] == [0, 0]
    assert not other.events("task_lease_lost")
    assert attempts_of_steps(task) == [("Start", 1), ("Before", 1), ("Held", 2), ("After", 2), ("Done", 2)]
    result = task.steps.get(name="Done").state
    assert (result["Before"], result["Held"], result["After"]) == (1, 2, 2)
    reconcile(witness, until=database_now())


@pytest.mark.timeout(120)
def test_a_live_worker_keeps_its_task_for_longer_than_a_lease(
    fork: Start, witness: Path, gates: Gates, task: Task
) -> None:
    workers = [start_worker(fork) for _ in range(2)]
    wait_until_held(witness, task)
    outlived = database_now() + timedelta(seconds=2 * LEASE_SECONDS)
    renewed = Task.objects.filter(pk=task.pk, lease_expires_at__gt=outlived + timedelta(seconds=LEASE_SECONDS))
    wait_for(renewed.exists, timeout=30, describe="a lease that was renewed several times")
    gates.open(1)
    wait_for_status(task, TaskStatus.COMPLETED)
    assert [worker.stop() for worker in workers] == [0, 0]
    assert {attempt for _, attempt in attempts_of_steps(task)} == {1}
    reconcile(witness, until=database_now())


@pytest.mark.timeout(120)
def test_on_sigterm_the_running_step_finishes_and_the_next_worker_does_the_rest(
    fork: Start, witness: Path, gates: Gates, task: Task
) -> None:
    worker = start_worker(fork)
    wait_until_held(witness, task)
    worker.send(signal.SIGTERM)
    worker.wait_for_event("worker_stopping")
    assert worker.process.poll() is None
    gates.open(1)
    assert worker.wait() == 0
    task.refresh_from_db()
    assert (task.status, task.attempt, task.lease_expires_at) == (TaskStatus.RESUMED, 1, None)
    assert attempts_of_steps(task) == [("Start", 1), ("Before", 1), ("Held", 1)]

    next_worker = start_worker(fork)
    wait_for_status(task, TaskStatus.COMPLETED)
    assert next_worker.stop() == 0
    assert attempts_of_steps(task)[3:] == [("After", 2), ("Done", 2)]
    reconcile(witness, until=database_now())


def test_on_sigterm_every_running_step_finishes_and_it_takes_no_longer(
    fork: Start, witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    name = fault_workflow("task_three_steps").name
    ids = [start_process(name) for _ in range(CONCURRENCY + 2)]
    worker = fork("worker", "--concurrency", str(CONCURRENCY), **{SECONDS_VARIABLE: str(STEP_SECONDS)})
    wait_for(lambda: len(read_witness(witness)) == CONCURRENCY, describe="steps that run")
    told_at = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - told_at < STEP_SECONDS + EXIT_SECONDS
    for task in Task.objects.filter(pk__in=ids[:CONCURRENCY]):
        assert (task.status, task.lease_expires_at) == (TaskStatus.RESUMED, None)
        assert attempts_of_steps(task) == [("Start", 1), ("First", 1)]
    assert set(Task.objects.filter(pk__in=ids[CONCURRENCY:]).values_list("status", "attempt")) == {("created", 0)}

    next_worker = fork("worker")
    wait_for(lambda: not Task.objects.exclude(status=TaskStatus.COMPLETED).exists(), describe="the end of all tasks")
    assert next_worker.stop() == 0
    reconcile(witness, until=database_now())


@pytest.mark.timeout(120)
def test_a_second_sigterm_leaves_at_once_and_the_lease_brings_the_task_back(
    fork: Start, witness: Path, gates: Gates, task: Task
) -> None:
    worker = start_worker(fork)
    wait_until_held(witness, task)
    worker.send(signal.SIGTERM)
    worker.wait_for_event("worker_stopping")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 128 + signal.SIGTERM

    gates.open(2)
    next_worker = start_worker(fork)
    wait_for_status(task, TaskStatus.COMPLETED)
    assert next_worker.stop() == 0
    assert attempts_of_steps(task)[2:] == [("Held", 2), ("After", 2), ("Done", 2)]
    reconcile(witness, until=database_now())

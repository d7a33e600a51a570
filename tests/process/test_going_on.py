"""Workers hear at once of what lets tasks go on or stops them, and not only when they look again by themselves."""

import json
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import UUID

import pytest

from orchestrator_site.common.clock import database_now
from tasks.freezing import freeze_engine, unfreeze_engine
from tasks.models import EngineFreeze, Task, TaskCallback, TaskStatus, TaskStep, WorkerProcess
from tasks.services import start_process
from tasks.worker import LOOK_SECONDS
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.asking import RESULT, latest_route
from tests.process.faultapp.definitions import SECONDS_VARIABLE
from tests.support.processes import START_SECONDS
from tests.support.urls import find_free_port
from tests.support.wait import wait_for
from tests.support.witness import read_witness, reconcile

# The look, every 2 s, would find one answer of four in this time, and not several.
EFFECT = timedelta(seconds=1)
ANSWERS = 4


def wait_for_status(task_id: UUID, status: TaskStatus) -> None:
    with_status = Task.objects.filter(pk=task_id, status=status)
    wait_for(with_status.exists, timeout=30, describe=f"the task {status}")


@pytest.fixture
def site(start: Start) -> str:
    """Return the address of a web server that runs."""
    address = f"http://127.0.0.1:{find_free_port()}"
    server = start("web", PORT=address.rpartition(":")[2])

    def is_ready() -> bool:
        assert server.process.poll() is None, server.log.read_text()
        try:
            return bool(urlopen(f"{address}/health/ready").status == HTTPStatus.OK)
        except (URLError, ConnectionError):
            return False

    wait_for(is_ready, timeout=START_SECONDS, describe="an answer of the web server")
    return address


def post_answer(site: str, route: str) -> None:
    """Be the system that was asked for something, and answer."""
    request = Request(f"{site}{route}", json.dumps(RESULT).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        assert answer.status == HTTPStatus.OK


def test_a_task_goes_on_within_a_second_of_the_answer_that_it_awaits(
    site: str, fork: Start, witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    workflow = fault_workflow("task_calling", module="kinds")
    worker = fork("worker")
    for _ in range(ANSWERS):
        task_id = start_process(workflow.name)
        wait_for_status(task_id, TaskStatus.AWAITING_CALLBACK)
        post_answer(site, latest_route(witness, task_id))
        wait_for_status(task_id, TaskStatus.COMPLETED)
        answered_at = TaskCallback.objects.get(task=task_id).answered_at
        assert answered_at is not None
        assert TaskStep.objects.get(task=task_id, name="Far: Look").started_at - answered_at < EFFECT
    assert worker.stop() == 0
    reconcile(witness, until=database_now())


def test_a_freeze_stops_a_running_task_before_its_next_step_and_lets_none_begin(
    fork: Start, witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    long, short = fault_workflow("task_long"), fault_workflow("task_one_step")
    workers = [fork("worker", **{SECONDS_VARIABLE: "0.1"}) for _ in range(2)]
    running = start_process(long.name)
    wait_for(lambda: len(read_witness(witness)) >= 5, timeout=30, describe="a task in its middle")

    frozen_at = freeze_engine(reason="a test", actor="a test").started_at
    waiting = start_process(short.name)
    wait_for_status(running, TaskStatus.RESUMED)
    latest = TaskStep.objects.filter(task=running).latest("id")
    assert latest.started_at - frozen_at < EFFECT
    seen = read_witness(witness)
    wait_until_all_have_looked()
    assert read_witness(witness) == seen
    assert Task.objects.get(pk=waiting).status == TaskStatus.CREATED
    assert Task.objects.get(pk=running).attempt == 1

    assert unfreeze_engine(actor="a test")
    wait_for_status(running, TaskStatus.COMPLETED)
    wait_for_status(waiting, TaskStatus.COMPLETED)
    unfrozen_at = EngineFreeze.objects.get().ended_at
    assert unfrozen_at is not None
    assert TaskStep.objects.filter(task=running, attempt=2).earliest("id").started_at - unfrozen_at < EFFECT
    assert [worker.stop() for worker in workers] == [0, 0]
    reconcile(witness, until=database_now())


def wait_until_all_have_looked() -> None:
    """Wait until every worker has been alive for longer than it waits between two looks for tasks."""
    looked_at = database_now() + timedelta(seconds=LOOK_SECONDS + 0.5)
    not_yet = WorkerProcess.objects.filter(last_seen_at__lt=looked_at)
    wait_for(lambda: not not_yet.exists(), describe="signs of life of all workers")

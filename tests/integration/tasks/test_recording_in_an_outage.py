"""A step has run, and the database is away when it is to be recorded; or it is recorded, and the answer is lost."""

from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import OperationalError

from tasks import running
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tasks.queue import Claim
from tasks.recording import Recorded, count_failures, record_step
from tasks.runner import run_claimed
from tasks.services import abort_task
from tests.support.factories import NOW, make_claim, make_step, make_task, make_workflow
from workflows.engine import Backoff, Step, retrystep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RECORD_PAUSE_SECONDS", 1e-6)


@pytest.fixture
def calls() -> list[str]:
    """Return what the steps of a test append to when they run."""
    return []


def run_in_outage(task: Task, *, before: int = 0, behind: int = 0) -> None:
    """Run a task; the record of its step "Only" fails so many times before it is written, and then behind that."""
    faults = iter(["before"] * before + ["behind"] * behind)

    def record(claim: Claim, step: TaskStep, **options: Any) -> Recorded:
        fault = next(faults, None) if step.name == "Only" else None
        if fault == "before":
            raise OperationalError("connection refused")
        recorded = record_step(claim, step, **options)
        if fault == "behind":
            raise OperationalError("server closed the connection unexpectedly")
        return recorded

    with mock.patch.object(running, "record_step", record):
        run_claimed(make_claim(task), clock=lambda: NOW)
    task.refresh_from_db()


def step_that_runs(calls: list[str], name: str) -> Step:
    return make_step(name, lambda: calls.append(name))


@pytest.mark.parametrize(("before", "behind"), [(3, 0), (0, 1), (2, 1)], ids=["is away", "answer is lost", "both"])
def test_the_step_is_recorded_once_it_is_back_and_does_not_run_again(
    calls: list[str], before: int, behind: int
) -> None:
    task = make_task(make_workflow(step_that_runs(calls, "Only"), step_that_runs(calls, "Next")))
    run_in_outage(task, before=before, behind=behind)
    assert (task.status, calls) == (TaskStatus.COMPLETED, ["Only", "Next"])
    assert [step.name for step in task.steps.order_by("id")] == ["Start", "Only", "Next", "Done"]


def test_a_task_whose_abort_was_recorded_with_the_step_does_not_go_on(calls: list[str]) -> None:
    def be_aborted(task_id: str) -> None:
        calls.append("Only")
        abort_task(task_id=UUID(task_id), actor="a test")

    task = make_task(make_workflow(make_step("Only", be_aborted), step_that_runs(calls, "Next")))
    run_in_outage(task, behind=1)
    assert (task.status, calls) == (TaskStatus.ABORTED, ["Only"])


def test_a_failure_is_counted_when_the_database_is_back(calls: list[str]) -> None:
    @retrystep("Only", max_attempts=2, backoff=Backoff(first_seconds=0, longest_seconds=0))
    def only() -> None:
        calls.append("Only")
        raise ValueError("no")

    faults = iter([OperationalError("connection refused"), OperationalError("connection refused")])

    def count(claim: Claim, *, position: int) -> int:
        if fault := next(faults, None):
            raise fault
        return count_failures(claim, position=position)

    task = make_task(make_workflow(only))
    with mock.patch.object(running, "count_failures", count):
        run_in_outage(task, behind=1)
    assert (task.status, calls) == (TaskStatus.WAITING, ["Only"])
    assert task.steps.filter(name="Only", status=StepStatus.WAITING).count() == 1

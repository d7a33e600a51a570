"""A validation that fails marks its subscription out of sync, in the transaction that records the failed step."""

from typing import Any

import pytest

from tasks.models import Task, TaskStatus
from tasks.recording import Recorded
from tasks.runner import run_claimed
from tests.support.factories import NOW, make_claim, make_step, make_subscription, make_task, make_workflow
from workflows.engine import Target
from workflows.models import Subscription

pytestmark = pytest.mark.django_db


def run_validation(error: Exception | None, *, target: Target = Target.VALIDATE) -> tuple[Task, Subscription]:
    def look(subscription_id: str) -> None:
        if error is not None:
            raise error

    subscription = make_subscription()
    workflow = make_workflow(make_step("Look", look), target=target)
    task = make_task(workflow, inputs={"subscription_id": str(subscription.pk)})
    run_claimed(make_claim(task), clock=lambda: NOW)
    task.refresh_from_db()
    subscription.refresh_from_db()
    return task, subscription


def test_a_failed_validation_marks_it_and_says_why() -> None:
    task, subscription = run_validation(ValueError("port 1 is down"))
    assert (task.status, subscription.insync) == (TaskStatus.FAILED, False)
    assert "Look: ValueError: port 1 is down" in subscription.out_of_sync_reason
    assert str(task.pk) in subscription.out_of_sync_reason


@pytest.mark.parametrize("error", [None, ConnectionError("no route")])
def test_one_that_passes_or_reaches_nothing_says_nothing(error: Exception | None) -> None:
    _, subscription = run_validation(error)
    assert subscription.insync


def test_a_failed_task_of_another_kind_says_nothing() -> None:
    _, subscription = run_validation(ValueError("bug"), target=Target.MODIFY)
    assert subscription.insync


def test_an_attempt_that_has_lost_the_task_marks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*args: Any, **fields: Any) -> Recorded:
        return Recorded.LOST

    monkeypatch.setattr("tasks.step_runner.record_step", lose)
    _, subscription = run_validation(ValueError("port 1 is down"))
    assert subscription.insync

"""Tasks that have run and stopped at a step: for the answers of a person, of another system, or to try again."""

from datetime import datetime
from typing import Any

from django import forms

from tasks.models import Task, TaskStatus
from tests.support.factories import NOW, make_step, make_task, make_workflow, run_until_it_stops
from workflows.engine import Backoff, callback_step, inputstep, retrystep, step


class Approval(forms.Form):
    """What the step `Approve` asks."""

    reason = forms.CharField(max_length=40)
    count = forms.IntegerField(required=False)


@inputstep("Approve", form=Approval)
def approve(reason: str) -> dict[str, Any]:
    return {"approved_because": reason}


def make_suspended_task(**options: Any) -> Task:
    """Store a task that has run and asks for an Approval; `options` are what `@workflow` takes."""
    task = run_until_it_stops(make_task(make_workflow(approve, options=options)))
    assert task.status == TaskStatus.SUSPENDED, task.failed_reason
    return task


def make_awaiting_task(*, timeout_seconds: float | None = None, now: datetime = NOW) -> tuple[Task, str]:
    """Store a task that has run and awaits a callback; return it with the path that it gave away."""
    paths: list[str] = []

    @step("Ask")
    def ask(callback_route: str) -> None:
        paths.append(callback_route)

    look = make_step("Look", lambda callback_result: {"answer": callback_result})
    workflow = make_workflow(*callback_step("Order", ask, look, timeout_seconds=timeout_seconds))
    task = run_until_it_stops(make_task(workflow, now=now))
    assert task.status == TaskStatus.AWAITING_CALLBACK, task.failed_reason
    return task, paths[-1]


def make_waiting_task() -> Task:
    """Store a task that has run and waits to try its step again, an hour at most."""

    @retrystep("Call", backoff=Backoff(first_seconds=3_600))
    def call() -> None:
        raise ConnectionError("no route to nl-1")

    task = run_until_it_stops(make_task(make_workflow(call)))
    assert task.status == TaskStatus.WAITING, task.failed_reason
    return task

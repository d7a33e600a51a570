"""A worker of one's own: it claims what is due at the time of a clock, and runs it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tasks.models import Task, TaskCallback, TaskStatus
from tasks.queue import Claim, claim_queued
from tasks.runner import ALONE, Crew, run_claimed
from tests.support.factories import NOW, make_lease


class Clock:
    """Shows a time that only the test moves, to workers and services alike."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def let_pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Network:
    """The outside world: remembers each call, and fails while it has errors left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[str] = []

    def call(self, name: str) -> None:
        self.calls.append(name)
        if self.errors:
            error = self.errors.pop(0)
            raise type(error)(*error.args)  # a new one: it has a traceback of its own


def claim_due(clock: Clock, *, worker: str = "worker") -> Claim | None:
    """Claim the one task that is due, if there is one."""
    claims = claim_queued(make_lease(worker=worker, now=clock.now), limit=10)
    assert len(claims) <= 1, "a test that has several tasks claims them itself"
    return claims[0] if claims else None


def run_due(
    clock: Clock,
    task: Task,
    *,
    worker: str = "worker",
    is_stopping: Callable[[], bool] = lambda: False,
    crew: Crew = ALONE,
) -> Task:
    """Let a worker claim the task, which has to be the one that is due, and run it as far as it goes."""
    claim = claim_due(clock, worker=worker)
    assert claim is not None, f"nothing is due at {clock.now}; the task is {fresh(task).status}"
    assert claim.task_id == task.pk
    run_claimed(claim, clock=clock, is_stopping=is_stopping, crew=crew)
    return fresh(task)


def fresh(task: Task) -> Task:
    return Task.objects.select_related("workflow").get(pk=task.pk)


def recorded(task: Task) -> list[tuple[str, str]]:
    """Return the steps of a task as they were recorded: name and status."""
    return list(task.steps.order_by("id").values_list("name", "status"))


def last_state(task: Task) -> dict[str, Any]:
    """Return what the steps left in the state, without the keys that every task sets."""
    state: dict[str, Any] = dict(task.steps.order_by("id").last().state)  # type: ignore[union-attr]
    for key in ("task_id", "workflow_name", "workflow_target", "reporter"):
        state.pop(key)
    return state


def callback_of(task: Task) -> TaskCallback:
    return TaskCallback.objects.get(task=task)


def token_of(route: str) -> str:
    return route.rpartition("/")[2]


def assert_status(task: Task, status: TaskStatus) -> None:
    assert task.status == status, task.failed_reason

"""A workflow that asks another system for something, and that system."""

from collections.abc import Callable
from typing import Any

from tasks.models import Task, TaskStatus
from tests.integration.tasks.support import Clock, assert_status, run_due, token_of
from tests.support.factories import make_task, make_workflow
from workflows.engine import Step, StepList, callback_step, retrystep, step


class Supplier:
    """The other system: remembers the paths that it was given, and may do something as soon as it is asked."""

    def __init__(self, *acts: Callable[[str], object]) -> None:
        self.routes: list[str] = []
        self.acts = list(acts)

    @property
    def token(self) -> str:
        """That of the latest path."""
        return token_of(self.routes[-1])

    def ask(self, route: str) -> None:
        self.routes.append(route)
        if self.acts:
            self.acts.pop(0)(token_of(route))


def make_call(supplier: Supplier, *, timeout_seconds: float | None = None, max_attempts: int | None = None) -> StepList:
    """Return a callback step; its action is retried if `max_attempts` is given."""

    def order(callback_route: str) -> None:
        supplier.ask(callback_route)

    def look(callback_result: Any) -> dict[str, Any]:
        return {"seen": callback_result}

    action: Step = retrystep("Order", max_attempts=max_attempts)(order) if max_attempts else step("Order")(order)
    return callback_step("Line", action, step("Look")(look), timeout_seconds=timeout_seconds)


def awaiting(clock: Clock, supplier: Supplier, *, timeout_seconds: float | None = None) -> Task:
    """Return a task that awaits the supplier."""
    task = run_due(clock, make_task(make_workflow(*make_call(supplier, timeout_seconds=timeout_seconds))))
    assert_status(task, TaskStatus.AWAITING_CALLBACK)
    return task

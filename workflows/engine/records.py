"""What is kept of each step that was executed: the same in the database and in a test without one."""

from dataclasses import dataclass

from workflows.engine.outcomes import (
    Abort,
    AwaitCallback,
    Complete,
    Failed,
    FailureKind,
    Outcome,
    Skipped,
    Success,
    Suspend,
    Waiting,
)
from workflows.engine.state import State


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is kept of a step that was executed, and what it makes of its task.

    Attributes:
        name: That of the step.
        status: Of the step: `success`, `skipped`, `suspend`, `waiting`, `awaiting_callback`, `failed`, `abort` or
            `complete`.
        state: After the step; if it did not pass, before it.
        error: `class`, `message` and `traceback` of what it failed with.
        task_status: What the task becomes: `running` goes on to the next step.
        reason: Class and message of what it failed with, in one line for people.
    """

    name: str
    status: str
    state: State
    task_status: str
    error: dict[str, str] | None = None
    reason: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether its task goes on to the next step, or has completed."""
        return self.task_status in {"running", "completed"}

    @property
    def failed_reason(self) -> str:
        """Why the task failed, for people: the step and its reason; empty if it did not."""
        return f"{self.name}: {self.reason}" if self.reason else ""


# What a step ended in → the status of the step, and what its task becomes.
_STATUSES: dict[type[Outcome], tuple[str, str]] = {
    Success: ("success", "running"),
    Skipped: ("skipped", "running"),
    Complete: ("complete", "completed"),
    Abort: ("abort", "aborted"),
    Suspend: ("suspend", "suspended"),
    AwaitCallback: ("awaiting_callback", "awaiting_callback"),
    Waiting: ("waiting", "waiting"),
}


# What a task can be when no step runs and it is not on the queue.
TASK_STATUSES = frozenset({status for _, status in _STATUSES.values()} | set(map(str, FailureKind))) - {"running"}


def make_record(step_name: str, outcome: Outcome, *, state_before: State) -> StepRecord:
    """Return what is kept of a step that ended in `outcome`."""
    if isinstance(outcome, Failed):
        return _make_failure(step_name, "failed", outcome, state_before, task_status=outcome.kind.value)
    status, task_status = _STATUSES[type(outcome)]
    if isinstance(outcome, Waiting):
        return _make_failure(step_name, status, outcome.failed, state_before, task_status=task_status)
    reason = "the workflow ended it here" if isinstance(outcome, Abort) else ""
    return StepRecord(step_name, status, outcome.state, task_status, reason=reason)


def _make_failure(step_name: str, status: str, failed: Failed, state: State, *, task_status: str) -> StepRecord:
    return StepRecord(step_name, status, state, task_status, failed.describe(), failed.reason)

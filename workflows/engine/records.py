"""What is kept of each step that was executed: the same in the database and in a test without one."""

from dataclasses import dataclass

from workflows.engine.outcomes import Complete, Failed, Outcome, Success
from workflows.engine.state import State


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is kept of a step that was executed, and what it makes of its task.

    Attributes:
        name: That of the step.
        status: Of the step: `success`, `complete` or `failed`.
        state: After the step; if it failed, before it.
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
    def failed_reason(self) -> str:
        """Why the task failed, for people: the step and its reason; empty if it did not."""
        return f"{self.name}: {self.reason}" if self.reason else ""


def make_record(step_name: str, outcome: Outcome, *, state_before: State) -> StepRecord:
    """Return what is kept of a step that ended in `outcome`."""
    match outcome:
        case Success(state):
            return StepRecord(step_name, "success", state, "running")
        case Complete(state):
            return StepRecord(step_name, "complete", state, "completed")
        case Failed(kind, error_class, message, traceback):
            error = {"class": error_class, "message": message, "traceback": traceback}
            return StepRecord(step_name, "failed", state_before, kind.value, error, outcome.reason)

"""What became of a run in a test."""

from dataclasses import dataclass, field

from workflows.engine import State, StepList, WorkflowDefinition
from workflows.engine.records import StepRecord
from workflows.testing.giving import Giving


@dataclass(frozen=True, slots=True)
class Failure:
    """What a step failed with, as it is stored with a task."""

    step: str
    error_class: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """What became of a run.

    Attributes:
        definition: The workflow.
        executed: What ran for each of its steps: the step itself, or the one with a stub for its function.
        steps: What a task would have stored of each step that ran, in order: name, status, state, error; a step that
            did not pass at first is there as often as it ran.
        giving: The answers and results that were given.
    """

    definition: WorkflowDefinition
    executed: StepList
    steps: tuple[StepRecord, ...]
    giving: Giving = field(default_factory=Giving)

    @property
    def status(self) -> str:
        """The status of the task.

        It ended as `completed`, `aborted`, `failed`, `api_unavailable` or `inconsistent_data`, or goes on later:
        `suspended` until there are answers, `awaiting_callback` until another system calls back, `waiting` to try a
        step again.
        """
        return self.steps[-1].task_status

    @property
    def state(self) -> State:
        """The state at the end; if the last step did not pass, the one before it."""
        return self.steps[-1].state

    @property
    def failed_reason(self) -> str:
        """Why it failed, waits or was aborted, in one line: the step, class and message; empty if nothing failed."""
        return self.steps[-1].failed_reason

    @property
    def failure(self) -> Failure | None:
        """What its last step failed with, for good or to be tried again; None if it did not fail."""
        last = self.steps[-1]
        if last.error is None:
            return None
        return Failure(last.name, last.error["class"], last.error["message"], last.error["traceback"])

    @property
    def position(self) -> int:
        """How many steps have passed; it stands at the next one."""
        return sum(each.has_passed for each in self.steps)

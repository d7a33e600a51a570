"""The state machine of a task: which status may follow which."""

from orchestrator_site.common.errors import Conflict
from tasks.models import TaskStatus

# A task that ended in one of these has failed.
FAILURES = (TaskStatus.FAILED, TaskStatus.API_UNAVAILABLE, TaskStatus.INCONSISTENT_DATA)
_HELD = {TaskStatus.SUSPENDED, TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK}

MOVES: dict[TaskStatus, set[TaskStatus]] = {
    TaskStatus.CREATED: {TaskStatus.RUNNING, TaskStatus.ABORTED},
    TaskStatus.RESUMED: {TaskStatus.RUNNING, TaskStatus.ABORTED},
    # running → running is a take-over; → created or resumed, a worker that gives it back when it is told to end
    TaskStatus.RUNNING: {
        TaskStatus.RUNNING,
        TaskStatus.CREATED,
        TaskStatus.RESUMED,
        TaskStatus.COMPLETED,
        TaskStatus.ABORTED,
        *FAILURES,
        *_HELD,
    },
    **{status: {TaskStatus.RESUMED, TaskStatus.ABORTED} for status in FAILURES},
    TaskStatus.SUSPENDED: {TaskStatus.RESUMED, TaskStatus.ABORTED},
    # → running: it is time to try again, or nobody has called back in time
    TaskStatus.WAITING: {TaskStatus.RUNNING, TaskStatus.RESUMED, TaskStatus.ABORTED},
    TaskStatus.AWAITING_CALLBACK: {TaskStatus.RUNNING, TaskStatus.RESUMED, TaskStatus.ABORTED},
    TaskStatus.COMPLETED: set(),
    TaskStatus.ABORTED: set(),
}

# What is worth another attempt without anybody's answer: it failed, or waits to be tried again.
RETRYABLE = (*sorted(FAILURES), TaskStatus.WAITING)


class IllegalTransition(Conflict):
    """A task cannot go from the status it has to the one that was asked for."""

    def __init__(self, current: str, wanted: str) -> None:
        self.current = TaskStatus(current)
        self.wanted = TaskStatus(wanted)
        legal = ", ".join(sorted(MOVES[self.current] - {self.wanted})) or "nothing: it has ended"
        super().__init__(f"a task that is {self.current} cannot become {self.wanted}; it can become {legal}")


class NotRetryable(Conflict):
    """A task has not failed, nor does it wait to be tried again."""

    def __init__(self, current: str) -> None:
        others = ", ".join(RETRYABLE[:-1])
        hint = "; resume it, with answers to its form" if current == TaskStatus.SUSPENDED else ""
        super().__init__(
            f"a task that is {current} cannot be retried; one that is {others} or {RETRYABLE[-1]} can{hint}"
        )


def sources_of(wanted: TaskStatus) -> list[TaskStatus]:
    """Return every status from which a task may become `wanted`."""
    return [status for status, targets in MOVES.items() if wanted in targets]

"""What became of the task that a firing started."""

from datetime import datetime
from uuid import UUID

from schedules.explaining import TaskFate
from schedules.policies import say
from tasks.models import CLAIMABLE, Task, TaskStatus
from tasks.stuck import find_reason

_WAITING_FOR = {
    TaskStatus.SUSPENDED: "it waits for somebody's answers to a form",
    TaskStatus.AWAITING_CALLBACK: "it waits for an answer of another system",
}


def find_fate(task_id: UUID, *, now: datetime) -> TaskFate | None:
    """Return how a task stands, and why it does not go on if it does not; None where it has been cleaned up."""
    task = Task.objects.filter(pk=task_id).select_related("workflow").first()
    if task is None:
        return None
    return TaskFate(task.pk, task.status, task.started_at, task.finished_at, f"The task {_say(task, now)}.")


def _say(task: Task, now: datetime) -> str:
    if task.finished_at is not None:
        reason = f": {task.failed_reason}" if task.failed_reason else ""
        return f"ended as {task.status} at {say(task.finished_at)}{reason}"
    if task.status == TaskStatus.RUNNING:
        return f"is running since {say(task.started_at)}" if task.started_at else "is running"
    if task.status in _WAITING_FOR:
        return f"is {task.status}: {_WAITING_FOR[TaskStatus(task.status)]}"
    if task.retry_at is not None and task.retry_at > now:
        reason = f", after {task.failed_reason}" if task.failed_reason else ""
        return f"is {task.status}: its step is tried again at {say(task.retry_at)}{reason}"
    where = " on the queue" if task.status in CLAIMABLE else ""
    return f"is {task.status}{where}: {find_reason(task, now=now)}"

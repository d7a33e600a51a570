"""Tasks that should have gone on by now and have not, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from tasks.deploys import STALE_AFTER
from tasks.freezing import current_freeze, say_freeze
from tasks.models import BLOCKING, CLAIMABLE, Task, TaskStatus, WorkerProcess

STUCK_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A task that has been on the queue, or was to be tried again, for too long."""

    task_id: UUID
    status: str
    reason: str


def is_stuck(*, now: datetime) -> Q:
    """Return the condition of the tasks that a worker should have taken more than five minutes ago."""
    overdue = Q(status__in=[*CLAIMABLE, TaskStatus.WAITING], available_at__lt=now - STUCK_AFTER)
    return overdue | Q(status=TaskStatus.WAITING, available_at__isnull=True)


def find_stuck(*, now: datetime) -> Iterator[Stuck]:
    """Yield the tasks that a worker should have taken more than five minutes ago, the oldest first."""
    general = _find_general_reason(now)
    for task in Task.objects.filter(is_stuck(now=now)).select_related("workflow").order_by("id").iterator():
        yield Stuck(task.pk, task.status, general or _find_reason(task, now))


def find_reason(task: Task, *, now: datetime) -> str:
    """Say why a task that is on the queue, or is to be tried again, does not go on; read it with its workflow."""
    return _find_general_reason(now) or _find_reason(task, now)


def _find_general_reason(now: datetime) -> str:
    """Say why no task goes on at all; empty if that is not so."""
    if freeze := current_freeze(now=now):
        return f"the engine is frozen {say_freeze(freeze)}"
    if not WorkerProcess.objects.filter(last_seen_at__gt=now - STALE_AFTER).exists():
        return "no worker is alive"
    return ""


def _find_reason(task: Task, now: datetime) -> str:
    if task.available_at is None:
        return "nothing says when it is to be tried again"
    if task.concurrency_key is not None:
        older = Task.objects.filter(concurrency_key=task.concurrency_key, status__in=BLOCKING, pk__lt=task.pk)
        if (first := older.order_by("id").first()) is not None:
            return f"it waits for task {first.pk}, which is {first.status}"
    alive = WorkerProcess.objects.filter(last_seen_at__gt=now - STALE_AFTER).values_list("versions", flat=True)
    if not any(task.workflow.name in versions for versions in alive):
        return f"no worker that is alive has code for '{task.workflow.name}'"
    return "workers are busy, or leave it to one that has another version of its steps"

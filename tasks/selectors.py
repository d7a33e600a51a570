"""Reading tasks."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from orchestrator_site.common.errors import NotFound
from tasks.models import Task, TaskCallback, TaskStatus, TaskStep

MISSING = "Task does not exist"


class TaskNotFound(NotFound):
    """No task has this id."""


def list_tasks() -> QuerySet[Task]:
    """Return the tasks with their workflows, newest first."""
    return Task.objects.select_related("workflow").order_by("-id")


def list_tasks_with_steps() -> QuerySet[Task]:
    """Return the tasks with workflows and steps: two statements, however many tasks."""
    return list_tasks().prefetch_related("steps")


def read_steps(task_ids: Collection[UUID], names: frozenset[str]) -> Mapping[UUID, list[dict[str, Any]]]:
    """Return the steps of tasks in the order of their execution, with the fields that are named: one statement."""
    steps: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = TaskStep.objects.filter(task_id__in=task_ids).order_by("task_id", "id")
    for row in rows.values("task_id", *names):
        steps[row["task_id"]].append(row)
    return steps


def get_task(task_id: UUID) -> Task:
    """Return one task with its steps.

    Raises:
        TaskNotFound: There is none of this id.
    """
    return _found(list_tasks_with_steps().filter(pk=task_id).first(), task_id)


def find_tasks_of_workers(worker_ids: Collection[str]) -> Mapping[str, list[Task]]:
    """Return the tasks that each of the workers has, the oldest first: one statement."""
    found: dict[str, list[Task]] = defaultdict(list)
    for task in list_tasks().filter(status=TaskStatus.RUNNING, worker__in=worker_ids).order_by("id"):
        found[task.worker].append(task)
    return found


def find_neighbours(task: Task) -> tuple[UUID | None, UUID | None]:
    """Return the ids of the tasks before and after one of the same schedule; None where there is none."""
    rows = Task.objects.filter(schedule_id=task.schedule_id).values_list("id", flat=True)
    before = rows.filter(id__lt=task.pk).order_by("-id").first()
    return before, rows.filter(id__gt=task.pk).order_by("id").first()


def get_standing(task_id: UUID) -> tuple[str, str]:
    """Return the status of a task, and why it stopped.

    Raises:
        TaskNotFound: There is none of this id.
    """
    row = Task.objects.filter(pk=task_id).values_list("status", "failed_reason").first()
    if row is None:
        raise TaskNotFound(MISSING, field="task_id", value=str(task_id))
    return row


def read_standings(task_ids: Collection[UUID]) -> Mapping[UUID, Task]:
    """Return how tasks stand, by id: status, start and end, in one statement; those that are gone are missing."""
    if not task_ids:
        return {}
    return {task.pk: task for task in Task.objects.filter(pk__in=task_ids).only("status", "started_at", "finished_at")}


def find_callback(task_id: UUID) -> TaskCallback | None:
    """Return the callback that a task opened last, without its secret and its answer; None if it opened none."""
    rows = TaskCallback.objects.filter(task=task_id).defer("token_hash", "result")
    return rows.order_by("-revision", "-position").first()


def find_retryable(*, status: str, workflow_name: str | None, limit: int) -> list[UUID]:
    """Return the ids of tasks of a status, and of one workflow if one is named, the oldest first."""
    rows = Task.objects.filter(status=status)
    if workflow_name is not None:
        rows = rows.filter(workflow__name=workflow_name)
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def lock_task(task_id: UUID) -> Task:
    """Return one task, and hold its row until the transaction ends.

    Raises:
        TaskNotFound: There is none of this id.
    """
    rows = Task.objects.select_for_update(of=("self",)).select_related("workflow")
    return _found(rows.filter(pk=task_id).first(), task_id)


def _found(task: Task | None, task_id: UUID) -> Task:
    if task is None:
        raise TaskNotFound(MISSING, field="task_id", value=str(task_id))
    return task

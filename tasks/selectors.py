"""Reading tasks."""

from uuid import UUID

from django.db.models import QuerySet

from orchestrator_site.common.errors import NotFound
from tasks.models import Task


class TaskNotFound(NotFound):
    """No task has this id."""


def list_tasks() -> QuerySet[Task]:
    """Return the tasks with their workflows, newest first."""
    return Task.objects.select_related("workflow").order_by("-id")


def list_tasks_with_steps() -> QuerySet[Task]:
    """Return the tasks with workflows and steps: two statements, however many tasks."""
    return list_tasks().prefetch_related("steps")


def get_task(task_id: UUID) -> Task:
    """Return one task with its steps.

    Raises:
        TaskNotFound: There is none of this id.
    """
    task = list_tasks_with_steps().filter(pk=task_id).first()
    if task is None:
        raise TaskNotFound("Task does not exist", field="task_id", value=str(task_id))
    return task

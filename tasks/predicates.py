"""Predicates for `run_predicate=` that ship with the project: what may keep a task from starting."""

from tasks.models import Task, TaskStatus
from workflows.engine import StartRequest


def no_uncompleted_instance(request: StartRequest) -> str | None:
    """Refuse a start while another task of the workflow is neither completed nor aborted.

    One that has failed is uncompleted too: somebody has to resume or abort it first.
    """
    over = (TaskStatus.COMPLETED, TaskStatus.ABORTED)
    rows = Task.objects.filter(workflow__name=request.workflow_name).exclude(status__in=over)
    task = rows.order_by("id").first()
    if task is None:
        return None
    return f"task {task.pk} of '{request.workflow_name}' is {task.status}; it has to be completed or aborted first"

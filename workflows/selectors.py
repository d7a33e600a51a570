"""Reading workflows."""

from uuid import UUID

from django.db.models import QuerySet

from workflows.models import Workflow


class WorkflowNotFound(Exception):
    """No workflow matches; the message says which value did not."""


class WorkflowMismatch(Exception):
    """A name and an id were given that belong to different workflows, or the workflow is no task."""


def list_workflows() -> QuerySet[Workflow]:
    """Return the workflows that are not deleted, by name."""
    return Workflow.objects.filter(deleted_at=None).order_by("name")


def get_task_workflow(*, name: str | None = None, workflow_id: UUID | None = None) -> Workflow:
    """Return the task workflow of that name, that id, or both.

    Raises:
        WorkflowNotFound: The name or the id is unknown or deleted.
        WorkflowMismatch: Both are given and differ, or the workflow is not a task.
    """
    rows = list_workflows()
    by_name = rows.filter(name=name).first() if name is not None else None
    by_id = rows.filter(pk=workflow_id).first() if workflow_id is not None else None
    if (name is not None and by_name is None) or (workflow_id is not None and by_id is None):
        raise WorkflowNotFound("Task does not exist")
    if by_name is not None and by_id is not None and by_name != by_id:
        raise WorkflowMismatch(f"workflow_id {workflow_id} is '{by_id}', not '{name}'; leave one of the two out")
    found = by_name or by_id
    if found is None:
        raise WorkflowNotFound("Task does not exist")
    if not found.is_task:
        raise WorkflowMismatch(
            f"'{found}' has the target {found.target}; only task workflows (target SYSTEM) can be scheduled or started"
        )
    return found

"""Reading workflows."""

from uuid import UUID

from django.db.models import QuerySet

from orchestrator_site.common.errors import InvalidValue, NotFound
from workflows.models import Workflow
from workflows.registry import WorkflowCodeError, get_definition


class WorkflowNotFound(NotFound):
    """No task workflow matches; the message says which value did not."""


class WorkflowMismatch(InvalidValue):
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
    given = {"workflow_name": name, "workflow_id": workflow_id}
    rows = {field: _find(field, value) for field, value in given.items() if value is not None}
    for field, row in rows.items():
        if row is None:
            raise WorkflowNotFound("Task does not exist", field=field, value=str(given[field]))
    found = list(filter(None, rows.values()))
    if not found:
        raise WorkflowMismatch("name the task by workflow_name or workflow_id", field="workflow_name")
    workflow = found[0]
    if workflow != found[-1]:
        raise WorkflowMismatch(
            f"workflow_id {workflow_id} is '{found[-1]}', not '{name}'; leave one of the two out",
            field="workflow_id",
            value=str(workflow_id),
        )
    if not workflow.is_task:
        raise WorkflowMismatch(
            f"'{workflow}' has the target {workflow.target}; only tasks (target SYSTEM) can be scheduled or started",
            field=next(iter(rows)),
            value=workflow.name,
        )
    return workflow


def find_start_problem(workflow: Workflow) -> str:
    """Say why no task of this workflow can start: it was deleted, or its code is not there; empty when one can."""
    if workflow.deleted_at is not None:
        return f"workflow '{workflow}' was deleted"
    try:
        get_definition(workflow.name)
    except WorkflowCodeError as error:
        return str(error)
    return ""


def _find(field: str, value: str | UUID) -> Workflow | None:
    lookup = {"workflow_name": "name", "workflow_id": "pk"}[field]
    return list_workflows().filter(**{lookup: value}).first()

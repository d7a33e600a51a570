"""Tasks and their steps in the GraphQL API."""

import graphene

from orchestrator_site.common.graphql.lists import Related, RowList, list_field
from orchestrator_site.common.graphql.types import Json
from tasks.selectors import list_tasks, read_steps

TASKS = RowList(
    permission="tasks.view_task",
    rows=list_tasks,
    columns={
        "id": "id",
        "workflow_id": "workflow_id",
        "workflow_name": "workflow__name",
        "status": "status",
        "inputs": "inputs",
        "reporter": "reporter",
        "schedule_id": "schedule_id",
        "scheduled_for": "scheduled_for",
        "created_at": "created_at",
        "started_at": "started_at",
        "finished_at": "finished_at",
        "failed_reason": "failed_reason",
        "attempt": "attempt",
        "abort_requested_at": "abort_requested_at",
        "version": "version",
    },
    unsortable=frozenset({"inputs"}),
    related={"steps": Related(key="id", load=read_steps, missing=list)},
)


class TaskStep(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """A step that was executed."""

    name = graphene.String(required=True)
    status = graphene.String(required=True)
    attempt = graphene.Int(required=True)
    started_at = graphene.DateTime(required=True)
    completed_at = graphene.DateTime(required=True)
    state = graphene.Field(Json, required=True, description="after the step; before it, if it failed")
    error = graphene.Field(Json)


class Task(graphene.ObjectType):  # type: ignore[misc]
    """One run of a workflow."""

    id = graphene.UUID(required=True)
    workflow_id = graphene.UUID(required=True)
    workflow_name = graphene.String(required=True)
    status = graphene.String(required=True)
    inputs = graphene.Field(Json, required=True)
    reporter = graphene.String(required=True)
    schedule_id = graphene.UUID(description="null when it was started by hand")
    scheduled_for = graphene.DateTime()
    created_at = graphene.DateTime(required=True)
    started_at = graphene.DateTime()
    finished_at = graphene.DateTime()
    failed_reason = graphene.String(required=True)
    attempt = graphene.Int(required=True)
    abort_requested_at = graphene.DateTime()
    version = graphene.Int(required=True)
    steps = graphene.List(graphene.NonNull(TaskStep), required=True, description="in the order of their execution")


class TaskQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that is about tasks."""

    tasks = list_field(TASKS, Task, "The tasks, newest first.")

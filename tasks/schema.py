"""Tasks and their steps in the GraphQL API."""

from datetime import datetime

import graphene
from graphql import GraphQLResolveInfo

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.graphql.lists import Related, Row, RowList, list_field
from orchestrator_site.common.graphql.types import Json
from tasks.models import TaskStatus
from tasks.selectors import list_tasks, read_steps
from tasks.standing import STANDING_FIELDS, CurrentStep, CurrentSteps

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
        "revision": "revision",
        "steps_version": "steps_version",
    },
    unsortable=frozenset({"inputs"}),
    related={"steps": Related(key="id", load=read_steps, missing=list)},
    computed={
        "retry_at": frozenset({"status", "available_at"}),
        "current_step": frozenset({"workflow_name", *STANDING_FIELDS}),
    },
    hidden={name: name for name in ("available_at", "position", "step_started_at")},
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


class TaskCurrentStep(graphene.ObjectType):  # type: ignore[misc]
    """The step at which a task stands."""

    name = graphene.String(required=True)
    position = graphene.Int(required=True, description="its place in the list of steps, from 0")
    started_at = graphene.DateTime(description="null unless it runs")
    timeout_seconds = graphene.Float(description="how long it may take; null for no limit")
    is_overdue = graphene.Boolean(required=True, description="whether it takes longer than that")


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
    revision = graphene.Int(required=True, description="how often it was put onto a changed list of steps")
    steps_version = graphene.String(required=True, description="the list that it ran by; empty if no step has run")
    retry_at = graphene.DateTime(description="when a waiting task tries its step again")
    current_step = graphene.Field(
        TaskCurrentStep, description="null for one that is queued or has ended, or whose code is not there"
    )
    steps = graphene.List(graphene.NonNull(TaskStep), required=True, description="in the order of their execution")

    @staticmethod
    def resolve_retry_at(row: Row, _info: GraphQLResolveInfo) -> datetime | None:
        """Return when a row is to be taken that waits."""
        moment: datetime | None = row["available_at"]
        return moment if row["status"] == TaskStatus.WAITING else None

    @staticmethod
    def resolve_current_step(row: Row, info: GraphQLResolveInfo) -> CurrentStep | None:
        """Return the step at which a row stands."""
        steps: CurrentSteps = info.context.once(_make_current_steps)
        return steps.find(row["workflow_name"], row)


def _make_current_steps() -> CurrentSteps:
    return CurrentSteps(now=database_now())


class TaskQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that is about tasks."""

    tasks = list_field(TASKS, Task, "The tasks, newest first.")

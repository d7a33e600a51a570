"""Schedules and the ledger in the GraphQL API."""

import graphene

from orchestrator_site.common.graphql.lists import RowList, list_field
from orchestrator_site.common.graphql.types import Json
from schedules.selectors import list_firings, list_linked_schedules

SCHEDULED_TASKS = RowList(
    permission="schedules.view_schedule",
    rows=list_linked_schedules,
    columns={
        "id": "id",
        "name": "name",
        "workflow_id": "link__workflow_id",
        "workflow_name": "link__workflow__name",
        "next_run_time": "next_run_at",
        "trigger": "trigger_text",
        "trigger_kind": "trigger",
        "trigger_kwargs": "trigger_kwargs",
        "timezone": "timezone",
        "inputs": "inputs",
        "state": "state",
        "state_reason": "state_reason",
        "state_since": "state_since",
        "version": "version",
        "created_at": "created_at",
        "created_by": "created_by",
        "updated_at": "updated_at",
        "updated_by": "updated_by",
    },
    unsortable=frozenset({"trigger_kwargs", "inputs"}),
)
FIRINGS = RowList(
    permission="schedules.view_firing",
    rows=list_firings,
    columns={
        name: name
        for name in (
            "id",
            "schedule_id",
            "schedule_name",
            "scheduled_for",
            "last_scheduled_for",
            "count",
            "decided_at",
            "lateness_ms",
            "cause",
            "outcome",
            "reason",
            "task_id",
        )
    },
)


class ScheduledTask(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """A schedule that runs a workflow."""

    id = graphene.UUID(required=True)
    name = graphene.String(required=True)
    workflow_id = graphene.UUID(required=True)
    workflow_name = graphene.String(required=True)
    next_run_time = graphene.DateTime(description="null when it runs no more")
    trigger = graphene.String(required=True, description="in full, as interval[1:00:00]")
    trigger_kind = graphene.String(required=True, description="interval, cron, date")
    trigger_kwargs = graphene.Field(Json, required=True)
    timezone = graphene.String(required=True)
    inputs = graphene.Field(Json, required=True)
    state = graphene.String(required=True)
    state_reason = graphene.String(required=True)
    state_since = graphene.DateTime(required=True)
    version = graphene.Int(required=True)
    created_at = graphene.DateTime(required=True)
    created_by = graphene.String(required=True)
    updated_at = graphene.DateTime(required=True)
    updated_by = graphene.String(required=True)


class Firing(graphene.ObjectType):  # type: ignore[misc]
    """What became of one planned instant of a schedule, or of `count` of them that were decided alike."""

    id = graphene.UUID(required=True)
    schedule_id = graphene.UUID(required=True)
    schedule_name = graphene.String(required=True)
    scheduled_for = graphene.DateTime(required=True)
    last_scheduled_for = graphene.DateTime()
    count = graphene.Int()
    decided_at = graphene.DateTime(required=True)
    lateness_ms = graphene.BigInt(required=True)
    cause = graphene.String(required=True)
    outcome = graphene.String(required=True)
    reason = graphene.String(required=True)
    task_id = graphene.UUID()


class ScheduleQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that is about schedules and what became of them."""

    scheduled_tasks = list_field(SCHEDULED_TASKS, ScheduledTask, "The schedules that run a workflow, by name.")
    firings = list_field(FIRINGS, Firing, "The ledger, what was decided last first.")

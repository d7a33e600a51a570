"""Schedules and the ledger in the GraphQL API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import graphene
from django.db.models import QuerySet
from graphql import GraphQLError, GraphQLResolveInfo

from orchestrator_site.common.clock import database_now, read_instant
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.graphql.lists import Row, RowList, list_field
from orchestrator_site.common.graphql.types import Json
from schedules.history import INSTANTS, History
from schedules.models import ConcurrencyKey, MisfirePolicy, OverlapPolicy, ResumePolicy, Schedule, ScheduleState
from schedules.models import Firing as FiringRow
from schedules.previews import DEFAULT_COUNT, MAX_COUNT, find_fires, read_after
from schedules.rules import POLICIES
from schedules.selectors import list_firings, list_linked_schedules
from schedules.triggers import DST_FOLDS, DST_GAPS, KINDS, MISSING_DAYS, OPTIONS, Budget, TriggerError
from schedules.triggers.fires import Fire

# Ten evaluations that find nothing, or the next times of thousands of ordinary triggers.
MAX_STEPS = 100_000
# What a schedule's trigger is built of, by the names that its row has here.
RULE = frozenset({"id", "trigger", "trigger_kind", "trigger_kwargs", "grid_start_at", *OPTIONS})
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
        "dst_gap": "dst_gap",
        "dst_fold": "dst_fold",
        "on_missing_day": "on_missing_day",
        "spread_seconds": "spread_seconds",
        "inputs": "inputs",
        "state": "shown_state",
        "state_reason": "state_reason",
        "state_since": "shown_state_since",
        "paused_at": "shown_paused_at",
        "paused_by": "shown_paused_by",
        "pause_reason": "shown_pause_reason",
        "paused_until": "shown_paused_until",
        **{name: name for name in POLICIES},
        "version": "version",
        "created_at": "created_at",
        "created_by": "created_by",
        "updated_at": "updated_at",
        "updated_by": "updated_by",
    },
    unsortable=frozenset({"trigger_kwargs", "inputs"}),
    computed={"summary": RULE, "next_fire_times": RULE | {"state", "planned_through"}},
    hidden={"grid_start_at": "grid_start_at", "planned_through": "planned_through"},
)
_WORDS = graphene.List(graphene.NonNull(graphene.String))
_INSTANT = "ISO 8601, with its offset from UTC"


def _narrow_firings(arguments: Mapping[str, Any]) -> QuerySet[FiringRow]:
    """Return the firings that the arguments leave, in the order that goes with them."""
    values = {name: value for name, value in arguments.items() if name not in {"outcome", "cause", "older_than"}}
    for name in INSTANTS & values.keys():
        values[name] = _read_instant(name, values[name])
    history = History(outcomes=arguments.get("outcome", ()), causes=arguments.get("cause", ()), **values)
    return history.rows(older_than=arguments.get("older_than"))


def _read_instant(name: str, text: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError as error:
        raise InvalidValue(str(error), field=name, value=text) from None


FIRINGS = RowList(
    permission="schedules.view_firing",
    rows=list_firings,
    arguments={
        "schedule_id": graphene.UUID(),
        "schedule_name": graphene.String(description="a part of it, in any case"),
        "outcome": graphene.Argument(_WORDS, description="one of these"),
        "cause": graphene.Argument(_WORDS, description="one of these"),
        "scheduled_from": graphene.String(description=f"planned then or later: {_INSTANT}"),
        "scheduled_to": graphene.String(description=f"planned before then: {_INSTANT}"),
        "decided_from": graphene.String(description=f"decided then or later: {_INSTANT}"),
        "decided_to": graphene.String(description=f"decided before then: {_INSTANT}"),
        "task_id": graphene.UUID(),
        "late_by_ms": graphene.BigInt(description="decided at least so many milliseconds after it was due"),
        "older_than": graphene.UUID(description="rows after the row of this id; deep down faster than `after`"),
    },
    narrow=_narrow_firings,
    columns={
        name: name
        for name in (
            "id",
            "schedule_id",
            "schedule_name",
            "scheduled_for",
            "due_at",
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


@dataclass(slots=True)
class _Spent:
    """What the times of all rows of a query have taken together."""

    steps: int = 0


class FireTime(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """A time at which a schedule runs."""

    at = graphene.DateTime(required=True, description="in UTC")
    local = graphene.DateTime(required=True, description="the same moment on the clocks of the schedule's zone")
    offset = graphene.String(required=True, description="how far those clocks are from UTC, as +02:00")
    dst = graphene.String(
        description="gap or fold: the time of day that was planned is one that they skip or show twice"
    )


class ScheduledTask(graphene.ObjectType):  # type: ignore[misc]
    """A schedule that runs a workflow."""

    id = graphene.UUID(required=True)
    name = graphene.String(required=True)
    workflow_id = graphene.UUID(required=True)
    workflow_name = graphene.String(required=True)
    next_run_time = graphene.DateTime(description="null when it runs no more")
    trigger = graphene.String(required=True, description="in full, as interval[1:00:00]")
    trigger_kind = graphene.String(required=True, description=", ".join(KINDS))
    trigger_kwargs = graphene.Field(Json, required=True)
    summary = graphene.String(required=True, description="the trigger in words")
    next_fire_times = graphene.List(
        graphene.NonNull(FireTime),
        n=graphene.Int(default_value=DEFAULT_COUNT, description=f"how many, at most {MAX_COUNT}"),
        from_=graphene.String(name="from", description="ISO 8601; only times after it, by default after now"),
        description="when it runs, its spread included; fewer where more would take too long to find",
    )
    timezone = graphene.String(required=True)
    dst_gap = graphene.String(required=True, description=", ".join(DST_GAPS))
    dst_fold = graphene.String(required=True, description=", ".join(DST_FOLDS))
    on_missing_day = graphene.String(required=True, description=", ".join(MISSING_DAYS))
    spread_seconds = graphene.Int(required=True)
    inputs = graphene.Field(Json, required=True)
    state = graphene.String(required=True, description=", ".join(ScheduleState.values))
    state_reason = graphene.String(required=True)
    state_since = graphene.DateTime(required=True)
    paused_at = graphene.DateTime(description="null, as the fields after it are null or empty, unless it is paused")
    paused_by = graphene.String(required=True)
    pause_reason = graphene.String(required=True)
    paused_until = graphene.DateTime(description="when it goes on by itself; null: when somebody resumes it")
    misfire_policy = graphene.String(required=True, description=", ".join(MisfirePolicy.values))
    misfire_window_seconds = graphene.Int(description="null for no limit")
    max_catchup_runs = graphene.Int(required=True)
    overlap_policy = graphene.String(required=True, description=", ".join(OverlapPolicy.values))
    concurrency_key = graphene.String(required=True, description=", ".join(ConcurrencyKey.values))
    resume_policy = graphene.String(required=True, description=", ".join(ResumePolicy.values))
    pause_after_failures = graphene.Int(description="null for never")
    version = graphene.Int(required=True)
    created_at = graphene.DateTime(required=True)
    created_by = graphene.String(required=True)
    updated_at = graphene.DateTime(required=True)
    updated_by = graphene.String(required=True)

    @staticmethod
    def resolve_summary(row: Row, _info: GraphQLResolveInfo) -> str:
        """Say the trigger of a row in words."""
        return _schedule_of(row).summary

    @staticmethod
    def resolve_next_fire_times(
        row: Row, info: GraphQLResolveInfo, n: int | None = None, from_: str | None = None
    ) -> list[Fire]:
        """Return when a row runs; a broken one runs at no time.

        Raises:
            GraphQLError: An argument is out of bounds, or the rows of this query have taken as much as they may.
        """
        count = DEFAULT_COUNT if n is None else n
        if not 1 <= count <= MAX_COUNT:
            raise GraphQLError(f"'n' is a number from 1 to {MAX_COUNT}, not {count}")
        after = None if from_ is None else read_after(from_)
        spent, now = info.context.once(_Spent), info.context.once(database_now)
        if spent.steps > MAX_STEPS:
            raise GraphQLError("the schedules before it have taken all the time of this query: ask for fewer")
        budget = Budget()
        try:
            fires, _ = find_fires(schedule=_schedule_of(row), after=after, count=count, now=now, budget=budget)
        except TriggerError:  # `state` and `stateReason` say so once it is due
            return []
        spent.steps += budget.spent
        return fires


class Firing(graphene.ObjectType):  # type: ignore[misc]
    """What became of one planned instant of a schedule, or of `count` of them that were decided alike."""

    id = graphene.UUID(required=True)
    schedule_id = graphene.UUID(required=True)
    schedule_name = graphene.String(required=True)
    scheduled_for = graphene.DateTime(required=True)
    due_at = graphene.DateTime(required=True, description="scheduledFor, later by the schedule's spread")
    last_scheduled_for = graphene.DateTime()
    count = graphene.Int()
    decided_at = graphene.DateTime(required=True)
    lateness_ms = graphene.BigInt(required=True)
    cause = graphene.String(required=True)
    outcome = graphene.String(required=True)
    reason = graphene.String(required=True)
    task_id = graphene.UUID()


def _schedule_of(row: Row) -> Schedule:
    """Return the schedule of a row, without what was not read."""
    names = {"trigger_kind": "trigger", "trigger": "trigger_text"}
    fields = {field.name for field in Schedule._meta.concrete_fields}
    values = {names.get(name, name): value for name, value in row.items()}
    return Schedule(**{name: value for name, value in values.items() if name in fields})


class ScheduleQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that is about schedules and what became of them."""

    scheduled_tasks = list_field(SCHEDULED_TASKS, ScheduledTask, "The schedules that run a workflow, by name.")
    firings = list_field(FIRINGS, Firing, "The ledger, what was decided last first.")

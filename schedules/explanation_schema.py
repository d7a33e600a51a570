"""Explanations in the GraphQL API."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import graphene
from graphql import GraphQLError, GraphQLResolveInfo

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.graphql.lists import refuse_without
from schedules.explaining import CheckName, Explanation, Result, Tense
from schedules.explanations import explain_schedule
from schedules.schema import Firing

# Each may take as long as one evaluation of a trigger.
MAX_EXPLANATIONS = 10


@dataclass(slots=True)
class _Asked:
    """How many explanations a query has asked for so far."""

    count: int = 0


class ExplanationVerdict(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """What an explanation comes to."""

    code = graphene.String(required=True, description="one of a closed set, which docs/explain.md lists")
    sentence = graphene.String(required=True)


class ExplanationCheck(graphene.ObjectType):  # type: ignore[misc]
    """One thing that has to be so for a schedule to fire."""

    name = graphene.String(required=True, description=", ".join(CheckName))
    result = graphene.String(required=True, description=", ".join(Result))
    sentence = graphene.String(required=True)


class TaskFate(graphene.ObjectType):  # type: ignore[misc]
    """What became of the task that a firing started."""

    task_id = graphene.UUID(required=True)
    status = graphene.String(required=True)
    started_at = graphene.DateTime()
    finished_at = graphene.DateTime()
    sentence = graphene.String(required=True, description="how it stands; why it does not go on, if it does not")


class ScheduleExplanation(graphene.ObjectType):  # type: ignore[misc]
    """Why a schedule fired, fires or does not fire at a moment."""

    schedule_id = graphene.UUID(required=True)
    schedule_name = graphene.String(required=True)
    at = graphene.DateTime(required=True)
    tense = graphene.String(required=True, description=", ".join(Tense))
    verdict = graphene.Field(ExplanationVerdict, required=True)
    checks = graphene.List(graphene.NonNull(ExplanationCheck), required=True)
    firing = graphene.Field(Firing, description="null where there is none, or without schedules.view_firing")
    task = graphene.Field(TaskFate, description="null where there is none any more, or without tasks.view_task")
    previous = graphene.DateTime(description="when it runs before that, its spread included")
    next = graphene.DateTime(description="when it runs after that, its spread included")

    @staticmethod
    def resolve_firing(explanation: Explanation, _info: GraphQLResolveInfo) -> dict[str, Any] | None:
        """Return the row of the ledger under the names that it has in lists."""
        row = explanation.firing
        return None if row is None else {"id": row.firing_id, **asdict(row)}


class ExplanationQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that explains."""

    explain_schedule = graphene.Field(
        ScheduleExplanation,
        schedule_id=graphene.UUID(required=True),
        at=graphene.String(description="ISO 8601, on the schedule's clocks without an offset; by default now"),
        description=f"Why a schedule fired, fires or does not fire at a moment; at most {MAX_EXPLANATIONS} in a query.",
    )

    @staticmethod
    def resolve_explain_schedule(
        _root: Any, info: GraphQLResolveInfo, schedule_id: UUID, at: str | None = None
    ) -> Explanation:
        """Explain it.

        Raises:
            GraphQLError: The user may not view schedules, or the query has asked for enough.
        """
        refuse_without("schedules.view_schedule", info)
        asked, now = info.context.once(_Asked), info.context.once(database_now)
        asked.count += 1
        if asked.count > MAX_EXPLANATIONS:
            raise GraphQLError(
                f"a query has {MAX_EXPLANATIONS} explanations at most: ask for the others in another one"
            )
        return explain_schedule(schedule_id=schedule_id, at=at, now=now, user=info.context.user)

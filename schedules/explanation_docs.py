"""How explanations describe themselves in the REST API: what they hold, texts, examples and errors."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from orchestrator_site.common.api import Moment
from orchestrator_site.common.openapi import example
from schedules.api_docs import NO_SCHEDULE, OVERLAP, SCHEDULE, SCHEDULES
from schedules.explaining import CheckName, Code, Result, Tense
from schedules.serializers import FiringSerializer
from tasks.models import TaskStatus


class VerdictSerializer(serializers.Serializer[Any]):
    """What it comes to."""

    code = serializers.ChoiceField([code.value for code in Code], help_text="docs/explain.md says what each means.")
    sentence = serializers.CharField()


class CheckSerializer(serializers.Serializer[Any]):
    """One thing that has to be so for a schedule to fire."""

    name = serializers.ChoiceField([name.value for name in CheckName])
    result = serializers.ChoiceField([result.value for result in Result])
    sentence = serializers.CharField()


class TaskFateSerializer(serializers.Serializer[Any]):
    """What became of the task that a firing started."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(TaskStatus.choices)
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    sentence = serializers.CharField(help_text="How it stands; why it does not go on, if it does not.")


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a schedule fired, fires or does not fire at a moment."""

    schedule_id = serializers.UUIDField()
    schedule_name = serializers.CharField(help_text="Of a deleted one, the name that it had last.")
    at = Moment(help_text="The moment that is explained.")
    tense = serializers.ChoiceField([tense.value for tense in Tense])
    verdict = VerdictSerializer(help_text="The first check that fails, or what becomes of it where none does.")
    checks = CheckSerializer(many=True, help_text="All of them, in their order.")
    firing = FiringSerializer(
        allow_null=True,
        help_text="The row of the ledger; null where there is none, or without `schedules.view_firing`.",
    )
    task = TaskFateSerializer(
        allow_null=True, help_text="Its task; null where there is none any more, or without `tasks.view_task`."
    )
    previous = Moment(allow_null=True, help_text="When it runs before that, its spread included.")
    next = Moment(allow_null=True, help_text="When it runs after that, its spread included.")


_SKIPPED = f"It was skipped: {OVERLAP['reason']}."
_NOT_ASKED = "It was not asked any more."
EXPLANATION: dict[str, Any] = {
    "schedule_id": SCHEDULE["schedule_id"],
    "schedule_name": SCHEDULE["name"],
    "at": OVERLAP["scheduled_for"],
    "tense": "past",
    "verdict": {"code": "skipped_overlap", "sentence": _SKIPPED},
    "checks": [
        {"name": "exists", "result": "pass", "sentence": "The schedule and its workflow were there."},
        {"name": "not_paused", "result": "pass", "sentence": "No pause kept it from running."},
        {"name": "not_frozen", "result": "pass", "sentence": "No freeze of the engine kept it from running."},
        {"name": "in_bounds", "result": "pass", "sentence": "It lay within the bounds of the trigger."},
        {
            "name": "trigger",
            "result": "pass",
            "sentence": "It was planned for 2027-03-02 10:00:00+01:00 (2027-03-02 09:00:00Z).",
        },
        {"name": "overlap", "result": "fail", "sentence": _SKIPPED},
        {"name": "predicate", "result": "unknown", "sentence": _NOT_ASKED},
        {"name": "inputs", "result": "unknown", "sentence": _NOT_ASKED},
        {"name": "scheduler", "result": "unknown", "sentence": _NOT_ASKED},
    ],
    "firing": OVERLAP,
    "task": None,
    "previous": "2027-03-01T21:00:00Z",
    "next": "2027-03-02T21:00:00Z",
}

describe_explain = extend_schema_view(
    get=extend_schema(
        operation_id="explain_schedule",
        summary="Explain why a schedule fires or not",
        description="Why it fired, fires or does not fire at a moment; also of a deleted schedule, from its ledger. It "
        "writes nothing, and runs no predicate and no form. Verdict and checks tell the outcome and the reason of rows "
        "of the ledger, also without `schedules.view_firing`.",
        tags=SCHEDULES,
        parameters=[
            OpenApiParameter(
                "at",
                OpenApiTypes.STR,
                description="ISO 8601, on the schedule's clocks without an offset; a minute means all of that minute. "
                "Default: now, or what is due and has not been decided.",
                examples=[
                    OpenApiExample("A minute on the schedule's clocks", value="2027-03-02T10:00"),
                    OpenApiExample("UTC", value="2027-03-02T09:00:00Z"),
                ],
            ),
        ],
        responses={
            200: OpenApiResponse(
                ExplanationSerializer, "The explanation.", examples=[example("Skipped for its overlap", EXPLANATION)]
            ),
            **NO_SCHEDULE,
        },
    )
)

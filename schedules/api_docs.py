"""How `/api/schedules` and `/api/firings` describe themselves: texts, examples and errors of each operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from orchestrator_site.common.api import EmptyBody
from orchestrator_site.common.openapi import (
    LONG_LIST_PARAMETERS,
    Responses,
    example,
    list_parameters,
    page_of,
    problem,
)
from schedules.firing_filters import DESCRIPTIONS, FiringFilters
from schedules.serializers import (
    CreateScheduleBody,
    DeleteScheduleBody,
    FiringSerializer,
    PatchScheduleBody,
    PauseBody,
    PutScheduleBody,
    ScheduleFilters,
    ScheduleSerializer,
    UnsettledSerializer,
)
from schedules.trigger_docs import EXAMPLES
from schedules.trigger_serializers import NoticeSerializer

SCHEDULES, FIRINGS = ["Schedules"], ["Firings"]
CHANGES = ("CREATED", "UPDATED", "PAUSED", "RESUMED", "DELETED")

SCHEDULE_ID = "01997c4e-7a10-7c3e-9d51-2f6b8e0a4c11"
WORKFLOW_ID = "01997c4e-0b52-7f0d-8a6e-5d1c3b9f7e20"
TASK_ID = "01997d02-5b3a-7d44-b0c1-9e8f7a6b5c4d"


class ShownScheduleSerializer(ScheduleSerializer):
    """A schedule, whole, and what in it may not be what was meant."""

    warnings = NoticeSerializer(many=True)


class ChangedScheduleSerializer(ShownScheduleSerializer):
    """A schedule, whole, and what was done to it."""

    message = serializers.CharField(help_text="For clients of the older API.")
    status = serializers.ChoiceField(CHANGES, help_text="For clients of the older API.")


class DeletedScheduleSerializer(ScheduleSerializer):
    """A schedule as it was."""

    message = serializers.CharField(help_text="For clients of the older API.")
    status = serializers.ChoiceField(CHANGES, help_text="For clients of the older API.")


SCHEDULE: dict[str, Any] = {
    "schedule_id": SCHEDULE_ID,
    "name": "Check all products",
    "workflow_name": "task_validate_products",
    "workflow_id": WORKFLOW_ID,
    "trigger": "interval",
    "trigger_kwargs": {"hours": 12},
    "summary": "Every 12 hours",
    "timezone": "Europe/Amsterdam",
    "dst_gap": "run_after",
    "dst_fold": "first",
    "on_missing_day": "skip",
    "spread_seconds": 0,
    "inputs": {},
    "state": "active",
    "state_reason": "",
    "state_since": "2027-03-01T09:00:00Z",
    "paused_at": None,
    "paused_by": "",
    "pause_reason": "",
    "paused_until": None,
    "next_run_at": "2027-03-01T21:00:00Z",
    "misfire_policy": "run_once",
    "misfire_window_seconds": 86_400,
    "max_catchup_runs": 10,
    "overlap_policy": "skip",
    "concurrency_key": "schedule",
    "resume_policy": "skip",
    "pause_after_failures": None,
    "version": 1,
    "created_at": "2027-03-01T09:00:00Z",
    "created_by": "ada",
    "updated_at": "2027-03-01T09:00:00Z",
    "updated_by": "ada",
}
UPDATED = SCHEDULE | {
    "name": "Check all products, daily",
    "trigger_kwargs": {"hours": 24},
    "summary": "Every day",
    "next_run_at": "2027-03-02T10:00:00Z",
    "version": 2,
    "updated_at": "2027-03-01T10:00:00Z",
}
PAUSED = SCHEDULE | {
    "state": "paused",
    "state_since": "2027-03-01T10:00:00Z",
    "paused_at": "2027-03-01T10:00:00Z",
    "paused_by": "ada",
    "pause_reason": "The inventory is being migrated",
    "paused_until": "2099-03-02T02:00:00Z",
    "next_run_at": "2099-03-02T09:00:00Z",
    "version": 2,
    "updated_at": "2027-03-01T10:00:00Z",
}
FIRING: dict[str, Any] = {
    "firing_id": "01997d02-5b39-7b6a-8f1e-3c2d1b0a9f8e",
    "schedule_id": SCHEDULE_ID,
    "schedule_name": "Check all products",
    "scheduled_for": "2027-03-01T21:00:00Z",
    "due_at": "2027-03-01T21:00:00Z",
    "last_scheduled_for": None,
    "count": 1,
    "decided_at": "2027-03-01T21:00:00.012000Z",
    "lateness_ms": 12,
    "cause": "schedule",
    "outcome": "started",
    "reason": "",
    "task_id": TASK_ID,
}
OVERLAP = FIRING | {
    "firing_id": "01997f95-9c11-7a02-9b7d-0e1f2a3b4c5d",
    "scheduled_for": "2027-03-02T09:00:00Z",
    "due_at": "2027-03-02T09:00:00Z",
    "decided_at": "2027-03-02T09:00:00.008000Z",
    "lateness_ms": 8,
    "outcome": "skipped_overlap",
    "reason": f"task {TASK_ID} is running",
    "task_id": None,
}
UNSETTLED = {
    "from": "2027-03-02T09:00:00Z",
    "to": "2027-03-02T21:00:00Z",
    "count": 2,
    "outcome": "skipped_frozen",
    "reason": "the engine was frozen by ada since 2027-03-02 08:00:00Z: maintenance of the core routers",
}

NIGHTLY = {"name": "Check subscriptions", "workflow_name": "task_validate_subscriptions"}
EACH_INSTANT = {
    "misfire_policy": "run_all",
    "misfire_window_seconds": None,
    "max_catchup_runs": 100,
    "overlap_policy": "queue_all",
    "pause_after_failures": 3,
}
CROWDED = {
    "code": "crowded_minute",
    "detail": "4 other schedules are due in the same minute, 2027-03-01 21:00Z: with spread_seconds, such as 300, each "
    "of them would start at a time of its own",
}


def _answer(value: dict[str, Any], done: str, description: str) -> OpenApiResponse:
    older = {"message": f"Schedule '{value['name']}' {done.lower()}.", "status": done}
    serializer = ChangedScheduleSerializer if "warnings" in value else DeletedScheduleSerializer
    return OpenApiResponse(serializer, description, examples=[example("Schedule", value | older)])


def _page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": list(rows)}


NO_SCHEDULE = problem(
    HTTPStatus.NOT_FOUND,
    "No schedule has this id.",
    detail="Schedule does not exist",
    field="schedule_id",
    value=SCHEDULE_ID,
)
_NO_WORKFLOW = problem(
    HTTPStatus.NOT_FOUND,
    "No task has this name or id.",
    detail="Task does not exist",
    field="workflow_name",
    value="task_validate_product",
)
BAD_TRIGGER = problem(
    HTTPStatus.BAD_REQUEST,
    "What was sent cannot be used; `errors` names each field and the value that it had.",
    detail="unknown argument 'hour' of trigger 'interval': did you mean 'hours'?",
    field="trigger_kwargs.hour",
    value=12,
)
_LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[201], description="The address of the schedule."
)
_FIRINGS = OpenApiResponse(
    page_of(FiringSerializer),
    "A page, what was decided last first.",
    examples=[example("Firings", _page(OVERLAP, FIRING))],
)
_FIRST_FIRINGS = OpenApiResponse(
    page_of(FiringSerializer, name="ScheduleFiring", unsettled=UnsettledSerializer(required=False, allow_null=True)),
    "A page, what was decided last first.",
    examples=[
        example("Firings", _page(OVERLAP, FIRING) | {"unsettled": None}),
        example("While the engine is frozen", _page(FIRING) | {"unsettled": UNSETTLED}),
    ],
)
_DELETED = _answer(SCHEDULE, "DELETED", "It is gone; this is what it was. Its firings and tasks stay.")
_UPDATED = _answer(UPDATED | {"warnings": []}, "UPDATED", "The schedule as it is now.")

describe_schedules = extend_schema_view(
    get=extend_schema(
        operation_id="list_schedules",
        summary="List schedules",
        description="By name.",
        tags=SCHEDULES,
        parameters=list_parameters(
            ScheduleFilters, name="A part of the name, in any case.", workflow_name="The workflow's whole name."
        ),
        responses={
            200: OpenApiResponse(
                page_of(ScheduleSerializer), "A page.", examples=[example("Schedules", _page(SCHEDULE))]
            )
        },
    ),
    post=extend_schema(
        operation_id="create_schedule",
        summary="Create a schedule",
        description="An answer of 201 means that it is stored and will fire.",
        tags=SCHEDULES,
        parameters=[_LOCATION],
        request=OpenApiRequest(
            CreateScheduleBody,
            examples=[
                *(example(name, NIGHTLY | rule) for name, rule in EXAMPLES.items()),
                example("Each instant, one after the other", NIGHTLY | EXAMPLES["Every 12 hours"] | EACH_INSTANT),
                example("With inputs", NIGHTLY | EXAMPLES["Once"] | {"inputs": {"requested_by": "the network team"}}),
            ],
        ),
        responses={
            201: _answer(SCHEDULE | {"warnings": [CROWDED]}, "CREATED", "The schedule, with its first instant."),
            **BAD_TRIGGER,
            **_NO_WORKFLOW,
        },
    ),
    put=extend_schema(
        operation_id="put_schedule",
        summary="Change a schedule, named in the body",
        description="The older spelling of `PATCH /api/schedules/{schedule_id}`; it changes name, trigger and "
        "trigger_kwargs only. What is left out stays as it is.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            PutScheduleBody,
            examples=[
                example(
                    "Every 24 hours",
                    {
                        "schedule_id": SCHEDULE_ID,
                        "name": "Check all products, daily",
                        "trigger": "interval",
                        "trigger_kwargs": {"hours": 24},
                    },
                )
            ],
        ),
        responses={200: _UPDATED, **BAD_TRIGGER, **NO_SCHEDULE},
    ),
    delete=extend_schema(
        operation_id="delete_schedule_in_body",
        summary="Delete a schedule, named in the body",
        description="The older spelling of `DELETE /api/schedules/{schedule_id}`.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            DeleteScheduleBody,
            examples=[
                example("By its id", {"schedule_id": SCHEDULE_ID}),
                example("With its workflow", {"workflow_id": WORKFLOW_ID, "schedule_id": SCHEDULE_ID}),
            ],
        ),
        responses={200: _DELETED, **NO_SCHEDULE},
    ),
)

describe_schedule = extend_schema_view(
    get=extend_schema(
        operation_id="get_schedule",
        summary="Show a schedule",
        tags=SCHEDULES,
        responses={
            200: OpenApiResponse(
                ShownScheduleSerializer, "The schedule.", examples=[example("Schedule", SCHEDULE | {"warnings": []})]
            ),
            **NO_SCHEDULE,
        },
    ),
    patch=extend_schema(
        operation_id="update_schedule",
        summary="Change a schedule",
        description="What is left out stays as it is. A change never fires into the past: the next instant lies "
        "strictly after it.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            PatchScheduleBody,
            examples=[
                example("Another time of day", {"trigger": "cron", "trigger_kwargs": {"hour": 3}}),
                example("Another zone", {"timezone": "Atlantic/Azores"}),
                example("Not in a gap of the clocks", {"dst_gap": "skip"}),
                example("Up to five minutes later", {"spread_seconds": 300}),
                example("Beside the one before", {"overlap_policy": "allow"}),
                example("Never by itself", {"pause_after_failures": None}),
                example("Other inputs", {"inputs": {"dry_run": True}}),
            ],
        ),
        responses={200: _UPDATED, **BAD_TRIGGER, **NO_SCHEDULE},
    ),
    delete=extend_schema(
        operation_id="delete_schedule",
        summary="Delete a schedule",
        tags=SCHEDULES,
        request=None,
        responses={200: _DELETED, **NO_SCHEDULE},
    ),
)


def _wrong_state(detail: str, description: str) -> Responses:
    return problem(HTTPStatus.CONFLICT, description, detail=detail)


describe_pause = extend_schema_view(
    post=extend_schema(
        operation_id="pause_schedule",
        summary="Pause a schedule",
        description="None of its instants is fired until somebody resumes it, or `until` has passed; the ledger has "
        "them as `skipped_paused`. One that is paused already gets the new reason and end. A `date` schedule waits, "
        "and fires when the pause is over.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            PauseBody,
            examples=[
                example("Until somebody resumes it", {"reason": "The inventory is wrong"}),
                example("Until a moment", {"reason": PAUSED["pause_reason"], "until": PAUSED["paused_until"]}),
            ],
        ),
        responses={
            200: _answer(PAUSED | {"warnings": []}, "PAUSED", "The schedule, paused."),
            **NO_SCHEDULE,
            **_wrong_state(
                "the schedule is finished and does not run; there is nothing to pause", "It is finished or broken."
            ),
        },
    )
)

describe_resume = extend_schema_view(
    post=extend_schema(
        operation_id="resume_schedule",
        summary="Resume a schedule",
        description="Ends its pause; its next run lies strictly after now, unless its `resume_policy` has it run once "
        "for what the pause skipped. A broken one tries its trigger again, and nothing happens to one that is active.",
        tags=SCHEDULES,
        request=OpenApiRequest(EmptyBody, examples=[example("No keys", {})]),
        responses={
            200: _answer(SCHEDULE | {"version": 3, "warnings": []}, "RESUMED", "The schedule as it is now."),
            **NO_SCHEDULE,
            **_wrong_state(
                "the schedule is finished: it has no instants left; give it a new trigger",
                "It is finished, or its trigger still cannot be evaluated.",
            ),
        },
    )
)

_firing_parameters = [*list_parameters(FiringFilters, **DESCRIPTIONS), *LONG_LIST_PARAMETERS]

describe_firings = extend_schema_view(
    get=extend_schema(
        operation_id="list_firings",
        summary="List firings",
        description="The ledger: what became of every planned instant of every schedule, and why.",
        tags=FIRINGS,
        parameters=_firing_parameters,
        responses={200: _FIRINGS},
    )
)

describe_schedule_firings = extend_schema_view(
    get=extend_schema(
        operation_id="list_schedule_firings",
        summary="List the firings of a schedule",
        description="Its ledger, which stays when the schedule is deleted. The first page also has `unsettled`: what "
        "has passed while something holds the schedule, and will be in the ledger when that has ended; null if nothing "
        "has.",
        tags=FIRINGS,
        parameters=_firing_parameters,
        responses={200: _FIRST_FIRINGS, **NO_SCHEDULE},
    )
)

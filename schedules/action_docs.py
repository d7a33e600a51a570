"""How running schedules by hand, and many at once, describes itself: texts, examples and errors of each operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.openapi import Responses, example, problem
from schedules.action_serializers import BackfillBody, BackfillSerializer, BulkBody, BulkSerializer, RunBody
from schedules.api_docs import FIRING, NO_SCHEDULE, SCHEDULE_ID, SCHEDULES, TASK_ID
from schedules.bulk_actions import MAX_SCHEDULES
from tasks.api_docs import QUEUED
from tasks.serializers import WholeTaskSerializer

OTHER_ID = "01997c4e-7a11-7d02-8b1c-4e5f6a7b8c9d"
# An hour of it lies in every past.
STRETCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00+01:00"}

RUN = QUEUED | {
    "workflow_name": "task_validate_products",
    "inputs": {},
    "schedule_id": SCHEDULE_ID,
    "scheduled_for": "2027-03-01T09:30:00Z",
    "form": None,
    "callback": None,
}
BACKFILLED: dict[str, Any] = {
    "dry_run": False,
    "truncated": False,
    "count": 2,
    "results": [
        {
            "scheduled_for": "2026-03-01T09:00:00Z",
            "outcome": "started",
            "reason": "backfill by ada",
            "task_id": TASK_ID,
            "firing_id": FIRING["firing_id"],
        },
        {
            "scheduled_for": "2026-03-01T21:00:00Z",
            "outcome": "queued",
            "reason": "backfill by ada; starts when it can: task 01997d02-5b3b-7c02 of this schedule is still running",
            "task_id": "01997d02-5b3b-7c02-9a3e-1f2e3d4c5b6a",
            "firing_id": "01997f95-9c11-7a02-9b7d-0e1f2a3b4c5d",
        },
    ],
}
DRY_RUN = BACKFILLED | {
    "dry_run": True,
    "results": [each | {"task_id": None, "firing_id": None} for each in BACKFILLED["results"]],
}
BULK: dict[str, Any] = {
    "dry_run": False,
    "action": "pause",
    "results": [
        {"schedule_id": SCHEDULE_ID, "name": "Check all products", "status": "done", "detail": "", "task_id": None},
        {
            "schedule_id": OTHER_ID,
            "name": "Once",
            "status": "refused",
            "detail": "the schedule is finished and does not run; there is nothing to pause",
            "task_id": None,
        },
    ],
}

_LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[202], description="The address of the task."
)
_BAD_INPUTS = problem(
    HTTPStatus.BAD_REQUEST,
    "What was sent cannot be used; `errors` names each field and the value that it had.",
    detail="This field is required.",
    field="inputs.site",
)
_BAD_STRETCH = problem(
    HTTPStatus.BAD_REQUEST,
    "What was sent cannot be used; `errors` names each field and the value that it had.",
    detail="'to' 2099-03-02T00:00:00+00:00 lies in the future: only instants that have passed can be run again",
    field="to",
    value="2099-03-02T00:00:00+00:00",
)
_TOO_MANY = problem(
    HTTPStatus.BAD_REQUEST,
    f"What was sent cannot be used; also where it means more than {MAX_SCHEDULES:,} schedules.",
    detail="1,234 schedules are meant, and at most 1,000 can be taken at once: narrow the filter by name, "
    "workflow_name, trigger or state, or give a part of the ids",
    field="ids",
    value=1234,
)
_START_REFUSED: Responses = {
    **problem(
        HTTPStatus.FORBIDDEN,
        "The user lacks the permission, which is named; or the workflow does not let this user start it.",
        detail="User is not authorized to start 'task_validate_products'",
    ),
    **problem(
        HTTPStatus.CONFLICT,
        "The engine is frozen, and the user lacks `schedules.run_while_frozen`; or the workflow was deleted.",
        detail="the engine is frozen by ada since 2027-03-01 22:00:00Z: Maintenance; unfreeze it first",
    ),
    **problem(
        HTTPStatus.PRECONDITION_FAILED,
        "The workflow refuses a start now, for a reason of its own.",
        detail=f"task {TASK_ID} of this workflow has not ended",
    ),
}

describe_run = extend_schema_view(
    post=extend_schema(
        operation_id="run_schedule",
        summary="Run a schedule now",
        description="Puts a task of it on the queue, also while it is paused; the schedule does not move. A task "
        "before it that has not ended keeps it waiting, unless its `overlap_policy` is `allow` or `cancel_running`.",
        tags=SCHEDULES,
        parameters=[_LOCATION],
        request=OpenApiRequest(
            RunBody,
            examples=[
                example("As it is", {}),
                example("With inputs of its own", {"inputs": {"dry_run": True}, "reason": "To see whether it works"}),
            ],
        ),
        responses={
            202: OpenApiResponse(
                WholeTaskSerializer, "The task, as it is shown alone.", examples=[example("Task", RUN)]
            ),
            **_BAD_INPUTS,
            **NO_SCHEDULE,
            **_START_REFUSED,
        },
    )
)

describe_backfill = extend_schema_view(
    post=extend_schema(
        operation_id="backfill_schedule",
        summary="Run past instants of a schedule again",
        description="Those that its trigger, as it is now, has from `from` up to before `to`; the oldest come first, "
        "and one waits for the other unless its `overlap_policy` is `allow`. What it is about to fire by itself is "
        "left to it.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            BackfillBody,
            examples=[
                example("A day", STRETCH),
                example("Only to see", STRETCH | {"only": "all", "limit": 10, "dry_run": True}),
            ],
        ),
        responses={
            200: OpenApiResponse(
                BackfillSerializer, "What would come of a dry run.", examples=[example("Dry run", DRY_RUN)]
            ),
            202: OpenApiResponse(
                BackfillSerializer, "The tasks, on the queue.", examples=[example("Two instants", BACKFILLED)]
            ),
            **_BAD_STRETCH,
            **NO_SCHEDULE,
            **_START_REFUSED,
        },
    )
)

describe_bulk = extend_schema_view(
    post=extend_schema(
        operation_id="act_on_schedules",
        summary="Pause, resume, run or delete many schedules",
        description=f"At most {MAX_SCHEDULES:,}, each in a transaction of its own: one that refuses does not stop the "
        "others. Beside the permission to see them it takes that of the action: `schedules.pause_schedule` for `pause` "
        "and `resume`, `schedules.run_schedule` for `run`, `schedules.delete_schedule` for `delete`.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            BulkBody,
            examples=[
                example("Pause some", {"ids": [SCHEDULE_ID], "action": "pause", "reason": "The inventory is wrong"}),
                example(
                    "Resume those of a workflow",
                    {"filter": {"workflow_name": "task_sync_from", "state": "paused"}, "action": "resume"},
                ),
                example("Only to see", {"filter": {"name": "nightly"}, "action": "delete", "dry_run": True}),
            ],
        ),
        responses={
            200: OpenApiResponse(BulkSerializer, "What came of each.", examples=[example("Two schedules", BULK)]),
            **_TOO_MANY,
        },
    )
)

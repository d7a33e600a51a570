"""How `/api/tasks` describes itself: texts, examples and errors of each operation."""

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
from orchestrator_site.common.openapi import ObjectField, Responses, example, list_parameters, page_of, problem
from tasks.serializers import (
    MAX_RESUMED,
    ResumeTaskBody,
    ResumeTasksBody,
    ResumptionSerializer,
    StartTaskBody,
    TaskFilters,
    TaskSerializer,
    WholeTaskSerializer,
)

TASKS = ["Tasks"]
TASK_ID = "01997d02-5b3a-7d44-b0c1-9e8f7a6b5c4d"
STEPS_VERSION = "5f0c8a3b9d1e47c2a6b8e0f4d2c1a3b5"

_KEYS = {"task_id": TASK_ID, "workflow_name": "task_sync_from", "workflow_target": "SYSTEM", "reporter": "ada"}
QUEUED: dict[str, Any] = {
    "task_id": TASK_ID,
    "workflow_name": "task_sync_from",
    "status": "created",
    "inputs": {"site": "ams-1"},
    "reporter": "ada",
    "schedule_id": None,
    "scheduled_for": None,
    "created_at": "2027-03-01T09:30:00Z",
    "started_at": None,
    "finished_at": None,
    "failed_reason": "",
    "attempt": 0,
    "abort_requested_at": None,
    "retry_at": None,
    "version": 1,
    "revision": 0,
    "steps_version": "",
    "current_step": None,
    "steps": [],
}
START_STEP: dict[str, Any] = {
    "name": "Start",
    "status": "success",
    "attempt": 1,
    "started_at": "2027-03-01T09:30:01Z",
    "completed_at": "2027-03-01T09:30:01Z",
    "state": _KEYS | {"site": "ams-1"},
    "error": None,
}
COMPLETED = QUEUED | {
    "status": "completed",
    "started_at": "2027-03-01T09:30:01Z",
    "finished_at": "2027-03-01T09:30:07Z",
    "attempt": 1,
    "steps_version": STEPS_VERSION,
    "steps": [
        START_STEP,
        START_STEP | {"name": "NSO calls", "completed_at": "2027-03-01T09:30:06Z"},
        START_STEP
        | {
            "name": "Done",
            "status": "complete",
            "started_at": "2027-03-01T09:30:06Z",
            "completed_at": "2027-03-01T09:30:07Z",
        },
    ],
}
SUSPENDED = QUEUED | {
    "status": "suspended",
    "started_at": "2027-03-01T09:30:01Z",
    "attempt": 1,
    "version": 2,
    "steps_version": STEPS_VERSION,
    "current_step": {
        "name": "Approve",
        "position": 1,
        "started_at": None,
        "timeout_seconds": None,
        "is_overdue": False,
    },
    "steps": [START_STEP, START_STEP | {"name": "Approve", "status": "suspend"}],
}
FORM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "title": "Approval",
    "properties": {"reason": {"title": "Reason", "type": "string", "minLength": 1}},
    "required": ["reason"],
    "additionalProperties": False,
}
RESUMED = QUEUED | {
    "status": "resumed",
    "started_at": "2027-03-01T09:30:01Z",
    "attempt": 1,
    "version": 2,
    "steps_version": STEPS_VERSION,
    "steps": [START_STEP],
}
ABORTED = QUEUED | {"status": "aborted", "finished_at": "2027-03-01T09:31:00Z", "version": 2}


class FormFieldSchema(ObjectField):
    """A JSON schema, which is an object."""

    target_class = "tasks.serializers.FormField"


class ResumptionsSerializer(serializers.Serializer[Any]):
    """What came of resuming many tasks."""

    dry_run = serializers.BooleanField(help_text="Nothing was written: `resumed` is what would be.")
    truncated = serializers.BooleanField(help_text="There are more of the status; ask again.")
    results = ResumptionSerializer(many=True)


def _answer(value: dict[str, Any], description: str, *, form: dict[str, Any] | None = None) -> OpenApiResponse:
    whole = value | {"form": form, "callback": None}
    return OpenApiResponse(WholeTaskSerializer, description, examples=[example("Task", whole)])


def _location(code: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[code], description="The address of the task."
    )


def _refused(detail: str, description: str = "", **others: str) -> Responses:
    reason = description or "The task is in no status from which that is possible."
    return problem(HTTPStatus.CONFLICT, reason, detail=detail, others=others)


def _not_authorized(verb: str) -> Responses:
    return problem(
        HTTPStatus.FORBIDDEN,
        "The user lacks the permission, which is named; or the workflow does not let this user do it.",
        detail=f"User is not authorized to {verb} 'task_sync_from'",
    )


_NO_TASK = problem(
    HTTPStatus.NOT_FOUND, "No task has this id.", detail="Task does not exist", field="task_id", value=TASK_ID
)
_NO_WORKFLOW = problem(
    HTTPStatus.NOT_FOUND,
    "No task workflow has this name.",
    detail="Task does not exist",
    field="workflow_name",
    value="task_sync_form",
)
_NO_KEYS = OpenApiRequest(EmptyBody, examples=[example("No keys", {})])
_NOT_ACCEPTED = problem(
    HTTPStatus.BAD_REQUEST,
    "What was sent cannot be used; `errors` names each field and the value that it had.",
    detail="This field is required.",
    field="inputs.reason",
)
_RESUMING = OpenApiRequest(
    ResumeTaskBody,
    examples=[
        example("No keys", {}),
        example("With answers", {"inputs": {"reason": "The change was approved."}}),
        example("At a step", {"resume_at": "NSO calls"}),
    ],
)
_RETRYING = OpenApiRequest(
    ResumeTaskBody, examples=[example("No keys", {}), example("At a step", {"resume_at": "NSO calls"})]
)
_BULK = OpenApiRequest(
    ResumeTasksBody,
    examples=[
        example("All that failed", {}),
        example("Those of a workflow", {"status": "api_unavailable", "workflow_name": "task_sync_from"}),
        example("Some, only to see", {"ids": [TASK_ID], "dry_run": True}),
    ],
)
_BULK_ANSWER = {
    "dry_run": False,
    "truncated": False,
    "results": [
        {"task_id": TASK_ID, "resumed": True, "problem": ""},
        {
            "task_id": "01997d02-5b3b-7c02-9a3e-1f2e3d4c5b6a",
            "resumed": False,
            "problem": "a task that is running cannot become resumed; it can become aborted, completed",
        },
    ],
}
_STEPS_CHANGED = """\
its steps were changed; choose the step at which it is to go on (resume_at)

  the task ran by | the code has
  Start           | Start
→ Sync            | NSO calls
  Done            | Done"""
_MAY_NOT_GO_ON = (
    "The task is in no status from which that is possible; or its steps were changed: both lists are shown."
)

describe_tasks = extend_schema_view(
    get=extend_schema(
        operation_id="list_tasks",
        summary="List tasks",
        description="With their steps, newest first.",
        tags=TASKS,
        parameters=list_parameters(TaskFilters, workflow_name="The workflow's whole name."),
        responses={
            200: OpenApiResponse(
                page_of(TaskSerializer),
                "A page.",
                examples=[example("Tasks", {"next": None, "previous": None, "results": [COMPLETED]})],
            )
        },
    ),
    post=extend_schema(
        operation_id="start_task",
        summary="Start a task",
        description="Puts it on the queue; a worker runs it.",
        tags=TASKS,
        parameters=[_location(201)],
        request=OpenApiRequest(
            StartTaskBody,
            examples=[
                example("With inputs", {"workflow_name": "task_sync_from", "inputs": {"site": "ams-1"}}),
                example("Without", {"workflow_name": "task_validate_products"}),
            ],
        ),
        responses={
            201: _answer(QUEUED, "The task, on the queue."),
            **_NO_WORKFLOW,
            **_NOT_ACCEPTED,
            **_not_authorized("start"),
            **problem(
                HTTPStatus.CONFLICT,
                "The form of the workflow cannot be used: its own code is wrong.",
                detail="form 'Sync' has an error in its cleaning: LookupError: no such site",
            ),
            **problem(
                HTTPStatus.PRECONDITION_FAILED,
                "The workflow refuses a start now, for a reason of its own.",
                detail="task 01997d02-5b3b-7c02-9a3e-1f2e3d4c5b6a of this workflow has not ended",
            ),
        },
    ),
)

describe_task = extend_schema_view(
    get=extend_schema(
        operation_id="get_task",
        summary="Show a task",
        description="With its steps, in the order in which they were executed.",
        tags=TASKS,
        responses={200: _answer(SUSPENDED, "The task.", form=FORM), **_NO_TASK},
    ),
    delete=extend_schema(
        operation_id="delete_task",
        summary="Delete a task",
        description="Deletes a task that has ended, with its steps. Firings that name it stay.",
        tags=TASKS,
        request=None,
        responses={
            200: _answer(COMPLETED, "The task, as it was."),
            **_NO_TASK,
            **_refused("a task that is suspended cannot be deleted: abort it first", "The task has not ended."),
        },
    ),
)

describe_resume = extend_schema_view(
    post=extend_schema(
        operation_id="resume_task",
        summary="Resume a task",
        description="Puts a task that stopped back on the queue; it goes on at the step that did not pass. A suspended "
        "one takes `inputs`, answers to its `form`; one whose steps were changed takes `resume_at`.",
        tags=TASKS,
        parameters=[_location(202)],
        request=_RESUMING,
        responses={
            202: _answer(RESUMED, "The task, on the queue."),
            **_NO_TASK,
            **_NOT_ACCEPTED,
            **_not_authorized("resume"),
            **_refused(
                "a task that is completed cannot become resumed; it can become nothing: it has ended",
                _MAY_NOT_GO_ON,
                **{"Steps changed": _STEPS_CHANGED},
            ),
        },
    )
)

describe_retry = extend_schema_view(
    post=extend_schema(
        operation_id="retry_task",
        summary="Retry a task",
        description="Resumes a task that failed, or that waits to be tried again, and no other.",
        tags=TASKS,
        parameters=[_location(202)],
        request=_RETRYING,
        responses={
            202: _answer(RESUMED, "The task, on the queue."),
            **_NO_TASK,
            **_not_authorized("resume"),
            **_refused(
                "a task that is completed cannot be retried; one that is api_unavailable, failed, inconsistent_data or"
                " waiting can",
                _MAY_NOT_GO_ON,
                **{"Steps changed": _STEPS_CHANGED},
            ),
        },
    )
)

describe_resume_many = extend_schema_view(
    post=extend_schema(
        operation_id="resume_tasks",
        summary="Resume many tasks",
        description=f"At most {MAX_RESUMED:,}, each by itself: one that cannot go on does not stop the others. "
        "Suspended ones need answers, and stay.",
        tags=TASKS,
        request=_BULK,
        responses={
            200: OpenApiResponse(
                ResumptionsSerializer, "What came of each.", examples=[example("Two tasks", _BULK_ANSWER)]
            )
        },
    )
)

describe_abort = extend_schema_view(
    post=extend_schema(
        operation_id="abort_task",
        summary="Abort a task",
        description="Ends it: at once if no worker has it, else before its next step.",
        tags=TASKS,
        parameters=[_location(202)],
        request=_NO_KEYS,
        responses={
            202: _answer(ABORTED, "The task; `abort_requested_at` says so while a worker still has it."),
            **_NO_TASK,
            **_refused("a task that is completed cannot become aborted; it can become nothing: it has ended"),
        },
    )
)

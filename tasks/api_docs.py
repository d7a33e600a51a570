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

from orchestrator_site.common.openapi import Responses, example, list_parameters, page_of, problem
from tasks.serializers import EmptyBody, StartTaskBody, TaskFilters, TaskSerializer

TASKS = ["Tasks"]
TASK_ID = "01997d02-5b3a-7d44-b0c1-9e8f7a6b5c4d"

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
    "version": 1,
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
RESUMED = QUEUED | {"status": "resumed", "started_at": "2027-03-01T09:30:01Z", "attempt": 1, "version": 2}
ABORTED = QUEUED | {"status": "aborted", "finished_at": "2027-03-01T09:31:00Z", "version": 2}


def _answer(value: dict[str, Any], description: str) -> OpenApiResponse:
    return OpenApiResponse(TaskSerializer, description, examples=[example("Task", value)])


def _location(code: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[code], description="The address of the task."
    )


def _refused(detail: str) -> Responses:
    return problem(HTTPStatus.CONFLICT, "The task is in no status from which that is possible.", detail=detail)


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
        responses={201: _answer(QUEUED, "The task, on the queue."), **_NO_WORKFLOW},
    ),
)

describe_task = extend_schema_view(
    get=extend_schema(
        operation_id="get_task",
        summary="Show a task",
        description="With its steps, in the order in which they were executed.",
        tags=TASKS,
        responses={200: _answer(COMPLETED, "The task."), **_NO_TASK},
    )
)

describe_resume = extend_schema_view(
    post=extend_schema(
        operation_id="resume_task",
        summary="Resume a task",
        description="Puts a task that stopped back on the queue; it goes on at the step that did not pass.",
        tags=TASKS,
        parameters=[_location(202)],
        request=_NO_KEYS,
        responses={
            202: _answer(RESUMED, "The task, on the queue."),
            **_NO_TASK,
            **_refused("a task that is completed cannot become resumed; it can become nothing: it has ended"),
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

"""How the callbacks of tasks describe themselves: texts, examples and errors of each operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers

from orchestrator_site.common.openapi import Responses, example, problem
from tasks.api_docs import TASK_ID
from tasks.callbacks import CallbackNotFound
from tasks.models import TaskStatus

CALLBACKS = ["Callbacks"]

_ANY_VALUE = {"description": "Any JSON value."}


class AnsweredTaskSerializer(serializers.Serializer[Any]):
    """What became of the task that was answered."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(TaskStatus.choices)


def _responses(status: TaskStatus) -> Responses:
    return {
        200: OpenApiResponse(
            AnsweredTaskSerializer, "It counts.", examples=[example("Task", {"task_id": TASK_ID, "status": status})]
        ),
        **problem(
            HTTPStatus.NOT_FOUND,
            "The address is wrong: no such task, or no such token of it. Which of the two is not told.",
            detail=str(CallbackNotFound()),
        ),
        **problem(
            HTTPStatus.CONFLICT,
            "The address is right, and too late.",
            detail="this callback was answered already, at 2027-03-01 09:32:00Z",
        ),
    }


_TOKEN = OpenApiParameter("token", str, OpenApiParameter.PATH, description="A secret: whoever has it may answer, once.")

describe_callback = extend_schema_view(
    post=extend_schema(
        operation_id="answer_callback",
        summary="Answer a task that awaits a callback",
        description="A task gives its address to another system; one answer counts, and the task goes on with it.",
        tags=CALLBACKS,
        parameters=[_TOKEN],
        request=OpenApiRequest(_ANY_VALUE, examples=[example("An object", {"result": "done", "nodes": 3})]),
        responses=_responses(TaskStatus.RESUMED),
    )
)

describe_progress = extend_schema_view(
    post=extend_schema(
        operation_id="report_callback_progress",
        summary="Report progress to a task that awaits a callback",
        description="The last report is kept, and shown as `callback.progress` of the task, which waits on.",
        tags=CALLBACKS,
        parameters=[_TOKEN],
        request=OpenApiRequest(_ANY_VALUE, examples=[example("An object", {"percent": 40})]),
        responses=_responses(TaskStatus.AWAITING_CALLBACK),
    )
)

"""`/api/tasks`: list, start by hand, resume, retry, abort, delete."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from orchestrator_site.common.api import EmptyBody, list_page, read_body, read_id
from orchestrator_site.common.idempotency.views import answer_once
from tasks import api_docs
from tasks.models import Task, TaskStatus
from tasks.selectors import MISSING, find_retryable, get_task, list_tasks, list_tasks_with_steps
from tasks.serializers import (
    MAX_RESUMED,
    ResumeTaskBody,
    ResumeTasksBody,
    ResumptionSerializer,
    StartTaskBody,
    TaskFilters,
    TaskSerializer,
    WholeTaskSerializer,
    make_context,
)
from tasks.services import Resumption, abort_task, delete_task, resume_task, resume_tasks, retry_task, start_task
from workflows.selectors import get_task_workflow


@api_docs.describe_tasks
class TasksView(APIView):
    """The tasks, newest first."""

    permissions = {"GET": "tasks.view_task", "POST": "tasks.start_task"}

    def get(self, request: Request) -> Response:
        """List them with their steps."""
        rows = list_tasks_with_steps()
        return list_page(self, rows, filters=TaskFilters, serializer=TaskSerializer, context=make_context())

    @answer_once
    def post(self, request: Request) -> Response:
        """Start one by hand."""
        body = read_body(StartTaskBody, request)
        workflow = get_task_workflow(name=body["workflow_name"])
        task = start_task(
            workflow=workflow, inputs=body["inputs"], actor=request.user.get_username(), user=request.user
        )
        return _answer(get_task(task.pk), request, status.HTTP_201_CREATED)


@api_docs.describe_task
class TaskView(APIView):
    """One task."""

    permissions = {"GET": "tasks.view_task", "DELETE": "tasks.delete_task"}

    def get(self, request: Request, task_id: str) -> Response:
        """Show it with its steps."""
        return Response(_shown(get_task(_read_id(task_id))))

    def delete(self, request: Request, task_id: str) -> Response:
        """Delete it, and show what it was; 409 unless it has ended."""
        found = get_task(_read_id(task_id))
        shown = _shown(found)
        delete_task(task_id=found.pk, actor=request.user.get_username())
        return Response(shown)


@api_docs.describe_resume
class ResumeTaskView(APIView):
    """Resuming a task that stopped."""

    permissions = {"POST": "tasks.resume_task"}

    @answer_once
    def post(self, request: Request, task_id: str) -> Response:
        """Put it back on the queue; 409 when it has not stopped."""
        return _resume(resume_task, request, task_id)


@api_docs.describe_retry
class RetryTaskView(APIView):
    """Trying a task again that failed, or waits for that."""

    permissions = {"POST": "tasks.resume_task"}

    @answer_once
    def post(self, request: Request, task_id: str) -> Response:
        """Put it back on the queue; 409 when its status is another one."""
        return _resume(retry_task, request, task_id)


@api_docs.describe_resume_many
class ResumeTasksView(APIView):
    """Resuming many tasks at once."""

    permissions = {"POST": "tasks.resume_task"}

    @answer_once
    def post(self, request: Request) -> Response:
        """Put each back on the queue that can be, and say of each what came of it."""
        body = read_body(ResumeTasksBody, request)
        wanted = list(dict.fromkeys(body["ids"])) if "ids" in body else _find_ids(body)
        ids = wanted[:MAX_RESUMED]
        done = resume_tasks(
            tasks=list_tasks().filter(pk__in=ids),
            actor=request.user.get_username(),
            user=request.user,
            is_dry_run=body["dry_run"],
        )
        by_id = {each.task_id: each for each in done}
        results = [by_id.get(task_id, Resumption(task_id, MISSING)) for task_id in ids]
        shown = [ResumptionSerializer(each).data for each in results]
        return Response({"dry_run": body["dry_run"], "truncated": len(wanted) > len(ids), "results": shown})


@api_docs.describe_abort
class AbortTaskView(APIView):
    """Ending a task."""

    permissions = {"POST": "tasks.abort_task"}

    @answer_once
    def post(self, request: Request, task_id: str) -> Response:
        """End it, at once or before its next step; 409 when it has ended for good."""
        read_body(EmptyBody, request)
        return _answer(abort_task(task_id=_read_id(task_id), actor=request.user.get_username()), request)


def _resume(service: Callable[..., Task], request: Request, task_id: str) -> Response:
    body = read_body(ResumeTaskBody, request)
    task = service(task_id=_read_id(task_id), actor=request.user.get_username(), user=request.user, **body)
    return _answer(task, request)


def _find_ids(body: dict[str, Any]) -> list[UUID]:
    """Return the ids of the tasks that a body describes; one more than are resumed if there are more."""
    status_wanted = body.get("status", TaskStatus.FAILED)
    return find_retryable(status=status_wanted, workflow_name=body.get("workflow_name"), limit=MAX_RESUMED + 1)


def _answer(task: Task, request: Request, code: int = status.HTTP_202_ACCEPTED) -> Response:
    location = reverse("task", kwargs={"task_id": task.pk}, request=request)
    return Response(_shown(task), status=code, headers={"Location": location})


def _shown(task: Task) -> dict[str, Any]:
    return WholeTaskSerializer(task, context=make_context()).data


def _read_id(text: str) -> UUID:
    return read_id(text, name="task_id", missing=MISSING)

"""`/api/tasks`: list, start by hand, resume, abort."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from orchestrator_site.common.api import list_page, read_body, read_id
from tasks import api_docs
from tasks.models import Task
from tasks.selectors import get_task, list_tasks_with_steps
from tasks.serializers import EmptyBody, StartTaskBody, TaskFilters, TaskSerializer
from tasks.services import abort_task, resume_task, start_task
from workflows.selectors import get_task_workflow

MISSING = "Task does not exist"


@api_docs.describe_tasks
class TasksView(APIView):
    """The tasks, newest first."""

    permissions = {"GET": "tasks.view_task", "POST": "tasks.start_task"}

    def get(self, request: Request) -> Response:
        """List them with their steps."""
        return list_page(self, list_tasks_with_steps(), filters=TaskFilters, serializer=TaskSerializer)

    def post(self, request: Request) -> Response:
        """Start one by hand."""
        body = read_body(StartTaskBody, request)
        workflow = get_task_workflow(name=body["workflow_name"])
        task = start_task(workflow=workflow, inputs=body["inputs"], actor=request.user.get_username())
        return _answer(get_task(task.pk), request, status.HTTP_201_CREATED)


@api_docs.describe_task
class TaskView(APIView):
    """One task."""

    permissions = {"GET": "tasks.view_task"}

    def get(self, request: Request, task_id: str) -> Response:
        """Show it with its steps."""
        return Response(TaskSerializer(get_task(read_id(task_id, name="task_id", missing=MISSING))).data)


@api_docs.describe_resume
class ResumeTaskView(APIView):
    """Resuming a task that stopped."""

    permissions = {"POST": "tasks.resume_task"}

    def post(self, request: Request, task_id: str) -> Response:
        """Put it back on the queue; 409 when it has not stopped."""
        read_body(EmptyBody, request)
        found = read_id(task_id, name="task_id", missing=MISSING)
        return _answer(resume_task(task_id=found, actor=request.user.get_username()), request)


@api_docs.describe_abort
class AbortTaskView(APIView):
    """Ending a task."""

    permissions = {"POST": "tasks.abort_task"}

    def post(self, request: Request, task_id: str) -> Response:
        """End it, at once or before its next step; 409 when it has ended for good."""
        read_body(EmptyBody, request)
        found = read_id(task_id, name="task_id", missing=MISSING)
        return _answer(abort_task(task_id=found, actor=request.user.get_username()), request)


def _answer(task: Task, request: Request, code: int = status.HTTP_202_ACCEPTED) -> Response:
    location = reverse("task", kwargs={"task_id": task.pk}, request=request)
    return Response(TaskSerializer(task).data, status=code, headers={"Location": location})

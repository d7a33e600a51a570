"""`/api/tasks/{id}/callback/{token}`: what other systems answer to tasks. The address is all that they need for it."""

from typing import Any
from uuid import UUID

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.errors import InvalidValue
from tasks import callback_docs
from tasks.callbacks import CallbackNotFound, answer_callback, report_progress
from tasks.models import Task


class _ForWhoeverHasTheAddress(APIView):
    """A view that asks for no user, and looks at no token or session of one; so there is nothing to forge, either."""

    authentication_classes = []
    permission_classes = [AllowAny]
    http_method_names = ["post"]


@callback_docs.describe_callback
class CallbackView(_ForWhoeverHasTheAddress):
    """The answer to a task; one counts."""

    def post(self, request: Request, task_id: str, token: str) -> Response:
        """Take it: the task goes on with it."""
        return _answer(answer_callback(task_id=_read_id(task_id), token=token, result=_read_value(request)))


@callback_docs.describe_progress
class CallbackProgressView(_ForWhoeverHasTheAddress):
    """What is said before the answer."""

    def post(self, request: Request, task_id: str, token: str) -> Response:
        """Note it: the task waits on."""
        return _answer(report_progress(task_id=_read_id(task_id), token=token, progress=_read_value(request)))


def _read_id(text: str) -> UUID:
    """Return the id in the path.

    Raises:
        CallbackNotFound: It is none; said as for one that no task has.
    """
    try:
        return UUID(text)
    except ValueError:
        raise CallbackNotFound from None


def _read_value(request: Request) -> Any:
    """Return the body, which may be any JSON value.

    Raises:
        InvalidValue: There is none. It is not taken for an answer, of which only one counts.
    """
    if request.stream is None:
        raise InvalidValue("the body is empty; give a JSON value such as {}, with its Content-Length", field="body")
    return request.data


def _answer(task: Task) -> Response:
    return Response({"task_id": str(task.pk), "status": task.status})

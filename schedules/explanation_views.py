"""`/api/schedules/{id}/explain`."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import read_id, refuse_unknown
from orchestrator_site.common.clock import database_now
from schedules import explanation_docs
from schedules.explanations import explain_schedule


@explanation_docs.describe_explain
class ScheduleExplainView(APIView):
    """Why a schedule fired, fires or does not fire at a moment."""

    permissions = {"GET": "schedules.view_schedule"}

    def get(self, request: Request, schedule_id: str) -> Response:
        """Answer the explanation; without the permissions to view firings or tasks, without those."""
        explanation = explain_schedule(
            schedule_id=read_id(schedule_id, name="schedule_id", missing="Schedule does not exist"),
            at=_read_at(request),
            now=database_now(),
            user=request.user,
        )
        return Response(explanation.as_json())


def _read_at(request: Request) -> str | None:
    refuse_unknown(request.query_params, ("at",))
    return request.query_params.get("at")

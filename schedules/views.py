"""`/api/schedules` and `/api/firings`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from orchestrator_site.common.api import EmptyBody, list_page, read_body, read_filters, read_id, show_rows
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.idempotency.views import answer_once
from orchestrator_site.common.paging import LONG_LIST_PARAMETERS, is_first_page, read_long_page
from schedules import api_docs, preview_docs
from schedules.firing_filters import FiringFilters
from schedules.models import Schedule
from schedules.pausing import pause_schedule, resume_schedule
from schedules.previews import notices_of, preview_draft, preview_schedule
from schedules.selectors import find_name_in_ledger, get_schedule, list_firings, list_schedules
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
from schedules.services import create_schedule, delete_schedule, update_schedule
from schedules.trigger_serializers import NoticeSerializer, PreviewBody, PreviewSerializer, read_preview_query
from schedules.triggers import TriggerError
from schedules.unsettled import find_unsettled
from workflows.selectors import get_task_workflow

PERMISSIONS = {
    "GET": "schedules.view_schedule",
    "POST": "schedules.add_schedule",
    "PUT": "schedules.change_schedule",
    "PATCH": "schedules.change_schedule",
    "DELETE": "schedules.delete_schedule",
}


@api_docs.describe_schedules
class SchedulesView(APIView):
    """The schedules; PUT and DELETE name theirs in the body, as clients of the older API do."""

    permissions = PERMISSIONS

    def get(self, request: Request) -> Response:
        """List them by name."""
        return list_page(self, list_schedules(), filters=ScheduleFilters, serializer=ScheduleSerializer)

    @answer_once
    def post(self, request: Request) -> Response:
        """Create one: an answer of 201 means that it is stored and will fire."""
        body = read_body(CreateScheduleBody, request)
        workflow = get_task_workflow(name=body.get("workflow_name"), workflow_id=body.get("workflow_id"))
        with _trigger_errors_named():
            schedule = create_schedule(
                draft=CreateScheduleBody.draft(body),
                workflow=workflow,
                actor=request.user.get_username(),
                user=request.user,
            )
        location = reverse("schedule", kwargs={"schedule_id": schedule.pk}, request=request)
        stored = get_schedule(schedule.pk)
        response = _answer(stored, "CREATED", status.HTTP_201_CREATED, warnings=_warnings(stored, body))
        response["Location"] = location
        return response

    def put(self, request: Request) -> Response:
        """Change name, trigger or its arguments."""
        body = read_body(PutScheduleBody, request)
        return _update(request, body.pop("schedule_id"), body)

    def delete(self, request: Request) -> Response:
        """Delete one."""
        body = read_body(DeleteScheduleBody, request)
        return _delete(request, body["schedule_id"], workflow_id=body.get("workflow_id"))


@api_docs.describe_schedule
class ScheduleView(APIView):
    """One schedule."""

    permissions = PERMISSIONS

    def get(self, request: Request, schedule_id: str) -> Response:
        """Show it."""
        schedule = get_schedule(_read_id(schedule_id))
        return Response(ScheduleSerializer(schedule).data | _warnings(schedule))

    def patch(self, request: Request, schedule_id: str) -> Response:
        """Change what the body names."""
        return _update(request, _read_id(schedule_id), read_body(PatchScheduleBody, request))

    def delete(self, request: Request, schedule_id: str) -> Response:
        """Delete it."""
        return _delete(request, _read_id(schedule_id))


@api_docs.describe_pause
class PauseScheduleView(APIView):
    """Pausing a schedule."""

    permissions = {"POST": "schedules.pause_schedule"}

    @answer_once
    def post(self, request: Request, schedule_id: str) -> Response:
        """Pause it; where it is paused, the new reason and end count."""
        body = read_body(PauseBody, request)
        schedule = pause_schedule(
            schedule_id=_read_id(schedule_id),
            reason=body["reason"],
            until=body.get("until"),
            actor=request.user.get_username(),
        )
        # Read again: the state that is shown is by the database's clock.
        paused = get_schedule(schedule.pk)
        return _answer(paused, "PAUSED", warnings=_warnings(paused))


@api_docs.describe_resume
class ResumeScheduleView(APIView):
    """Ending the pause of a schedule."""

    permissions = {"POST": "schedules.pause_schedule"}

    @answer_once
    def post(self, request: Request, schedule_id: str) -> Response:
        """Resume it, or let a broken one try again; nothing happens to one that is active."""
        read_body(EmptyBody, request)
        resumed = resume_schedule(schedule_id=_read_id(schedule_id), actor=request.user.get_username())
        schedule = get_schedule(resumed.pk)  # asks the clock that its pause was ended by
        return _answer(schedule, "RESUMED", warnings=_warnings(schedule))


@preview_docs.describe_preview
class SchedulePreviewView(APIView):
    """What a schedule would do that is not there."""

    # It writes nothing and costs no more than looking ahead at a stored one; who changes schedules wants it as well.
    permissions = {"POST": "schedules.view_schedule"}

    def post(self, request: Request) -> Response:
        """Answer its next times, or what is wrong with it."""
        body = read_body(PreviewBody, request)
        with _trigger_errors_named():
            preview = preview_draft(**PreviewBody.arguments(body))
        return Response(PreviewSerializer(preview).data)


@preview_docs.describe_next
class ScheduleNextView(APIView):
    """When a schedule runs."""

    permissions = {"GET": "schedules.view_schedule"}

    def get(self, request: Request, schedule_id: str) -> Response:
        """Answer its next times."""
        schedule = get_schedule(_read_id(schedule_id))
        after, count = read_preview_query(request)
        return Response(PreviewSerializer(preview_schedule(schedule=schedule, after=after, count=count)).data)


@api_docs.describe_firings
class FiringsView(APIView):
    """The ledger."""

    permissions = {"GET": "schedules.view_firing"}

    def get(self, request: Request) -> Response:
        """List it, what was decided last first."""
        return _list_history(request)


@api_docs.describe_schedule_firings
class ScheduleFiringsView(APIView):
    """The ledger of one schedule, which may be deleted by now."""

    permissions = {"GET": "schedules.view_firing"}

    def get(self, request: Request, schedule_id: str) -> Response:
        """List it, what was decided last first."""
        found = _read_id(schedule_id)
        if find_name_in_ledger(found) is None:
            get_schedule(found)
        answer = _list_history(request, of_schedule=found)
        if is_first_page(request):
            answer.data["unsettled"] = _unsettled(found)
        return answer


def _unsettled(schedule_id: UUID) -> Mapping[str, Any] | None:
    schedule = list_schedules().filter(pk=schedule_id).first()
    unsettled = find_unsettled(schedule, now=database_now()) if schedule else None
    return UnsettledSerializer(unsettled).data if unsettled else None


def _list_history(request: Request, *, of_schedule: UUID | None = None) -> Response:
    filters = read_filters(request, FiringFilters, rows=list_firings(), parameters=LONG_LIST_PARAMETERS)
    page = read_long_page(replace(filters.history, of_schedule=of_schedule), request)
    return Response(page.as_answer(show_rows(FiringSerializer, page.rows)))


def _read_id(text: str) -> UUID:
    return read_id(text, name="schedule_id", missing="Schedule does not exist")


def _update(request: Request, schedule_id: UUID, body: dict[str, object]) -> Response:
    with _trigger_errors_named():
        schedule = update_schedule(
            schedule_id=schedule_id,
            changes=PatchScheduleBody.changes(body),
            actor=request.user.get_username(),
            user=request.user,
        )
    return _answer(schedule, "UPDATED", warnings=_warnings(schedule, body))


def _delete(request: Request, schedule_id: UUID, *, workflow_id: UUID | None = None) -> Response:
    actor = request.user.get_username()
    return _answer(delete_schedule(schedule_id=schedule_id, workflow_id=workflow_id, actor=actor), "DELETED")


def _answer(
    schedule: Schedule, done: str, code: int = status.HTTP_200_OK, *, warnings: Mapping[str, Any] | None = None
) -> Response:
    """Answer the whole schedule, its warnings, and the two keys that clients of the older API read."""
    older = {"message": f"Schedule '{schedule.name}' {done.lower()}.", "status": done}
    return Response(ScheduleSerializer(schedule).data | dict(warnings or {}) | older, status=code)


def _warnings(schedule: Schedule, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the key `warnings`; some are about what the body has and the schedule has not."""
    notices = notices_of(schedule=schedule, kwargs_as_given=(body or {}).get("trigger_kwargs"))
    return {"warnings": NoticeSerializer(notices, many=True).data}


@contextmanager
def _trigger_errors_named() -> Iterator[None]:
    """Turn an error of the pure triggers into one that names field and value in the answer."""
    try:
        yield
    except TriggerError as error:
        raise InvalidValue(str(error), field=error.field, value=error.value) from error

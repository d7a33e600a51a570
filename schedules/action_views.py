"""Running schedules by hand, running past instants again, and doing one thing to many schedules."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from orchestrator_site.common.api import read_body, read_id
from orchestrator_site.common.idempotency.views import answer_once
from schedules import action_docs
from schedules.action_serializers import (
    BackfillBody,
    BackfillSerializer,
    BulkBody,
    BulkSerializer,
    RunBody,
)
from schedules.bulk_actions import PERMISSION_OF, Action, act_on_schedules, check_number
from schedules.running import backfill_schedule, run_schedule_now
from schedules.selectors import get_schedule, list_schedules
from schedules.serializers import ScheduleFilters
from tasks.selectors import get_task
from tasks.serializers import WholeTaskSerializer, make_context


@action_docs.describe_run
class RunScheduleView(APIView):
    """Running a schedule now."""

    permissions = {"POST": "schedules.run_schedule"}

    @answer_once
    def post(self, request: Request, schedule_id: str) -> Response:
        """Put a task of it on the queue; the schedule does not move."""
        body = read_body(RunBody, request)
        schedule = get_schedule(_read_id(schedule_id))
        task = run_schedule_now(schedule=schedule, actor=request.user.get_username(), user=request.user, **body)
        shown = WholeTaskSerializer(get_task(task.pk), context=make_context()).data
        location = reverse("task", kwargs={"task_id": task.pk}, request=request)
        return Response(shown, status=status.HTTP_202_ACCEPTED, headers={"Location": location})


@action_docs.describe_backfill
class BackfillScheduleView(APIView):
    """Running past instants of a schedule again."""

    permissions = {"POST": "schedules.run_schedule"}

    @answer_once
    def post(self, request: Request, schedule_id: str) -> Response:
        """Put a task on the queue for each instant, and say of each what came of it."""
        body = read_body(BackfillBody, request)
        done = backfill_schedule(
            schedule_id=_read_id(schedule_id),
            actor=request.user.get_username(),
            user=request.user,
            **BackfillBody.arguments(body),
        )
        code = status.HTTP_200_OK if done.is_dry_run else status.HTTP_202_ACCEPTED
        return Response(BackfillSerializer(done).data, status=code)


@action_docs.describe_bulk
class BulkSchedulesView(APIView):
    """Doing one thing to many schedules."""

    permissions = {"POST": "schedules.view_schedule"}

    @answer_once
    def post(self, request: Request) -> Response:
        """Do it to each, and say of each what came of it."""
        body = read_body(BulkBody, request)
        action = Action(body["action"])
        _check_may(request, action)
        results = act_on_schedules(
            ids=_find_ids(body), request=BulkBody.request(body, user=request.user), is_dry_run=body["dry_run"]
        )
        return Response(BulkSerializer({"dry_run": body["dry_run"], "action": action, "results": results}).data)


def _check_may(request: Request, action: Action) -> None:
    if not request.user.has_perm(PERMISSION_OF[action]):
        name, wanted = request.user.get_username(), PERMISSION_OF[action]
        raise PermissionDenied(f"{name} needs the permission '{wanted}' for the action '{action}'")


def _find_ids(body: dict[str, Any]) -> Sequence[UUID]:
    """Return the ids that a body names, or those of the schedules that its filter finds, by name."""
    if "ids" in body:
        return list(dict.fromkeys(body["ids"]))
    rows = ScheduleFilters(data=body["filter"], queryset=list_schedules()).qs
    check_number(rows.count(), field="filter")
    return list(rows.values_list("pk", flat=True))


def _read_id(text: str) -> UUID:
    return read_id(text, name="schedule_id", missing="Schedule does not exist")

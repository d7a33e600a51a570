"""Reading schedules and the ledger."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, QuerySet

from orchestrator_site.common.errors import NotFound
from schedules.models import Firing, Schedule


class ScheduleNotFound(NotFound):
    """No schedule has this id."""


def list_schedules() -> QuerySet[Schedule]:
    """Return the schedules with their workflows, by name."""
    return Schedule.objects.select_related("link__workflow").order_by("name", "id")


def list_linked_schedules() -> QuerySet[Schedule]:
    """Return the schedules that have a link to a workflow, by name."""
    return Schedule.objects.filter(link__isnull=False).order_by("name", "id")


def list_schedules_by_next_run() -> Sequence[Schedule]:
    """Return every schedule, what runs next first; those that run no more come last."""
    return list(list_schedules().order_by(F("next_run_at").asc(nulls_last=True), "name", "id"))


def get_schedule(schedule_id: UUID) -> Schedule:
    """Return one schedule.

    Raises:
        ScheduleNotFound: There is none of this id.
    """
    schedule = list_schedules().filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=str(schedule_id))
    return schedule


def lock_schedule(schedule_id: UUID) -> Schedule:
    """Return one schedule, and hold its row until the transaction ends.

    Raises:
        ScheduleNotFound: There is none of this id.
    """
    rows = Schedule.objects.select_for_update(of=("self",)).select_related("link__workflow")
    schedule = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=str(schedule_id))
    return schedule


def list_firings() -> QuerySet[Firing]:
    """Return the ledger, what was decided last first."""
    return Firing.objects.order_by("-id")

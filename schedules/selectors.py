"""Reading schedules and the ledger."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, Exists, F, Field, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from orchestrator_site.common.clock import DatabaseNow
from orchestrator_site.common.errors import NotFound
from schedules.models import Firing, Schedule, ScheduleState, ScheduleWorkflow
from tasks.freezing import freezes_in_force

# A pause whose end has passed stays in the row until a turn settles what it skipped; nobody is shown it any more.
_IS_RELEASED = Q(state=ScheduleState.PAUSED, paused_until__lte=DatabaseNow())
_ONCE_RELEASED: dict[str, Combinable] = {
    "state": Value(ScheduleState.ACTIVE),
    "state_since": F("paused_until"),
    "paused_at": Value(None),
    "paused_by": Value(""),
    "pause_reason": Value(""),
    "paused_until": Value(None),
}


class ScheduleNotFound(NotFound):
    """No schedule has this id."""


def list_schedules() -> QuerySet[Schedule]:
    """Return the schedules with their workflows and the `shown_state` of each, by name."""
    rows = Schedule.objects.select_related("link__workflow").annotate(shown_state=_shown("state"))
    return rows.order_by("name", "id")


def count_schedules_of(workflow_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many schedules run each of the workflows, those that have some: one statement."""
    links = ScheduleWorkflow.objects.filter(workflow_id__in=workflow_ids).values_list("workflow_id")
    return dict(links.annotate(Count("schedule_id")))


def list_linked_schedules() -> QuerySet[Schedule]:
    """Return the schedules that have a link to a workflow, by name; `shown_` begins what a pause has to do with."""
    shown = {f"shown_{name}": _shown(name) for name in _ONCE_RELEASED}
    return Schedule.objects.filter(link__isnull=False).annotate(**shown).order_by("name", "id")


def _shown(name: str) -> Case:
    """Return what people are shown of a column, by the clock of the database."""
    field = Schedule._meta.get_field(name)
    assert isinstance(field, Field), "these are columns"
    return Case(When(_IS_RELEASED, then=_ONCE_RELEASED[name]), default=F(name), output_field=field)


def as_shown(schedule: Schedule) -> Schedule:
    """Return a schedule as people are shown it: one whose pause is over is active, before a turn has said so.

    Where its query has asked the database for the state, that one counts, so that lists hold what they were asked for.
    """
    shown_state = getattr(schedule, "shown_state", schedule.current_state)
    if shown_state == schedule.state:
        return schedule
    released = copy(schedule)
    released.state, released.paused_at, released.paused_until = shown_state, None, None
    released.paused_by = released.pause_reason = ""
    released.state_since = schedule.paused_until or schedule.state_since
    return released


def list_schedules_by_next_run() -> Sequence[Schedule]:
    """Return every schedule, what runs next first; those that run no more come last."""
    return list(list_schedules().order_by(F("next_run_at").asc(nulls_last=True), "name", "id"))


def find_most_overdue(*, now: datetime) -> Schedule | None:
    """Return the schedule that has been due for longest; none while the engine is frozen, for nothing is to fire."""
    due = Schedule.objects.filter(~Exists(freezes_in_force(now=now)), next_run_at__lte=now)
    return due.order_by("next_run_at").first()


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


def find_name_in_ledger(schedule_id: UUID) -> str | None:
    """Return the name of a schedule as its last firing has it, also of a deleted one; None if it has no firing."""
    return list_firings().filter(schedule_id=schedule_id).values_list("schedule_name", flat=True).first()

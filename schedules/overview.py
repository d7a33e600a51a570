"""The ledger at a glance: how late firings were, and which planned instants did not run.

All of it is bounded, and is read by an index: a page shows it again every few seconds.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from orchestrator_site.common.clock import DatabaseNow
from orchestrator_site.common.ids import CLOCK_DIFFERENCE, first_id_at
from schedules.models import (
    UNUSUAL_OUTCOME,
    Firing,
    FiringCause,
    FiringOutcome,
    Schedule,
    SchedulerPulse,
    ScheduleState,
)

MAX_LATENESSES = 5_000

RAN = (FiringOutcome.STARTED, FiringOutcome.QUEUED)
NOT_RUN = tuple(outcome for outcome in FiringOutcome if outcome not in RAN)


class Shown(NamedTuple):
    """What a page says of a schedule: how it is called, and on whose clocks it runs."""

    name: str
    timezone: str


def find_shown(schedule_ids: Collection[UUID]) -> Mapping[UUID, Shown]:
    """Return the schedules that still exist, by id: one statement."""
    rows = Schedule.objects.filter(pk__in=schedule_ids).values_list("pk", "name", "timezone")
    return {pk: Shown(*rest) for pk, *rest in rows}


def find_last_pulse() -> datetime | None:
    """Return when a scheduler was last alive; None if none ever was."""
    return SchedulerPulse.objects.filter(pk=1).values_list("last_tick_at", flat=True).first()


def read_latenesses(*, since: datetime) -> Sequence[int]:
    """Return how late the latest firings of their own time were, in milliseconds and in order, 5,000 at most.

    What an outage or a freeze has kept is decided late by its nature, and does not count.
    """
    rows = Firing.objects.filter(pk__gte=first_id_at(since - CLOCK_DIFFERENCE), decided_at__gte=since).order_by("-pk")
    found = rows.values_list("lateness_ms", "cause", "outcome")[:MAX_LATENESSES]
    return sorted(late for late, cause, outcome in found if cause == FiringCause.SCHEDULE and outcome in RAN)


def count_not_run(*, since: datetime) -> Mapping[str, int]:
    """Return how many instants that were decided since a moment did not run, by what became of them."""
    # What was not counted, because there were too many, counts as one.
    instants = Sum(Coalesce("count", 1))
    return dict(_not_run(since).order_by().values_list("outcome").annotate(instants=instants))


def list_not_run(*, since: datetime, limit: int) -> Sequence[Firing]:
    """Return the instants that were decided since a moment and did not run, what was decided last first."""
    return list(_not_run(since).order_by("-pk")[:limit])


def _not_run(since: datetime) -> QuerySet[Firing]:
    # SQLite uses a partial index only where its very condition stands in the query.
    return Firing.objects.filter(
        UNUSUAL_OUTCOME,
        outcome__in=NOT_RUN,
        pk__gte=first_id_at(since - CLOCK_DIFFERENCE),
        decided_at__gte=since,
    )


def has_schedules() -> bool:
    """Tell whether there is any schedule."""
    return Schedule.objects.exists()


def count_paused() -> int:
    """Count the schedules that are paused, as people are shown them."""
    # A pause whose end has passed stays in the row until a turn settles it.
    lasts = Q(paused_until__isnull=True) | Q(paused_until__gt=DatabaseNow())
    return Schedule.objects.filter(lasts, state=ScheduleState.PAUSED).count()

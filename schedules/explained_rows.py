"""The rows of the ledger that may be about a moment; each query has an index, however many rows a schedule has."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from schedules.explaining import EXACT, NEAR, Asked, LedgerRow
from schedules.models import UNUSUAL_CAUSE, Firing, FiringCause
from schedules.triggers import MAX_SPREAD_SECONDS

# A minute may hold the instants of a schedule that fires every second.
MAX_ROWS = 100

_LONGEST_SPREAD = timedelta(seconds=MAX_SPREAD_SECONDS)
# The condition of the unique index of planned instants, which SQLite uses where it is given in the same words.
_IS_PLANNED = RawSQL("cause IN ('schedule', 'catchup')", (), BooleanField())  # nothing of it is given


def find_rows(schedule_id: UUID, asked: Asked, *, spread: timedelta) -> Sequence[LedgerRow]:
    """Return the rows of a schedule that may be about a moment, each once.

    Args:
        schedule_id: Whose.
        asked: The moment.
        spread: How much later than planned it runs now; it may have been another one then.
    """
    rows = {row.pk: row for each in _queries(schedule_id, asked, spread) for row in each}
    return [_row_of(row) for row in rows.values()]


def _queries(schedule_id: UUID, asked: Asked, spread: timedelta) -> Iterator[QuerySet[Firing]]:
    first, last = asked.starts[0], asked.starts[-1] + asked.span - EXACT
    of_schedule = Firing.objects.filter(schedule_id=schedule_id)
    planned = of_schedule.filter(_IS_PLANNED)
    meant = Q(scheduled_for__range=(first, last)) | Q(due_at__range=(first, last))
    around = planned.filter(meant, scheduled_for__range=(first - _LONGEST_SPREAD, last))
    yield around.order_by("scheduled_for")[:MAX_ROWS]
    # Instants are decided in their order, so the latest row before a moment is the only one that can hold it.
    for moment in dict.fromkeys((last, last - spread)):
        yield planned.filter(scheduled_for__lte=moment).order_by("-scheduled_for")[:1]
    # These are found by their cause, among those of all schedules: they are few.
    by_hand = Q(cause=FiringCause.MANUAL, scheduled_for__range=(first - NEAR, last + NEAR))
    again = Q(cause=FiringCause.BACKFILL, scheduled_for__range=(first, last))
    by_people = Firing.objects.filter(UNUSUAL_CAUSE).filter(by_hand | again)
    yield of_schedule.filter(pk__in=by_people.values("pk")).order_by("id")[:MAX_ROWS]


def _row_of(firing: Firing) -> LedgerRow:
    names = [name for name in LedgerRow.__dataclass_fields__ if name != "firing_id"]
    return LedgerRow(firing_id=firing.pk, **{name: getattr(firing, name) for name in names})

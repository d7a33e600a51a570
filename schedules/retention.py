"""How long the ledger keeps its rows."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Event
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from orchestrator_site.common.database import write_transaction
from schedules.models import Firing

BATCH_SIZE = 250

Place = tuple[datetime, UUID]

_REST = Event()  # nobody ever sets it


def delete_old_firings(
    *, decided_before: datetime, batch_size: int = BATCH_SIZE, rest: Callable[[float], object] = _REST.wait
) -> int:
    """Delete rows that were decided before a moment, a batch a transaction; return how many.

    The last row of each schedule is kept however old it is, also of one that is deleted: it says what the schedule did
    last. After each batch it rests as long as that took, so that on SQLite, which has one writer, the others find the
    database free every other time that they look.

    Args:
        decided_before: What was decided then or later is kept.
        batch_size: Rows that one transaction looks at.
        rest: Waits for so many seconds.
    """
    total = 0
    place: Place | None = None
    while True:
        batch = _next_batch(decided_before, place, batch_size)
        if not batch:
            return total
        place = batch[-1]
        started = time.monotonic()
        with write_transaction():
            total += _delete_all_but_last([pk for _, pk in batch])
        rest(time.monotonic() - started)


def _next_batch(decided_before: datetime, after: Place | None, size: int) -> list[Place]:
    """Return where the next rows are, the oldest first; those that were kept are not looked at again."""
    rows = Firing.objects.filter(decided_at__lt=decided_before)
    if after is not None:
        decided_at, pk = after
        behind = Q(decided_at__gt=decided_at) | Q(decided_at=decided_at, id__gt=pk)
        rows = rows.filter(behind, decided_at__gte=decided_at)
    return list(rows.order_by("decided_at", "id").values_list("decided_at", "id")[:size])


def _delete_all_but_last(ids: list[UUID]) -> int:
    later = Firing.objects.filter(schedule_id=OuterRef("schedule_id"), id__gt=OuterRef("id"))
    deleted, _ = Firing.objects.filter(Exists(later), pk__in=ids).delete()
    return deleted

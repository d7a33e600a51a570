"""Counting what is planned in each minute of the weeks to come, in the background and by one scheduler at a time."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, models
from django.db.models import F, Func, Q, Subquery

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import write_statement
from schedules.forecast_rows import as_forecast_rows, read_sources
from schedules.forecasting import Effort, EffortSpent, LoadCount, Source, Timetables, floor_to_minute
from schedules.models import PlannedLoad, Schedule

log = structlog.get_logger(__name__)

HORIZON_DAYS = 31
FIRST_STRETCH = timedelta(hours=1)
LOOK_SECONDS = 60.0
# How often the database is asked for the time: each look is one statement, but for this.
CLOCK_RESYNC_SECONDS = 3_600.0
# A table gets no older than this, and than that when schedules have changed since.
OLDEST = timedelta(minutes=15)
OLDEST_AFTER_CHANGES = timedelta(minutes=2)
# What one count may take, in steps and in seconds of waiting and working; then it covers less.
MAX_STEPS = 30_000_000
MAX_SECONDS = 300.0
# Nobody works on one count for longer; whoever has died is not waited for any longer either.
CLAIM = timedelta(seconds=2 * MAX_SECONDS)

_ROWS_AT_A_TIME = 500


class StoppedCounting(Exception):
    """A stop was asked for while a count was going on."""


class PacedEffort(Effort):
    """Work that takes a fifth of a core: after each slice it waits four times as long, or until it is to stop."""

    SHARE = 0.2
    SLICE_SECONDS = 0.02
    _STEPS_BETWEEN_LOOKS = 64

    __slots__ = ("_look_at", "_slice_began", "_stop")

    def __init__(self, *, steps: int, seconds: float, stop: threading.Event) -> None:
        super().__init__(steps=steps, seconds=seconds)
        self._stop = stop
        self._look_at = 0
        self._slice_began = time.thread_time()

    def spend(self, steps: int = 1) -> None:
        """Take steps off it, and rest when a slice is over.

        Raises:
            EffortSpent: There is nothing left.
            StoppedCounting: A stop was asked for.
        """
        super().spend(steps)
        if self.spent < self._look_at:
            return
        self._look_at = self.spent + self._STEPS_BETWEEN_LOOKS
        worked = time.thread_time() - self._slice_began
        if worked < self.SLICE_SECONDS:
            return
        if self._stop.wait(worked * (1 / self.SHARE - 1)):
            raise StoppedCounting
        self._slice_began = time.thread_time()


@dataclass(frozen=True, slots=True)
class Look:
    """What one statement tells about the table: how old it is, and whether it still holds."""

    as_of: datetime | None
    claimed_until: datetime | None
    has_changed: bool

    def is_to_count(self, now: datetime) -> bool:
        """Tell whether it is time to count again, and nobody does."""
        if self.claimed_until is not None and self.claimed_until > now:
            return False
        if self.as_of is None:
            return True
        return now - self.as_of > (OLDEST_AFTER_CHANGES if self.has_changed else OLDEST)


def look_at_load() -> Look:
    """Look at the table, and at whether schedules were created, changed or deleted since it was counted."""
    rows = PlannedLoad.objects.annotate(
        latest=_over_all("MAX", "updated_at", models.DateTimeField()),
        stored=_over_all("COUNT", "pk", models.IntegerField()),
    )
    row = rows.values_list("as_of", "claimed_until", "stored_schedules", "latest", "stored").first()
    if row is None:
        return Look(None, None, has_changed=True)
    as_of, claimed_until, stored_then, latest, stored = row
    has_newer = as_of is not None and latest is not None and latest > as_of
    return Look(as_of, claimed_until, has_changed=has_newer or stored != stored_then)


def _over_all(function: str, column: str, kind: "models.Field[Any, Any]") -> Subquery:
    """Return an aggregate over all schedules as a column; Django's own aggregates would group by the schedule."""
    found = Func(F(column), function=function, output_field=kind)
    return Subquery(Schedule.objects.order_by().annotate(found=found).values("found"))


def refresh_load(*, clock: Clock, stop: threading.Event, max_steps: int = MAX_STEPS) -> bool:
    """Count anew if it is time to; tell whether it was done.

    Args:
        clock: The database's time.
        stop: Ends the count; what was stored before stays.
        max_steps: What the count may take.
    """
    now = clock()
    look = look_at_load()
    if not look.is_to_count(now) or not _claim(look, now):
        return False
    began = time.monotonic()
    try:
        found = _count(now, PacedEffort(steps=max_steps, seconds=MAX_SECONDS, stop=stop))
    except BaseException:
        _release(now)
        raise
    is_stored = _release(now, **found)
    seconds, minutes = round(time.monotonic() - began, 1), len(found["counts"])
    log.info("planned_load_counted", seconds=seconds, minutes=minutes, is_stored=is_stored)
    return is_stored


def _claim(look: Look, now: datetime) -> bool:
    """Take the row for a while, if it is still as it was looked at; tell whether that is so."""
    with write_statement():
        PlannedLoad.objects.get_or_create(pk=1)
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    is_as_seen = Q(as_of__isnull=True) if look.as_of is None else Q(as_of=look.as_of)
    with write_statement():
        return PlannedLoad.objects.filter(is_free, is_as_seen, pk=1).update(claimed_until=now + CLAIM) == 1


def _release(claimed_at: datetime, **values: Any) -> bool:
    """Give the row back with what was counted; tell whether it was not another scheduler's by then."""
    with write_statement():
        ours = PlannedLoad.objects.filter(pk=1, claimed_until=claimed_at + CLAIM)
        return ours.update(claimed_until=None, **values) == 1


def _count(now: datetime, effort: Effort) -> dict[str, Any]:
    """Count all schedules, and return the columns of the table."""
    load = LoadCount(floor_to_minute(now))
    stored = Schedule.objects.count()
    try:
        for source in _read_all(effort):
            load.add(source)
        for end in _stretches(load.start):
            load.count_through(end, effort)
    except EffortSpent as error:
        log.warning("planned_load_cut_short", covers_until=load.finished_until.isoformat(), reason=str(error))
    return {
        "as_of": now,
        "starts_at": load.start,
        "counts": load.finished_counts,
        "stored_schedules": stored,
        "counted_schedules": load.schedules,
    }


def _read_all(effort: Effort) -> Iterator[Source]:
    """Yield every schedule that will run, a few at a time: no statement lasts while the thread rests."""
    rows = as_forecast_rows(Schedule.objects.order_by("pk"))
    timetables = Timetables()
    last: UUID | None = None
    while chunk := list((rows if last is None else rows.filter(pk__gt=last))[:_ROWS_AT_A_TIME]):
        effort.spend(len(chunk))
        yield from read_sources(chunk, timetables)
        last = chunk[-1][0]


def _stretches(start: datetime) -> Iterator[datetime]:
    """Yield the ends of the stretches that are counted one after the other: an hour, then day by day."""
    yield start + FIRST_STRETCH
    for days in range(1, HORIZON_DAYS + 1):
        yield start + timedelta(days=days)


def keep_load_fresh(stop: threading.Event, *, clock: Clock, look_seconds: float = LOOK_SECONDS) -> None:
    """Look once a minute whether it is time to count, until `stop` is set; an error is logged and waited out.

    The first look is a minute after the start, which belongs to what is due.
    """
    while not stop.wait(look_seconds):
        try:
            refresh_load(clock=clock, stop=stop)
        except StoppedCounting:
            log.info("planned_load_count_stopped")
        except Exception:  # the top of a loop
            log.exception("planned_load_failed")
        # Nobody needs it before the next look.
        connection.close()

"""What runs between two moments: the planned instants of all schedules, and the load in each minute.

Which schedules can have instants in a window? Those that run next within it, found by the index on the next run, of
which only as many as the list is long can matter; and those that run before it, which have to be asked, up to a limit
of work. Whatever is beyond the list is in the table of the planned load, which a scheduler keeps.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from orchestrator_site.common.clock import MAX_SHOWN_CHARACTERS, as_iso, database_now, read_instant
from orchestrator_site.common.errors import InvalidValue
from schedules.forecast_rows import as_forecast_rows, read_sources
from schedules.forecasting import (
    MINUTE,
    Effort,
    Planned,
    Source,
    Timetables,
    floor_to_minute,
    list_instants,
    list_spaced,
)
from schedules.models import PlannedLoad, Schedule
from schedules.triggers import HORIZON
from schedules.triggers.fires import Fire, describe_fires
from tasks.freezing import current_freeze
from tasks.models import EngineFreeze

MAX_INSTANTS = 500
LONGEST_WINDOW = timedelta(days=31)
DEFAULT_WINDOW = timedelta(days=1)
# What finding the spaced instants of a few schedules may take.
SPACED_STEPS = 20_000
SPACED_SECONDS = 0.1
# What asking the schedules that run before the window may take, in steps of triggers and rows, and in seconds.
MAX_STEPS = 300_000
MAX_SECONDS = 2.0

_ROWS_AT_A_TIME = 2_000


@dataclass(frozen=True, slots=True)
class Window:
    """From `start`, inclusive, to `end`, exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PlannedFire:
    """When a schedule will run, and what it runs; `workflow_name` is None when it is linked to none."""

    fire: Fire
    schedule_id: UUID
    name: str
    workflow_name: str | None


@dataclass(frozen=True, slots=True)
class MinuteLoad:
    """How many instants are planned in a minute."""

    minute: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is planned in a window.

    Attributes:
        window: The window.
        instants: The first ones, by time and name; every one before `exact_until` is there.
        exact_until: The end of the window, or where instants begin to be missing.
        as_of: When the load was counted; None if it never was.
        load: The minutes of the window in which something is planned; None if only some schedules were asked for.
        load_until: How far the load was counted.
        freeze: The freeze that is in force.
    """

    window: Window
    instants: Sequence[PlannedFire]
    exact_until: datetime
    as_of: datetime | None
    load: Sequence[MinuteLoad] | None
    load_until: datetime | None
    freeze: EngineFreeze | None

    @property
    def is_truncated(self) -> bool:
        """Whether some instants of the window may be missing in the list."""
        return self.exact_until < self.window.end


@dataclass(frozen=True, slots=True)
class Candidates:
    """Schedules that may run in a window; of those that run next at `known_until` or later, some are not among them."""

    sources: Iterator[Source]
    known_until: datetime


def read_window(start: str | None, end: str | None, *, now: datetime) -> Window:
    """Return the window that two texts name: from now, and for a day, where they are None.

    What has passed of it is left out: a beginning before now is now.

    Raises:
        InvalidValue: One of them is no moment, or they make no window.
    """
    first = now if start is None else max(now, _read_moment("from", start))
    if first > now + HORIZON:
        raise InvalidValue(
            f"'from' is {start!r}; nothing is planned more than ten years ahead", field="from", value=start
        )
    last = first + DEFAULT_WINDOW if end is None else _read_moment("to", end)
    if last <= now:
        right = "a forecast is of the time to come; the ledger has what was, /api/firings"
        raise InvalidValue(f"'to' is {end!r}, which has passed: {right}", field="to", value=end)
    if last <= first:
        raise InvalidValue(
            f"'to' is {end!r}; give a moment after {start!r}, the value of 'from'", field="to", value=end
        )
    if last - first > LONGEST_WINDOW:
        latest = as_iso(first + LONGEST_WINDOW)
        right = f"a window has at most {LONGEST_WINDOW.days} days, so give a moment up to {latest}"
        raise InvalidValue(f"'to' is {end!r}; {right}", field="to", value=end)
    return Window(first, last)


def _read_moment(name: str, text: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError as error:
        shown = text[:MAX_SHOWN_CHARACTERS]
        raise InvalidValue(f"'{name}': {error} (in an address, + is written %2B)", field=name, value=shown) from None


def forecast(
    *,
    start: str | None = None,
    end: str | None = None,
    schedules: QuerySet[Schedule] | None = None,
    max_steps: int = MAX_STEPS,
    now: datetime | None = None,
) -> Forecast:
    """Return what is planned between two moments.

    Args:
        start: Where the window begins, as somebody has written it; now if None.
        end: Where it ends; a day later if None.
        schedules: Only what these do; the load is that of all schedules, and is left out then.
        max_steps: What asking the schedules that run before the window may take.
        now: The database's time, unless it is to be read.

    Raises:
        InvalidValue: The two make no window.
    """
    now = now or database_now()
    window = read_window(start, end, now=now)
    rows = as_forecast_rows(Schedule.objects.all() if schedules is None else schedules)
    effort = Effort(steps=max_steps, seconds=MAX_SECONDS)
    candidates = _find_candidates(rows, window)
    listing = list_instants(candidates.sources, start=window.start, end=window.end, limit=MAX_INSTANTS, effort=effort)
    listing.doubt_from(candidates.known_until)
    load = PlannedLoad.objects.first() if schedules is None else None
    return Forecast(
        window=window,
        instants=_describe(listing.instants),
        exact_until=listing.exact_until,
        as_of=load.as_of if load else None,
        load=_load_within(load, window) if schedules is None else None,
        load_until=load.covers_until if load else None,
        freeze=current_freeze(now=now),
    )


def find_spaced(
    *, schedule_ids: Collection[UUID], start: datetime, end: datetime, apart: timedelta
) -> Mapping[UUID, Sequence[datetime]]:
    """Return when each of a few schedules runs, one instant of those that are less than `apart` apart: one statement.

    The effort is shared: where it is spent, the last of them have fewer.
    """
    rows = as_forecast_rows(Schedule.objects.filter(pk__in=schedule_ids)).order_by()
    effort = Effort(steps=SPACED_STEPS, seconds=SPACED_SECONDS)
    return {
        source.schedule_id: list(list_spaced(source, start=start, end=end, apart=apart, effort=effort))
        for source in read_sources(rows, Timetables())
    }


def _find_candidates(rows: QuerySet[Schedule, tuple[Any, ...]], window: Window) -> Candidates:
    """Return all schedules that can have one of the first instants of the window, those that surely have one first."""
    # Without an end PostgreSQL reads them from the index, also while it has no statistics of a table that has grown.
    following = rows.filter(next_run_at__gte=window.start).order_by("next_run_at", "pk")[: MAX_INSTANTS + 1]
    # A one-shot has nothing but its next run.
    before = rows.filter(next_run_at__lt=window.start).exclude(trigger="date").order_by("next_run_at")
    timetables = Timetables()
    first_rows = [row for row in following if row[1] < window.end]
    # One that a scheduler moves between the two statements would be there twice.
    seen = {schedule_id for schedule_id, *_ in first_rows}
    asked = read_sources(before.iterator(chunk_size=_ROWS_AT_A_TIME), timetables)
    return Candidates(
        chain(read_sources(first_rows, timetables), (each for each in asked if each.schedule_id not in seen)),
        known_until=first_rows[-1][1] if len(first_rows) > MAX_INSTANTS else window.end,
    )


def _describe(instants: Sequence[Planned]) -> list[PlannedFire]:
    """Return the instants with the names that people know; what was deleted just now is left out."""
    ids = {planned.source.schedule_id for planned in instants}
    columns = ("pk", "name", "timezone", "link__workflow__name")
    names = {pk: rest for pk, *rest in Schedule.objects.filter(pk__in=ids).values_list(*columns)}
    found = [_described(each, *names[each.source.schedule_id]) for each in instants if each.source.schedule_id in names]
    return sorted(found, key=lambda each: (each.fire.at, each.name, each.schedule_id))


def _described(planned: Planned, name: str, timezone: str, workflow_name: str | None) -> PlannedFire:
    source = planned.source
    offset = source.offset
    [fire] = describe_fires(source.timetable.trigger, timezone=timezone, times=[planned.at - offset])
    return PlannedFire(fire.later_by(offset) if offset else fire, source.schedule_id, name, workflow_name)


def _load_within(load: PlannedLoad | None, window: Window) -> list[MinuteLoad]:
    """Return the minutes of the window, also those that it only touches, in which something is planned."""
    if load is None or load.starts_at is None:
        return []
    first = max(load.starts_at, floor_to_minute(window.start))
    begin = (first - load.starts_at) // MINUTE
    number = max(0, -((first - window.end) // MINUTE))
    counts = islice(load.counts, begin, begin + number)
    return [MinuteLoad(first + place * MINUTE, count) for place, count in enumerate(counts) if count]


def as_json(found: Forecast) -> Mapping[str, Any]:
    """Return a forecast as plain data for JSON."""
    return {
        "from": as_iso(found.window.start),
        "to": as_iso(found.window.end),
        "truncated": found.is_truncated,
        "exact_until": as_iso(found.exact_until),
        "instants": [
            {
                "at": as_iso(each.fire.at),
                "local": each.fire.local.isoformat(),
                "offset": each.fire.offset,
                "dst": each.fire.dst,
                "schedule_id": str(each.schedule_id),
                "name": each.name,
                "workflow_name": each.workflow_name,
            }
            for each in found.instants
        ],
        "as_of": as_iso(found.as_of),
        "load_until": as_iso(found.load_until),
        "load": found.load and [{"minute": as_iso(each.minute), "count": each.count} for each in found.load],
        "frozen": found.freeze and {"reason": found.freeze.reason, "until": as_iso(found.freeze.until)},
    }

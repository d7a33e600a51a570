"""`cron`: a pattern on the wall clock, mapped to real time.

The pattern itself is APScheduler's, evaluated on a clock without DST (that of UTC, standing for the wall). Where a zone
changes its offset, two rules apply, those of Debian's cron(8). Fixed times of day, whose minute and hour both do not
begin with `*`, happen once on every day: one that the clocks jump over runs at the first instant after the gap, one
that the clocks show twice runs the first time. All other patterns follow elapsed time: what the clocks jump over does
not happen, what they show twice happens twice.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger as Pattern

from schedules.triggers.base import HORIZON, TriggerError, in_utc
from schedules.triggers.fields import Kwargs

FIELDS = ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second")
ARGUMENTS = (*FIELDS, "start_date", "end_date")

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class CronTrigger:
    """Fires when the wall clock of `zone` matches the fields, within `start` and `end`, both inclusive."""

    __slots__ = ("_end", "_has_fixed_time", "_is_utc", "_lock", "_pattern", "_start", "_zone")

    def __init__(self, kwargs: Kwargs, *, zone: ZoneInfo, start: datetime | None, end: datetime | None) -> None:
        self._pattern = _build_pattern(kwargs)
        self._lock = threading.Lock()
        expressions = {field.name: str(field) for field in self._pattern.fields}
        self._has_fixed_time = not (expressions["hour"].startswith("*") or expressions["minute"].startswith("*"))
        self._zone = zone
        self._is_utc = zone.key in {"UTC", "Etc/UTC"}
        self._start, self._end = start, end

    def __str__(self) -> str:
        return str(self._pattern)

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first instant strictly after `instant`."""
        after = instant
        if self._start is not None and instant < self._start:
            after = self._start - _TICK
        try:
            found = self._find(in_utc(after))
        except (OverflowError, ValueError):  # past the year 9999
            return None
        return found if found is None or self._end is None or found <= self._end else None

    def _find(self, after: datetime) -> datetime | None:
        if self._is_utc:
            return self._match(after + _TICK)
        return self._find_fixed_time(after) if self._has_fixed_time else self._find_elapsed(after)

    def _find_fixed_time(self, after: datetime) -> datetime | None:
        """Walk the matching wall times; their real times never go back, so the first one after `after` is it."""
        wall = self._match(self._wall(after) + _TICK)
        while wall is not None:
            instant = self._real_time(wall)
            if instant > after:
                return instant
            wall = self._match(wall + _TICK)  # a first reading inside of a fold, when `after` is in its second one
        return None

    def _find_elapsed(self, after: datetime) -> datetime | None:
        """Match within one offset; where a transition comes before the match, begin again at the transition."""
        start = after + _TICK
        while start - after < HORIZON:
            offset = self._offset(start)
            wall = self._match(start + offset)
            transition = self._next_transition(start, min(wall - offset, after + HORIZON) if wall else after + HORIZON)
            if transition is None:
                return wall - offset if wall else None
            start = transition
        return None

    def _match(self, wall: datetime) -> datetime | None:
        """Return the first reading at or after `wall` that matches; readings are carried as if they were UTC."""
        # Without an end, a pattern that matches no day (30 February) would be looked for up to the year 9999.
        # Threads share a trigger, and one that looks at 1990 must not cut short another that looks at 2030.
        with self._lock:
            self._pattern.end_date = wall + HORIZON
            found: datetime | None = self._pattern.get_next_fire_time(None, wall)
        return found

    def _wall(self, instant: datetime) -> datetime:
        return instant + self._offset(instant)

    def _offset(self, instant: datetime) -> timedelta:
        offset = instant.astimezone(self._zone).utcoffset()
        assert offset is not None, "a ZoneInfo always knows its offset"
        return offset

    def _real_time(self, wall: datetime) -> datetime:
        """Return when the clocks show `wall` (the first time), or the first instant after the gap that swallows it."""
        local = wall.replace(tzinfo=self._zone)
        instant = in_utc(local)
        if self._wall(instant) == wall:
            return instant
        before = in_utc(local.replace(fold=1))  # PEP 495: in a gap, fold=1 lies before the transition
        return self._bisect(before, instant)

    def _next_transition(self, start: datetime, end: datetime) -> datetime | None:
        """Return the first instant after `start`, up to `end`, from which on another offset holds."""
        offset = self._offset(start)
        for day_end in _days(start, end):
            if self._offset(day_end) != offset:
                return self._bisect(max(start, day_end - _DAY), day_end)
        return None

    def _bisect(self, before: datetime, after: datetime) -> datetime:
        """Return the second in which the offset of `before` becomes that of `after`."""
        offset = self._offset(before)
        low, high = int(before.timestamp()), int(after.timestamp()) + 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(datetime.fromtimestamp(middle, UTC)) == offset:
                low = middle
            else:
                high = middle
        return datetime.fromtimestamp(high, UTC)


def _build_pattern(kwargs: Kwargs) -> Pattern:
    fields: dict[str, Any] = {name: kwargs[name] for name in FIELDS if kwargs.get(name) is not None}
    for name, value in fields.items():
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TriggerError(
                f"'{name}' is {value!r}; give a number or an expression such as '*/5' or 'mon-fri'",
                field=f"trigger_kwargs.{name}",
                value=value,
            )
        _check_field(name, value)
    if not fields:
        raise TriggerError(f"trigger 'cron' needs at least one of {', '.join(FIELDS)}", value=dict(kwargs))
    return Pattern(**fields, timezone=UTC)


def _check_field(name: str, value: int | str) -> None:
    try:
        Pattern(**{name: value}, timezone=UTC)
    except (ValueError, TypeError) as error:
        raise TriggerError(f"'{name}' is {value!r}: {error}", field=f"trigger_kwargs.{name}", value=value) from error


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    day = start + _DAY
    while day < end:
        yield day
        day += _DAY
    yield end

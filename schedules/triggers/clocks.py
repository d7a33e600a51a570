"""The clocks of a time zone: the stretches of time in which its offset stays the same, and what lies between them.

`zoneinfo` knows the offset of any moment, but not when it changes. It is asked for every day of ten years, and where
two days differ the second of the change is found by halving. Such a table is made once per zone and decade.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NOTHING = timedelta(0)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_YEARS = 10
# A table looks this far beyond its decade, so that it knows of a change close to its end.
_MARGIN = timedelta(days=3)
# Outside of these years datetime has no room for the margin; their clocks are taken to be those of the nearest one.
_FIRST_YEAR, _LAST_YEAR = 2, 9999


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one offset, from `start` up to `end`; the end of a table ends one as well.

    Attributes:
        offset: What the clocks show is the moment in UTC plus this.
        skipped: How many readings before its first one never were, because the clocks were set forward.
        repeats: For how long its beginning shows readings of the stretch before once more.
        is_repeated: For how long its end shows readings that the next stretch shows once more.
    """

    start: datetime
    end: datetime
    offset: timedelta
    skipped: timedelta = NOTHING
    repeats: timedelta = NOTHING
    is_repeated: timedelta = NOTHING


_UTC = Stretch(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), NOTHING)


@dataclass(frozen=True, slots=True)
class Gap:
    """Readings that never were, from `first` up to `end` (without a zone); at `at` the clocks were set forward."""

    at: datetime
    first: datetime
    end: datetime


def stretch_at(zone: ZoneInfo, instant: datetime) -> Stretch:
    """Return the stretch of a moment in UTC."""
    if zone.key == "UTC":
        return _UTC
    starts, stretches = _table(zone, instant.year // _YEARS)
    return stretches[max(bisect_right(starts, instant) - 1, 0)]


def gaps_between(zone: ZoneInfo, start: datetime, end: datetime) -> list[Gap]:
    """Return the gaps of a zone's clocks after `start` and up to `end`, moments in UTC."""
    gaps = []
    stretch = stretch_at(zone, start)
    while stretch.end <= end and stretch.end > start:
        start = stretch.end
        stretch = stretch_at(zone, start)
        if stretch.skipped and stretch.start == start:
            reading = (start + stretch.offset).replace(tzinfo=None)
            gaps.append(Gap(start, reading - stretch.skipped, reading))
    return gaps


def is_shown_twice(zone: ZoneInfo, instant: datetime) -> bool:
    """Tell whether the clocks show the reading of this moment a second time, before or after it."""
    stretch = stretch_at(zone, instant)
    return instant < stretch.start + stretch.repeats or instant >= stretch.end - stretch.is_repeated


def first_moment_of(reading: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC at which the clocks show a reading for the first time.

    One that they skip is read as the first moment after the gap.

    Raises:
        OverflowError: It lies before the year 1 or after the year 9999.
    """
    moment = reading.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == reading:
        return moment
    return stretch_at(zone, moment).start  # PEP 495: with fold=0 a reading in a gap lies after the change


def clear_cache() -> None:
    """Forget all zones: their data has changed."""
    _table.cache_clear()


@lru_cache(maxsize=4_096)
def _table(zone: ZoneInfo, decade: int) -> tuple[list[datetime], list[Stretch]]:
    first = datetime(max(decade * _YEARS, _FIRST_YEAR), 1, 1, tzinfo=UTC)
    following = datetime(min(decade * _YEARS + _YEARS, _LAST_YEAR), 1, 1, tzinfo=UTC)
    changes = list(_changes(zone, first - _MARGIN, following + _MARGIN))
    starts = [first - _MARGIN, *changes]
    ends = [*changes, max(following + _DAY, starts[-1])]
    offsets = [_offset(zone, each) for each in starts]
    before = [offsets[0], *offsets]
    after = [*offsets[1:], offsets[-1]]
    stretches = [
        Stretch(
            start=starts[index],
            end=ends[index],
            offset=offset,
            skipped=max(offset - before[index], NOTHING),
            repeats=max(before[index] - offset, NOTHING),
            is_repeated=max(offset - after[index], NOTHING),
        )
        for index, offset in enumerate(offsets)
    ]
    return starts, stretches


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments between the two from which on another offset holds."""
    day = start
    while day < end:
        day_end = min(day + _DAY, end)
        change = _first_change(zone, day, day_end)
        if change is not None:
            yield change
        day = change or day_end


def _first_change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime | None:
    offset = _offset(zone, low)
    if _offset(zone, high) == offset:
        return None
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None, "a ZoneInfo always knows its offset"
    return offset

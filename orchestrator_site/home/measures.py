"""Counting and measuring for the first page. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)
MINUTES_IN_HOUR = 60
# From which share of the fullest minute on a minute is of step 2, 3, 4, 5; all others in which something runs are of 1.
STEPS = (0.1, 0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A minute in which something runs; `column` is the minute of the clocks."""

    column: int
    at: datetime
    count: int
    step: int


@dataclass(frozen=True, slots=True)
class HeatRow:
    """An hour of the clocks, or what a change of the clocks leaves of it; `end` is exclusive."""

    start: datetime
    end: datetime
    cells: Sequence[HeatCell]

    @property
    def total(self) -> int:
        """How many instants it has."""
        return sum(cell.count for cell in self.cells)

    @property
    def fullest(self) -> HeatCell | None:
        """The first minute of those with the most instants."""
        return max(self.cells, key=lambda cell: cell.count, default=None)


def make_rows(load: Mapping[datetime, int], *, start: datetime, end: datetime, zone: tzinfo) -> Sequence[HeatRow]:
    """Return the hours from a moment on and before another one, each with its minutes, on the clocks of a zone.

    An hour that the clocks show twice is there twice.
    """
    most = max(load.values(), default=0)
    hours: dict[tuple[object, ...], list[datetime]] = {}
    minute = start.replace(second=0, microsecond=0)
    while minute < end:
        local = minute.astimezone(zone)
        hours.setdefault((local.date(), local.hour, local.utcoffset()), []).append(minute)
        minute += MINUTE
    return [HeatRow(found[0], found[-1] + MINUTE, list(_cells(found, load, most, zone))) for found in hours.values()]


def _cells(minutes: Iterable[datetime], load: Mapping[datetime, int], most: int, zone: tzinfo) -> Iterable[HeatCell]:
    for minute in minutes:
        if count := load.get(minute, 0):
            yield HeatCell(minute.astimezone(zone).minute, minute, count, find_step(count, most))


def find_step(count: int, most: int) -> int:
    """Return of which of five steps a number is, of which the largest is `most`."""
    return 1 + sum(count >= share * most for share in STEPS)


def find_worst(load: Mapping[datetime, int], *, number: int) -> Sequence[tuple[datetime, int]]:
    """Return the minutes in which the most is planned, the fullest first; of several that are alike, the earliest."""
    return sorted(load.items(), key=lambda each: (-each[1], each[0]))[:number]


def add_up(counts: Iterable[tuple[datetime, int]], *, start: datetime, slot: timedelta) -> Mapping[datetime, int]:
    """Return how many there are in each slot of a length, counted from `start`; slots with none are not there."""
    sums: dict[datetime, int] = {}
    for at, count in counts:
        begin = start + (at - start) // slot * slot
        sums[begin] = sums.get(begin, 0) + count
    return sums

"""How many instants are planned in each minute.

Schedules are not looked at one by one. Those with the same timetable that differ in nothing that a minute shows are
counted once and weigh as many as they are: intervals of five minutes, however many, are five cases.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import lcm

from schedules.forecasting.effort import Effort
from schedules.forecasting.timetables import LONGEST_SPREAD, NOTHING, TICK, Calendar, Grid, OneShot, Source
from schedules.triggers import BoundsExceeded

MINUTE = timedelta(minutes=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
# Counting this many schedules in one minute is as much work as one step of a trigger.
_CHEAP = 16


def floor_to_minute(moment: datetime) -> datetime:
    """Return the beginning of the minute in which a moment lies."""
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class _GridCase:
    """Intervals alike: period and first instant in microseconds, and how many instants there are; None is no end."""

    period_us: int
    first_us: int
    number: int | None


@dataclass(slots=True)
class _CalendarCases:
    """Schedules of one timetable, by their offset and their next run; and the nominal instant that is counted next."""

    weights: Counter[tuple[timedelta, datetime]] = field(default_factory=Counter)
    upcoming: datetime | None = None
    has_begun: bool = False


class LoadCount:
    """Counts the instants of schedules, from the minute `start` on, stretch by stretch.

    What it has counted is right up to `finished_until`, however it was interrupted.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.finished_until = start
        self.schedules = 0
        self._counts: list[int] = []
        self._singles: Counter[datetime] = Counter()
        self._grids: Counter[_GridCase] = Counter()
        self._calendars: dict[int, tuple[Calendar, _CalendarCases]] = {}

    @property
    def finished_counts(self) -> list[int]:
        """How many instants there are in each minute from `start` to `finished_until`."""
        return self._counts[: (self.finished_until - self.start) // MINUTE]

    def add(self, source: Source) -> None:
        """Take a schedule into account."""
        self.schedules += 1
        match source.timetable:
            case OneShot():
                self._singles[floor_to_minute(source.next_run_at)] += 1
            case Grid() as grid:
                self._grids[_grid_case(grid, source)] += 1
            case Calendar() as calendar:
                _, cases = self._calendars.setdefault(id(calendar), (calendar, _CalendarCases()))
                cases.weights[source.offset, source.next_run_at] += 1

    def count_through(self, end: datetime, effort: Effort) -> None:
        """Count what is planned from `finished_until` up to `end`, whole minutes from the start.

        Raises:
            EffortSpent: There is nothing left of it.
        """
        start = self.finished_until
        # A spread is a day at most: what is planned in this stretch may run as late as that.
        minutes = (end + LONGEST_SPREAD + MINUTE - self.start) // MINUTE
        self._counts += [0] * (minutes - len(self._counts))
        for minute, weight in self._singles.items():
            if start <= minute < end:
                self._count_at(minute, weight)
        for case, weight in self._grids.items():
            self._count_grid(case, weight, _us(start), _us(end), effort)
        for calendar, cases in self._calendars.values():
            self._count_calendar(calendar, cases, end, effort)
        self.finished_until = end

    def _count_at(self, moment: datetime, weight: int) -> None:
        place = (moment - self.start) // MINUTE
        if place >= 0:
            self._counts[place] += weight

    def _count_grid(self, case: _GridCase, weight: int, start_us: int, end_us: int, effort: Effort) -> None:
        period, first = case.period_us, case.first_us
        begin = max(0, -((first - start_us) // period))
        stop = max(0, -((first - end_us) // period))
        if case.number is not None:
            stop = min(stop, case.number)
        if begin >= stop:
            return
        # Where the stretch's instants lie, counted from the first minute of all.
        offset = first - _us(self.start)
        first_place = (offset + begin * period) // _MINUTE_US
        last_place = (offset + (stop - 1) * period) // _MINUTE_US
        if period % _MINUTE_US == 0:
            effort.spend(1 + (stop - begin) // _CHEAP)
            _add(self._counts, slice(first_place, last_place + 1, period // _MINUTE_US), weight)
        elif period > _MINUTE_US:
            effort.spend(1 + (stop - begin) // _CHEAP)
            for at in range(offset + begin * period, offset + stop * period, period):
                self._counts[at // _MINUTE_US] += weight
        else:
            effort.spend(1 + (last_place - first_place) // _CHEAP)
            for places, number in _numbers_per_minute(offset, period, begin, stop):
                _add(self._counts, places, weight * number)

    def _count_calendar(self, calendar: Calendar, cases: _CalendarCases, end: datetime, effort: Effort) -> None:
        if not cases.has_begun:
            cases.has_begun = True
            longest = max(offset for offset, _ in cases.weights)
            cases.upcoming = _next_of(calendar, self.start - longest, effort)
        while cases.upcoming is not None and cases.upcoming < end:
            effort.spend(1 + len(cases.weights) // _CHEAP)
            for (offset, next_run_at), weight in cases.weights.items():
                at = cases.upcoming + offset if offset else cases.upcoming
                if at >= next_run_at:
                    self._count_at(at, weight)
            cases.upcoming = _next_of(calendar, cases.upcoming + TICK, effort)


def _grid_case(grid: Grid, source: Source) -> _GridCase:
    """Return the case of an interval: its first instant is rounded down as far as no minute tells the difference."""
    offset = source.offset if grid.end is not None else NOTHING
    number = None if grid.end is None else (grid.end + offset - source.next_run_at) // grid.period + 1
    first_us, period_us = _us(source.next_run_at), grid.period // TICK
    for unit in (_MINUTE_US, _SECOND_US):
        if period_us % unit == 0:
            return _GridCase(period_us, first_us // unit * unit, number)
    return _GridCase(period_us, first_us, number)


def _add(counts: list[int], places: slice, number: int) -> None:
    counts[places] = [count + number for count in counts[places]]


def _numbers_per_minute(offset: int, period: int, begin: int, stop: int) -> Iterator[tuple[slice, int]]:
    """Yield how many of the instants `begin` … `stop - 1` of a grid lie in each minute, for minutes that are alike.

    The first and the last one may lack some; between them the numbers repeat as soon as a period and a minute meet.
    """

    def count_before(place: int) -> int:
        return min(stop, max(begin, -((offset - place * _MINUTE_US) // period)))

    first = (offset + begin * period) // _MINUTE_US
    last = (offset + (stop - 1) * period) // _MINUTE_US
    cycle = lcm(period, _MINUTE_US) // _MINUTE_US
    yield slice(first, first + 1), count_before(first + 1) - begin
    for place in range(first + 1, min(first + 1 + cycle, last)):
        yield slice(place, last, cycle), count_before(place + 1) - count_before(place)
    if last > first:
        yield slice(last, last + 1), stop - count_before(last)


def _next_of(calendar: Calendar, nominal: datetime, effort: Effort) -> datetime | None:
    """Return the first instant from a moment on; None also where one evaluation does not find it."""
    try:
        return calendar.evaluate(nominal, effort)
    except BoundsExceeded:  # the turn that looks for it will find the same, and the schedule breaks
        return None


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // TICK

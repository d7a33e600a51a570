"""Cron patterns on a clock that is never set: which reading matches next.

APScheduler's own evaluation is right there, but it cannot be interrupted, and it makes a new datetime for each field
that it tries. Here each field is a sorted tuple of values, and the days of a month are worked out once.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from schedules.triggers.budget import Budget
from schedules.triggers.cron_fields import Field, LastDay, NthWeekday, Span

_SECOND = timedelta(seconds=1)
# Twelve months of a hundred years: more are worked out anew.
_MAX_MONTHS_KEPT = 1_200


class Pattern:
    """Eight fields that have to match all; with `is_union` the day of the month or the weekday is enough.

    Readings of the clock are passed as if they were moments in UTC. Threads may share a pattern.
    """

    __slots__ = ("_days", "_fields", "_hours", "_is_union", "_minutes", "_months", "_seconds", "_years", "last_year")

    def __init__(self, fields: Mapping[str, Field], *, is_union: bool = False) -> None:
        self._fields = fields
        self._is_union = is_union
        self._months = fields["month"].values()
        self._hours, self._minutes, self._seconds = (fields[name].values() for name in ("hour", "minute", "second"))
        self._years = None if fields["year"].is_every else fields["year"].values()
        self.last_year = self._years[-1] if self._years else 9999
        self._days: dict[tuple[int, int], tuple[int, ...]] = {}

    def first_from(self, reading: datetime, end: datetime, budget: Budget) -> datetime | None:
        """Return the first reading that matches, from `reading` on and before `end`."""
        if reading.microsecond:
            reading = reading.replace(microsecond=0) + _SECOND
        year, month, day = reading.year, reading.month, reading.day
        days = self._days_of(year, month)
        if day in days and (time := self._time_from(reading.hour, reading.minute, reading.second)):
            return _before(end, datetime(year, month, day, *time, tzinfo=UTC))
        day += 1
        while True:
            index = bisect_left(days, day)
            if index < len(days):
                first = (self._hours[0], self._minutes[0], self._seconds[0])
                return _before(end, datetime(year, month, days[index], *first, tzinfo=UTC))
            budget.spend()
            following = self._month_after(year, month)
            if following is None or following >= (end.year, end.month + 1):
                return None
            year, month = following
            day, days = 1, self._days_of(year, month)

    def _month_after(self, year: int, month: int) -> tuple[int, int] | None:
        index = bisect_left(self._months, month + 1)
        if index < len(self._months) and self._has_year(year):
            return year, self._months[index]
        following = self._year_from(year + 1)
        return None if following is None else (following, self._months[0])

    def _has_year(self, year: int) -> bool:
        return self._years is None or self._year_from(year) == year

    def _year_from(self, year: int) -> int | None:
        if self._years is None:
            return year if year <= self.last_year else None
        index = bisect_left(self._years, year)
        return self._years[index] if index < len(self._years) else None

    def _time_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """Return the first time of day that matches, from this one on."""
        hours, minutes, seconds = self._hours, self._minutes, self._seconds
        index = bisect_left(seconds, second)
        if index == len(seconds):
            minute += 1
            index = 0
        second = seconds[index]
        index = bisect_left(minutes, minute)
        if index == len(minutes):
            hour += 1
            index = 0
        if minutes[index] != minute:
            minute, second = minutes[index], seconds[0]
        index = bisect_left(hours, hour)
        if index == len(hours):
            return None
        if hours[index] != hour:
            return hours[index], minutes[0], seconds[0]
        return hour, minute, second

    def _days_of(self, year: int, month: int) -> tuple[int, ...]:
        days = self._days.get((year, month))
        if days is None:
            days = self._work_out_days(year, month)
            if len(self._days) >= _MAX_MONTHS_KEPT:
                self._days.clear()
            self._days[year, month] = days
        return days

    def _work_out_days(self, year: int, month: int) -> tuple[int, ...]:
        if month not in self._months or not self._has_year(year):
            return ()
        length = monthrange(year, month)[1]
        by_day = _days_matching(self._fields["day"], year, month)
        by_weekday = _days_matching(self._fields["day_of_week"], year, month)
        found = by_day | by_weekday if self._is_union else by_day & by_weekday
        if not self._fields["week"].is_every:
            weeks = set(self._fields["week"].values())
            found = {day for day in found if date(year, month, day).isocalendar().week in weeks}
        return tuple(sorted(day for day in found if day <= length))


def _before(end: datetime, found: datetime) -> datetime | None:
    return found if found < end else None


def _days_matching(field: Field, year: int, month: int) -> set[int]:
    """Return the days of a month that a field matches, be it that of days or that of weekdays."""
    first_weekday, length = monthrange(year, month)
    days: set[int] = set()
    for item in field.items:
        match item:
            case LastDay():
                days.add(length)
            case NthWeekday(position, weekday):
                matching = range((weekday - first_weekday) % 7 + 1, length + 1, 7)
                days.update(matching[position if position < 0 else position - 1 :][:1])
            case Span() if field.name == "day":
                days.update(day for day in item if day <= length)
            case Span():
                days.update(day for day in range(1, length + 1) if (first_weekday + day - 1) % 7 in item)
    return days

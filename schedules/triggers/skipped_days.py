"""Days that some months do not have: where a trigger plans something on the 29th, 30th or 31st."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schedules.triggers.base import HORIZON, later_by
from schedules.triggers.cron_fields import Field, LastDay, Span, read_fields
from schedules.triggers.crontab import read_crontab
from schedules.triggers.fields import Bounds, Kwargs, read_bounds, read_count
from schedules.triggers.summary.days import is_every
from schedules.triggers.summary.moments import read_clock
from schedules.triggers.summary.words import MONTH_NAMES, join_words, ordinal

# Every month has so many days, and only February has no more.
_SHORTEST_MONTH = 28
_LEAP_DAY = 29
_MONTHS = 12


def say_skipped_cron_days(kwargs: Kwargs, *, zone: ZoneInfo, after: datetime) -> Iterator[str]:
    """Yield a sentence for each day of a cron pattern that some of its months do not have."""
    is_crontab = kwargs.get("crontab") is not None
    fields = read_crontab(kwargs["crontab"]).fields if is_crontab else read_fields(kwargs)
    day = fields["day"]
    if is_every(day) or any(isinstance(item, LastDay) for item in day.items):
        return
    months = [month for month in _months_within(read_bounds(kwargs, zone), zone, after) if _is_planned(fields, month)]
    for number in sorted({item.first for item in day.items if isinstance(item, Span) and item.first > _SHORTEST_MONTH}):
        skipped = sorted({month for year, month in months if monthrange(year, month)[1] < number})
        if skipped:
            names = join_words([MONTH_NAMES[month - 1] for month in skipped])
            exception = ", except in leap years" if number == _LEAP_DAY else ""
            last = "L" if is_crontab else "last"
            yield f"Day {number} is left out in {names}{exception}; '{last}' is the last day of every month."


def say_skipped_calendar_days(kwargs: Kwargs, *, anchor: date, zone: ZoneInfo, after: datetime) -> Iterator[str]:
    """Yield a sentence if a calendar interval, with `on_missing_day` `skip`, comes to a month without its day."""
    every = read_count(kwargs, "years") * _MONTHS + read_count(kwargs, "months")
    if not every or anchor.day <= _SHORTEST_MONTH:
        return
    bounds = read_bounds(kwargs, zone, takes_whole_days=True)
    for year, month in _months_within(bounds, zone, after):
        passed = (year - anchor.year) * _MONTHS + month - anchor.month
        if passed >= 0 and passed % every == 0 and monthrange(year, month)[1] < anchor.day:
            yield (
                f"A month without a {ordinal(anchor.day)} is left out, the next one is "
                f"{MONTH_NAMES[month - 1]} {year}; on_missing_day 'last_day' takes its last day instead."
            )
            return


def _months_within(bounds: Bounds, zone: ZoneInfo, after: datetime) -> Iterator[tuple[int, int]]:
    """Yield year and month of each month of the ten years to come that lies within the bounds of a trigger."""
    start, end = bounds
    begin = max(after, start) if start else after
    horizon = later_by(HORIZON, begin)
    first, last = read_clock(begin, zone), read_clock(min(horizon, end) if end else horizon, zone)
    for index in range(first.year * _MONTHS + first.month - 1, last.year * _MONTHS + last.month):
        yield index // _MONTHS, index % _MONTHS + 1


def _is_planned(fields: dict[str, Field], month: tuple[int, int]) -> bool:
    return all(
        field.is_every or any(number in item for item in field.items if isinstance(item, Span))
        for field, number in zip((fields["year"], fields["month"]), month, strict=True)
    )

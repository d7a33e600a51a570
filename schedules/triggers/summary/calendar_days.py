"""Calendar intervals in words."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers.calendarinterval import TIME_OF_DAY, UNITS
from schedules.triggers.fields import Kwargs, read_count, read_moment
from schedules.triggers.summary.moments import read_clock, write_moment, write_time
from schedules.triggers.summary.words import MONTH_NAMES, WEEKDAY_NAMES, count_of, join_words, ordinal

# Every month has so many days.
_SHORTEST_MONTH = 28


def describe_calendar_interval(
    kwargs: Kwargs, zone: ZoneInfo, *, on_missing_day: str | None, grid_start: datetime | None
) -> str:
    """Return for example `every 2 months on the 31st at 08:00, last day where a month is shorter, from 2027-01-31`."""
    counts = {unit: read_count(kwargs, unit) for unit in UNITS}
    start = read_moment(kwargs, "start_date", zone)
    first = start or grid_start
    anchor = read_clock(first, zone).date() if first else None
    hour, minute, second = (read_count(kwargs, name) for name in TIME_OF_DAY)
    clock = time(hour, minute, second)
    words = f"{_rhythm(counts)}{_on_day(counts, anchor)} at {write_time(datetime.combine(date.min, clock))}"
    words += _missing_day(counts, anchor, on_missing_day)
    bounds = " ".join(filter(None, [_from(start, clock, zone) if start else "", _until(kwargs, zone)]))
    return f"{words}, {bounds}" if bounds else words


def _rhythm(counts: dict[str, int]) -> str:
    words = [count_of(number, unit.removesuffix("s")) for unit, number in counts.items() if number]
    return f"every {join_words(words)}" if len(words) > 1 else f"every {words[0].removeprefix('1 ')}"


def _on_day(counts: dict[str, int], anchor: date | None) -> str:
    """Return the day that stays the same from one time to the next, if there is one."""
    units = {unit for unit, number in counts.items() if number}
    if anchor is None or "days" in units:
        return ""
    if units == {"weeks"}:
        return f" on {WEEKDAY_NAMES[anchor.weekday()]}"
    if units == {"years"}:
        return f" on {anchor.day} {MONTH_NAMES[anchor.month - 1]}"
    return "" if "weeks" in units else f" on the {ordinal(anchor.day)}"


def _missing_day(counts: dict[str, int], anchor: date | None, on_missing_day: str | None) -> str:
    if not (counts["months"] or counts["years"]):
        return ""
    if on_missing_day == "last_day":
        is_needed = anchor is None or anchor.day > _SHORTEST_MONTH
        return ", last day where a month is shorter" if is_needed else ""
    if anchor is None or anchor.day <= _SHORTEST_MONTH:
        return ""
    return f", left out where a month has no {ordinal(anchor.day)}"


def _from(start: datetime, clock: time, zone: ZoneInfo) -> str:
    """Return the first day, and the moment where that day's time is over by then."""
    local = read_clock(start, zone)
    has_that_day = local.time() <= clock and not local.fold
    return f"from {local.date() if has_that_day else write_moment(start, zone)}"


def _until(kwargs: Kwargs, zone: ZoneInfo) -> str:
    value: Any = kwargs.get("end_date")
    if value is None:
        return ""
    try:
        return f"until {date.fromisoformat(value)}"  # a date alone includes its day
    except ValueError:
        end = read_moment(kwargs, "end_date", zone)
        return f"until {write_moment(end, zone)}" if end else ""

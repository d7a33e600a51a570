"""Moments, spans of time and bounds in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.triggers.fields import Kwargs, read_bounds
from schedules.triggers.summary.words import count_of, join_words

_DAY = timedelta(days=1)
# A day of elapsed time is not a day of the calendar when the clocks change, so up to here it is counted in hours.
_MOST_DAYS_IN_HOURS = 2


def write_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Return what the clocks show, as `2027-03-28 at 03:00`; with the offset where they show it twice."""
    local = read_clock(moment, zone)
    text = f"{local.date()} at {write_time(local)}"
    is_ambiguous = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{text} ({local.isoformat()[-6:]})" if is_ambiguous else text


def read_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment on the clocks of a zone, or as it is where they show a year before 1 or after 9999."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def write_time(moment: datetime) -> str:
    """Return hours and minutes, and what is finer where it is not zero."""
    finer = ":%S.%f" if moment.microsecond else ":%S" if moment.second else ""
    return moment.strftime(f"%H:%M{finer}")


def write_bounds(kwargs: Kwargs, zone: ZoneInfo, *, start_word: str) -> str:
    """Return `, from … until …`, or what of it there is."""
    start, end = read_bounds(kwargs, zone)
    words = f" {start_word} {write_moment(start, zone)}" if start else ""
    words += f" until {write_moment(end, zone)}" if end else ""
    return f",{words}" if words else ""


def write_period(period: timedelta) -> str:
    """Return `every 12 hours`, `every 1 hour and 30 minutes`, `every 7 days of 24 hours`."""
    days, rest = divmod(period, _DAY)
    hours, minutes, seconds = (rest.seconds // 3600, rest.seconds // 60 % 60, rest.seconds % 60)
    if 0 < days <= _MOST_DAYS_IN_HOURS:
        days, hours = 0, hours + days * 24
    units = {"hour": hours, "minute": minutes}
    words = [count_of(number, unit) for unit, number in units.items() if number]
    if days:
        words.insert(0, f"{count_of(days, 'day')} of 24 hours")
    if rest.microseconds:
        words.append(f"{seconds}.{rest.microseconds:06}".rstrip("0") + " seconds")
    elif seconds:
        words.append(count_of(seconds, "second"))
    return f"every {join_words(words)}" if len(words) > 1 else f"every {words[0].removeprefix('1 ')}"

"""A trigger in plain English, on a 24-hour clock: `At 02:30, Monday to Friday, Europe/Amsterdam`.

What it says is all that the trigger does: of two cron patterns that read the same, each fires whenever the other does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers.build import build_trigger
from schedules.triggers.cron_fields import read_fields
from schedules.triggers.crontab import read_crontab
from schedules.triggers.fields import Kwargs, read_moment, read_period, read_zone
from schedules.triggers.interval import UNITS
from schedules.triggers.summary.calendar_days import describe_calendar_interval
from schedules.triggers.summary.clock import Clock, describe_clock
from schedules.triggers.summary.days import (
    describe_days,
    describe_leading_day,
    describe_weeks_and_years,
    is_every_day,
)
from schedules.triggers.summary.moments import write_bounds, write_moment, write_period
from schedules.triggers.summary.words import capitalise, join_words

__all__ = ["summarise"]

_DEFAULT_THRESHOLD = 1
_PAIR = 2
_ANY_GRID = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Context:
    """What a summary needs to know besides a trigger's arguments."""

    zone: ZoneInfo
    on_missing_day: str | None
    grid_start: datetime | None


def summarise(
    kind: str,
    kwargs: Kwargs,
    *,
    timezone: str,
    on_missing_day: str | None = None,
    grid_start: datetime | None = None,
) -> str:
    """Return what a trigger does, as one sentence without its full stop.

    Args:
        kind: Of the trigger.
        kwargs: Its arguments.
        timezone: The IANA name of its zone; it stands at the end wherever clocks of a zone matter.
        on_missing_day: Of the schedule; said of a calendar interval that needs it.
        grid_start: From when a calendar interval without `start_date` counts; without it, its day is not said.

    Raises:
        TriggerError: `build_trigger` would refuse it.
    """
    return _summarise(kind, json.dumps(kwargs, sort_keys=True), timezone, on_missing_day, grid_start)


@lru_cache(maxsize=10_000)
def _summarise(
    kind: str, kwargs_json: str, timezone: str, on_missing_day: str | None, grid_start: datetime | None
) -> str:
    kwargs = json.loads(kwargs_json)
    build_trigger(kind, kwargs, timezone=timezone, grid_start=_ANY_GRID, shortest_seconds=0)  # refuses what is wrong
    context = _Context(read_zone(timezone), on_missing_day, grid_start)
    words = _KINDS[kind](kwargs, context)
    return capitalise(f"{words}, {timezone}" if _needs_zone(kind, kwargs) else words)


def _needs_zone(kind: str, kwargs: Kwargs) -> bool:
    """Tell whether any clock is read; a grid of elapsed time without bounds is the same in every zone."""
    if kind in {"and", "or"}:
        return any(_needs_zone(leaf["trigger"], leaf["trigger_kwargs"]) for leaf in kwargs["triggers"])
    return kind != "interval" or any(kwargs.get(name) is not None for name in ("start_date", "end_date"))


def _describe_interval(kwargs: Kwargs, context: _Context) -> str:
    period = read_period(kwargs, UNITS, shortest_seconds=0)
    return write_period(period) + write_bounds(kwargs, context.zone, start_word="counted from")


def _describe_cron(kwargs: Kwargs, context: _Context) -> str:
    if kwargs.get("crontab") is None:
        fields, is_union = read_fields(kwargs), False
    else:
        crontab = read_crontab(kwargs["crontab"])
        fields, is_union = crontab.fields, crontab.is_union
    clock = Clock(
        hours=fields["hour"].values(),
        minutes=fields["minute"].values(),
        seconds=fields["second"].values(),
        is_elapsed=fields["hour"].begins_with_star or fields["minute"].begins_with_star,
    )
    time, days = describe_clock(clock), describe_days(fields, is_union=is_union)
    if not clock.is_elapsed and is_every_day(fields, is_union=is_union):
        phrases = [f"{time}{',' if ',' in time else ''} every day", *days]
    elif not clock.is_elapsed and clock.list_times() and days == [describe_leading_day(fields)]:
        phrases = [f"{days[0]} {time}"]
    else:
        phrases = [time, *days]
    phrases += describe_weeks_and_years(fields)
    return ", ".join(phrases) + write_bounds(kwargs, context.zone, start_word="from")


def _describe_date(kwargs: Kwargs, context: _Context) -> str:
    moment = read_moment(kwargs, "run_date", context.zone)
    assert moment is not None, "it was built"
    return f"once, on {write_moment(moment, context.zone)}"


def _describe_calendar_interval(kwargs: Kwargs, context: _Context) -> str:
    return describe_calendar_interval(
        kwargs, context.zone, on_missing_day=context.on_missing_day, grid_start=context.grid_start
    )


def _describe_or(kwargs: Kwargs, context: _Context) -> str:
    parts = _describe_parts(kwargs, context)
    return parts[0] if len(parts) == 1 else f"either {' or '.join(_bracket(parts))}"


def _describe_and(kwargs: Kwargs, context: _Context) -> str:
    parts = _describe_parts(kwargs, context)
    if len(parts) == 1:
        return parts[0]
    both = "both" if len(parts) == _PAIR else "all of"
    return f"when {both} {join_words(_bracket(parts))} coincide{_write_threshold(kwargs.get('threshold_seconds'))}"


def _write_threshold(seconds: float | None) -> str:
    if seconds is None or seconds == _DEFAULT_THRESHOLD:
        return ""
    return f" within {seconds:g} seconds" if seconds else " exactly"


def _describe_parts(kwargs: Kwargs, context: _Context) -> list[str]:
    parts: list[dict[str, Any]] = kwargs["triggers"]
    return [_KINDS[part["trigger"]](part["trigger_kwargs"], context) for part in parts]


def _bracket(parts: list[str]) -> list[str]:
    """Put brackets around what could not be told from its neighbours without."""
    return [f"({part})" if any(word in part for word in (",", " and ", " or ")) else part for part in parts]


_KINDS: dict[str, Callable[[Kwargs, _Context], str]] = {
    "interval": _describe_interval,
    "cron": _describe_cron,
    "date": _describe_date,
    "calendarinterval": _describe_calendar_interval,
    "and": _describe_and,
    "or": _describe_or,
}

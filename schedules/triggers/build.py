"""From `(kind, kwargs, zone)` to a trigger, with every argument checked."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from schedules.triggers import cron, date, interval
from schedules.triggers.base import Trigger, TriggerError, in_utc
from schedules.triggers.fields import (
    Kwargs,
    did_you_mean,
    read_bounds,
    read_moment,
    read_period,
    read_zone,
    refuse_unknown,
)

SHORTEST_SECONDS = 1.0

ARGUMENTS = {"interval": interval.ARGUMENTS, "cron": cron.ARGUMENTS, "date": date.ARGUMENTS}
KINDS = tuple(ARGUMENTS)


def split_timezone(kwargs: Kwargs, timezone: str | None) -> tuple[dict[str, Any], str | None]:
    """Take a `timezone` that stands among a trigger's arguments out of them, since a schedule has one zone.

    Raises:
        TriggerError: Both places name a zone, and not the same one.
    """
    inner = kwargs.get("timezone")
    rest = {key: value for key, value in kwargs.items() if key != "timezone"}
    if inner is not None and timezone is not None and inner != timezone:
        raise TriggerError(
            f"'timezone' is '{timezone}' but trigger_kwargs says '{inner}'; give one, or the same twice",
            field="timezone",
            value=timezone,
        )
    return rest, timezone if inner is None else inner


def build_trigger(
    kind: str, kwargs: Kwargs, *, timezone: str, grid_start: datetime, shortest_seconds: float = SHORTEST_SECONDS
) -> Trigger:
    """Build a trigger; the same arguments give the same object, so that parsing is paid once.

    Args:
        kind: One of KINDS.
        kwargs: Its arguments, JSON values, under APScheduler's names.
        timezone: IANA name, for wall-clock patterns and for moments without an offset.
        grid_start: Where the grid of an interval without `start_date` begins; its first instant is one period later.
        shortest_seconds: Intervals under it are refused.

    Raises:
        TriggerError: Something is wrong; it names the argument, the value and what would be right.
    """
    if kind not in ARGUMENTS:
        raise TriggerError(f"unknown trigger '{kind}'{did_you_mean(str(kind), KINDS)}", field="trigger", value=kind)
    if not isinstance(kwargs, dict):
        raise TriggerError(f'trigger_kwargs is {kwargs!r}; give an object such as {{"hours": 1}}', value=kwargs)
    read_zone(timezone)
    anchor = in_utc(grid_start) if kind == "interval" else None
    return _build(kind, json.dumps(kwargs, sort_keys=True), timezone, anchor, shortest_seconds)


@lru_cache(maxsize=10_000)
def _build(kind: str, kwargs_json: str, timezone: str, grid_start: datetime | None, shortest_seconds: float) -> Trigger:
    kwargs: dict[str, Any] = json.loads(kwargs_json)
    refuse_unknown(kind, kwargs, ARGUMENTS[kind])
    zone = read_zone(timezone)
    if kind == "date":
        run_date = read_moment(kwargs, "run_date", zone)
        if run_date is None:
            raise TriggerError("trigger 'date' needs 'run_date'", field="trigger_kwargs.run_date", value=None)
        return date.DateTrigger(run_date=run_date, zone=zone)
    start, end = read_bounds(kwargs, zone)
    if kind == "cron":
        return cron.CronTrigger(kwargs, zone=zone, start=start, end=end)
    period = read_period(kwargs, interval.UNITS, shortest_seconds=shortest_seconds)
    anchor = start or grid_start
    assert anchor is not None, "an interval is built with the start of its grid"
    return interval.IntervalTrigger(period=period, start=anchor, end=end, includes_start=start is not None)

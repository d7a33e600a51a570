"""From `(kind, kwargs, zone, policies)` to a trigger, with every argument checked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers import calendarinterval, cron, date, interval
from schedules.triggers.base import Trigger, in_utc
from schedules.triggers.combined import (
    LONGEST_THRESHOLD_SECONDS,
    MAX_DEPTH,
    MAX_LEAVES,
    THRESHOLD_SECONDS,
    AndTrigger,
    OrTrigger,
)
from schedules.triggers.errors import TriggerError
from schedules.triggers.fields import (
    Kwargs,
    did_you_mean,
    read_bounds,
    read_moment,
    read_period,
    read_zone,
    refuse_unknown,
)
from schedules.triggers.options import read_choice

SHORTEST_SECONDS = 1.0

ARGUMENTS = {
    "interval": interval.ARGUMENTS,
    "cron": cron.ARGUMENTS,
    "date": date.ARGUMENTS,
    "calendarinterval": calendarinterval.ARGUMENTS,
    "and": ("triggers", "threshold_seconds"),
    "or": ("triggers",),
}
KINDS = tuple(ARGUMENTS)
# Nothing of these depends on when the schedule was made.
_WITHOUT_GRID = frozenset({"cron", "date"})


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for a trigger and for all of its parts; `grid_start` is None where it makes no difference."""

    zone: ZoneInfo
    grid_start: datetime | None
    shortest_seconds: float
    dst_gap: str
    dst_fold: str
    on_missing_day: str
    depth: int = 0


# One encoder for all: json.dumps would make a new one each time.
_as_key = json.JSONEncoder(sort_keys=True).encode


def build_trigger(
    kind: str,
    kwargs: Kwargs,
    *,
    timezone: str,
    grid_start: datetime,
    shortest_seconds: float = SHORTEST_SECONDS,
    dst_gap: str = "run_after",
    dst_fold: str = "first",
    on_missing_day: str = "skip",
) -> Trigger:
    """Build a trigger; the same arguments give the same object, so that parsing is paid once.

    Args:
        kind: One of KINDS.
        kwargs: Its arguments, JSON values, under APScheduler's names.
        timezone: IANA name, for wall-clock patterns and for moments without an offset.
        grid_start: Where the grid of an interval without `start_date` begins; its first instant is one period later.
            A calendar interval counts from this day.
        shortest_seconds: Intervals under it are refused.
        dst_gap: What becomes of a fixed time of day that the clocks skip, one of DST_GAPS.
        dst_fold: Which showing counts of one that the clocks show twice, one of DST_FOLDS.
        on_missing_day: What a calendar interval does in a month without its day, one of MISSING_DAYS.

    Raises:
        TriggerError: Something is wrong; it names the argument, the value and what would be right.
    """
    _check_kind(kind, "trigger")
    if not isinstance(kwargs, dict):
        raise TriggerError(f'trigger_kwargs is {kwargs!r}; give an object such as {{"hours": 1}}', value=kwargs)
    zone = read_zone(timezone)
    for name, value in {"dst_gap": dst_gap, "dst_fold": dst_fold, "on_missing_day": on_missing_day}.items():
        read_choice(name, value)
    anchor = None if kind in _WITHOUT_GRID else in_utc(grid_start)
    frame = (zone, anchor, shortest_seconds, dst_gap, dst_fold, on_missing_day)
    return _build_cached(kind, _as_key(kwargs), *frame)


@lru_cache(maxsize=10_000)
def _build_cached(kind: str, kwargs_json: str, *frame: Any) -> Trigger:
    return _build(kind, json.loads(kwargs_json), Frame(*frame))


def _check_kind(kind: object, field: str) -> None:
    if not isinstance(kind, str) or kind not in ARGUMENTS:  # of a part it may be anything that JSON has
        raise TriggerError(f"unknown trigger '{kind}'{did_you_mean(str(kind), KINDS)}", field=field, value=kind)


def _build(kind: str, kwargs: dict[str, Any], frame: Frame) -> Trigger:
    refuse_unknown(kind, kwargs, ARGUMENTS[kind])
    match kind:
        case "date":
            return _build_date(kwargs, frame)
        case "cron":
            return _build_cron(kwargs, frame)
        case "calendarinterval":
            return _build_calendarinterval(kwargs, frame)
        case "interval":
            return _build_interval(kwargs, frame)
        case "and":
            return AndTrigger(list(_build_parts(kind, kwargs, frame)), threshold=_read_threshold(kwargs))
    return OrTrigger(list(_build_parts(kind, kwargs, frame)))


def _build_date(kwargs: Kwargs, frame: Frame) -> Trigger:
    run_date = read_moment(kwargs, "run_date", frame.zone)
    if run_date is None:
        raise TriggerError("trigger 'date' needs 'run_date'", field="trigger_kwargs.run_date", value=None)
    return date.DateTrigger(run_date=run_date, zone=frame.zone)


def _build_cron(kwargs: Kwargs, frame: Frame) -> Trigger:
    start, end = read_bounds(kwargs, frame.zone)
    return cron.CronTrigger(
        kwargs, zone=frame.zone, start=start, end=end, dst_gap=frame.dst_gap, dst_fold=frame.dst_fold
    )


def _build_calendarinterval(kwargs: Kwargs, frame: Frame) -> Trigger:
    start, end = read_bounds(kwargs, frame.zone, takes_whole_days=True)
    anchor = start or frame.grid_start
    assert anchor is not None, "a calendar interval is built with the start of its grid"
    return calendarinterval.CalendarIntervalTrigger(
        kwargs,
        anchor=calendarinterval.read_first_day(anchor, kwargs, frame.zone),
        zone=frame.zone,
        start=start,
        end=end,
        dst_gap=frame.dst_gap,
        dst_fold=frame.dst_fold,
        on_missing_day=frame.on_missing_day,
    )


def _build_interval(kwargs: Kwargs, frame: Frame) -> Trigger:
    start, end = read_bounds(kwargs, frame.zone)
    period = read_period(kwargs, interval.UNITS, shortest_seconds=frame.shortest_seconds)
    anchor = start or frame.grid_start
    assert anchor is not None, "an interval is built with the start of its grid"
    return interval.IntervalTrigger(period=period, start=anchor, end=end, includes_start=start is not None)


def _build_parts(kind: str, kwargs: Kwargs, frame: Frame) -> Iterator[Trigger]:
    field = "trigger_kwargs.triggers"
    if frame.depth >= MAX_DEPTH:
        raise TriggerError(f"'{kind}' is nested more than {MAX_DEPTH} deep", value=kind)
    parts = kwargs.get("triggers")
    if not isinstance(parts, list) or not parts:
        example = '[{"trigger": "cron", "trigger_kwargs": {"hour": 2}}, …]'
        raise TriggerError(f"'triggers' is {parts!r}; give a list such as {example}", field=field, value=parts)
    if frame.depth == 0 and (leaves := _count_leaves(parts)) > MAX_LEAVES:
        raise TriggerError(f"'triggers' holds {leaves} triggers; {MAX_LEAVES} is the most", field=field, value=leaves)
    inner = replace(frame, depth=frame.depth + 1)
    for index, part in enumerate(parts):
        try:
            yield _build_part(part, inner)
        except TriggerError as error:
            place = f"{field}[{index}]"
            raise TriggerError(
                f"triggers[{index}]: {error}", field=f"{place}.{error.field}", value=error.value
            ) from error


def _build_part(part: object, frame: Frame) -> Trigger:
    if not isinstance(part, dict) or not {"trigger", "trigger_kwargs"} >= set(part):
        right = '{"trigger": "cron", "trigger_kwargs": {"hour": 2}}'
        raise TriggerError(f"{part!r} is no trigger; give an object such as {right}", field="trigger", value=part)
    kind, kwargs = part.get("trigger"), part.get("trigger_kwargs")
    _check_kind(kind, "trigger")
    if not isinstance(kwargs, dict):
        raise TriggerError(f'trigger_kwargs is {kwargs!r}; give an object such as {{"hours": 1}}', value=kwargs)
    return _build(str(kind), kwargs, frame)


def _count_leaves(parts: list[Any]) -> int:
    """Count the triggers that are not made of others, however deep they lie."""
    leaves, unseen = 0, list(parts)
    while unseen:
        part = unseen.pop()
        kwargs = part.get("trigger_kwargs") if isinstance(part, dict) else None
        inner = kwargs.get("triggers") if isinstance(kwargs, dict) else None
        if isinstance(inner, list):
            unseen.extend(inner)
        else:
            leaves += 1
    return leaves


def _read_threshold(kwargs: Kwargs) -> timedelta:
    value = kwargs.get("threshold_seconds")
    if value is None:
        value = THRESHOLD_SECONDS
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LONGEST_THRESHOLD_SECONDS:
        raise TriggerError(
            f"'threshold_seconds' is {value!r}; give a number from 0 to {LONGEST_THRESHOLD_SECONDS}",
            field="trigger_kwargs.threshold_seconds",
            value=value,
        )
    return timedelta(seconds=value)

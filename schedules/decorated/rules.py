"""When a function that is scheduled in code runs: its rule as data, also from APScheduler's trigger objects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID, uuid5

import structlog
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from django.conf import settings

from schedules.triggers import (
    KINDS,
    OPTIONS,
    Trigger,
    TriggerError,
    build_trigger,
    check_first_instants,
    has_jitter,
    split_options,
    spread_offset,
)
from schedules.triggers.summary import summarise

# An IntervalTrigger that was given no start has one a period from the moment in which it was made.
JUST_NOW = timedelta(minutes=1)
# Functions have no UUID of their own, from which a spread could follow; theirs is made of this and of their id.
FUNCTIONS = UUID("6f9d3c52-0b7e-5a41-9c6d-7e21f0a4b853")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """When a function runs: what a stored schedule has in its columns of the same names."""

    trigger: str
    trigger_kwargs: Mapping[str, Any]
    timezone: str
    dst_gap: str = "run_after"
    dst_fold: str = "first"
    on_missing_day: str = "skip"
    spread_seconds: int = 0

    @property
    def options(self) -> dict[str, Any]:
        """What it says beside the arguments of its trigger."""
        return {name: getattr(self, name) for name in OPTIONS}

    @property
    def summary(self) -> str:
        """Its trigger in plain words."""
        return summarise(self.trigger, self.trigger_kwargs, timezone=self.timezone, on_missing_day=self.on_missing_day)

    def build(self, *, grid_start: datetime) -> Trigger:
        """Build the trigger; an interval without a start counts from `grid_start`.

        Raises:
            TriggerError: It cannot be built.
        """
        return build_trigger(
            self.trigger,
            dict(self.trigger_kwargs),
            timezone=self.timezone,
            grid_start=grid_start,
            shortest_seconds=settings.MIN_INTERVAL_SECONDS,
            dst_gap=self.dst_gap,
            dst_fold=self.dst_fold,
            on_missing_day=self.on_missing_day,
        )

    def check(self, *, now: datetime) -> None:
        """Refuse a trigger whose next instants cannot be found, or lie too close together; one that has ended may be.

        Raises:
            TriggerError: It says what is wrong.
        """
        trigger = self.build(grid_start=now)
        try:
            has_ended = trigger.next_after(now) is None
        except TriggerError:  # which the check says better
            has_ended = False
        if not has_ended:
            check_first_instants(trigger, after=now, shortest_seconds=settings.MIN_INTERVAL_SECONDS)

    def spread_of(self, function_id: str) -> timedelta:
        """Return how much later than planned a function always runs."""
        return spread_offset(uuid5(FUNCTIONS, function_id), self.spread_seconds)


def read_rule(trigger: Any, arguments: Mapping[str, Any]) -> Rule:
    """Return a trigger as data, from its kind and arguments or from one of APScheduler's objects and options.

    Raises:
        TriggerError: It is of a kind that is not known here, or an argument cannot be used.
    """
    options = {name: arguments[name] for name in OPTIONS if name in arguments}
    if not isinstance(trigger, str):
        if surplus := sorted(set(arguments) - set(options)):
            raise TriggerError(f"a {type(trigger).__name__} has its arguments already; leave {surplus} out")
        trigger, arguments = _taken_apart(trigger)
    kwargs = _as_json({key: value for key, value in arguments.items() if value is not None}, trigger)
    rest, found = split_options(kwargs, _as_json(options, trigger))
    complete = {"timezone": settings.TIME_ZONE} | {name: value for name, value in found.items() if value is not None}
    if has_jitter(kwargs):
        log.warning(
            "jitter_taken_as_spread", trigger=trigger, trigger_kwargs=rest, spread_seconds=complete["spread_seconds"]
        )
    return Rule(trigger, rest, **complete)


def _as_json(values: Mapping[str, Any], trigger: str) -> dict[str, Any]:
    """Return arguments as they will be read from the database.

    Raises:
        TriggerError: They cannot be stored.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(values, default=_as_data))
    except (TypeError, ValueError) as error:
        raise TriggerError(f"the arguments {values} of trigger '{trigger}' cannot be stored: {error}") from error
    return plain


def _taken_apart(trigger: object) -> tuple[str, dict[str, Any]]:
    """Return the kind and the arguments of one of APScheduler's objects, None where it was given none.

    Raises:
        TriggerError: It is of a class that has no kind here.
    """
    match trigger:
        case CronTrigger():
            fields = {field.name: str(field) for field in trigger.fields if not field.is_default}
            return "cron", {**fields, **_bounds_of(trigger), "timezone": trigger.timezone}
        case IntervalTrigger():
            days, rest = divmod(trigger.interval, timedelta(days=1))
            is_default = abs(trigger.start_date - datetime.now(UTC) - trigger.interval) < JUST_NOW
            units = {"days": days or None, "seconds": _plain_number(rest.total_seconds()) or None}
            return "interval", {**units, **_bounds_of(trigger, has_start=not is_default)}
        case CalendarIntervalTrigger():
            units = {name: getattr(trigger, name) or None for name in ("years", "months", "weeks", "days")}
            state = trigger.__getstate__()  # the time of day has no other public place
            time_of_day = {
                name: at or None for name, at in zip(("hour", "minute", "second"), state["time"], strict=True)
            }
            is_default = trigger.start_date == date.today()  # noqa: DTZ011  # as APScheduler sets it
            bounds = _bounds_of(trigger, has_start=not is_default)
            return "calendarinterval", {**units, **time_of_day, **bounds, "timezone": trigger.timezone}
        case DateTrigger():
            return "date", {"run_date": trigger.run_date}
        case AndTrigger():
            return "and", {"triggers": list(trigger.triggers), "jitter": trigger.jitter}
        case OrTrigger():
            return "or", {"triggers": list(trigger.triggers), "jitter": trigger.jitter}
    raise TriggerError(
        f"a {type(trigger).__name__} cannot be used here; name the kind of trigger, one of {', '.join(KINDS)}",
        field="trigger",
        value=str(trigger),
    )


def _bounds_of(trigger: Any, *, has_start: bool = True) -> dict[str, Any]:
    start = trigger.start_date if has_start else None
    return {"start_date": start, "end_date": trigger.end_date, "jitter": trigger.jitter}


def _plain_number(seconds: float) -> float:
    return int(seconds) if seconds.is_integer() else seconds


def _as_data(value: object) -> object:
    """Return an argument that JSON does not know as JSON has it: moments in ISO 8601, zones by name, triggers apart.

    Raises:
        TypeError: It is none of these.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tzinfo):
        return str(value)
    if isinstance(value, BaseTrigger):
        kind, kwargs = _taken_apart(value)
        return {"trigger": kind, "trigger_kwargs": {key: each for key, each in kwargs.items() if each is not None}}
    raise TypeError(f"{value!r} is no JSON")

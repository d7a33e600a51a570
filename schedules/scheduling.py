"""What schedule files of older releases of orchestrator-core use: `@scheduler(...)` and ALL_SCHEDULERS.

Both work, and warn: `@scheduler.scheduled_job(...)` takes the place of the first, and nothing has to take that of the
second. New schedules belong into the database.
"""

import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import structlog

from schedules.decorated.registry import DECORATED, AnyFunction, DecoratorScheduler
from schedules.triggers import TriggerError
from schedules.triggers.fields import did_you_mean

log = structlog.get_logger(__name__)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = ("seconds", "minutes", "hours", "days", "weeks")
# What `at` looks like for each unit, and the cron fields that it fills.
AT = {
    "minutes": (r":(?P<second>\d\d)", ":SS"),
    "hours": (r"(?P<minute>\d\d):(?P<second>\d\d)|:(?P<only_minute>\d\d)", ":MM or MM:SS"),
    "days": (r"(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d))?", "HH:MM or HH:MM:SS"),
}


def scheduler(
    name: str, time_unit: str, period: int = 1, at: str | None = None
) -> Callable[[AnyFunction], AnyFunction]:
    """Schedule a function every `period` units, or at a time of day: `@scheduler(name=…, time_unit="day", at="01:00")`.

    Args:
        name: For people.
        time_unit: second, minute, hour, day or week, also in the plural, or a weekday such as monday.
        period: How many of them.
        at: `HH:MM` or `HH:MM:SS` of a day or weekday (00:00 if left out there), `:MM` or `MM:SS` of an hour, `:SS` of
            a minute; only with a period of 1.

    Raises:
        TriggerError: An argument cannot be used; it is named.
    """
    return _schedule(name, time_unit, period, at)


class CodeScheduler(DecoratorScheduler):
    """All decorators, for modules that import both from one place: `schedules.scheduler.scheduler` is the instance."""

    def __call__(
        self, name: str, time_unit: str, period: int = 1, at: str | None = None
    ) -> Callable[[AnyFunction], AnyFunction]:
        """Schedule a function the oldest way, as `schedules.scheduling.scheduler` does."""
        return _schedule(name, time_unit, period, at)


def _schedule(name: str, time_unit: str, period: int, at: str | None) -> Callable[[AnyFunction], AnyFunction]:
    warnings.warn(
        "@scheduler(...) is deprecated: use @scheduler.scheduled_job(...), or create a schedule in the database",
        DeprecationWarning,
        stacklevel=3,
    )
    trigger, arguments = translate(time_unit, period, at)
    return DecoratorScheduler().scheduled_job(trigger, name=name, **arguments)


def translate(time_unit: str, period: int, at: str | None) -> tuple[str, dict[str, Any]]:
    """Return the trigger, and its arguments, that the older arguments mean.

    Raises:
        TriggerError: An argument cannot be used; it is named.
    """
    unit = _read_unit(time_unit)
    if unit in WEEKDAYS:
        _refuse_period(period, f"on every {unit}")
        return "cron", {"day_of_week": unit[:3], **_read_at("days", at or "00:00")}
    if at is None:
        return "interval", {unit: period}
    _refuse_period(period, f"at '{at}'")
    return "cron", _read_at(unit, at)


def _read_unit(time_unit: str) -> str:
    word = str(time_unit).lower()
    for unit in (*UNITS, *WEEKDAYS):
        if word in {unit, unit.removesuffix("s")}:
            return unit
    known = (*UNITS, *WEEKDAYS)
    raise TriggerError(
        f"unknown time_unit '{time_unit}'{did_you_mean(word, known)}", field="time_unit", value=time_unit
    )


def _refuse_period(period: int, what: str) -> None:
    if period != 1:
        raise TriggerError(f"'period' is {period!r}: {what} goes with a period of 1 only", field="period", value=period)


def _read_at(unit: str, at: str) -> dict[str, Any]:
    """Return the cron fields of a time of day, or of an hour or a minute."""
    pattern, form = AT.get(unit, (r"(?!)", f"nothing: {unit} take none"))
    found = re.fullmatch(pattern, at)
    if found is None:
        raise TriggerError(f"'at' is {at!r}; for {unit} give {form}", field="at", value=at)
    return {name.removeprefix("only_"): int(text) for name, text in found.groupdict().items() if text is not None}


def accept_all_schedulers(module: ModuleType) -> None:
    """Look through the module's ALL_SCHEDULERS, if it has one.

    The decorators have registered the functions in it already, so the list adds nothing; one that no decorator has
    seen will never run, which is logged.
    """
    listed = getattr(module, "ALL_SCHEDULERS", None)
    if listed is None:
        return
    warnings.warn(
        f"ALL_SCHEDULERS in {module.__name__} is deprecated: the decorators are enough",
        DeprecationWarning,
        stacklevel=2,
    )
    registered = {id(each.function) for each in DECORATED.values()}
    for function in listed:
        if id(function) not in registered:
            log.error(
                "function_is_not_scheduled",
                function=repr(function),
                hint=f"{module.__name__}.ALL_SCHEDULERS lists it; decorate it with @scheduler.scheduled_job(...)",
            )

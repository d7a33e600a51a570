"""What a schedule says beside the arguments of its trigger: its zone, the policies for the clocks, and the spread.

Each has a place of its own. APScheduler's clients put some of them among the arguments; there they are taken as well,
and moved to their place.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from schedules.triggers.calendarinterval import MISSING_DAYS
from schedules.triggers.combined import MAX_DEPTH
from schedules.triggers.errors import TriggerError
from schedules.triggers.fields import Kwargs, did_you_mean
from schedules.triggers.spread import MAX_SPREAD_SECONDS
from schedules.triggers.wallclock import DST_FOLDS, DST_GAPS

CHOICES = {"dst_gap": DST_GAPS, "dst_fold": DST_FOLDS, "on_missing_day": MISSING_DAYS}
OPTIONS = ("timezone", *CHOICES, "spread_seconds")
# APScheduler's name; it spreads at random, anew for each run.
JITTER = "jitter"


def split_options(kwargs: Kwargs, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take the options out of a trigger's arguments, those of its parts as well.

    Args:
        kwargs: The arguments.
        given: The options that stand in their own place; None or left out where there is none.

    Returns:
        The arguments without options, and a value for each of OPTIONS, None where nobody gave one.

    Raises:
        TriggerError: Two places say different things, or a value cannot be used.
    """
    options = {name: given.get(name) for name in OPTIONS}
    for name in CHOICES:
        read_choice(name, options[name])
    if options["spread_seconds"] is not None:
        options["spread_seconds"] = read_spread("spread_seconds", options["spread_seconds"])
    if not isinstance(kwargs, dict):
        raise TriggerError(f'trigger_kwargs is {kwargs!r}; give an object such as {{"hours": 1}}', value=kwargs)
    return _without_options(kwargs, options, "trigger_kwargs"), options


def has_jitter(kwargs: object) -> bool:
    """Tell whether APScheduler's `jitter` stands among the arguments of a trigger, or of a part of it."""
    return _has_jitter(kwargs, depth=0)


def _has_jitter(kwargs: object, *, depth: int) -> bool:
    if not isinstance(kwargs, dict) or depth > MAX_DEPTH:
        return False
    return bool(kwargs.get(JITTER)) or any(_has_jitter(inner, depth=depth + 1) for inner in _kwargs_of_parts(kwargs))


def read_choice(name: str, value: object, *, field: str = "") -> None:
    """Refuse a value that the option cannot have; None stands for its default.

    Raises:
        TriggerError: The value is not one of the choices.
    """
    if value is None:
        return
    choices = CHOICES[name]
    if value not in choices:
        hint = did_you_mean(value, choices) if isinstance(value, str) else f"; known are {', '.join(choices)}"
        raise TriggerError(f"'{name}' is {value!r}{hint}", field=field or name, value=value)


def read_spread(name: str, value: object, *, field: str = "") -> int:
    """Return a spread in whole seconds; a part of one counts as one.

    Raises:
        TriggerError: It is no number of seconds from 0 to MAX_SPREAD_SECONDS.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_SPREAD_SECONDS:
        seconds = math.ceil(value)
        if seconds == value or name == JITTER:
            return seconds
    raise TriggerError(
        f"'{name}' is {value!r}; give a whole number of seconds from 0 to {MAX_SPREAD_SECONDS}",
        field=field or name,
        value=value,
    )


def _without_options(kwargs: Kwargs, options: dict[str, Any], path: str, depth: int = 0) -> dict[str, Any]:
    rest: dict[str, Any] = {}
    for key, value in kwargs.items():
        if key not in {*OPTIONS, JITTER}:
            rest[key] = value
        elif value is not None:
            _take(key, value, options, f"{path}.{key}")
    parts = rest.get("triggers")
    if isinstance(parts, list) and depth < MAX_DEPTH:  # what lies deeper is refused when the trigger is built
        place = f"{path}.triggers"
        rest["triggers"] = [
            _part_without_options(part, options, f"{place}[{index}]", depth + 1) for index, part in enumerate(parts)
        ]
    return rest


def _part_without_options(part: object, options: dict[str, Any], path: str, depth: int) -> object:
    inner = part.get("trigger_kwargs") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(inner, dict):
        return part
    return {**part, "trigger_kwargs": _without_options(inner, options, f"{path}.trigger_kwargs", depth)}


def _take(key: str, value: object, options: dict[str, Any], field: str) -> None:
    name = "spread_seconds" if key == JITTER else key
    if name in CHOICES:
        read_choice(name, value, field=field)
    elif name == "spread_seconds":
        value = read_spread(key, value, field=field)
    if options[name] is not None and options[name] != value:
        raise TriggerError(
            f"'{name}' is {options[name]!r} but {field} says {value!r}; give one, or the same twice",
            field=name,
            value=options[name],
        )
    options[name] = value


def _kwargs_of_parts(kwargs: Kwargs) -> Iterator[object]:
    parts = kwargs.get("triggers")
    if isinstance(parts, list):
        yield from (part.get("trigger_kwargs") for part in parts if isinstance(part, dict))

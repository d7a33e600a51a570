"""The fields of a cron pattern: APScheduler's expressions, read into the values that match.

An expression is a list of items with commas between them: `*`, `*/n`, `a`, `a-b`, `a/n`, `a-b/n`, names of months and
weekdays in place of numbers, and for days of the month also `last`, `2nd fri` and `last sun`. A field that is left out
is `*` above the least significant one that is given, and at its smallest value below it.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schedules.triggers.errors import TriggerError

FIELDS = ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second")
RANGES: dict[str, tuple[int, int]] = {
    "year": (1970, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "week": (1, 53),
    "day_of_week": (0, 6),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
POSITIONS = ("1st", "2nd", "3rd", "4th", "5th", "last")
NAMES: dict[str, dict[str, int]] = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "day_of_week": {name: number for number, name in enumerate(WEEKDAYS)},
}
# Room for any list of values; what an evaluation costs grows with the number of items.
MAX_CHARACTERS = 1_000
# The ones that are `*` when they are left out, whatever else is given.
_ALWAYS_EVERY = frozenset({"year", "week", "day_of_week"})
_RANGE = re.compile(
    r"(?P<first>[0-9]{1,9}|[a-z]+)(-(?P<last>[0-9]{1,9}|[a-z]+))?(/(?P<step>[0-9]{1,9}))?", re.IGNORECASE | re.ASCII
)
_STAR = re.compile(r"\*(/(?P<step>[0-9]{1,9}))?")
_NTH = re.compile(rf"(?P<position>{'|'.join(POSITIONS)}) +(?P<weekday>[a-z0-9]+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Every `step`-th value from `first` up to `last`; `is_star` where it was written with `*`."""

    first: int
    last: int
    step: int = 1
    is_star: bool = False

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1, self.step))


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The `position`-th weekday (0 = Monday) of a month, from 1 to 5; -1 is its last one."""

    position: int
    weekday: int


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of a month."""


Item = Span | NthWeekday | LastDay


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the items of its expression, of which any may match. `is_given` is false where it was left out."""

    name: str
    items: tuple[Item, ...]
    text: str
    is_given: bool = True

    @property
    def begins_with_star(self) -> bool:
        """Whether its expression begins with `*`, which is what Debian's cron(8) goes by."""
        return self.text.startswith("*")

    @property
    def is_every(self) -> bool:
        """Whether every value matches."""
        return any(isinstance(item, Span) and item.is_star and item.step == 1 for item in self.items)

    def values(self) -> tuple[int, ...]:
        """Return the values that match, sorted; what depends on the month is not among them."""
        return tuple(sorted({value for item in self.items if isinstance(item, Span) for value in item}))


def read_fields(kwargs: Mapping[str, Any]) -> dict[str, Field]:
    """Return all eight fields, those that are left out with their defaults.

    Raises:
        TriggerError: An expression cannot be read, or none is given.
    """
    given = {name: read_field(name, kwargs[name]) for name in FIELDS if kwargs.get(name) is not None}
    if not given:
        raise TriggerError(f"trigger 'cron' needs at least one of {', '.join(FIELDS)}, or crontab", value=dict(kwargs))
    least = max(FIELDS.index(name) for name in given)
    return {name: given.get(name) or _left_out(name, is_above=FIELDS.index(name) < least) for name in FIELDS}


def _left_out(name: str, *, is_above: bool) -> Field:
    smallest, largest = RANGES[name]
    if is_above or name in _ALWAYS_EVERY:
        return Field(name, (Span(smallest, largest, is_star=True),), "*", is_given=False)
    return Field(name, (Span(smallest, smallest),), str(smallest), is_given=False)


def read_field(name: str, value: object) -> Field:
    """Return a field from its expression, a whole number or text.

    Raises:
        TriggerError: The expression cannot be read.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _refused(name, value, "give a number or an expression such as '*/5' or 'mon-fri'")
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        raise _refused(name, value, f"an expression has at most {MAX_CHARACTERS} characters")
    text = re.sub(r" *, *", ",", str(value).strip())
    try:
        return Field(name, tuple(_read_item(name, item) for item in text.split(",")), text.lower())
    except ValueError as error:
        raise _refused(name, value, str(error)) from error


def _refused(name: str, value: object, why: str) -> TriggerError:
    return TriggerError(f"'{name}' is {value!r}: {why}", field=f"trigger_kwargs.{name}", value=value)


def _read_item(name: str, text: str) -> Item:
    if name == "day":
        if text.lower() == "last":
            return LastDay()
        if nth := _NTH.fullmatch(text):
            return _read_nth(nth["position"].lower(), nth["weekday"])
    smallest, largest = RANGES[name]
    if star := _STAR.fullmatch(text):
        return Span(smallest, largest, _read_step(star["step"], smallest, largest), is_star=True)
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' cannot be read; write for example {_example(name)}")
    first = _read_value(name, found["first"])
    if found["last"] is None:
        return Span(first, largest, _read_step(found["step"], first, largest)) if found["step"] else Span(first, first)
    last = _read_value(name, found["last"])
    if last < first:
        raise ValueError(f"the range '{text}' ends before it begins; write two, such as {_split(name, first, last)}")
    return Span(first, last, _read_step(found["step"], first, last))


def _read_nth(position: str, weekday: str) -> NthWeekday:
    number = -1 if position == "last" else POSITIONS.index(position) + 1
    if weekday.isdigit():
        raise ValueError(f"'{position} {weekday}' needs the name of a weekday, such as '{position} fri'")
    return NthWeekday(number, _read_value("day_of_week", weekday))


def _read_value(name: str, text: str) -> int:
    smallest, largest = RANGES[name]
    if not text.isdigit():
        names = NAMES.get(name)
        if names is None:
            raise ValueError(f"'{text}' is not a number from {smallest} to {largest}")
        if text.lower() not in names:
            near = difflib.get_close_matches(text.lower(), names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(names)}"
            raise ValueError(f"there is no {name.replace('_', ' ')} '{text}': {hint}")
        return names[text.lower()]
    value = int(text)
    if not smallest <= value <= largest:
        hint = "; 0 is Monday and 6 is Sunday, or write names such as 'sun'" if name == "day_of_week" else ""
        raise ValueError(f"{value} is not between {smallest} and {largest}{hint}")
    return value


def _read_step(text: str | None, first: int, last: int) -> int:
    if text is None:
        return 1
    step = int(text)
    if step == 0:
        raise ValueError("a step of 0 never moves on; give 1 or more")
    if step > last - first:
        raise ValueError(
            f"the step {step} is larger than the range from {first} to {last}, of which only {first} is left"
        )
    return step


def _example(name: str) -> str:
    smallest, largest = RANGES[name]
    examples = {"month": "'3', 'jan-jun'", "day_of_week": "'mon', 'mon-fri'", "day": "'1,15', 'last', '2nd fri'"}
    example = examples.get(name, f"'{smallest}', '{smallest}-{largest}'")
    return f"{example} or '*/2'"


def _split(name: str, first: int, last: int) -> str:
    smallest, largest = RANGES[name]
    words = {number: word for word, number in NAMES.get(name, {}).items()}
    return "'{}-{},{}-{}'".format(*(words.get(each, each) for each in (first, largest, smallest, last)))

"""Patterns put together at random, each with what it means."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from tests.oracles.definition import Meaning
from tests.oracles.patterns import is_last, is_last_of_its_kind, is_nth

RANGES = {"second": (0, 59), "minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12)}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
POSITIONS = ("1st", "2nd", "3rd", "4th", "5th")
# From the most significant field on; those that stay out are every value down to the last one given.
ORDER = ("month", "day", "day_of_week", "hour", "minute", "second")

OnDay = Callable[[date], bool]


@dataclass(frozen=True)
class RandomPattern:
    """Arguments of a `cron` trigger, what they mean, and whether they are a fixed time of day."""

    kwargs: dict[str, Any]
    meaning: Meaning
    is_fixed: bool

    @property
    def instants_a_day(self) -> float:
        """How many there are on a day that matches."""
        return len(self.meaning.minutes) * len(self.meaning.hours) * len(self.meaning.seconds)


def make_pattern(at_random: Random) -> RandomPattern:
    return make_crontab(at_random) if at_random.random() < 0.5 else make_fields(at_random)


def make_fields(at_random: Random) -> RandomPattern:
    """Make some of the fields that APScheduler knows; days and weekdays have to match both."""
    least = at_random.randrange(2, len(ORDER))
    given = {name: _field(at_random, name) for name in ORDER[: least + 1] if at_random.random() < 0.5}
    given[ORDER[least]] = _field(at_random, ORDER[least])
    kwargs: dict[str, Any] = {name: text for name, (text, _) in given.items()}
    values = {name: found for name, (_, found) in given.items()}
    # `last` and the n-th weekday are days that no number says.
    if "day" in given and at_random.random() < 0.3:
        kwargs["day"], on_day = _special_day(at_random)
    else:
        on_day = _numbered_day(values.get("day", _left_out("day", least)))
    months, weekdays = values.get("month", _left_out("month", least)), values.get("day_of_week", frozenset(range(7)))
    return RandomPattern(
        kwargs,
        Meaning(
            values.get("minute", _left_out("minute", least)),
            values.get("hour", _left_out("hour", least)),
            lambda day: day.month in months and on_day(day) and day.weekday() in weekdays,
            values.get("second", _left_out("second", least)),
        ),
        is_fixed=_is_fixed(
            given["minute"][0] if "minute" in given else "*" if ORDER.index("minute") < least else "0",
            given["hour"][0] if "hour" in given else "*" if ORDER.index("hour") < least else "0",
        ),
    )


def make_crontab(at_random: Random) -> RandomPattern:
    """Make five fields, or six; a day and a weekday that both do not begin with a star are a union."""
    minute, hour, month = (_field(at_random, name) for name in ("minute", "hour", "month"))
    day_text, on_day = _crontab_day(at_random)
    weekday_text, on_weekday = _crontab_weekday(at_random)
    is_union = not (day_text.startswith("*") or weekday_text.startswith("*"))

    def is_on(day: date) -> bool:
        found = (on_day(day), on_weekday(day))
        return day.month in month[1] and (any(found) if is_union else all(found))

    words = [minute[0], hour[0], day_text, month[0], weekday_text]
    seconds = frozenset({0})
    if at_random.random() < 0.15:
        second_text, seconds = _field(at_random, "second")
        words.insert(0, second_text)
    return RandomPattern(
        {"crontab": " ".join(words)},
        Meaning(minute[1], hour[1], is_on, seconds),
        is_fixed=_is_fixed(minute[0], hour[0]),
    )


def _is_fixed(minute: str, hour: str) -> bool:
    return not (minute.startswith("*") or hour.startswith("*"))


def _left_out(name: str, least: int) -> frozenset[int]:
    smallest, largest = RANGES[name]
    return frozenset(range(smallest, largest + 1)) if ORDER.index(name) < least else frozenset({smallest})


def _field(at_random: Random, name: str) -> tuple[str, frozenset[int]]:
    if name == "day_of_week":
        return _weekdays(at_random, at_random.random() < 0.5)
    smallest, largest = RANGES[name]
    terms = [_term(at_random, smallest, largest) for _ in range(at_random.choice((1, 1, 1, 2, 3)))]
    text = ",".join(term for term, _ in terms)
    if name == "month" and text.isdigit() and at_random.random() < 0.5:
        text = calendar.month_abbr[int(text)].lower()
    return text, frozenset(value for _, values in terms for value in values)


def _term(at_random: Random, smallest: int, largest: int) -> tuple[str, range]:
    first = at_random.randint(smallest, largest)
    last = at_random.randint(first, largest)
    match at_random.choice(("star", "number", "number", "range", "stepped star", "stepped range", "stepped rest")):
        case "star":
            return "*", range(smallest, largest + 1)
        case "stepped star":
            step = at_random.randint(1, min(largest - smallest, 20))
            return f"*/{step}", range(smallest, largest + 1, step)
        case "range" if last > first:
            return f"{first}-{last}", range(first, last + 1)
        case "stepped range" if last > first:
            step = at_random.randint(1, last - first)
            return f"{first}-{last}/{step}", range(first, last + 1, step)
        case "stepped rest" if largest > first:
            step = at_random.randint(1, largest - first)
            return f"{first}/{step}", range(first, largest + 1, step)
    return str(first), range(first, first + 1)


def _weekdays(at_random: Random, by_name: bool) -> tuple[str, frozenset[int]]:
    first = at_random.randrange(7)
    last = at_random.randrange(first, 7)
    if at_random.random() < 0.3:
        return "*", frozenset(range(7))
    words = WEEKDAYS if by_name else tuple(map(str, range(7)))
    text = words[first] if first == last else f"{words[first]}-{words[last]}"
    return text, frozenset(range(first, last + 1))


def _numbered_day(numbers: frozenset[int]) -> OnDay:
    return lambda day: day.day in numbers


def _special_day(at_random: Random) -> tuple[str, OnDay]:
    weekday = at_random.randrange(7)
    position = at_random.randrange(7)
    if position == 0:
        return "last", is_last
    if position == 6:
        return f"last {WEEKDAYS[weekday]}", lambda day: day.weekday() == weekday and is_last_of_its_kind(day)
    return f"{POSITIONS[position - 1]} {WEEKDAYS[weekday]}", lambda day: is_nth(day, position, weekday)


def _crontab_day(at_random: Random) -> tuple[str, OnDay]:
    if at_random.random() < 0.3:
        return "*", lambda day: True
    if at_random.random() < 0.2:
        return "L", is_last
    text, numbers = _field(at_random, "day")
    return text, _numbered_day(numbers)


def _crontab_weekday(at_random: Random) -> tuple[str, OnDay]:
    """Return a weekday as Unix numbers it: 0 and 7 are Sunday."""
    number = at_random.randrange(8)
    weekday = (number - 1) % 7
    word = at_random.choice((str(number), WEEKDAYS[weekday], WEEKDAYS[weekday].upper()))
    match at_random.choice(("star", "star", "one", "range", "step", "last", "nth")):
        case "one":
            return word, lambda day: day.weekday() == weekday
        case "range" if 0 < number < 6:
            return f"{number}-6", lambda day: number <= day.isoweekday() <= 6
        case "step":
            return "*/2", lambda day: day.isoweekday() % 7 % 2 == 0  # Sunday, Tuesday, Thursday, Saturday
        case "last":
            return f"{number}L", lambda day: day.weekday() == weekday and is_last_of_its_kind(day)
        case "nth":
            nth = at_random.randint(1, 5)
            return f"{number}#{nth}", lambda day: is_nth(day, nth, weekday)
    return "*", lambda day: True

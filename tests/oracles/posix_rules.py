"""The rule in the last line of a zone's file, such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX, with RFC 9636's hours)."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

NAME = r"(?:<[^>]+>|[A-Za-z]+)"
TIME = r"[+-]?\d+(?::\d+){0,2}"
RULE = re.compile(rf"{NAME}({TIME})(?:{NAME}({TIME})?,(.+),(.+))?")
MOMENT = re.compile(rf"M(\d+)\.(\d)\.(\d)(?:/({TIME}))?")


@dataclass(frozen=True)
class Moment:
    """The n-th weekday of a month (n 5: the last one; 0 is Sunday), and seconds from the start of that day."""

    month: int
    nth: int
    weekday: int
    seconds: int

    def day_in(self, year: int) -> date:
        weekdays = [
            day
            for day in range(1, calendar.monthrange(year, self.month)[1] + 1)
            if calendar.weekday(year, self.month, day) == (self.weekday - 1) % 7
        ]
        return date(year, self.month, weekdays[min(self.nth, len(weekdays)) - 1])


@dataclass(frozen=True)
class Summer:
    """The other half of the year: its offset in seconds, and when it begins and ends on the clocks before each."""

    offset: int
    begins: Moment
    ends: Moment


@dataclass(frozen=True)
class PosixRule:
    offset: int
    summer: Summer | None


def read_posix_rule(text: str) -> PosixRule:
    """Read a rule whose changes are weekdays of months; tzdata writes no others."""
    match = RULE.fullmatch(text)
    assert match, f"not a rule: {text!r}"
    offset, summer_offset, begins, ends = match.groups()
    standard = -_seconds(offset)  # POSIX counts west of Greenwich
    if begins is None:
        return PosixRule(standard, None)
    summer = -_seconds(summer_offset) if summer_offset else standard + 3600
    return PosixRule(standard, Summer(summer, _read_moment(begins), _read_moment(ends)))


def _read_moment(text: str) -> Moment:
    match = MOMENT.fullmatch(text)
    assert match, f"not a weekday of a month: {text!r}"
    month, nth, weekday, time = match.groups()
    return Moment(int(month), int(nth), int(weekday), _seconds(time) if time else 7200)


def _seconds(text: str) -> int:
    numbers = [int(part) for part in text.lstrip("+-").split(":")]
    seconds = sum(number * unit for number, unit in zip(numbers, (3600, 60, 1), strict=False))
    return -seconds if text.startswith("-") else seconds

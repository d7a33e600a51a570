"""`cron` around every change of the clocks from 2024 to 2028, against a reading of every minute."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from schedules.triggers import fire_times_between
from tests.unit.schedules.factories import make_trigger, utc

MINUTE = timedelta(minutes=1)

ZONES = (
    "Europe/Amsterdam",
    "America/New_York",
    "America/Santiago",  # changes at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # around Ramadan
    "Antarctica/Troll",  # by two hours
)


class Pattern(NamedTuple):
    """Fields, and what they mean, written down a second time."""

    fields: dict[str, Any]
    matches: Callable[[datetime], bool]


ELAPSED = (
    Pattern({"minute": "*/7"}, lambda wall: wall.minute % 7 == 0),
    Pattern({"minute": 30}, lambda wall: wall.minute == 30),
    Pattern({"hour": "*/2"}, lambda wall: wall.hour % 2 == 0 and wall.minute == 0),
    Pattern({"hour": "0-3", "minute": "*/10"}, lambda wall: wall.hour <= 3 and wall.minute % 10 == 0),
    Pattern(
        {"day_of_week": "sun", "hour": "*", "minute": "5,55"},
        lambda wall: wall.weekday() == 6 and wall.minute in {5, 55},
    ),
    Pattern(
        {"day": "*/2", "hour": "*/3", "minute": 15},
        lambda wall: wall.day % 2 == 1 and wall.hour % 3 == 0 and wall.minute == 15,
    ),
)
FIXED = (
    Pattern({"hour": 2, "minute": 30}, lambda wall: (wall.hour, wall.minute) == (2, 30)),
    Pattern({"hour": 0}, lambda wall: (wall.hour, wall.minute) == (0, 0)),
    Pattern({"hour": "0-4", "minute": "0-59/15"}, lambda wall: wall.hour <= 4 and wall.minute % 15 == 0),
    Pattern(
        {"day_of_week": "sun", "hour": "1,23", "minute": "50"},
        lambda wall: wall.weekday() == 6 and wall.hour in {1, 23} and wall.minute == 50,
    ),
)


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


@cache
def transitions(zone_name: str) -> list[datetime]:
    """Return the hours from 2024 to 2028 within which the zone changes its offset."""
    zone = ZoneInfo(zone_name)
    hours = [utc("2024-01-01") + timedelta(hours=each) for each in range(24 * 366 * 5)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hour for hour, last, offset in zip(hours[1:], offsets, offsets[1:], strict=False) if last != offset]


def minutes_around(moment: datetime) -> Iterator[datetime]:
    """Return every minute from 36 hours before to 36 hours after."""
    return (moment + each * MINUTE for each in range(-36 * 60, 36 * 60 + 1))


def elapsed_by_definition(pattern: Pattern, moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every real minute at which the clock shows a time that matches."""
    return [each for each in minutes_around(moment) if pattern.matches(wall_clock(each, zone))]


def fixed_by_definition(pattern: Pattern, moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every real minute at which the clock first reaches or passes one that matches."""
    found = []
    reached = wall_clock(next(minutes_around(moment)), zone) - MINUTE
    for instant in minutes_around(moment):
        shown = wall_clock(instant, zone)
        passed = (reached + each * MINUTE for each in range(1, (shown - reached) // MINUTE + 1))
        if any(pattern.matches(each) for each in list(passed)):
            found.append(instant)
        reached = max(reached, shown)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_the_zones_chosen_do_change(zone: str) -> None:
    assert len(transitions(zone)) >= 7


@pytest.mark.parametrize("pattern", ELAPSED, ids=lambda pattern: str(pattern.fields))
@pytest.mark.parametrize("zone", ZONES)
def test_patterns_that_begin_with_a_star_fire_at_every_minute_that_matches(zone: str, pattern: Pattern) -> None:
    compare(elapsed_by_definition, pattern, zone)


@pytest.mark.parametrize("pattern", FIXED, ids=lambda pattern: str(pattern.fields))
@pytest.mark.parametrize("zone", ZONES)
def test_fixed_times_fire_once_a_day_whatever_the_clocks_do(zone: str, pattern: Pattern) -> None:
    compare(fixed_by_definition, pattern, zone)


def compare(
    by_definition: Callable[[Pattern, datetime, ZoneInfo], list[datetime]],
    pattern: Pattern,
    zone: str,
) -> None:
    trigger = make_trigger("cron", zone=zone, **pattern.fields)
    for moment in transitions(zone):
        expected = by_definition(pattern, moment, ZoneInfo(zone))
        first, *_, last = minutes_around(moment)
        found = fire_times_between(trigger, after=first - MINUTE, until=last, limit=10_000)
        assert found == expected, f"around {moment}"

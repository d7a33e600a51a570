"""`cron` second by second, in small windows around the edges of every gap and fold."""

from collections.abc import Callable, Iterable

import pytest

from tests.oracles.cases import Place, all_places, sampled_places
from tests.oracles.comparing import build, compare, compare_next, moment
from tests.oracles.definition import HOURS, MINUTES, Meaning, elapsed, fixed
from tests.oracles.patterns import Pattern
from tests.oracles.zone_tables import Change, distinct_zones, zone_table

# Seconds on both sides of an edge: what is enumerated, and what is looked for from each second.
AROUND_EDGE = 75
LOOKED_FROM = 3

PATTERNS = (
    Pattern("every second", {"second": "*"}, Meaning(MINUTES, HOURS, seconds=range(60)), is_fixed=False),
    Pattern(
        "every seventh second",
        {"crontab": "*/7 * * * * *"},
        Meaning(MINUTES, HOURS, seconds=range(0, 60, 7)),
        is_fixed=False,
    ),
    Pattern(
        "every second of fixed minutes",
        {"hour": "0-23", "minute": "0-59", "second": "*"},
        Meaning(MINUTES, HOURS, seconds=range(60)),
        is_fixed=True,
    ),
    Pattern(
        "seconds of fixed minutes",
        {"crontab": "0,1,59 0,29,30,59 0-23 * * *"},
        Meaning({0, 29, 30, 59}, HOURS, seconds={0, 1, 59}),
        is_fixed=True,
    ),
)

Count = Callable[[int], None]


def edges(change: Change) -> set[int]:
    size = abs(change.after - change.before)
    return {change.at - size, change.at, change.at + size}


def prove(pattern: Pattern, places: Iterable[Place]) -> int:
    by_definition = fixed if pattern.is_fixed else elapsed
    compared = 0
    for zone, change in places:
        trigger = build("cron", pattern.kwargs, zone)
        for edge in edges(change):
            told = f"{pattern} in {zone} around {moment(edge)}"
            after, until = edge - AROUND_EDGE, edge + AROUND_EDGE
            expected = by_definition(zone_table(zone), pattern.meaning, after, until)
            compared += compare(trigger, expected, after=after, until=until, told=told)
            starts = [edge + half / 2 for half in range(-2 * LOOKED_FROM, 2 * LOOKED_FROM + 1)]
            compared += compare_next(trigger, expected, starts=starts, told=told)
    return compared


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_seconds_are_right_around_sampled_changes(pattern: Pattern, count_cases: Count) -> None:
    count_cases(prove(pattern, sampled_places(30)))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", distinct_zones())
def test_seconds_are_right_around_every_change_of(zone: str, count_cases: Count) -> None:
    places = [place for place in all_places() if place.zone == zone]
    for pattern in PATTERNS:
        count_cases(prove(pattern, places))

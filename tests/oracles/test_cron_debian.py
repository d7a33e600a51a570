"""`cron` with fixed times of day and the default policies, against an implementation of Debian's rules by others.

For these patterns no case was found in which `cronsim` differs from the definition. For all other patterns it is no
oracle: around changes of half an hour, and around those at midnight, it leaves out instants that do occur.
"""

from collections.abc import Callable, Iterable

import pytest

from tests.oracles.cases import Place, all_places, sampled_places
from tests.oracles.comparing import build, compare, moment, window_around
from tests.oracles.debian import fire_times_of_debian
from tests.oracles.definition import HOURS, Meaning, elapsed
from tests.oracles.patterns import FIXED, Pattern
from tests.oracles.zone_tables import distinct_zones, zone_table
from tests.unit.schedules.factories import utc

PATTERNS = [pattern for pattern in FIXED if pattern.crontab]

Count = Callable[[int], None]


def prove(pattern: Pattern, places: Iterable[Place]) -> int:
    compared = 0
    assert pattern.crontab is not None
    for zone, change in places:
        after, until = window_around(change, pattern.reach_hours)
        expected = fire_times_of_debian(pattern.crontab, zone, after, until)
        for kwargs in (pattern.kwargs, {"crontab": pattern.crontab}):
            told = f"{kwargs} in {zone} around {moment(change.at)}"
            compared += compare(build("cron", kwargs, zone), expected, after=after, until=until, told=told)
    return compared


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_fixed_times_are_those_of_debian_around_sampled_changes(pattern: Pattern, count_cases: Count) -> None:
    count_cases(prove(pattern, sampled_places(60)))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", distinct_zones())
def test_fixed_times_are_those_of_debian_around_every_change_of(zone: str, count_cases: Count) -> None:
    places = [place for place in all_places() if place.zone == zone]
    for pattern in PATTERNS:
        count_cases(prove(pattern, places))


@pytest.mark.parametrize(
    ("crontab", "meaning", "zone", "around"),
    [
        ("30 * * * *", Meaning({30}, HOURS), "Australia/Lord_Howe", "2032-04-03T15:00"),  # by half an hour
        ("0 */2 * * *", Meaning({0}, range(0, 24, 2)), "America/Moncton", "2006-04-02T04:01"),  # at 00:01
    ],
)
def test_other_patterns_need_another_oracle(crontab: str, meaning: Meaning, zone: str, around: str) -> None:
    middle = int(utc(around).timestamp())
    after, until = middle - 7_200, middle + 7_200
    by_definition = elapsed(zone_table(zone), meaning, after, until)
    compare(build("cron", {"crontab": crontab}, zone), by_definition, after=after, until=until, told=crontab)
    assert set(fire_times_of_debian(crontab, zone, after, until)) < set(by_definition)

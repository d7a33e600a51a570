"""`cron` around the changes of the clocks: every class of patterns against the definition."""

from collections.abc import Callable, Iterable
from itertools import product

import pytest

from tests.oracles.cases import Place, all_places, sampled_places
from tests.oracles.comparing import build, compare, compare_next, moment, probes, window_around
from tests.oracles.definition import elapsed, fixed
from tests.oracles.patterns import FIXED, PATTERNS, Pattern
from tests.oracles.zone_tables import Seconds, distinct_zones, zone_table

POLICIES = tuple(product(("run_after", "skip"), ("first", "second", "both")))

Count = Callable[[int], None]


def by_definition(pattern: Pattern, zone: str, after: int, until: int, *, gap: str, fold: str) -> Seconds:
    table = zone_table(zone)
    if pattern.is_fixed:
        return fixed(table, pattern.meaning, after, until, gap=gap, fold=fold)
    return elapsed(table, pattern.meaning, after, until)


def prove(pattern: Pattern, places: Iterable[Place], *, gap: str = "run_after", fold: str = "first") -> int:
    """Compare one pattern in a window around each change, and from moments beside it."""
    compared = 0
    for zone, change in places:
        trigger = build("cron", pattern.kwargs, zone, dst_gap=gap, dst_fold=fold)
        told = f"{pattern} in {zone} ({gap}, {fold}) around {moment(change.at)}"
        after, until = window_around(change, pattern.reach_hours)
        expected = by_definition(pattern, zone, after, until, gap=gap, fold=fold)
        compared += compare(trigger, expected, after=after, until=until, told=told)
        starts = [start for start in probes(change) if start >= after]
        compared += compare_next(trigger, expected, starts=starts, told=told)
    return compared


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_patterns_fire_as_defined_around_sampled_changes(pattern: Pattern, count_cases: Count) -> None:
    count_cases(prove(pattern, sampled_places(210)))


@pytest.mark.parametrize(("gap", "fold"), POLICIES)
@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_policies_move_fixed_times_only_around_sampled_changes(
    pattern: Pattern, gap: str, fold: str, count_cases: Count
) -> None:
    count_cases(prove(pattern, sampled_places(15), gap=gap, fold=fold))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", distinct_zones())
def test_patterns_fire_as_defined_around_every_change_of(zone: str, count_cases: Count) -> None:
    places = [place for place in all_places() if place.zone == zone]
    for pattern in PATTERNS:
        count_cases(prove(pattern, places))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", distinct_zones())
def test_policies_move_fixed_times_around_every_change_of(zone: str, count_cases: Count) -> None:
    places = [place for place in all_places() if place.zone == zone]
    for pattern, (gap, fold) in product(FIXED, POLICIES[1:]):
        count_cases(prove(pattern, places, gap=gap, fold=fold))

"""`cron` with patterns, zones and moments drawn at random from 2000 to 2037, the same ones in every run."""

from collections.abc import Callable
from random import Random

import pytest

from tests.oracles.cases import SEED
from tests.oracles.comparing import build, compare
from tests.oracles.debian import fire_times_of_debian
from tests.oracles.definition import DAY, elapsed, fixed
from tests.oracles.random_patterns import RandomPattern, make_crontab, make_pattern
from tests.oracles.zone_tables import NAMED_ZONES, TABLE_END, TABLE_START, distinct_zones, zone_table

CASES_A_BLOCK = 500
# A window is so long that it holds about so many instants.
INSTANTS = 60
LONGEST_WINDOW_DAYS = 400

Count = Callable[[int], None]


def draw_window(at_random: Random, zone: str, pattern: RandomPattern) -> tuple[int, int]:
    """Return a window that begins anywhere, or within two days of a change of the clocks."""
    length = int(min(max(INSTANTS / pattern.instants_a_day, 0.02) * DAY, LONGEST_WINDOW_DAYS * DAY))
    changes = zone_table(zone).changes()
    if changes and at_random.random() < 0.6:
        after = at_random.choice(changes).at + at_random.randint(-length, 2 * DAY)
    else:
        after = at_random.randrange(TABLE_START + 366 * DAY, TABLE_END - 366 * DAY)
    after = max(min(after, TABLE_END - length - 2 * DAY), TABLE_START + 3 * DAY)
    return after, after + length


def prove_block(seed: int, count: int) -> int:
    at_random = Random(seed)
    compared = 0
    for _ in range(count):
        zone = at_random.choice((at_random.choice(NAMED_ZONES), at_random.choice(distinct_zones())))
        gap, fold = at_random.choice(("run_after", "skip")), at_random.choice(("first", "second", "both"))
        pattern = make_pattern(at_random)
        after, until = draw_window(at_random, zone, pattern)
        table = zone_table(zone)
        if pattern.is_fixed:
            expected = fixed(table, pattern.meaning, after, until, gap=gap, fold=fold)
        else:
            expected = elapsed(table, pattern.meaning, after, until)
        trigger = build("cron", pattern.kwargs, zone, dst_gap=gap, dst_fold=fold)
        told = f"seed {seed}: {pattern.kwargs} in {zone} ({gap}, {fold})"
        compared += compare(trigger, expected, after=after, until=until, told=told)
    return compared


def prove_debian_block(seed: int, count: int) -> int:
    at_random = Random(seed)
    compared = 0
    while count:
        zone, pattern = at_random.choice(NAMED_ZONES), make_crontab(at_random)
        crontab = pattern.kwargs["crontab"]
        if not pattern.is_fixed or len(crontab.split()) > 5:
            continue
        count -= 1
        after, until = draw_window(at_random, zone, pattern)
        expected = fire_times_of_debian(crontab, zone, after, until)
        told = f"seed {seed}: {crontab} in {zone}"
        compared += compare(build("cron", {"crontab": crontab}, zone), expected, after=after, until=until, told=told)
    return compared


@pytest.mark.parametrize("block", range(4))
def test_random_patterns_fire_as_defined(block: int, count_cases: Count) -> None:
    count_cases(prove_block(SEED + block, CASES_A_BLOCK))


@pytest.mark.parametrize("block", range(2))
def test_random_fixed_times_are_those_of_debian(block: int, count_cases: Count) -> None:
    count_cases(prove_debian_block(SEED + block, CASES_A_BLOCK // 5))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("block", range(4, 104))
def test_many_random_patterns_fire_as_defined(block: int, count_cases: Count) -> None:
    count_cases(prove_block(SEED + block, CASES_A_BLOCK))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("block", range(2, 52))
def test_many_random_fixed_times_are_those_of_debian(block: int, count_cases: Count) -> None:
    count_cases(prove_debian_block(SEED + block, CASES_A_BLOCK // 5))

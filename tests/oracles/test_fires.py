"""What is said beside an instant: its reading on the clocks, and whether it was moved there or is shown twice."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from schedules.triggers.fires import describe_fires
from tests.oracles.cases import Place, sampled_places
from tests.oracles.comparing import build, moment, window_around
from tests.oracles.definition import Meaning, fixed, happenings
from tests.oracles.patterns import FIXED, Pattern
from tests.oracles.zone_tables import ZoneTable, zone_table

PATTERNS = [pattern for pattern in FIXED if pattern.reach_hours > 2]

Count = Callable[[int], None]


def dst_by_definition(table: ZoneTable, meaning: Meaning, place: Place, at: int) -> str | None:
    readings = table.local(np.array([at]))
    if len(happenings(table, readings, gap="skip", fold="both")) == 2:
        return "fold"
    is_end_of_gap = at == place.change.at and place.change.after > place.change.before
    is_planned = meaning.matches_minute(readings)[0] and readings[0] % 60 in meaning.seconds
    return "gap" if is_end_of_gap and not is_planned else None


@pytest.mark.parametrize(("gap", "fold"), list(product(("run_after", "skip"), ("first", "second", "both"))))
@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_an_instant_says_what_the_clocks_did(pattern: Pattern, gap: str, fold: str, count_cases: Count) -> None:
    compared = 0
    for place in sampled_places(9):
        table = zone_table(place.zone)
        trigger = build("cron", pattern.kwargs, place.zone, dst_gap=gap, dst_fold=fold)
        instants = fixed(table, pattern.meaning, *window_around(place.change, 4), gap=gap, fold=fold)
        for fire in describe_fires(trigger, timezone=place.zone, times=map(moment, instants.tolist())):
            at = int(fire.at.timestamp())
            shown = int(table.local(np.array([at]))[0])
            told = f"{pattern} in {place.zone} at {fire.at}"
            assert fire.local.replace(tzinfo=None) == moment(shown).replace(tzinfo=None), told
            assert fire.dst == dst_by_definition(table, pattern.meaning, place, at), told
            compared += 1
    count_cases(compared)

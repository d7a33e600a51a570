"""Which changes of which zones are compared: all of them, or a sample that is the same in every run."""

import random
from functools import cache
from typing import NamedTuple

from tests.oracles.zone_tables import NAMED_ZONES, Change, distinct_zones, zone_table

USUAL_SIZE = 3600
SEED = 20_270_328


class Place(NamedTuple):
    zone: str
    change: Change


@cache
def all_places() -> tuple[Place, ...]:
    return tuple(Place(name, change) for name in distinct_zones() for change in zone_table(name).changes())


@cache
def sampled_places(count: int) -> tuple[Place, ...]:
    """Return changes of the named zones, of unusual sizes, and of any kind, a third each."""
    at_random = random.Random(SEED)
    named = [Place(zone, change) for zone in NAMED_ZONES for change in zone_table(zone).changes()]
    unusual = [place for place in all_places() if abs(place.change.after - place.change.before) != USUAL_SIZE]
    return tuple(each for group in (named, unusual, all_places()) for each in at_random.sample(group, count // 3))

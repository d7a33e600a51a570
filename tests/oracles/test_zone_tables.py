"""The tables that the oracles read, against `zoneinfo` from the same files."""

import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.oracles.posix_rules import read_posix_rule
from tests.oracles.zone_tables import TABLE_END, TABLE_START, ZoneTable, distinct_zones, zone_table, zoneinfo_of

SAMPLES = 40


def moments_of(table: ZoneTable) -> list[int]:
    """Return both sides of every change, and some moments between."""
    at_random = random.Random(table.name)
    return [
        *(change.at + second for change in table.changes() for second in (-1, 0, 1)),
        *(at_random.randrange(TABLE_START, TABLE_END) for _ in range(SAMPLES)),
    ]


@pytest.mark.parametrize("names", [distinct_zones()[start::8] for start in range(8)], ids=lambda names: names[0])
def test_tables_know_the_offsets_that_zoneinfo_knows(names: tuple[str, ...]) -> None:
    for name in names:
        table, zone = zone_table(name), zoneinfo_of(name)
        moments = np.array(moments_of(table))
        shown = table.local(moments) - moments
        expected = [datetime.fromtimestamp(each, zone).utcoffset() // timedelta(seconds=1) for each in moments.tolist()]  # type: ignore[operator]
        assert shown.tolist() == expected, name


def test_there_are_hundreds_of_zones_and_thousands_of_changes() -> None:
    assert len(distinct_zones()) > 300
    assert sum(len(zone_table(name).changes()) for name in distinct_zones()) > 10_000


def test_all_offsets_and_changes_are_on_whole_minutes() -> None:
    for table in map(zone_table, distinct_zones()):
        assert not (table.offsets % 60).any(), table.name
        assert not (table.begins % 60).any(), table.name


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2027, ("2027-03-28", 7200, "2027-10-31", 10800)),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2027, ("2027-03-28", -3600, "2027-10-31", 0)),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", 2027, ("2027-03-25", 180000, "2027-10-28", 180000)),
    ],
)
def test_rules_are_read_with_their_days_and_hours(text: str, year: int, expected: tuple[object, ...]) -> None:
    summer = read_posix_rule(text).summer
    assert summer is not None
    begins, ends = summer.begins, summer.ends
    assert (str(begins.day_in(year)), begins.seconds, str(ends.day_in(year)), ends.seconds) == expected

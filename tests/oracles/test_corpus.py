"""Crontab strings from the world, against `cronsim`."""

from collections.abc import Callable
from datetime import UTC
from itertools import islice

import pytest
from cronsim import CronSim

from schedules.triggers import next_fire_times
from tests.oracles.comparing import build
from tests.oracles.zone_tables import zoneinfo_of
from tests.support.crontab_corpus import CORPUS, Line
from tests.unit.schedules.factories import utc

INSTANTS = 200
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
STARTS = ("2000-01-01T00:00", "2027-02-28T23:59:59")

Count = Callable[[int], None]


def spelled_out(line: Line) -> str:
    return NICKNAMES.get(line.crontab, line.crontab)


def is_fixed(line: Line) -> bool:
    minute, hour, *_ = spelled_out(line).split()
    return len(spelled_out(line).split()) == 5 and not (minute.startswith("*") or hour.startswith("*"))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("line", CORPUS, ids=lambda line: line.crontab)
def test_a_line_of_the_corpus_fires_in_utc_as_cronsim_says(line: Line, start: str, count_cases: Count) -> None:
    trigger = build("cron", {"crontab": line.crontab}, "UTC")
    expected = list(islice(CronSim(spelled_out(line), utc(start)), INSTANTS))
    assert next_fire_times(trigger, after=utc(start), count=INSTANTS) == expected
    count_cases(len(expected))


@pytest.mark.parametrize("line", [line for line in CORPUS if is_fixed(line)], ids=lambda line: line.crontab)
def test_a_fixed_time_of_the_corpus_fires_in_amsterdam_as_debian_says(line: Line, count_cases: Count) -> None:
    start = utc("2026-12-31T22:59:59")
    trigger = build("cron", {"crontab": line.crontab}, "Europe/Amsterdam")
    walk = CronSim(spelled_out(line), start.astimezone(zoneinfo_of("Europe/Amsterdam")))
    expected = [each.astimezone(UTC) for each in islice(walk, INSTANTS)]
    assert next_fire_times(trigger, after=start, count=INSTANTS) == expected
    count_cases(len(expected))


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    assert len({line.crontab for line in CORPUS}) == len(CORPUS) >= 60
    assert all(line.seen_in for line in CORPUS)

"""`calendarinterval` against `dateutil.rrule` where it knows the rule, else against the definition.

Either gives days of the wall clock; what the clocks make of them is by the same definition as for `cron`.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, takewhile
from random import Random

import numpy as np
import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule

from tests.oracles.cases import SEED
from tests.oracles.comparing import build, compare, moment
from tests.oracles.definition import DAY, happenings, within
from tests.oracles.zone_tables import FIRST_YEAR, LAST_YEAR, NAMED_ZONES, TABLE_END, Seconds, distinct_zones, zone_table

CASES_A_BLOCK = 300
FREQUENCIES = {"years": YEARLY, "months": MONTHLY, "weeks": WEEKLY, "days": DAILY}
LARGEST = {"years": 4, "months": 30, "weeks": 60, "days": 400}
SHORTEST_MONTH = 28

Count = Callable[[int], None]


@dataclass(frozen=True)
class Case:
    units: dict[str, int]
    anchor: date
    at: time
    takes_last_day: bool

    def kwargs(self) -> dict[str, object]:
        times = {"hour": self.at.hour, "minute": self.at.minute, "second": self.at.second}
        return {**self.units, **times, "start_date": str(self.anchor)}

    def days(self) -> Iterator[date]:
        """Yield its days, without end."""
        [(unit, every), *others] = self.units.items()
        return days_by_definition(self) if others else days_by_rule(self, unit, every)


def days_by_rule(case: Case, unit: str, every: int) -> Iterator[date]:
    """Yield the days of one unit; `rrule` leaves out months without the day, as RFC 5545 says."""
    last = {}
    if case.takes_last_day and unit in {"years", "months"} and case.anchor.day > SHORTEST_MONTH:
        # The last one of these days that a month has.
        last = {"bymonthday": tuple(range(SHORTEST_MONTH, case.anchor.day + 1)), "bysetpos": -1}
        if unit == "years":
            last["bymonth"] = case.anchor.month
    start = datetime.combine(case.anchor, time())
    return (each.date() for each in rrule(FREQUENCIES[unit], interval=every, dtstart=start, **last))  # type: ignore[arg-type]


def days_by_definition(case: Case) -> Iterator[date]:
    """Yield the days `anchor + k * (years, months)`, missing ones left out or clamped, `+ k * (weeks, days)`."""
    months = 12 * case.units.get("years", 0) + case.units.get("months", 0)
    days = 7 * case.units.get("weeks", 0) + case.units.get("days", 0)
    for step in count():
        number = 12 * case.anchor.year + case.anchor.month - 1 + step * months
        year, month = number // 12, number % 12 + 1
        length = monthrange(year, month)[1]
        if case.anchor.day <= length or case.takes_last_day:
            yield date(year, month, min(case.anchor.day, length)) + timedelta(days=step * days)


def readings(case: Case, until: int) -> Seconds:
    """Return the planned readings up to a few days after `until`, as seconds of a clock that stands for the wall."""
    end = moment(until).date() + timedelta(days=3)
    days = takewhile(lambda day: day <= end, case.days())
    planned = [int(datetime.combine(day, case.at, UTC).timestamp()) for day in days]
    return np.array(planned, dtype=np.int64)


def draw_case(at_random: Random, zone: str) -> tuple[Case, int, int]:
    """Return a case whose days begin near or far before a window of some years."""
    units = at_random.sample(sorted(LARGEST), at_random.choice((1, 1, 1, 2, 3)))
    anchor = date(at_random.randint(1971, 2030), 1, 1) + timedelta(days=at_random.randrange(365))
    if at_random.random() < 0.4:
        anchor = at_random.choice((anchor.replace(month=1, day=31), anchor.replace(day=28), date(2000, 2, 29)))
    at = time(at_random.randrange(24), at_random.choice((0, 15, 30, 59)), at_random.choice((0, 0, 0, 59)))
    changes = zone_table(zone).changes()
    if changes and at_random.random() < 0.7:  # a time of day that is in the gap or the fold, if its day comes
        change = at_random.choice(changes)
        edge = change.at + min(change.before, change.after)
        at = moment(edge + at_random.randint(0, abs(change.after - change.before))).time()
    case = Case(
        {unit: at_random.choice((1, 1, at_random.randint(1, LARGEST[unit]))) for unit in units},
        anchor,
        at,
        takes_last_day=at_random.random() < 0.5,
    )
    after = int(datetime(at_random.randint(FIRST_YEAR, LAST_YEAR - 3), 1, 1, tzinfo=UTC).timestamp())
    after += at_random.randrange(365 * DAY)
    return case, after, min(after + at_random.choice((300, 900)) * DAY, TABLE_END - 5 * DAY)


def prove_block(seed: int) -> int:
    at_random = Random(seed)
    compared = 0
    for _ in range(CASES_A_BLOCK):
        zone = at_random.choice((at_random.choice(NAMED_ZONES), at_random.choice(distinct_zones())))
        gap, fold = at_random.choice(("run_after", "skip")), at_random.choice(("first", "second", "both"))
        case, after, until = draw_case(at_random, zone)
        planned = readings(case, until)
        expected = happenings(zone_table(zone), planned[planned > after - 3 * DAY], gap=gap, fold=fold)
        missing = "last_day" if case.takes_last_day else "skip"
        trigger = build("calendarinterval", case.kwargs(), zone, dst_gap=gap, dst_fold=fold, on_missing_day=missing)
        told = f"seed {seed}: {case} in {zone} ({gap}, {fold})"
        compared += compare(trigger, within(expected, after, until), after=after, until=until, told=told)
    return compared


@pytest.mark.parametrize("block", range(4))
def test_random_calendar_intervals_fire_on_the_days_of_the_rule(block: int, count_cases: Count) -> None:
    count_cases(prove_block(SEED + block))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("block", range(4, 64))
def test_many_random_calendar_intervals_fire_on_the_days_of_the_rule(block: int, count_cases: Count) -> None:
    count_cases(prove_block(SEED + block))


@pytest.mark.parametrize("anchor", [date(2000, 2, 29), date(2001, 1, 31), date(2003, 3, 30)], ids=str)
@pytest.mark.parametrize("takes_last_day", [True, False])
@pytest.mark.parametrize("unit", sorted(LARGEST))
def test_the_definition_says_what_the_rule_says(anchor: date, takes_last_day: bool, unit: str) -> None:
    for every in (1, 2, 3, 7, 12):
        case = Case({unit: every}, anchor, time(), takes_last_day)
        pairs = zip(days_by_definition(case), days_by_rule(case, unit, every), range(40), strict=False)
        assert all(one == other for one, other, _ in pairs)

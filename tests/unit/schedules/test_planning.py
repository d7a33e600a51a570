"""Which instants are decided now, and which one comes next."""

from datetime import datetime, timedelta

import pytest

from schedules.planning import MAX_COUNTED, plan_instants
from tests.unit.schedules.factories import EverySecond, make_trigger, utc

NINE = utc("2027-03-01T09:00")
SECOND = timedelta(seconds=1)


def seconds(count: int) -> list[datetime]:
    return [NINE + each * SECOND for each in range(count)]


def test_an_ordinary_firing_costs_one_evaluation() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + SECOND / 2)
    assert turn.planned.instants == [NINE]
    assert turn.planned.uncounted is None
    assert turn.next_run_at == NINE + SECOND
    assert (turn.steps, trigger.evaluations) == (1, 1)


def test_an_instant_is_decided_from_the_moment_it_is_due() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE)
    assert turn.planned.instants == [NINE]
    assert turn.next_run_at == NINE + SECOND


def test_every_instant_up_to_and_including_now_is_decided() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + 4 * SECOND)
    assert turn.planned.instants == seconds(5)
    assert (turn.first, turn.planned_through) == (NINE, NINE + 4 * SECOND)
    assert turn.next_run_at == NINE + 5 * SECOND
    assert (turn.steps, trigger.evaluations) == (5, 5)


def test_after_the_last_instant_there_is_no_next_one() -> None:
    trigger = EverySecond(first=NINE, last=NINE + SECOND)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1))
    assert turn.planned.instants == seconds(2)
    assert turn.next_run_at is None


def test_as_many_instants_as_the_limit_are_all_decided_one_by_one() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 9 * SECOND, limit=10)
    assert turn.planned.instants == seconds(10)
    assert turn.planned.uncounted is None
    assert turn.next_run_at == NINE + 10 * SECOND


def test_one_more_than_the_limit_leaves_the_latest_and_the_ends_of_the_rest() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 10 * SECOND, limit=10)
    assert turn.planned.instants == [NINE + 10 * SECOND]
    assert turn.planned.uncounted == (NINE, NINE + 9 * SECOND)
    assert turn.next_run_at == NINE + 11 * SECOND
    assert (turn.first, turn.planned_through) == (NINE, NINE + 10 * SECOND)


def test_an_uncounted_stretch_that_holds_the_last_instant_leaves_no_next_one() -> None:
    trigger = EverySecond(first=NINE, last=NINE + 50 * SECOND)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1), limit=10)
    assert turn.planned.instants == [NINE + 50 * SECOND]
    assert turn.planned.uncounted == (NINE, NINE + 49 * SECOND)
    assert turn.next_run_at is None


def test_a_stretch_of_years_takes_no_more_steps_than_it_says() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=3 * 365))
    assert turn.planned.instants == [NINE + timedelta(days=3 * 365)]
    assert MAX_COUNTED < trigger.evaluations <= turn.steps


def test_a_dense_stretch_that_ended_long_ago_takes_no_more_steps_than_it_says() -> None:
    trigger = EverySecond(first=NINE, last=NINE + timedelta(days=30))
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=300), limit=1_000)
    assert turn.planned.instants == [NINE + timedelta(days=30)]
    assert turn.planned.uncounted == (NINE, NINE + timedelta(days=30) - SECOND)
    assert trigger.evaluations <= turn.steps


@pytest.mark.parametrize(
    "trigger",
    [make_trigger("interval", seconds=90), make_trigger("cron", minute="*/3", hour="1-9")],
    ids=str,
)
def test_turn_after_turn_decides_every_instant_once(trigger: EverySecond) -> None:
    begin, end = utc("2027-03-01T00:30"), utc("2027-03-01T10:00")
    first = trigger.next_after(begin)
    decided: list[datetime] = []
    now = begin
    while now < end:
        now += timedelta(minutes=7)
        if first is not None and first <= now:
            turn = plan_instants(trigger, first=first, until=now)
            decided.extend(turn.planned.instants)
            first = turn.next_run_at
    expected = plan_instants(trigger, first=decided[0], until=now).planned.instants
    assert decided == expected
    assert len(decided) == len(set(decided)) > 100

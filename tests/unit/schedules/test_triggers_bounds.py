"""What an evaluation may take, what a new trigger has to show, and the spread."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest

from schedules.triggers import BoundsExceeded, Budget, TriggerError, check_first_instants, spread_offset
from tests.unit.schedules.factories import GRID_START, make_trigger, utc

NEVER_MEET = [
    {"trigger": "interval", "trigger_kwargs": {"hours": 1}},
    {"trigger": "interval", "trigger_kwargs": {"hours": 1, "start_date": "2027-01-01T00:30"}},
]


def test_a_budget_is_spent_to_its_last_step() -> None:
    budget = Budget(steps=3)
    budget.spend(2)
    budget.spend()
    with pytest.raises(BoundsExceeded, match="within 3 steps"):
        budget.spend()


def test_the_stopwatch_ends_an_evaluation_that_takes_too_long() -> None:
    seconds = count(0.0, 0.1)
    budget = Budget(stopwatch=lambda: next(seconds))
    with pytest.raises(BoundsExceeded, match="within 250 ms"):
        make_trigger("and", triggers=NEVER_MEET).next_after(GRID_START, budget)
    assert budget.spent < 1_000


def test_the_stopwatch_is_read_seldom() -> None:
    readings = list[int]()

    def stopwatch() -> float:
        readings.append(1)
        return 0.0

    budget = Budget(stopwatch=stopwatch)
    for _ in range(1_000):
        budget.spend()
    assert len(readings) <= 10


def test_the_first_instant_is_returned() -> None:
    trigger = make_trigger("cron", hour=2)
    assert check_first_instants(trigger, after=GRID_START, shortest_seconds=1) == utc("2027-01-01T02:00")


def test_a_trigger_that_has_ended_never_fires() -> None:
    trigger = make_trigger("date", run_date="2026-01-01")
    with pytest.raises(TriggerError, match=r"^never_fires: date\[.*\] has no instant after 2027-01-01 00:00:00Z$"):
        check_first_instants(trigger, after=GRID_START, shortest_seconds=1)


def test_a_trigger_without_an_instant_in_ten_years_never_fires() -> None:
    trigger = make_trigger("cron", month=2, day=30)
    with pytest.raises(TriggerError, match=r"^never_fires: .*there is no instant within ten years after 2027-01-01"):
        check_first_instants(trigger, after=GRID_START, shortest_seconds=1)


def test_a_trigger_that_takes_too_long_is_refused() -> None:
    trigger = make_trigger("and", triggers=NEVER_MEET)
    with pytest.raises(TriggerError, match=r"^never_fires: .* takes too long to evaluate: .* 10,000 steps"):
        check_first_instants(trigger, after=GRID_START, shortest_seconds=1)


def test_a_trigger_that_fires_too_often_is_refused() -> None:
    trigger = make_trigger("cron", minute="5", second="0,20")
    check_first_instants(trigger, after=GRID_START, shortest_seconds=20)
    with pytest.raises(TriggerError, match=r"fires twice within 20 s, .* the shortest period allowed is 21 s"):
        check_first_instants(trigger, after=GRID_START, shortest_seconds=21)


def test_parts_of_or_that_lie_too_close_together_are_refused() -> None:
    parts = [
        {"trigger": "cron", "trigger_kwargs": {"hour": 2}},
        {"trigger": "date", "trigger_kwargs": {"run_date": "2027-01-03T02:00:00.5"}},
    ]
    with pytest.raises(TriggerError, match=r"fires twice within 0\.5 s"):
        check_first_instants(make_trigger("or", triggers=parts), after=GRID_START, shortest_seconds=1)


def test_a_trigger_that_ends_soon_is_fine() -> None:
    trigger = make_trigger("cron", hour=2, end_date="2027-01-02T12:00")
    check_first_instants(trigger, after=GRID_START, shortest_seconds=1)


IDS = [UUID(int=number) for number in range(500)]


def offsets(spread_seconds: int) -> Iterator[timedelta]:
    return (spread_offset(schedule_id, spread_seconds) for schedule_id in IDS)


def test_a_spread_takes_every_second_up_to_its_length() -> None:
    assert {each.total_seconds() for each in offsets(9)} == set(range(10))
    assert set(offsets(0)) == {timedelta(0)}


def test_the_offset_of_a_schedule_stays_the_same() -> None:
    assert spread_offset(UUID("01997c4e-7a10-7c3e-9d51-2f6b8e0a4c11"), 3_600) == timedelta(seconds=OFFSET)
    assert list(offsets(86_400)) == list(offsets(86_400))


# Worked out once: a release in which it is another one would move schedules.
OFFSET = 2_288

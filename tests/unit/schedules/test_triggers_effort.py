"""What one evaluation of a trigger may take, whatever its arguments: steps, and the work that a step stands for."""

import sys
from datetime import datetime
from itertools import count
from types import FrameType
from typing import NamedTuple

import pytest
from hypothesis import given, settings

from schedules.triggers import BoundsExceeded, Budget, Trigger
from schedules.triggers.combined import MAX_LEAVES
from tests.unit.schedules.factories import GRID_START, utc
from tests.unit.schedules.trigger_strategies import HOSTILE, Draft, drafts, instants

MAX_STEPS = 10_000
# A step is a month, a stretch of a zone's clock, or a leaf looked at. Each is a matter of this many calls of functions,
# which are counted, not timed: they are the same on every machine.
MAX_CALLS_A_STEP = 60
CALLS_OF_NO_STEP = 300
STOPWATCH_READ_EVERY = 128


class Effort(NamedTuple):
    steps: int
    calls: int


def measure(trigger: Trigger, after: datetime) -> Effort:
    """Count steps and calls of one evaluation; it is the second one, by which the tables of its zone are there."""
    evaluate(trigger, after, Budget(stopwatch=lambda: 0.0))
    budget = Budget(stopwatch=lambda: 0.0)
    calls = 0

    def count_calls(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        evaluate(trigger, after, budget)
    finally:
        sys.setprofile(before)
    return Effort(budget.spent, calls)


def evaluate(trigger: Trigger, after: datetime, budget: Budget) -> datetime | None:
    try:
        return trigger.next_after(after, budget)
    except BoundsExceeded:
        return None


def check(effort: Effort) -> None:
    assert effort.steps <= MAX_STEPS + MAX_LEAVES
    assert effort.calls <= effort.steps * MAX_CALLS_A_STEP + CALLS_OF_NO_STEP


@settings(max_examples=200, deadline=None)
@given(drafts, instants)
def test_no_evaluation_takes_more_steps_than_it_may_nor_larger_ones(draft: Draft, after: datetime) -> None:
    check(measure(draft.build(), after))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam", "America/Santiago"])
@pytest.mark.parametrize("after", [GRID_START, utc("2027-07-31T23:00"), utc("2031-02-28T23:59:59")], ids=str)
@pytest.mark.parametrize("draft", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_trigger_takes_no_more_either(draft: Draft, zone: str, after: datetime) -> None:
    check(measure(draft._replace(zone=zone).build(), after))


@pytest.mark.parametrize("draft", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_stopwatch_that_runs_fast_ends_what_takes_many_steps(draft: Draft) -> None:
    trigger = draft.build()
    needed = measure(trigger, GRID_START).steps
    seconds = count(0.0, 1.0)
    budget = Budget(stopwatch=lambda: next(seconds))
    if needed > STOPWATCH_READ_EVERY + MAX_LEAVES:
        with pytest.raises(BoundsExceeded, match="within 250 ms"):
            trigger.next_after(GRID_START, budget)
    else:
        evaluate(trigger, GRID_START, budget)
    assert budget.spent <= STOPWATCH_READ_EVERY + MAX_LEAVES


def test_some_hostile_triggers_are_given_up_only_when_all_steps_are_spent() -> None:
    spent = {name: measure(draft.build(), GRID_START).steps for name, draft in HOSTILE.items()}
    assert sum(steps > MAX_STEPS for steps in spent.values()) >= 4

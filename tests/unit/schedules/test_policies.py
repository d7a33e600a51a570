"""What becomes of each planned instant."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from schedules.policies import (
    CATCHUP,
    COALESCED,
    MANUAL,
    MAX_EQUAL_ROWS,
    MISSED,
    QUEUED,
    SCHEDULE,
    SKIPPED_OVERLAP,
    STARTED,
    Decision,
    Outage,
    Planned,
    Situation,
    _compress,
    decide,
    give_up_all,
    run_by_hand,
)
from tests.unit.schedules.factories import utc

NINE = utc("2027-03-01T09:00")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BLOCKED = "the task of 2027-03-01 08:00:00Z is suspended"


def hours(count: int, *, first: datetime = NINE) -> list[datetime]:
    return [first + each * HOUR for each in range(count)]


def outage_over(instants: Sequence[datetime]) -> Outage:
    return Outage(instants[0] - MINUTE, instants[-1] + MINUTE)


def decide_hourly(count: int, *, down: bool = False, window: timedelta | None = None) -> list[Decision]:
    """Decide `count` hourly instants a minute after the last one."""
    instants = hours(count)
    situation = Situation(
        now=instants[-1] + MINUTE,
        misfire_window=timedelta(days=1) if window is None else window,
        outages=[outage_over(instants)] if down else (),
    )
    return decide(Planned(instants), situation)


def outcomes(decisions: list[Decision]) -> list[str]:
    return [each.outcome for each in decisions]


def test_an_instant_on_time_starts() -> None:
    assert decide(Planned([NINE]), Situation(now=NINE)) == [Decision(NINE, STARTED, "", SCHEDULE)]


@pytest.mark.parametrize("late", [MINUTE, 30 * HOUR, timedelta(days=400)])
def test_late_is_not_missed(late: timedelta) -> None:
    elsewhere = Outage(NINE + MINUTE / 2, NINE + late + MINUTE)
    situation = Situation(now=NINE + late, outages=[elsewhere])
    assert decide(Planned([NINE]), situation) == [Decision(NINE, STARTED, "", SCHEDULE)]


@pytest.mark.parametrize(
    ("started_at", "ended_at", "cause"),
    [
        (NINE - MINUTE, NINE + MINUTE, CATCHUP),
        (NINE, NINE + MINUTE, SCHEDULE),  # a scheduler was alive at that very moment
        (NINE - MINUTE, NINE, SCHEDULE),
    ],
)
def test_only_what_lies_within_an_outage_is_misfired(started_at: datetime, ended_at: datetime, cause: str) -> None:
    situation = Situation(now=NINE + HOUR, outages=[Outage(started_at, ended_at)])
    assert decide(Planned([NINE]), situation) == [Decision(NINE, STARTED, "", cause)]


@pytest.mark.parametrize(
    ("spread", "cause"),
    [(timedelta(0), CATCHUP), (10 * MINUTE, SCHEDULE)],
    ids=["planned within", "due after it"],
)
def test_an_outage_counts_when_an_instant_is_due_and_not_when_it_is_planned(spread: timedelta, cause: str) -> None:
    outage = Outage(NINE - MINUTE, NINE + MINUTE)
    situation = Situation(now=NINE + HOUR, spread=spread, outages=[outage])
    assert decide(Planned([NINE]), situation) == [Decision(NINE, STARTED, "", cause)]


def test_the_window_counts_from_when_an_instant_is_due() -> None:
    due = NINE + 10 * MINUTE
    situation = Situation(
        now=due + HOUR,
        spread=10 * MINUTE,
        misfire_window=HOUR,
        outages=[Outage(NINE - MINUTE, due + MINUTE)],
    )
    assert outcomes(decide(Planned([NINE - MINUTE, NINE]), situation)) == [MISSED, STARTED]


def test_what_was_missed_runs_once_as_the_latest_of_them() -> None:
    decisions = decide_hourly(3, down=True)
    assert outcomes(decisions) == [COALESCED, COALESCED, STARTED]
    assert [each.scheduled_for for each in decisions] == hours(3)
    assert [each.cause for each in decisions] == [SCHEDULE, SCHEDULE, CATCHUP]
    assert decisions[0].reason == "no scheduler was alive; coalesced into the instant of 2027-03-01 11:00:00Z"


def test_one_missed_instant_is_caught_up() -> None:
    assert decide_hourly(1, down=True) == [Decision(NINE, STARTED, "", CATCHUP)]


def test_several_outages_are_caught_up_by_one_run() -> None:
    instants = hours(3)
    outages = [outage_over(instants[:1]), outage_over(instants[2:])]
    decisions = decide(Planned(instants), Situation(now=instants[-1] + 2 * MINUTE, outages=outages))
    # The one between them was on time and starts; the catch-up finds its task.
    assert outcomes(decisions) == [COALESCED, STARTED, SKIPPED_OVERLAP]
    assert [each.cause for each in decisions] == [SCHEDULE, SCHEDULE, CATCHUP]


def test_an_instant_after_the_outage_is_not_coalesced_into_it() -> None:
    instants = hours(3)
    situation = Situation(now=instants[-1], outages=[outage_over(instants[:2])])
    decisions = decide(Planned(instants), situation)
    assert outcomes(decisions) == [COALESCED, STARTED, SKIPPED_OVERLAP]
    assert [each.cause for each in decisions] == [SCHEDULE, CATCHUP, SCHEDULE]
    assert decisions[2].reason == "the task of 2027-03-01 10:00:00Z had only just been started"


def test_what_lies_before_the_window_is_missed() -> None:
    decisions = decide_hourly(4, down=True, window=2 * HOUR + MINUTE)
    assert outcomes(decisions) == [MISSED, COALESCED, COALESCED, STARTED]
    assert decisions[0].reason == ("no scheduler was alive until more than 7260 s later (misfire_window_seconds)")


def test_an_instant_at_the_edge_of_the_window_is_still_in_it() -> None:
    assert outcomes(decide_hourly(1, down=True, window=MINUTE)) == [STARTED]
    assert outcomes(decide_hourly(1, down=True, window=MINUTE - timedelta(microseconds=1))) == [MISSED]


def test_nothing_is_caught_up_when_all_of_it_lies_before_the_window() -> None:
    decisions = decide_hourly(3, down=True, window=timedelta(0))
    assert outcomes(decisions) == [MISSED] * 3
    assert {each.cause for each in decisions} == {SCHEDULE}


def test_the_window_is_no_limit_to_what_is_only_late() -> None:
    decisions = decide_hourly(1, window=timedelta(0))
    assert outcomes(decisions) == [STARTED]


def test_an_instant_is_skipped_while_the_task_before_has_not_ended_and_says_which() -> None:
    situation = Situation(now=NINE, blocked_by=BLOCKED)
    assert decide(Planned([NINE]), situation) == [Decision(NINE, SKIPPED_OVERLAP, BLOCKED, SCHEDULE)]


def test_a_catch_up_is_skipped_as_well() -> None:
    situation = Situation(now=NINE + HOUR, outages=[outage_over([NINE])], blocked_by=BLOCKED)
    assert decide(Planned([NINE]), situation) == [Decision(NINE, SKIPPED_OVERLAP, BLOCKED, CATCHUP)]


def test_of_several_late_instants_the_first_starts_and_the_others_overlap_it() -> None:
    decisions = decide_hourly(3)
    assert outcomes(decisions) == [STARTED, SKIPPED_OVERLAP, SKIPPED_OVERLAP]
    assert {each.reason for each in decisions[1:]} == {"the task of 2027-03-01 09:00:00Z had only just been started"}


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
@pytest.mark.parametrize("down", [False, True])
def test_a_one_shot_is_never_dropped(late: timedelta, *, down: bool) -> None:
    situation = Situation(
        now=NINE + late + MINUTE,
        is_one_shot=True,
        misfire_window=timedelta(0),
        outages=[Outage(NINE - MINUTE, NINE + late + MINUTE)] if down else (),
    )
    cause = CATCHUP if down else SCHEDULE
    assert decide(Planned([NINE]), situation) == [Decision(NINE, STARTED, "", cause)]


def test_a_one_shot_waits_for_the_task_before_it() -> None:
    situation = Situation(now=NINE, is_one_shot=True, blocked_by=BLOCKED)
    (decision,) = decide(Planned([NINE]), situation)
    assert (decision.outcome, decision.reason) == (QUEUED, f"starts when it can: {BLOCKED}")
    assert decision.starts_task


@pytest.mark.parametrize(
    ("outcome", "starts"),
    [
        (STARTED, True),
        (QUEUED, True),
        (SKIPPED_OVERLAP, False),
        (COALESCED, False),
        (MISSED, False),
    ],
)
def test_a_task_comes_only_of_what_starts_or_is_queued(outcome: str, *, starts: bool) -> None:
    assert Decision(NINE, outcome).starts_task is starts


def test_exactly_a_hundred_equal_decisions_are_a_row_each() -> None:
    decisions = decide_hourly(MAX_EQUAL_ROWS + 1, down=True, window=timedelta(days=30))
    assert outcomes(decisions) == [COALESCED] * MAX_EQUAL_ROWS + [STARTED]
    assert {(each.count, each.last_scheduled_for) for each in decisions} == {(1, None)}


def test_more_than_a_hundred_equal_decisions_are_one_row() -> None:
    instants = hours(MAX_EQUAL_ROWS + 2)
    coalesced, started = decide_hourly(MAX_EQUAL_ROWS + 2, down=True, window=timedelta(days=30))
    assert (coalesced.outcome, coalesced.count) == (COALESCED, MAX_EQUAL_ROWS + 1)
    assert (coalesced.scheduled_for, coalesced.last_scheduled_for) == (NINE, instants[-2])
    assert (started.outcome, started.scheduled_for, started.count) == (STARTED, instants[-1], 1)


def test_many_that_overlap_are_one_row_after_the_one_that_starts() -> None:
    started, skipped = decide_hourly(MAX_EQUAL_ROWS + 2)
    assert (started.outcome, started.count, started.last_scheduled_for) == (STARTED, 1, None)
    assert (skipped.outcome, skipped.count) == (SKIPPED_OVERLAP, MAX_EQUAL_ROWS + 1)
    assert skipped.scheduled_for == NINE + HOUR


def test_equal_decisions_with_another_between_them_are_counted_apart() -> None:
    before, after = (
        [Decision(each, MISSED, "a") for each in hours(60)],
        hours(60, first=NINE + 99 * HOUR),
    )
    between = Decision(NINE + 98 * HOUR, MISSED, "b")
    decisions = [*before, between, *(Decision(each, MISSED, "a") for each in after)]
    assert _compress(decisions) == decisions


@pytest.mark.parametrize("outcome", [STARTED, QUEUED])
def test_decisions_that_start_a_task_keep_a_row_each(outcome: str) -> None:
    decisions = [Decision(each, outcome) for each in hours(3 * MAX_EQUAL_ROWS)]
    assert _compress(decisions) == decisions


def test_an_uncounted_stretch_in_an_outage_is_one_row_without_a_count() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 6 * HOUR
    situation = Situation(now=latest + MINUTE, outages=[outage_over([NINE, latest])])
    coalesced, started = decide(Planned([latest], uncounted=stretch), situation)
    assert (coalesced.outcome, coalesced.count) == (COALESCED, None)
    assert (coalesced.scheduled_for, coalesced.last_scheduled_for) == stretch
    assert started == Decision(latest, STARTED, "", CATCHUP)


def test_an_uncounted_stretch_before_the_window_is_missed() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 60 * HOUR
    situation = Situation(now=latest + MINUTE, outages=[outage_over([NINE, latest])])
    missed, started = decide(Planned([latest], uncounted=stretch), situation)
    assert (missed.outcome, missed.count) == (MISSED, None)
    assert (missed.scheduled_for, missed.last_scheduled_for) == stretch
    assert started.outcome == STARTED


def test_an_uncounted_stretch_that_was_only_late_overlaps_the_latest() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 6 * HOUR
    skipped, started = decide(Planned([latest], uncounted=stretch), Situation(now=latest))
    assert (skipped.outcome, skipped.count) == (SKIPPED_OVERLAP, None)
    assert "so late that a later instant was due" in skipped.reason
    assert started == Decision(latest, STARTED, "", SCHEDULE)


def test_giving_up_misses_all_of_it_for_the_reason_given() -> None:
    assert give_up_all(Planned(hours(2)), "it was deleted") == [
        Decision(each, MISSED, "it was deleted") for each in hours(2)
    ]


def test_giving_up_many_is_one_row_beside_those_that_were_not_counted() -> None:
    instants = hours(MAX_EQUAL_ROWS + 1, first=NINE + 99 * HOUR)
    decisions = give_up_all(Planned(instants, uncounted=(NINE, NINE + 9 * HOUR)), "it was deleted")
    assert decisions == [
        Decision(NINE, MISSED, "it was deleted", SCHEDULE, NINE + 9 * HOUR, None),
        Decision(instants[0], MISSED, "it was deleted", SCHEDULE, instants[-1], len(instants)),
    ]


def test_a_run_by_hand_starts_whatever_runs_already() -> None:
    assert run_by_hand(NINE, "alice") == Decision(NINE, STARTED, "run by alice", MANUAL)

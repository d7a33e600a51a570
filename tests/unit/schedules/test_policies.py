"""What becomes of each planned instant."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schedules.policies import (
    BACKFILL,
    CATCHUP,
    COALESCED,
    MANUAL,
    MAX_EQUAL_ROWS,
    MISSED,
    QUEUED,
    SCHEDULE,
    SKIPPED_FROZEN,
    SKIPPED_OVERLAP,
    SKIPPED_PAUSED,
    STARTED,
    Decision,
    Hold,
    Outage,
    Planned,
    Situation,
    Uncounted,
    UnendedTask,
    decide,
    run_again,
    run_by_hand,
    settle,
)
from schedules.policies.decisions import compress
from tests.unit.schedules.factories import utc

NINE = utc("2027-03-01T09:00")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BLOCKED = "task 4711 of this schedule is still suspended"
BEFORE = UnendedTask(UUID(int=4711), is_running=False, words=BLOCKED)


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
    situation = Situation(now=NINE, unended=[BEFORE])
    assert decide(Planned([NINE]), situation) == [Decision(NINE, SKIPPED_OVERLAP, BLOCKED, SCHEDULE)]


def test_a_catch_up_is_skipped_as_well() -> None:
    situation = Situation(now=NINE + HOUR, outages=[outage_over([NINE])], unended=[BEFORE])
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
    situation = Situation(now=NINE, is_one_shot=True, unended=[BEFORE])
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
    assert compress(decisions) == decisions


@pytest.mark.parametrize("outcome", [STARTED, QUEUED])
def test_decisions_that_start_a_task_keep_a_row_each(outcome: str) -> None:
    decisions = [Decision(each, outcome) for each in hours(3 * MAX_EQUAL_ROWS)]
    assert compress(decisions) == decisions


def test_an_uncounted_stretch_in_an_outage_is_one_row_without_a_count() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 6 * HOUR
    situation = Situation(now=latest + MINUTE, outages=[outage_over([NINE, latest])])
    coalesced, started = decide(Planned([Uncounted(*stretch), latest]), situation)
    assert (coalesced.outcome, coalesced.count) == (COALESCED, None)
    assert (coalesced.scheduled_for, coalesced.last_scheduled_for) == stretch
    assert started == Decision(latest, STARTED, "", CATCHUP)


def test_an_uncounted_stretch_before_the_window_is_missed() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 60 * HOUR
    situation = Situation(now=latest + MINUTE, outages=[outage_over([NINE, latest])])
    missed, started = decide(Planned([Uncounted(*stretch), latest]), situation)
    assert (missed.outcome, missed.count) == (MISSED, None)
    assert (missed.scheduled_for, missed.last_scheduled_for) == stretch
    assert started.outcome == STARTED


def test_an_uncounted_stretch_that_was_only_late_overlaps_the_latest() -> None:
    stretch, latest = (NINE, NINE + 5 * HOUR), NINE + 6 * HOUR
    skipped, started = decide(Planned([Uncounted(*stretch), latest]), Situation(now=latest))
    assert (skipped.outcome, skipped.count) == (SKIPPED_OVERLAP, None)
    assert "so late that a later instant was due" in skipped.reason
    assert started == Decision(latest, STARTED, "", SCHEDULE)


def test_what_is_settled_is_missed_for_the_reason_given() -> None:
    decisions = settle(Planned(hours(2)), Situation(now=NINE + 9 * HOUR), reason="it was deleted")
    assert decisions == [Decision(each, MISSED, "it was deleted") for each in hours(2)]


def test_many_that_are_settled_are_one_row_with_those_that_were_not_counted() -> None:
    instants = hours(MAX_EQUAL_ROWS + 1, first=NINE + 99 * HOUR)
    planned = Planned([Uncounted(NINE, NINE + 9 * HOUR), *instants])
    decisions = settle(planned, Situation(now=instants[-1]), reason="it was deleted")
    assert decisions == [Decision(NINE, MISSED, "it was deleted", SCHEDULE, instants[-1], None)]


def test_what_is_settled_says_what_it_fell_into() -> None:
    pause, freeze = Hold(NINE, NINE + HOUR, "by ada: nights off"), Hold(NINE, None, "by bob: move")
    situation = Situation(now=NINE + 9 * HOUR, pauses=[pause], freezes=[freeze])
    decisions = settle(Planned(hours(3, first=NINE - HOUR)), situation, reason="it was deleted")
    assert [(each.outcome, each.reason) for each in decisions] == [
        (MISSED, "it was deleted"),
        (SKIPPED_PAUSED, "paused by ada: nights off"),
        (SKIPPED_FROZEN, "the engine was frozen by bob: move"),
    ]


class TestByHand:
    def test_a_run_starts(self) -> None:
        decision = run_by_hand(Situation(now=NINE), why="run by alice")
        assert decision == Decision(NINE, STARTED, "run by alice", MANUAL)

    def test_a_run_waits_for_the_task_before_it(self) -> None:
        decision = run_by_hand(Situation(now=NINE, unended=[BEFORE]), why="run by alice")
        assert decision == Decision(NINE, QUEUED, f"run by alice; starts when it can: {BLOCKED}", MANUAL)

    def test_a_run_starts_beside_the_task_before_it_where_that_is_allowed(self) -> None:
        decision = run_by_hand(Situation(now=NINE, overlap_policy="allow", unended=[BEFORE]), why="run by alice")
        assert decision == Decision(NINE, STARTED, "run by alice", MANUAL)

    def test_a_run_takes_the_place_of_the_task_before_it_where_that_is_the_policy(self) -> None:
        situation = Situation(now=NINE, overlap_policy="cancel_running", unended=[BEFORE])
        decision = run_by_hand(situation, why="run by alice")
        assert (decision.outcome, decision.cause, decision.cancels) == (STARTED, MANUAL, (BEFORE.task_id,))
        assert decision.reason == f"run by alice; aborted for it (overlap_policy cancel_running): {BLOCKED}"

    @pytest.mark.parametrize("policy", ["skip", "queue_one", "queue_all", "cancel_running"])
    def test_what_is_run_again_lines_up(self, policy: str) -> None:
        situation = Situation(now=NINE + 9 * HOUR, overlap_policy=policy, unended=[BEFORE])
        decisions = run_again(hours(3), situation, why="backfill by alice")
        assert [(each.outcome, each.cause, each.cancels) for each in decisions] == [(QUEUED, BACKFILL, ())] * 3
        assert decisions[0].reason == f"backfill by alice; starts when it can: {BLOCKED}"
        assert decisions[2].reason.endswith("the task of 2027-03-01 10:00:00Z had only just been started")

    def test_what_is_run_again_starts_together_where_that_is_allowed(self) -> None:
        situation = Situation(now=NINE + 9 * HOUR, overlap_policy="allow", unended=[BEFORE])
        assert outcomes(run_again(hours(3), situation, why="backfill by alice")) == [STARTED] * 3


class TestReleased:
    """What a pause or a freeze skipped, and `resume_policy`."""

    PAUSE = Hold(NINE, NINE + 2 * HOUR, "by ada: nights off")

    def decide(self, count: int, **situation: Any) -> list[Decision]:
        instants = hours(count)
        now = max(instants[-1], NINE + 2 * HOUR) + MINUTE
        return decide(Planned(instants), Situation(now=now, **situation))

    def test_the_end_of_a_pause_is_no_longer_in_it(self) -> None:
        decisions = self.decide(3, pauses=[self.PAUSE])
        assert outcomes(decisions) == [SKIPPED_PAUSED, SKIPPED_PAUSED, STARTED]
        assert decisions[0].reason == "paused by ada: nights off"

    def test_a_pause_comes_before_a_freeze_and_a_freeze_before_an_outage(self) -> None:
        freeze, outage = Hold(NINE, NINE + 3 * HOUR, "by bob: move"), Outage(NINE - HOUR, NINE + 4 * HOUR)
        decisions = self.decide(4, pauses=[self.PAUSE], freezes=[freeze], outages=[outage])
        assert outcomes(decisions) == [SKIPPED_PAUSED, SKIPPED_PAUSED, SKIPPED_FROZEN, STARTED]
        assert decisions[3].cause == CATCHUP

    def test_the_latest_that_was_skipped_is_run_at_release_if_wanted(self) -> None:
        decisions = self.decide(2, pauses=[self.PAUSE], resume_policy="run_once")
        assert outcomes(decisions) == [SKIPPED_PAUSED, STARTED]
        assert (decisions[1].cause, decisions[1].reason) == (
            CATCHUP,
            "paused by ada: nights off; run at its end (resume_policy)",
        )

    def test_a_freeze_is_released_in_the_same_way(self) -> None:
        decisions = self.decide(2, freezes=[self.PAUSE], resume_policy="run_once")
        assert outcomes(decisions) == [SKIPPED_FROZEN, STARTED]

    def test_nothing_is_run_at_release_that_a_later_instant_does_anyway(self) -> None:
        decisions = self.decide(3, pauses=[self.PAUSE], resume_policy="run_once")
        assert outcomes(decisions) == [SKIPPED_PAUSED, SKIPPED_PAUSED, STARTED]

    def test_nothing_is_run_while_the_pause_goes_on(self) -> None:
        decisions = self.decide(2, pauses=[Hold(NINE, None, "by itself")], resume_policy="run_once")
        assert outcomes(decisions) == [SKIPPED_PAUSED] * 2

    def test_a_pause_counts_when_an_instant_is_due_and_not_when_it_is_planned(self) -> None:
        decisions = self.decide(1, pauses=[Hold(NINE, NINE + MINUTE, "by ada")], spread=2 * MINUTE)
        assert outcomes(decisions) == [STARTED]

    def test_a_one_shot_runs_at_release_whatever_the_policy(self) -> None:
        situation = Situation(now=NINE + 3 * HOUR, is_one_shot=True, pauses=[self.PAUSE])
        assert decide(Planned([NINE]), situation) == [Decision(NINE, STARTED, "", SCHEDULE)]

    def test_more_than_a_hundred_that_were_skipped_are_one_row(self) -> None:
        decisions = self.decide(200, pauses=[Hold(NINE, NINE + 150 * HOUR, "by ada")], overlap_policy="allow")
        assert (decisions[0].outcome, decisions[0].count) == (SKIPPED_PAUSED, 150)
        assert outcomes(decisions[1:]) == [STARTED] * 50

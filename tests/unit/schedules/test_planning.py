"""Which instants are decided now, and which one comes next."""

from datetime import datetime, timedelta

import pytest

from schedules.planning import MAX_COUNTED, next_run_when_paused, plan_instants, plan_undecided, reread_promise
from schedules.policies import Outage, Situation, Uncounted
from schedules.triggers import Budget, HorizonPassed, TriggerError
from schedules.triggers.budget import MAX_STEPS
from tests.unit.schedules.factories import EverySecond, make_trigger, utc

NINE = utc("2027-03-01T09:00")
SECOND = timedelta(seconds=1)


def seconds(count: int) -> list[datetime]:
    return [NINE + each * SECOND for each in range(count)]


def test_an_ordinary_firing_costs_one_evaluation() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + SECOND / 2)
    assert turn.planned.parts == [NINE]
    assert turn.following == NINE + SECOND
    assert (turn.steps, trigger.evaluations) == (1, 1)


def test_an_instant_is_decided_from_the_moment_it_is_due() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE)
    assert turn.planned.parts == [NINE]
    assert turn.following == NINE + SECOND


def test_every_instant_up_to_and_including_now_is_decided() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + 4 * SECOND)
    assert turn.planned.parts == seconds(5)
    assert turn.planned.last == NINE + 4 * SECOND
    assert turn.following == NINE + 5 * SECOND
    assert (turn.steps, trigger.evaluations) == (5, 5)


def test_after_the_last_instant_there_is_no_next_one() -> None:
    trigger = EverySecond(first=NINE, last=NINE + SECOND)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1))
    assert turn.planned.parts == seconds(2)
    assert turn.following is None


def test_as_many_instants_as_the_limit_are_all_decided_one_by_one() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 9 * SECOND, limit=10)
    assert turn.planned.parts == seconds(10)
    assert turn.following == NINE + 10 * SECOND


def test_one_more_than_the_limit_leaves_the_latest_and_the_ends_of_the_rest() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 10 * SECOND, limit=10)
    assert turn.planned.parts == [NINE, Uncounted(NINE + SECOND, NINE + 9 * SECOND), NINE + 10 * SECOND]
    assert turn.following == NINE + 11 * SECOND
    assert turn.planned.last == NINE + 10 * SECOND


def test_an_uncounted_stretch_that_holds_the_last_instant_leaves_no_next_one() -> None:
    trigger = EverySecond(first=NINE, last=NINE + 50 * SECOND)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1), limit=10)
    assert turn.planned.parts == [NINE, Uncounted(NINE + SECOND, NINE + 49 * SECOND), NINE + 50 * SECOND]
    assert turn.following is None


def test_a_stretch_of_years_takes_no_more_steps_than_it_says() -> None:
    trigger = EverySecond(first=NINE)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=3 * 365))
    assert turn.planned.last == NINE + timedelta(days=3 * 365)
    assert len(turn.planned.parts) == len(("first", "uncounted", "last"))
    assert MAX_COUNTED < trigger.evaluations <= turn.steps


def test_a_dense_stretch_that_ended_long_ago_takes_no_more_steps_than_it_says() -> None:
    trigger = EverySecond(first=NINE, last=NINE + timedelta(days=30))
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=300), limit=1_000)
    last = NINE + timedelta(days=30)
    assert turn.planned.parts == [NINE, Uncounted(NINE + SECOND, last - SECOND), last]
    assert trigger.evaluations <= turn.steps


def test_counting_that_costs_too_much_leaves_the_latest_and_the_ends_of_the_rest() -> None:
    trigger = EverySecond(first=NINE, cost=MAX_STEPS // 100)
    turn = plan_instants(trigger, first=NINE, until=NINE + 2_000 * SECOND)
    assert turn.planned.parts == [NINE, Uncounted(NINE + SECOND, NINE + 1_999 * SECOND), NINE + 2_000 * SECOND]
    assert (turn.following, turn.broken_by) == (NINE + 2_001 * SECOND, "")
    assert trigger.evaluations * trigger.cost <= turn.steps <= 2 * MAX_STEPS + trigger.cost


def test_counting_that_costs_too_much_behind_the_latest_has_counted_all() -> None:
    trigger = EverySecond(first=NINE, cost=MAX_STEPS // 100)
    turn = plan_instants(trigger, first=NINE, until=NINE + 100 * SECOND)
    assert turn.planned.parts == seconds(101)
    assert turn.following == NINE + 101 * SECOND


def test_a_trigger_that_can_never_be_evaluated_again_is_broken_after_the_instant_that_was_due() -> None:
    trigger = EverySecond(first=NINE, cost=MAX_STEPS + 1)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1))
    assert turn.planned.parts == [NINE]
    assert (turn.following, turn.broken_by) == (None, "no instant was found within 10,000 steps")
    assert trigger.evaluations == 1


def test_a_trigger_whose_latest_instant_costs_too_much_is_broken_after_those_that_were_counted() -> None:
    trigger = EverySecond(first=NINE, cost=MAX_STEPS // 5)
    turn = plan_instants(trigger, first=NINE, until=NINE + timedelta(days=1))
    assert turn.planned.parts == seconds(6)
    assert (turn.following, turn.broken_by) == (None, "no instant was found within 10,000 steps")
    assert turn.steps <= 2 * (MAX_STEPS + trigger.cost)


def test_a_trigger_without_an_instant_in_ten_years_is_broken_after_those_it_had() -> None:
    class OnceInALifetime(EverySecond):
        def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
            found = super().next_after(instant, budget)
            if found is None:
                raise HorizonPassed("there is no instant within ten years")
            return found

    turn = plan_instants(OnceInALifetime(first=NINE, last=NINE + SECOND), first=NINE, until=NINE + timedelta(days=1))
    assert turn.planned.parts == seconds(2)
    assert (turn.following, turn.broken_by) == (None, "there is no instant within ten years")


def test_nothing_is_decided_before_it_is_due() -> None:
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE - SECOND)
    assert (turn.planned.parts, turn.planned.last, turn.following) == ((), None, NINE)


def test_stretches_that_are_too_long_to_count_are_parted_at_the_marks() -> None:
    marks = [NINE + 100 * SECOND, NINE - SECOND, NINE + 1_000 * SECOND, NINE + 100 * SECOND]
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 500 * SECOND, marks=marks, keep=2, limit=10)
    assert turn.planned.parts == [
        *seconds(2),
        Uncounted(NINE + 2 * SECOND, NINE + 98 * SECOND),
        NINE + 99 * SECOND,
        NINE + 100 * SECOND,
        NINE + 101 * SECOND,
        Uncounted(NINE + 102 * SECOND, NINE + 499 * SECOND),
        NINE + 500 * SECOND,
    ]


def test_a_stretch_with_few_instants_is_given_one_by_one() -> None:
    marks = [NINE + 3 * SECOND, NINE + 5 * SECOND]
    turn = plan_instants(EverySecond(first=NINE), first=NINE, until=NINE + 500 * SECOND, marks=marks, limit=10)
    assert turn.planned.parts[:5] == seconds(5)


def test_the_marks_are_left_out_where_they_cost_too_much() -> None:
    trigger = EverySecond(first=NINE, cost=MAX_STEPS // 100)
    marks = [NINE + number * 10 * SECOND for number in range(1, 60)]
    turn = plan_instants(trigger, first=NINE, until=NINE + 2_000 * SECOND, marks=marks)
    assert turn.planned.parts == [NINE, Uncounted(NINE + SECOND, NINE + 1_999 * SECOND), NINE + 2_000 * SECOND]
    assert turn.steps <= 3 * (MAX_STEPS + trigger.cost)


def test_what_is_undecided_begins_after_the_watermark() -> None:
    trigger = EverySecond(first=NINE, last=NINE + 9 * SECOND)
    turn = plan_undecided(trigger, after=NINE, situation=Situation(now=NINE + 3 * SECOND, spread=SECOND))
    assert turn.planned.parts == [NINE + SECOND, NINE + 2 * SECOND]
    assert turn.following == NINE + 3 * SECOND
    nothing = plan_undecided(trigger, after=NINE + 9 * SECOND, situation=Situation(now=NINE + 20 * SECOND))
    assert (nothing.planned.parts, nothing.following) == ((), None)


def test_the_marks_of_a_situation_are_planned_moments() -> None:
    outage = Outage(NINE, NINE + 60 * SECOND)
    situation = Situation(now=NINE + 90 * SECOND, spread=10 * SECOND, outages=[outage], misfire_window=30 * SECOND)
    tick = timedelta(microseconds=1)
    assert set(situation.marks()) == {NINE + tick - 10 * SECOND, NINE + 50 * SECOND}


@pytest.mark.parametrize(
    ("until", "is_skipped_for_good", "expected"),
    [
        (NINE - SECOND, True, NINE + SECOND),  # nothing falls into the pause
        (NINE + SECOND / 2, True, NINE + SECOND),
        (NINE + 2 * SECOND, True, NINE + 2 * SECOND),  # the end of the pause is no longer in it
        (NINE + 5 * SECOND / 2, True, NINE + 3 * SECOND),
        (NINE + 5 * SECOND / 2, False, NINE + 5 * SECOND / 2),  # something is to be run then
        (NINE + 20 * SECOND, True, NINE + 20 * SECOND),  # nothing is left to run
    ],
)
def test_a_paused_schedule_is_looked_at_when_something_is_to_be_done(
    until: datetime, *, is_skipped_for_good: bool, expected: datetime
) -> None:
    found = next_run_when_paused(
        EverySecond(first=NINE, last=NINE + 9 * SECOND),
        after=NINE - SECOND,
        until=until,
        spread=SECOND,
        is_skipped_for_good=is_skipped_for_good,
    )
    assert found == expected


@pytest.mark.parametrize(
    "trigger",
    [make_trigger("interval", seconds=90), make_trigger("cron", minute="*/3", hour="1-9")],
    ids=str,
)
def test_turn_after_turn_decides_every_instant_once(trigger: EverySecond) -> None:
    begin, end = utc("2027-03-01T00:30"), utc("2027-03-01T10:00")
    first = trigger.next_after(begin)
    decided: list[datetime | Uncounted] = []
    now = begin
    while now < end:
        now += timedelta(minutes=7)
        if first is not None and first <= now:
            turn = plan_instants(trigger, first=first, until=now)
            decided.extend(turn.planned.parts)
            first = turn.following
    assert isinstance(decided[0], datetime)
    expected = plan_instants(trigger, first=decided[0], until=now).planned.parts
    assert decided == expected
    assert len(decided) == len(set(decided)) > 100


AMSTERDAM = "Europe/Amsterdam"


class TestRereadingAPromise:
    """Under the rules that hold, 02:30 in Amsterdam is 00:30Z in June; the promises come from other ones."""

    nightly = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30)

    def reread(self, promised: str, *, after: str, is_decided: bool = True, trigger: object = None) -> datetime:
        return reread_promise(
            trigger or self.nightly,  # type: ignore[arg-type]
            promised=utc(promised),
            after=utc(after),
            is_decided=is_decided,
        )

    def test_what_was_right_stays(self) -> None:
        assert self.reread("2027-06-10T00:30", after="2027-06-09T00:30") == utc("2027-06-10T00:30")

    def test_clocks_that_are_further_ahead_than_promised_bring_it_forward(self) -> None:
        assert self.reread("2027-06-10T01:30", after="2027-06-09T01:30") == utc("2027-06-10T00:30")

    def test_clocks_that_are_further_behind_put_it_off_and_the_last_one_does_not_come_again(self) -> None:
        assert self.reread("2027-06-09T23:30", after="2027-06-08T23:30") == utc("2027-06-10T00:30")

    def test_done_twice_it_is_as_done_once(self) -> None:
        for promised, after in (("2027-06-10T01:30", "2027-06-09T01:30"), ("2027-06-09T23:30", "2027-06-08T23:30")):
            once = self.reread(promised, after=after)
            assert self.reread(f"{once:%Y-%m-%dT%H:%M}", after=after) == once

    def test_an_instant_right_after_the_trigger_was_set_is_none_that_was_decided(self) -> None:
        set_at = "2027-06-09T23:50"
        assert self.reread("2027-06-10T01:30", after=set_at, is_decided=False) == utc("2027-06-10T00:30")
        # Even where it lies nearer to that moment than to the promise.
        assert self.reread("2027-06-10T02:30", after=set_at, is_decided=False) == utc("2027-06-10T00:30")

    def test_a_day_that_is_skipped_no_more_is_not_lost(self) -> None:
        trigger = make_trigger("cron", zone=AMSTERDAM, hour=3, minute=0, dst_gap="skip")
        # The promise passes over 28 March, as if the clocks had skipped 03:00 on that day.
        found = self.reread("2027-03-29T01:00", after="2027-03-27T02:00", trigger=trigger)
        assert found == utc("2027-03-28T01:00")

    @pytest.mark.parametrize("promised", ["2027-07-01T01:30", "2027-06-30T23:30"])
    def test_a_monthly_one_moves_by_its_hour(self, promised: str) -> None:
        trigger = make_trigger("cron", zone=AMSTERDAM, day=1, hour=2, minute=30)
        after = f"{utc(promised) - timedelta(days=30):%Y-%m-%dT%H:%M}"
        assert self.reread(promised, after=after, trigger=trigger) == utc("2027-07-01T00:30")

    @pytest.mark.parametrize(
        "trigger",
        [make_trigger("cron", zone=AMSTERDAM, minute="*/5"), make_trigger("interval", zone=AMSTERDAM, minutes=5)],
        ids=str,
    )
    def test_every_five_minutes_stays_every_five_minutes(self, trigger: object) -> None:
        assert self.reread("2027-06-10T00:35", after="2027-06-10T00:30", trigger=trigger) == utc("2027-06-10T00:35")

    @pytest.mark.parametrize("promised", ["2027-06-10T01:30", "2027-06-09T23:30"])
    def test_a_one_shot_on_the_clock_moves(self, promised: str) -> None:
        trigger = make_trigger("date", zone=AMSTERDAM, run_date="2027-06-10T02:30:00")
        found = self.reread(promised, after="2027-06-01T00:00", trigger=trigger, is_decided=False)
        assert found == utc("2027-06-10T00:30")

    def test_a_one_shot_that_would_lie_before_its_schedule_was_made_runs_as_promised(self) -> None:
        trigger = make_trigger("date", zone=AMSTERDAM, run_date="2027-06-10T02:30:00")
        found = self.reread("2027-06-10T01:30", after="2027-06-10T01:00", trigger=trigger, is_decided=False)
        assert found == utc("2027-06-10T01:30")

    def test_what_cannot_be_evaluated_says_so(self) -> None:
        with pytest.raises(TriggerError):
            self.reread(
                "2027-06-10T00:30",
                after="2027-06-09T00:30",
                trigger=make_trigger("cron", month=2, day=30, hour=0),
            )

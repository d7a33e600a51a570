"""A forecast is what asking every trigger, instant by instant, would give."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.forecasting import (
    MINUTE,
    Effort,
    EffortSpent,
    Listing,
    LoadCount,
    SharedRule,
    Source,
    Timetables,
    floor_to_minute,
    list_instants,
    list_spaced,
)
from schedules.triggers import BoundsExceeded, Trigger, TriggerError, spread_offset
from tests.unit.schedules.factories import GRID_START, utc
from tests.unit.schedules.test_triggers_bounds import NEVER_MEET
from tests.unit.schedules.trigger_strategies import ZONES, Draft, drafts, instants

START = utc("2027-03-27T23:58:30")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SPREADS = (0, 0, 1, 59, 300, 86_400)


def some_effort() -> Effort:
    return Effort(steps=1_000_000, seconds=60)


class Case:
    """A stored schedule: a draft, what it runs next, and its spread."""

    def __init__(self, number: int, draft: Draft, *, spread_seconds: int = 0, after: datetime = START - HOUR) -> None:
        self.draft = draft
        self.pk = UUID(int=number)
        self.spread_seconds = spread_seconds
        self.offset = spread_offset(self.pk, spread_seconds)
        self.trigger: Trigger = draft.build()
        nominal = self.trigger.next_after(after)
        self.next_run_at = None if nominal is None else nominal + self.offset

    def source(self, timetables: Timetables) -> Source:
        has_grid = self.draft.kind in {"calendarinterval", "and", "or"}
        policies = {"dst_gap": "run_after", "dst_fold": "first", "on_missing_day": "skip"} | self.draft.options
        rule = SharedRule(
            self.draft.kind,
            json.dumps(self.draft.kwargs),
            self.draft.zone,
            grid_start=GRID_START if has_grid else None,
            **policies,
        )
        timetable = timetables.find(rule)
        assert timetable is not None
        assert self.next_run_at is not None
        return Source(self.pk, self.next_run_at, self.spread_seconds, timetable)

    def runs(self, start: datetime, end: datetime) -> list[datetime]:
        """Return when it runs from `start` on and before `end`, one instant after the other."""
        found: list[datetime] = []
        at = self.next_run_at
        while at is not None and at < end:
            if at >= start:
                found.append(at)
            following = self.trigger.next_after(at - self.offset)
            at = None if following is None else following + self.offset
        return found


def make_cases(rules: Sequence[tuple[Draft, int]], *, after: datetime) -> list[Case]:
    """Return the schedules that will run, out of those that can be built and evaluated."""
    found = []
    for number, (draft, spread_seconds) in enumerate(rules):
        try:
            case = Case(number, draft, spread_seconds=spread_seconds, after=after)
        except TriggerError:
            continue
        if case.next_run_at is not None:
            found.append(case)
    return found


def listed(cases: Sequence[Case], start: datetime, end: datetime, *, limit: int, effort: Effort) -> Listing:
    timetables = Timetables()
    return list_instants((case.source(timetables) for case in cases), start=start, end=end, limit=limit, effort=effort)


def by_brute_force(cases: Sequence[Case], start: datetime, end: datetime) -> list[tuple[datetime, UUID]]:
    return sorted((at, case.pk) for case in cases for at in case.runs(start, end))


def as_pairs(listing: Listing) -> list[tuple[datetime, UUID]]:
    return [(each.at, each.source.schedule_id) for each in listing.instants]


def interval(**kwargs: Any) -> Draft:
    return Draft("interval", kwargs)


periods = st.one_of(
    st.integers(1, 90).map(lambda seconds: interval(seconds=seconds)),
    st.sampled_from([1.5, 7.25, 61.5, 90, 300, 3_600, 3_601, 86_400]).map(lambda seconds: interval(seconds=seconds)),
    st.tuples(st.integers(20, 7_200), st.integers(0, 7_200)).map(
        lambda pair: interval(seconds=pair[0], end_date=str(START + timedelta(seconds=pair[1])))
    ),
)
frequent = periods | st.sampled_from(
    [Draft("cron", {"minute": "*/7"}), Draft("cron", {"second": "*/20"}), Draft("cron", {"hour": 2, "minute": 30})]
).flatmap(lambda draft: st.sampled_from(ZONES).map(lambda zone: draft._replace(zone=zone)))
rule_sets = st.lists(st.tuples(drafts | frequent, st.sampled_from(SPREADS)), min_size=1, max_size=8)


class TestListing:
    @settings(deadline=None)  # the clocks of a zone are read for ten years once, and triggers are built
    @given(rules=rule_sets, after=instants, ahead=st.integers(0, 200), length=st.integers(1, 180))
    def test_it_lists_what_each_trigger_gives_by_itself(
        self, rules: Any, after: datetime, ahead: int, length: int
    ) -> None:
        cases = make_cases(rules, after=after)
        start = after + timedelta(minutes=ahead)
        end = start + timedelta(minutes=length)
        try:
            expected = by_brute_force(cases, start, end)
        except BoundsExceeded:
            return
        listing = listed(cases, start, end, limit=40, effort=some_effort())
        assert as_pairs(listing) == expected[:40]
        assert listing.exact_until == (expected[40][0] if len(expected) > 40 else end)

    def test_the_beginning_belongs_to_it_and_the_end_does_not(self) -> None:
        cases = [Case(1, interval(hours=1), after=utc("2027-03-01T08:00"))]
        listing = listed(cases, utc("2027-03-01T10:00"), utc("2027-03-01T12:00"), limit=9, effort=some_effort())
        assert [at for at, _ in as_pairs(listing)] == [utc("2027-03-01T10:00"), utc("2027-03-01T11:00")]

    def test_a_schedule_that_begins_later_is_not_asked_about_the_time_before(self) -> None:
        case = Case(1, Draft("cron", {"minute": 0}))
        case.next_run_at = START.replace(minute=0, second=0) + 5 * HOUR
        listing = listed([case], START, START + DAY, limit=99, effort=some_effort())
        assert listing.instants[0].at == case.next_run_at
        assert len(listing.instants) == 20

    def test_a_schedule_beyond_a_full_list_is_where_the_list_ends(self) -> None:
        cases = [Case(number, Draft("date", {"run_date": str(START + number * HOUR)})) for number in range(4)]
        listing = listed(cases, START, START + DAY, limit=3, effort=some_effort())
        assert (len(listing.instants), listing.exact_until) == (3, START + 3 * HOUR)

    @pytest.mark.parametrize("spread_seconds", [0, 3_600])
    def test_an_interval_ends_by_its_nominal_instants(self, spread_seconds: int) -> None:
        case = Case(1, interval(minutes=20, end_date=str(START + HOUR)), spread_seconds=spread_seconds)
        listing = listed([case], START, START + DAY, limit=99, effort=some_effort())
        assert as_pairs(listing) == by_brute_force([case], START, START + DAY)
        assert 3 <= len(listing.instants) <= 6

    def test_schedules_of_one_rule_share_what_was_found(self) -> None:
        cases = [Case(number, Draft("cron", {"hour": 2}), spread_seconds=60) for number in range(100)]
        effort = some_effort()
        listing = listed(cases, START + DAY, START + 2 * DAY, limit=500, effort=effort)
        assert as_pairs(listing) == by_brute_force(cases, START + DAY, START + 2 * DAY)
        assert effort.spent <= 100 + 20

    def test_when_the_effort_is_spent_nothing_is_said_to_be_exact_and_what_is_known_is_listed(self) -> None:
        cases = [Case(number, interval(minutes=5)) for number in range(20)]
        listing = listed(cases, START, START + HOUR, limit=500, effort=Effort(steps=7, seconds=60))
        assert listing.exact_until == START
        assert {each.source.schedule_id for each in listing.instants} == {UUID(int=number) for number in range(7)}

    def test_a_trigger_that_takes_too_long_makes_the_list_doubtful_but_not_empty(self) -> None:
        endless = Case(1, interval(minutes=7))
        endless.draft = Draft("and", {"triggers": NEVER_MEET})
        listing = listed([endless, Case(2, interval(minutes=5))], START, START + HOUR, limit=500, effort=some_effort())
        assert listing.exact_until == START
        assert {each.source.schedule_id for each in listing.instants} == {UUID(int=2)}

    @pytest.mark.parametrize("kwargs_json", ['{"hour": 99}', "[]", "{", '{"minute": ' + "9" * 5_000 + "}"])
    def test_a_rule_that_cannot_be_built_has_no_timetable(self, kwargs_json: str) -> None:
        rule = SharedRule("cron", kwargs_json, "UTC", "run_after", "first", "skip", None)
        assert Timetables().find(rule) is None


class TestSpaced:
    def spaced(self, case: Case, effort: Effort) -> list[datetime]:
        source = case.source(Timetables())
        return list(list_spaced(source, start=START, end=START + HOUR, apart=15 * MINUTE, effort=effort))

    def test_of_instants_that_are_near_together_there_is_one(self) -> None:
        case = Case(1, interval(minutes=1))
        first = case.runs(START, START + HOUR)[0]
        assert self.spaced(case, some_effort()) == [first + number * 15 * MINUTE for number in range(4)]

    def test_instants_that_are_far_apart_are_all_there(self) -> None:
        case = Case(1, Draft("cron", {"minute": "*/20"}))
        assert self.spaced(case, some_effort()) == case.runs(START, START + HOUR)

    def test_there_are_no_more_when_the_effort_is_spent(self) -> None:
        case = Case(1, interval(minutes=1))
        assert len(self.spaced(case, Effort(steps=2, seconds=60))) == 2

    def test_a_schedule_that_ends_has_no_more(self) -> None:
        case = Case(1, Draft("date", {"run_date": str(START + MINUTE)}))
        assert self.spaced(case, some_effort()) == [START + MINUTE]


def count_all(cases: Sequence[Case], start: datetime, ends: Sequence[datetime]) -> LoadCount:
    timetables = Timetables()
    load = LoadCount(start)
    for case in cases:
        load.add(case.source(timetables))
    for end in ends:
        load.count_through(end, some_effort())
    return load


def expected_counts(cases: Sequence[Case], start: datetime, end: datetime) -> list[int]:
    counts = Counter(floor_to_minute(at) for case in cases for at in case.runs(start, end))
    return [counts[start + number * MINUTE] for number in range((end - start) // MINUTE)]


class TestLoad:
    @settings(deadline=None)  # the clocks of a zone are read for ten years once, and triggers are built
    @given(rules=rule_sets, after=instants, stretches=st.lists(st.integers(1, 90), min_size=1, max_size=3))
    def test_each_minute_counts_what_each_trigger_gives_by_itself(
        self, rules: Any, after: datetime, stretches: list[int]
    ) -> None:
        cases = make_cases(rules, after=after)
        start = end = floor_to_minute(after)
        ends = [end := end + timedelta(minutes=minutes) for minutes in stretches]
        try:
            expected = expected_counts(cases, start, end)
        except BoundsExceeded:
            return
        assert count_all(cases, start, ends).finished_counts == expected

    def test_what_was_planned_before_the_start_and_runs_after_it_counts(self) -> None:
        start = floor_to_minute(START)
        cases = [
            Case(number, Draft("cron", {"hour": "*/6"}), spread_seconds=86_400, after=START - DAY)
            for number in range(9)
        ]
        assert max(case.offset for case in cases) > DAY / 2
        assert count_all(cases, start, [start + HOUR]).finished_counts == expected_counts(cases, start, start + HOUR)
        assert sum(expected_counts(cases, start, start + HOUR)) > 0

    def test_a_thousand_alike_take_little_more_than_one(self) -> None:
        start = floor_to_minute(START)
        cases = [
            Case(number, interval(minutes=5), after=START + timedelta(seconds=0.3 * number)) for number in range(1_000)
        ]
        timetables, load, effort = Timetables(), LoadCount(start), some_effort()
        for case in cases:
            load.add(case.source(timetables))
        load.count_through(start + DAY, effort)
        assert load.finished_counts == expected_counts(cases, start, start + DAY)
        assert effort.spent < 200

    def test_when_the_effort_is_spent_what_was_finished_stays(self) -> None:
        start = floor_to_minute(START)
        cases = [Case(number, Draft("cron", {"minute": number})) for number in range(10)]
        load = count_all(cases, start, [start + HOUR])
        with pytest.raises(EffortSpent):
            load.count_through(start + DAY, Effort(steps=20, seconds=60))
        assert load.finished_until == start + HOUR
        assert load.finished_counts == expected_counts(cases, start, start + HOUR)

"""Triggers where the clocks change, case by case. Each instant has been worked out by hand."""

from datetime import UTC
from typing import Any

import pytest

from schedules.triggers import next_fire_times
from tests.unit.schedules.factories import make_trigger, times_of, utc

# In 2027 a gap from 02:00 to 03:00 on 28 March, a fold on 31 October, both at 01:00 UTC.
AMSTERDAM = "Europe/Amsterdam"


def test_a_fixed_time_in_the_gap_runs_at_the_first_instant_after_it() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30)
    assert times_of(trigger, after="2027-03-27", count=3) == [
        "2027-03-27 01:30",
        "2027-03-28 01:00",  # 03:00 on the clock
        "2027-03-29 00:30",
    ]


def test_a_fixed_time_in_the_fold_runs_the_first_time_only() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30)
    assert times_of(trigger, after="2027-10-30T12:00", count=2) == [
        "2027-10-31 00:30",
        "2027-11-01 01:30",
    ]


@pytest.mark.parametrize("after", ["2027-10-31T00:30", "2027-10-31T01:00", "2027-10-31T01:15", "2027-10-31T01:30"])
def test_a_fixed_time_does_not_run_again_when_looked_for_from_within_the_fold(after: str) -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30)
    assert times_of(trigger, after=after, count=1) == ["2027-11-01 01:30"]


def test_several_fixed_times_in_the_gap_are_one_firing() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour="2,3", minute="0,20,40")
    assert times_of(trigger, after="2027-03-28", count=4) == [
        "2027-03-28 01:00",
        "2027-03-28 01:20",
        "2027-03-28 01:40",
        "2027-03-29 00:00",
    ]


def test_the_seconds_of_a_fixed_minute_in_the_gap_are_one_firing() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30, second="*/20")
    assert times_of(trigger, after="2027-03-28", count=2) == [
        "2027-03-28 01:00",
        "2027-03-29 00:30",
    ]


def test_the_edges_of_gap_and_fold_belong_to_the_time_after_them() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=3, minute=0)
    assert times_of(trigger, after="2027-03-28", count=1) == ["2027-03-28 01:00"]
    assert times_of(trigger, after="2027-10-31", count=1) == ["2027-10-31 02:00"]
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=0)
    assert times_of(trigger, after="2027-03-28", count=1) == ["2027-03-28 01:00"]
    assert times_of(trigger, after="2027-10-30T12:00", count=1) == ["2027-10-31 00:00"]


def test_every_hour_follows_elapsed_time() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour="*", minute=30)
    spring = times_of(trigger, after="2027-03-27T23:45", count=3)
    assert spring == ["2027-03-28 00:30", "2027-03-28 01:30", "2027-03-28 02:30"]
    autumn = times_of(trigger, after="2027-10-30T23:45", count=4)
    assert autumn == [
        "2027-10-31 00:30",
        "2027-10-31 01:30",
        "2027-10-31 02:30",
        "2027-10-31 03:30",
    ]


def test_every_other_hour_leaves_out_what_is_in_the_gap_and_repeats_what_is_in_the_fold() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour="*/2")
    # 00:00, then 04:00 on the clock: 02:00 does not occur
    assert times_of(trigger, after="2027-03-27T22:59", count=2) == [
        "2027-03-27 23:00",
        "2027-03-28 02:00",
    ]
    # 00:00, 02:00, 02:00 again, 04:00
    assert times_of(trigger, after="2027-10-30T21:59", count=4) == [
        "2027-10-30 22:00",
        "2027-10-31 00:00",
        "2027-10-31 01:00",
        "2027-10-31 03:00",
    ]


def test_every_minute_of_a_given_hour_does_not_happen_when_the_hour_does_not() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute="*/30")
    assert times_of(trigger, after="2027-03-28", count=1) == ["2027-03-29 00:00"]
    assert times_of(trigger, after="2027-10-30T12:00", count=5) == [
        "2027-10-31 00:00",
        "2027-10-31 00:30",
        "2027-10-31 01:00",
        "2027-10-31 01:30",
        "2027-11-01 01:00",
    ]


def test_a_change_of_half_an_hour() -> None:
    # 2027-10-03: 02:00 becomes 02:30 at 15:30 UTC; 2027-04-04: 02:00 becomes 01:30 at 15:00 UTC
    fixed = make_trigger("cron", zone="Australia/Lord_Howe", hour=2, minute=15)
    assert times_of(fixed, after="2027-10-02", count=2) == ["2027-10-02 15:30", "2027-10-03 15:15"]
    fixed = make_trigger("cron", zone="Australia/Lord_Howe", hour=1, minute=45)
    assert times_of(fixed, after="2027-04-03", count=2) == ["2027-04-03 14:45", "2027-04-04 15:15"]
    every = make_trigger("cron", zone="Australia/Lord_Howe", minute="*/15", hour="1,2")
    assert times_of(every, after="2027-10-02T15:00", count=3) == [
        "2027-10-02 15:15",  # 01:45
        "2027-10-02 15:30",  # 02:30
        "2027-10-02 15:45",
    ]


def test_a_day_that_a_zone_left_out() -> None:
    # Samoa had no 30 December 2011: midnight of the 29th, at 10:00 UTC, became that of the 31st.
    fixed = make_trigger("cron", zone="Pacific/Apia", hour=12)
    assert times_of(fixed, after="2011-12-29T12:00", count=3) == [
        "2011-12-29 22:00",  # the 29th
        "2011-12-30 10:00",  # the 30th, at the first instant after it
        "2011-12-30 22:00",  # the 31st
    ]
    every = make_trigger("cron", zone="Pacific/Apia", day=30, minute="*/30")
    assert times_of(every, after="2011-12-02", count=1) == ["2012-01-29 10:00"]


def test_an_end_in_the_gap_keeps_what_was_moved_to_it() -> None:
    trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30, end_date="2027-03-28T03:00:00+02:00")
    assert times_of(trigger, after="2027-03-27T12:00", count=9) == ["2027-03-28 01:00"]


def test_instants_are_aware_and_in_utc() -> None:
    for kwargs in ({"hour": 2, "minute": 30}, {"minute": "*/5"}):
        trigger = make_trigger("cron", zone=AMSTERDAM, **kwargs)
        assert all(each.tzinfo is UTC for each in next_fire_times(trigger, after=utc("2027-03-28"), count=3))


class TestPolicies:
    @pytest.mark.parametrize(
        ("kind", "kwargs"),
        [
            ("cron", {"hour": 2, "minute": 30}),
            ("cron", {"crontab": "30 2 * * *"}),
            ("calendarinterval", {"days": 1, "hour": 2, "minute": 30}),
        ],
    )
    @pytest.mark.parametrize(
        ("policy", "spring", "autumn"),
        [
            ({}, ["2027-03-28 01:00"], ["2027-10-31 00:30"]),
            ({"dst_gap": "run_after"}, ["2027-03-28 01:00"], ["2027-10-31 00:30"]),
            ({"dst_gap": "skip"}, [], ["2027-10-31 00:30"]),
            ({"dst_fold": "first"}, ["2027-03-28 01:00"], ["2027-10-31 00:30"]),
            ({"dst_fold": "second"}, ["2027-03-28 01:00"], ["2027-10-31 01:30"]),
            ({"dst_fold": "both"}, ["2027-03-28 01:00"], ["2027-10-31 00:30", "2027-10-31 01:30"]),
            ({"dst_gap": "skip", "dst_fold": "both"}, [], ["2027-10-31 00:30", "2027-10-31 01:30"]),
        ],
    )
    def test_a_fixed_time_goes_by_them(
        self, kind: str, kwargs: dict[str, Any], policy: dict[str, Any], spring: list[str], autumn: list[str]
    ) -> None:
        trigger = make_trigger(kind, zone=AMSTERDAM, **kwargs, **policy)
        assert times_of(trigger, after="2027-03-27T12:00", count=len(spring) + 1) == [*spring, "2027-03-29 00:30"]
        assert times_of(trigger, after="2027-10-30T12:00", count=len(autumn) + 1) == [*autumn, "2027-11-01 01:30"]

    @pytest.mark.parametrize(("gap", "fold"), [("run_after", "first"), ("skip", "second"), ("skip", "both")])
    def test_a_pattern_that_follows_elapsed_time_does_not(self, gap: str, fold: str) -> None:
        trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute="*/30", dst_gap=gap, dst_fold=fold)
        assert times_of(trigger, after="2027-03-28", count=1) == ["2027-03-29 00:00"]
        autumn = ["2027-10-31 00:00", "2027-10-31 00:30", "2027-10-31 01:00", "2027-10-31 01:30"]
        assert times_of(trigger, after="2027-10-30T12:00", count=4) == autumn

    def test_skip_leaves_what_is_planned_at_the_end_of_the_gap(self) -> None:
        trigger = make_trigger("cron", zone=AMSTERDAM, hour="2,3", minute=0, dst_gap="skip")
        assert times_of(trigger, after="2027-03-28", count=2) == ["2027-03-28 01:00", "2027-03-29 00:00"]

    @pytest.mark.parametrize("after", ["2027-10-31T00:30", "2027-10-31T00:59", "2027-10-31T01:00", "2027-10-31T01:29"])
    def test_both_and_second_are_found_from_within_the_fold(self, after: str) -> None:
        for fold in ("both", "second"):
            trigger = make_trigger("cron", zone=AMSTERDAM, hour=2, minute=30, dst_fold=fold)
            assert times_of(trigger, after=after, count=2) == ["2027-10-31 01:30", "2027-11-01 01:30"]

    def test_the_edges_of_the_fold_are_not_told_twice(self) -> None:
        # 03:00 comes once, at 02:00 UTC; 02:00 twice, at 00:00 and 01:00 UTC
        for fold, hour, expected in (
            ("both", 3, ["2027-10-31 02:00"]),
            ("second", 3, ["2027-10-31 02:00"]),
            ("both", 2, ["2027-10-31 00:00", "2027-10-31 01:00"]),
            ("second", 2, ["2027-10-31 01:00"]),
        ):
            trigger = make_trigger("cron", zone=AMSTERDAM, hour=hour, dst_fold=fold)
            assert times_of(trigger, after="2027-10-30T12:00", count=len(expected)) == expected

    def test_a_change_of_half_an_hour(self) -> None:
        # 2027-04-04 in Lord Howe: 02:00 becomes 01:30 at 15:00 UTC of the day before
        for fold, expected in (
            ("first", ["2027-04-03 14:45"]),
            ("second", ["2027-04-03 15:15"]),
            ("both", ["2027-04-03 14:45", "2027-04-03 15:15"]),
        ):
            trigger = make_trigger("cron", zone="Australia/Lord_Howe", hour=1, minute=45, dst_fold=fold)
            assert times_of(trigger, after="2027-04-03", count=len(expected)) == expected

    def test_a_change_at_midnight(self) -> None:
        # Santiago has no 00:00 to 01:00 on 2027-09-05, from 04:00 UTC on; on 2027-04-03 it has 23:00 to 24:00 twice,
        # from 02:00 and from 03:00 UTC of the next day on.
        for gap, first in (("run_after", "2027-09-05 04:00"), ("skip", "2027-09-06 03:00")):
            trigger = make_trigger("cron", zone="America/Santiago", hour=0, dst_gap=gap)
            assert times_of(trigger, after="2027-09-04T12:00", count=1) == [first]
        for fold, first in (("first", "2027-04-04 02:30"), ("second", "2027-04-04 03:30")):
            trigger = make_trigger("cron", zone="America/Santiago", hour=23, minute=30, dst_fold=fold)
            assert times_of(trigger, after="2027-04-03T12:00", count=1) == [first]

    def test_a_day_that_a_zone_left_out(self) -> None:
        trigger = make_trigger("cron", zone="Pacific/Apia", hour=12, dst_gap="skip")
        assert times_of(trigger, after="2011-12-29T12:00", count=2) == ["2011-12-29 22:00", "2011-12-30 22:00"]


class TestCalendarIntervals:
    def test_a_day_of_the_calendar_is_not_24_hours(self) -> None:
        at_eight = make_trigger("calendarinterval", zone=AMSTERDAM, days=1, hour=8)
        assert times_of(at_eight, after="2027-03-27", count=2) == ["2027-03-27 07:00", "2027-03-28 06:00"]
        assert times_of(at_eight, after="2027-10-30", count=2) == ["2027-10-30 06:00", "2027-10-31 07:00"]
        every_24_hours = make_trigger("interval", zone=AMSTERDAM, days=1, start_date="2027-03-01T08:00")
        assert times_of(every_24_hours, after="2027-03-27", count=2) == ["2027-03-27 07:00", "2027-03-28 07:00"]

    def test_only_those_of_its_days_are_moved(self) -> None:
        # every second Sunday from 14 March on: the 28th is one of them
        trigger = make_trigger("calendarinterval", zone=AMSTERDAM, weeks=2, hour=2, minute=30, start_date="2027-03-14")
        assert times_of(trigger, after="2027-03-15", count=2) == ["2027-03-28 01:00", "2027-04-11 00:30"]
        other = make_trigger("calendarinterval", zone=AMSTERDAM, weeks=2, hour=2, minute=30, start_date="2027-03-07")
        assert times_of(other, after="2027-03-15", count=2) == ["2027-03-21 01:30", "2027-04-04 00:30"]

    def test_a_whole_last_day_holds_what_was_moved(self) -> None:
        trigger = make_trigger("calendarinterval", zone=AMSTERDAM, days=1, hour=2, minute=30, end_date="2027-03-28")
        assert times_of(trigger, after="2027-03-27T12:00", count=9) == ["2027-03-28 01:00"]


class TestMomentsWithoutAnOffset:
    def test_in_the_gap_they_mean_the_first_one_after_it(self) -> None:
        once = make_trigger("date", zone=AMSTERDAM, run_date="2027-03-28T02:30")
        assert times_of(once, after="2027-03-01", count=1) == ["2027-03-28 01:00"]
        hourly = make_trigger("interval", zone=AMSTERDAM, hours=1, start_date="2027-03-28T02:30")
        assert times_of(hourly, after="2027-03-01", count=2) == ["2027-03-28 01:00", "2027-03-28 02:00"]

    def test_in_the_fold_the_first_time(self) -> None:
        once = make_trigger("date", zone=AMSTERDAM, run_date="2027-10-31T02:30")
        assert times_of(once, after="2027-10-01", count=1) == ["2027-10-31 00:30"]
        until = make_trigger("cron", zone=AMSTERDAM, minute="*/30", end_date="2027-10-31T02:30")
        assert times_of(until, after="2027-10-30T23:59", count=9) == ["2027-10-31 00:00", "2027-10-31 00:30"]

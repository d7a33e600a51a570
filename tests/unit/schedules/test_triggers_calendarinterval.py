"""`calendarinterval`: days of the calendar, one time of day. Where the clocks change see test_triggers_dst."""

from typing import Any

import pytest

from schedules.triggers import TriggerError
from tests.unit.schedules.factories import make_trigger, times_of


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        # Without a start it counts from the day on which it was made, 1 January 2027.
        ({"days": 1, "hour": 8}, ["2027-01-01 08:00", "2027-01-02 08:00"]),
        ({"days": 3}, ["2027-01-04", "2027-01-07"]),
        ({"weeks": 2, "hour": 6, "minute": 30}, ["2027-01-01 06:30", "2027-01-15 06:30"]),
        ({"months": 5, "second": 7}, ["2027-01-01 00:00:07", "2027-06-01 00:00:07"]),
        ({"years": 1, "start_date": "2020-02-29"}, ["2028-02-29", "2032-02-29"]),
        ({"months": 1, "start_date": "2026-08-31"}, ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ({"months": 1, "days": 1, "start_date": "2027-01-30"}, ["2027-01-30", "2027-04-01", "2027-05-03"]),
        ({"months": 1, "weeks": 1, "start_date": "2027-01-10"}, ["2027-01-10", "2027-02-17", "2027-03-24"]),
    ],
    ids=str,
)
def test_the_units_say_when(kwargs: dict[str, Any], expected: list[str]) -> None:
    found = times_of(make_trigger("calendarinterval", **kwargs), after="2026-12-31T23:00", count=len(expected) + 1)
    found = [each for each in found if each != "2027-01-01 00:00"]
    assert found[: len(expected)] == [each if ":" in each else f"{each} 00:00" for each in expected]


def test_a_month_that_is_too_short_may_take_its_last_day_instead() -> None:
    trigger = make_trigger("calendarinterval", months=1, start_date="2027-01-31", on_missing_day="last_day")
    assert times_of(trigger, after="2027-01-01", count=5) == [
        "2027-01-31 00:00",
        "2027-02-28 00:00",
        "2027-03-31 00:00",
        "2027-04-30 00:00",
        "2027-05-31 00:00",
    ]


def test_its_days_are_those_of_the_zone() -> None:
    # Its grid begins at midnight UTC, when it is 09:00 on the same day in Tokyo and still the day before in New York.
    tokyo = make_trigger("calendarinterval", zone="Asia/Tokyo", days=2, hour=12)
    assert times_of(tokyo, after="2027-01-01", count=2) == ["2027-01-01 03:00", "2027-01-03 03:00"]
    new_york = make_trigger("calendarinterval", zone="America/New_York", days=2, hour=12)
    assert times_of(new_york, after="2027-01-01", count=2) == ["2027-01-02 17:00", "2027-01-04 17:00"]


def test_nothing_fires_before_the_start_and_all_of_its_last_day_counts() -> None:
    trigger = make_trigger("calendarinterval", days=1, hour=8, start_date="2027-02-01T09:00:00", end_date="2027-02-03")
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-02-02 08:00", "2027-02-03 08:00"]


def test_an_end_with_a_time_of_day_is_that_moment() -> None:
    trigger = make_trigger("calendarinterval", days=1, hour=8, end_date="2027-01-03T07:59:59")
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-01-01 08:00", "2027-01-02 08:00"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_last_day_of_the_calendar_is_an_end_like_any_other(zone: str) -> None:
    trigger = make_trigger("calendarinterval", zone=zone, days=1, end_date="9999-12-31")
    assert len(times_of(trigger, after="2027-01-01", count=9)) == 9


def test_a_start_long_ago_costs_nothing() -> None:
    trigger = make_trigger("calendarinterval", days=1, months=1, start_date="0001-01-01")
    [found] = times_of(trigger, after="2027-01-01", count=1)
    assert found >= "2027-01-01"


@pytest.mark.parametrize(
    ("kwargs", "field", "why"),
    [
        ({"hour": 8}, "", "the period is nothing; give at least one of years, months, weeks, days"),
        ({"days": 0}, "", "the period is nothing"),
        ({"days": -1}, ".days", "'days' is -1; give a whole number from 0 to 9999"),
        ({"days": 1.5}, ".days", "'days' is 1.5"),
        ({"days": True}, ".days", "'days' is True"),
        ({"days": "1"}, ".days", "'days' is '1'"),
        ({"days": 1, "hour": 24}, ".hour", "'hour' is 24; give a whole number from 0 to 23"),
        ({"days": 1, "hours": 2}, ".hours", "did you mean 'hour'?"),
        ({"days": 1, "end_date": "2020-01-01", "start_date": "2020-01-02"}, ".end_date", "is before 'start_date'"),
        (
            {"days": 1, "start_date": "0001-01-01T00:00:00Z"},
            ".start_date",
            "the clocks of America/New_York show no day of the years 1 to 9999 then",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(kwargs: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("calendarinterval", zone="America/New_York", **kwargs)
    assert why in str(refusal.value)
    assert refusal.value.field == f"trigger_kwargs{field}"


def test_it_is_shown_with_what_was_given() -> None:
    trigger = make_trigger("calendarinterval", months=1, hour=8, start_date="2027-01-31")
    assert str(trigger) == "calendarinterval[months='1', hour='8']"

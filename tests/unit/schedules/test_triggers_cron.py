"""`cron` where no clock changes: fields, bounds, what is refused. Else see test_triggers_dst."""

import sys
import threading
from typing import Any

import pytest

from schedules.triggers import Budget, HorizonPassed, TriggerError, next_fire_times
from tests.unit.schedules.factories import GRID_START, make_trigger, times_of, utc


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({"hour": 2, "minute": 30}, ["2027-01-01 02:30", "2027-01-02 02:30"]),
        ({"hour": "2", "minute": "30"}, ["2027-01-01 02:30", "2027-01-02 02:30"]),
        # Left out: `*` above the least significant field given, the smallest value below it.
        ({"minute": 10}, ["2027-01-01 00:10", "2027-01-01 01:10"]),
        ({"day": 3}, ["2027-01-03 00:00", "2027-02-03 00:00"]),
        ({"month": 5}, ["2027-05-01 00:00", "2028-05-01 00:00"]),
        ({"year": 2030}, ["2030-01-01 00:00"]),
        ({"year": "2029,2031", "hour": 5, "day_of_week": "mon"}, ["2029-01-01 05:00", "2029-01-08 05:00"]),
        ({"second": 7}, ["2027-01-01 00:00:07", "2027-01-01 00:01:07"]),
        ({"month": 3, "hour": 2}, ["2027-03-01 02:00", "2027-03-02 02:00"]),
        ({"day": 3, "second": 30}, ["2027-01-03 00:00:30", "2027-01-03 00:01:30"]),
        ({"minute": None, "hour": 5}, ["2027-01-01 05:00", "2027-01-02 05:00"]),
        # Expressions.
        ({"minute": "*/20"}, ["2027-01-01 00:20", "2027-01-01 00:40", "2027-01-01 01:00"]),
        ({"hour": "1-2,22"}, ["2027-01-01 01:00", "2027-01-01 02:00", "2027-01-01 22:00"]),
        ({"day": "last"}, ["2027-01-31 00:00", "2027-02-28 00:00"]),
        ({"day": "2nd tue", "hour": 6}, ["2027-01-12 06:00", "2027-02-09 06:00"]),
        ({"month": "feb", "day": 29}, ["2028-02-29 00:00", "2032-02-29 00:00"]),
        # 2027-01-01 is a Friday; 0 is Monday, as in APScheduler.
        ({"day_of_week": 0}, ["2027-01-04 00:00", "2027-01-11 00:00"]),
        ({"day_of_week": "sat,sun", "hour": 1}, ["2027-01-02 01:00", "2027-01-03 01:00"]),
        # Two fields for days: both have to match.
        ({"day": 13, "day_of_week": "fri"}, ["2027-08-13 00:00", "2028-10-13 00:00"]),
        ({"week": 53}, ["2027-01-02 00:00", "2027-01-03 00:00", "2032-12-27 00:00"]),
    ],
    ids=str,
)
def test_the_fields_say_when(kwargs: dict[str, Any], expected: list[str]) -> None:
    trigger = make_trigger("cron", **kwargs)
    assert times_of(trigger, after="2027-01-01", count=len(expected)) == expected


def test_the_next_instant_is_strictly_after_and_however_little() -> None:
    trigger = make_trigger("cron", minute="*/10")
    for after in (
        "2027-01-01T00:10:00",
        "2027-01-01T00:10:00.000001",
        "2027-01-01T00:19:59.999999",
    ):
        assert times_of(trigger, after=after, count=1) == ["2027-01-01 00:20"]


def test_the_pattern_is_read_on_the_clocks_of_the_zone() -> None:
    trigger = make_trigger("cron", zone="Asia/Kolkata", hour=9, minute=0)
    assert times_of(trigger, after="2027-01-01", count=1) == ["2027-01-01 03:30"]
    trigger = make_trigger("cron", zone="Asia/Kolkata", minute="0-0")
    assert times_of(trigger, after="2027-01-01", count=1) == ["2027-01-01 00:30"]


def test_days_are_those_of_the_zone() -> None:
    trigger = make_trigger("cron", zone="Asia/Tokyo", day_of_week="mon", hour=0)
    assert times_of(trigger, after="2027-01-01", count=1) == ["2027-01-03 15:00"]


def test_start_and_end_are_inclusive() -> None:
    trigger = make_trigger("cron", hour=12, start_date="2027-05-02T12:00:00", end_date="2027-05-04T12:00:00")
    assert times_of(trigger, after="2027-01-01", count=9) == [
        "2027-05-02 12:00",
        "2027-05-03 12:00",
        "2027-05-04 12:00",
    ]


def test_what_lies_just_outside_of_the_bounds_does_not_fire() -> None:
    trigger = make_trigger("cron", hour=12, start_date="2027-05-02T12:00:00.000001", end_date="2027-05-04T11:59:59")
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-05-03 12:00"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam"])
def test_bounds_are_read_in_the_zone_and_inclusive_there(zone: str) -> None:
    noon = "2027-07-01T12:00:00"
    trigger = make_trigger("cron", zone=zone, hour=12, start_date=noon, end_date=noon)
    expected = utc("2027-07-01T12:00" if zone == "UTC" else "2027-07-01T10:00")
    assert next_fire_times(trigger, after=GRID_START, count=9) == [expected]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam"])
@pytest.mark.parametrize("hour", [0, "*"])
@pytest.mark.parametrize("day", ["30", "30,31", "31"])
def test_a_date_that_never_comes_is_given_up_fast(zone: str, hour: object, day: str) -> None:
    trigger = make_trigger("cron", zone=zone, month=2, day=day, hour=hour)
    budget = Budget()
    with pytest.raises(HorizonPassed):
        trigger.next_after(GRID_START, budget)
    assert budget.spent < 200


def test_a_date_that_comes_but_after_more_than_ten_years_is_not_said_to_never_come() -> None:
    trigger = make_trigger("cron", month=2, day=29, day_of_week="mon")
    assert times_of(trigger, after="2040-01-01", count=1) == ["2044-02-29 00:00"]
    with pytest.raises(HorizonPassed):
        trigger.next_after(utc("2044-03-01"))


def test_a_pattern_that_has_ended_is_said_to_have_ended() -> None:
    assert make_trigger("cron", year="2020-2027", month=2).next_after(utc("2027-02-02")) is None
    assert make_trigger("cron", month=2, day=30, end_date="2030-01-01").next_after(GRID_START) is None


def test_a_year_that_has_passed_never_comes() -> None:
    assert make_trigger("cron", year=2020).next_after(GRID_START) is None


def test_a_start_at_the_beginning_of_the_calendar_can_be_evaluated() -> None:
    trigger = make_trigger("cron", hour=12, start_date="0001-01-01T00:00:00")
    assert times_of(trigger, after="2027-01-01", count=1) == ["2027-01-01 12:00"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_last_years_of_the_calendar_are_years_like_any_other(zone: str) -> None:
    assert make_trigger("cron", zone=zone, hour="*").next_after(utc("9995-06-01T13:30")) == utc("9995-06-01T14:00")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam"])
def test_nothing_fires_after_the_end_of_the_calendar(zone: str) -> None:
    assert make_trigger("cron", zone=zone, hour=12).next_after(utc("9999-12-31T13:00")) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minute", 60),
        ("minute", -1),
        ("minute", "*/0"),
        ("minute", "5-1"),
        ("minute", ""),
        ("hour", 24),
        ("day", 32),
        ("day", "6th mon"),
        ("month", 13),
        ("month", "febr"),
        ("day_of_week", 7),
        ("day_of_week", "monday-"),
        ("week", 54),
        ("second", "x"),
        ("year", 1969),
    ],
)
def test_a_field_that_cannot_be_read_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("cron", **{name: value})
    assert str(refusal.value).startswith(f"'{name}' is {value!r}: ")
    assert (refusal.value.field, refusal.value.value) == (f"trigger_kwargs.{name}", value)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("hour", "'0', '0-23' or '*/2'"),
        ("month", "'3', 'jan-jun' or '*/2'"),
        ("day", "'1,15', 'last', '2nd fri' or '*/2'"),
        ("day_of_week", "'mon', 'mon-fri' or '*/2'"),
    ],
)
def test_an_expression_that_is_none_is_answered_with_some(name: str, right: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("cron", **{name: "?"})
    assert str(refusal.value) == f"'{name}' is '?': '?' cannot be read; write for example {right}"


@pytest.mark.parametrize("value", [True, 1.5, [1], {"a": 1}])
def test_a_field_that_is_neither_number_nor_text_is_refused(value: object) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("cron", hour=value)
    assert str(refusal.value) == f"'hour' is {value!r}: give a number or an expression such as '*/5' or 'mon-fri'"
    assert refusal.value.field == "trigger_kwargs.hour"


@pytest.mark.parametrize("kwargs", [{"hour": None}, {"start_date": "2027-05-01"}])
def test_a_pattern_without_any_field_is_refused(kwargs: dict[str, Any]) -> None:
    with pytest.raises(TriggerError, match=r"^trigger 'cron' needs at least one of year, month, day"):
        make_trigger("cron", **kwargs)


def test_it_is_shown_with_its_fields() -> None:
    assert str(make_trigger("cron", minute=10, hour=0)) == "cron[hour='0', minute='10']"


def test_threads_that_look_at_other_times_do_not_disturb_one_another() -> None:
    trigger = make_trigger("cron", hour=2, minute=30)
    asked_to_stop = threading.Event()

    def look_at_1990() -> None:
        while not asked_to_stop.is_set():
            trigger.next_after(utc("1990-01-01"))

    other = threading.Thread(target=look_at_1990)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    other.start()
    try:
        found = {trigger.next_after(utc("2030-01-01")) for _ in range(2_000)}
    finally:
        sys.setswitchinterval(interval)
        asked_to_stop.set()
        other.join()
    assert found == {utc("2030-01-01T02:30")}

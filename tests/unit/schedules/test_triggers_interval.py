"""`interval`: a fixed grid of elapsed time."""

from typing import Any

import pytest

from schedules.triggers import TriggerError, build_trigger, next_fire_times
from tests.unit.schedules.factories import GRID_START, make_trigger, times_of, utc


def test_the_grid_counts_from_where_it_was_set_and_its_first_instant_is_a_period_later() -> None:
    trigger = make_trigger("interval", hours=1)
    assert times_of(trigger, after="2027-01-01", count=2) == [
        "2027-01-01 01:00",
        "2027-01-01 02:00",
    ]
    assert times_of(trigger, after="2020-06-01", count=1) == ["2027-01-01 01:00"]


def test_a_start_date_is_the_first_instant() -> None:
    trigger = make_trigger("interval", hours=1, start_date="2027-05-01T09:15:00+00:00")
    assert times_of(trigger, after="2027-01-01", count=2) == [
        "2027-05-01 09:15",
        "2027-05-01 10:15",
    ]
    assert times_of(trigger, after="2027-05-01T09:15", count=1) == ["2027-05-01 10:15"]


def test_a_start_date_before_the_grid_was_set_carries_the_grid() -> None:
    trigger = make_trigger("interval", hours=7, start_date="2026-12-31T23:00:00")
    assert times_of(trigger, after="2027-01-01", count=2) == [
        "2027-01-01 06:00",
        "2027-01-01 13:00",
    ]


def test_the_next_instant_is_strictly_after_and_however_little() -> None:
    trigger = make_trigger("interval", minutes=10)
    for after in (
        "2027-01-01T00:19:59.999999",
        "2027-01-01T00:10:00",
        "2027-01-01T00:10:00.000001",
    ):
        assert times_of(trigger, after=after, count=1) == ["2027-01-01 00:20"]


def test_the_end_is_inclusive() -> None:
    until = make_trigger("interval", hours=1, end_date="2027-01-01T03:00:00")
    assert times_of(until, after="2027-01-01T01:30", count=9) == [
        "2027-01-01 02:00",
        "2027-01-01 03:00",
    ]
    before = make_trigger("interval", hours=1, end_date="2027-01-01T02:59:59")
    assert times_of(before, after="2027-01-01T01:30", count=9) == ["2027-01-01 02:00"]


def test_start_and_end_on_one_instant_leave_that_one() -> None:
    day = "2027-05-01T09:00:00"
    trigger = make_trigger("interval", hours=1, start_date=day, end_date=day)
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-05-01 09:00"]


def test_bounds_without_an_offset_are_read_in_the_zone_of_the_schedule() -> None:
    trigger = make_trigger(
        "interval",
        zone="Asia/Tokyo",
        days=1,
        start_date="2027-05-01T09:00:00",
        end_date="2027-05-02",
    )
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-05-01 00:00"]


def test_units_add_up() -> None:
    trigger = make_trigger("interval", weeks=1, days=1, hours=1, minutes=1, seconds=1.5)
    assert next_fire_times(trigger, after=GRID_START, count=1) == [utc("2027-01-09T01:01:01.500")]


def test_daylight_saving_does_not_move_the_grid() -> None:
    trigger = make_trigger("interval", zone="Europe/Amsterdam", days=1, start_date="2027-03-27T12:00:00")
    # 12:00 in winter, 13:00 in summer
    assert times_of(trigger, after="2027-03-01", count=2) == [
        "2027-03-27 11:00",
        "2027-03-28 11:00",
    ]


def test_an_instant_far_from_the_start_is_found_at_once() -> None:
    trigger = make_trigger("interval", seconds=1)
    assert times_of(trigger, after="2999-12-31T23:59:59", count=1) == ["3000-01-01 00:00"]


def test_a_grid_ends_where_the_calendar_does() -> None:
    trigger = make_trigger("interval", weeks=52_000)
    assert next_fire_times(trigger, after=GRID_START, count=99)[-1] == utc("9999-10-15")
    assert trigger.next_after(utc("9999-10-15")) is None


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"seconds": 0}, "0 s"),
        ({"seconds": 0.5}, "0.5 s"),
        ({"minutes": 0.001}, "0.06 s"),
        ({"start_date": "2027-05-01"}, "0 s"),
        ({"hours": None, "start_date": "2027-05-01"}, "0 s"),
    ],
)
def test_a_period_under_the_shortest_is_refused(kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("interval", **kwargs)
    assert str(refusal.value) == f"the period is {said}; the shortest one allowed is 1 s"


def test_the_shortest_period_is_allowed_and_can_be_set() -> None:
    make_trigger("interval", seconds=1)
    build_trigger("interval", {"seconds": 60}, timezone="UTC", grid_start=GRID_START, shortest_seconds=60)
    with pytest.raises(TriggerError, match=r"the period is 59 s; the shortest one allowed is 60 s"):
        build_trigger("interval", {"seconds": 59}, timezone="UTC", grid_start=GRID_START, shortest_seconds=60)


def test_a_grid_without_a_period_is_refused_even_where_no_shortest_one_is_set() -> None:
    with pytest.raises(TriggerError, match=r"the period is 0 s"):
        build_trigger("interval", {"seconds": 0}, timezone="UTC", grid_start=GRID_START, shortest_seconds=0)


@pytest.mark.parametrize("value", [-1, "5", True, [1], float("nan"), float("inf"), {"a": 1}])
@pytest.mark.parametrize("unit", ["weeks", "days", "hours", "minutes", "seconds"])
def test_a_unit_that_is_no_number_is_refused_by_name(unit: str, value: Any) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("interval", **{unit: value})
    assert str(refusal.value) == f"'{unit}' is {value!r}; give a number of 0 or more"
    assert refusal.value.field == f"trigger_kwargs.{unit}"


def test_a_negative_unit_is_refused_even_when_the_sum_is_not() -> None:
    with pytest.raises(TriggerError, match=r"'minutes' is -5"):
        make_trigger("interval", hours=1, minutes=-5)


@pytest.mark.parametrize("weeks", [1e300, 10**30])
def test_a_period_longer_than_can_be_computed_is_refused(weeks: float) -> None:
    with pytest.raises(TriggerError, match=r"is longer than can be computed") as refusal:
        make_trigger("interval", weeks=weeks)
    assert refusal.value.value == {"weeks": weeks}


def test_it_is_shown_with_its_period() -> None:
    assert str(make_trigger("interval", hours=1)) == "interval[1:00:00]"
    assert str(make_trigger("interval", days=2, seconds=30)) == "interval[2 days, 0:00:30]"

"""`date`: one instant."""

import pytest

from schedules.triggers import TriggerError, latest_fire_time
from tests.unit.schedules.factories import make_trigger, times_of, utc


def test_it_fires_once() -> None:
    trigger = make_trigger("date", run_date="2027-05-01T09:00:00+02:00")
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-05-01 07:00"]
    assert times_of(trigger, after="2027-05-01T06:59:59.999999", count=9) == ["2027-05-01 07:00"]


def test_it_lies_behind_from_its_instant_on() -> None:
    trigger = make_trigger("date", run_date="2027-05-01T07:00:00+00:00")
    assert trigger.next_after(utc("2027-05-01T07:00")) is None
    assert latest_fire_time(trigger, until=utc("2027-05-01T07:00")) == utc("2027-05-01T07:00")
    assert latest_fire_time(trigger, until=utc("2027-05-01T06:59:59")) is None


@pytest.mark.parametrize(
    ("run_date", "expected"),
    [
        ("2027-05-01T09:00:00", "2027-05-01 07:00"),
        ("2027-05-01 09:00", "2027-05-01 07:00"),
        ("2027-12-01T09:00:00", "2027-12-01 08:00"),
        ("2027-05-01", "2027-04-30 22:00"),
        ("2027-05-01T09:00:00Z", "2027-05-01 09:00"),
        ("2027-10-31T02:30:00", "2027-10-31 00:30"),  # the clocks show it twice: the first time
    ],
)
def test_a_moment_without_an_offset_is_read_in_the_zone(run_date: str, expected: str) -> None:
    trigger = make_trigger("date", zone="Europe/Amsterdam", run_date=run_date)
    assert times_of(trigger, after="2027-01-01", count=1) == [expected]


@pytest.mark.parametrize("value", ["tomorrow", "2027-02-30", "", 5, True, ["2027-05-01"]])
def test_what_is_no_moment_is_refused_by_name(value: object) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("date", run_date=value)
    assert str(refusal.value) == (
        f"'run_date' is {value!r}; give an ISO 8601 moment such as '2027-03-28T02:30:00' or with an offset"
    )
    assert refusal.value.field == "trigger_kwargs.run_date"
    assert refusal.value.value == value


@pytest.mark.parametrize(("zone", "value"), [("Asia/Tokyo", "0001-01-01"), ("America/New_York", "9999-12-31T23:59:59")])
def test_a_moment_that_leaves_the_calendar_in_utc_is_refused(zone: str, value: str) -> None:
    with pytest.raises(TriggerError, match=r"'run_date' is '"):
        make_trigger("date", zone=zone, run_date=value)


def test_it_needs_its_moment() -> None:
    with pytest.raises(TriggerError, match=r"^trigger 'date' needs 'run_date'$") as refusal:
        make_trigger("date", run_date=None)
    assert refusal.value.field == "trigger_kwargs.run_date"


def test_it_is_shown_in_the_zone_of_the_schedule() -> None:
    trigger = make_trigger("date", zone="Europe/Amsterdam", run_date="2027-05-01T07:00:00Z")
    assert str(trigger) == "date[2027-05-01 09:00:00 CEST]"

"""From plain data to a trigger: what is refused, and how; and what can be asked of any trigger."""

from datetime import timedelta

import pytest

from schedules.triggers import (
    KINDS,
    TriggerError,
    build_trigger,
    fire_times_between,
    latest_fire_time,
    next_fire_times,
)
from tests.unit.schedules.factories import GRID_START, EverySecond, make_trigger, utc


def refusal_of(kind: str, kwargs: object, *, zone: str = "UTC") -> TriggerError:
    with pytest.raises(TriggerError) as refusal:
        build_trigger(kind, kwargs, timezone=zone, grid_start=GRID_START)  # type: ignore[arg-type]
    return refusal.value


@pytest.mark.parametrize(
    ("kind", "hint"),
    [("crn", ": did you mean 'cron'?"), ("intervall", ": did you mean 'interval'?")],
)
def test_an_unknown_kind_is_refused_with_the_nearest_one(kind: str, hint: str) -> None:
    refusal = refusal_of(kind, {"hours": 1})
    assert str(refusal) == f"unknown trigger '{kind}'{hint}"
    assert (refusal.field, refusal.value) == ("trigger", kind)


def test_a_kind_like_none_is_refused_with_all_of_them() -> None:
    assert (
        str(refusal_of("sunrise", {}))
        == "unknown trigger 'sunrise'; known are and, calendarinterval, cron, date, interval, or"
    )
    assert KINDS == ("interval", "cron", "date", "calendarinterval", "and", "or")


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("interval", {"hour": 1}, "'hour' of trigger 'interval': did you mean 'hours'?"),
        ("cron", {"hours": 1}, "'hours' of trigger 'cron': did you mean 'hour'?"),
        (
            "cron",
            {"hour": 1, "dayofweek": 0},
            "'dayofweek' of trigger 'cron': did you mean 'day_of_week'?",
        ),
        (
            "date",
            {"rundate": "2027-05-01"},
            "'rundate' of trigger 'date': did you mean 'run_date'?",
        ),
        ("date", {"x": 1}, "'x' of trigger 'date'; known are run_date"),
    ],
)
def test_an_unknown_argument_is_refused_with_the_nearest_one(kind: str, kwargs: dict[str, object], said: str) -> None:
    refusal = refusal_of(kind, kwargs)
    assert str(refusal) == f"unknown argument {said}"
    culprit = list(kwargs)[-1]
    assert (refusal.field, refusal.value) == (f"trigger_kwargs.{culprit}", kwargs[culprit])


@pytest.mark.parametrize("kind", KINDS)
def test_no_arguments_at_all_are_refused(kind: str) -> None:
    assert str(refusal_of(kind, {})).startswith(f"trigger '{kind}' needs at least one of ")


@pytest.mark.parametrize("kwargs", [None, [], "hours=1", 5])
def test_arguments_that_are_no_object_are_refused(kwargs: object) -> None:
    refusal = refusal_of("interval", kwargs)
    assert str(refusal) == f'trigger_kwargs is {kwargs!r}; give an object such as {{"hours": 1}}'
    assert (refusal.field, refusal.value) == ("trigger_kwargs", kwargs)


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Amsterdm", ": did you mean 'Europe/Amsterdam'?"),
        ("", "; use an IANA name such as 'Europe/Amsterdam'"),
        ("../../etc/passwd", "; use an IANA name such as 'Europe/Amsterdam'"),
    ],
)
def test_an_unknown_zone_is_refused(zone: str, hint: str) -> None:
    refusal = refusal_of("interval", {"hours": 1}, zone=zone)
    assert str(refusal) == f"unknown time zone '{zone}'{hint}"
    assert (refusal.field, refusal.value) == ("timezone", zone)


def test_a_zone_that_is_no_name_is_refused() -> None:
    refusal = refusal_of("interval", {"hours": 1}, zone=2)  # type: ignore[arg-type]
    assert str(refusal) == "a time zone is an IANA name such as 'Europe/Amsterdam', not 2"


@pytest.mark.parametrize("kind", ["interval", "cron"])
@pytest.mark.parametrize("bound", ["start_date", "end_date"])
@pytest.mark.parametrize("value", ["soon", 5, False, "2027-13-01"])
def test_a_bound_that_is_no_moment_is_refused_by_name(kind: str, bound: str, value: object) -> None:
    period = {"hours": 1} if kind == "interval" else {"hour": 1}
    refusal = refusal_of(kind, {**period, bound: value})
    assert str(refusal).startswith(f"'{bound}' is {value!r}; give an ISO 8601 moment")
    assert (refusal.field, refusal.value) == (f"trigger_kwargs.{bound}", value)


def test_an_end_before_the_start_is_refused() -> None:
    bounds = {"start_date": "2027-05-02", "end_date": "2027-05-01"}
    refusal = refusal_of("interval", {"hours": 1, **bounds})
    assert str(refusal) == "'end_date' '2027-05-01' is before 'start_date' '2027-05-02'"
    assert refusal.field == "trigger_kwargs.end_date"


def test_bounds_are_compared_as_moments() -> None:
    # Later as a text, but the same moment.
    bounds = {"start_date": "2027-05-01T10:00:00+02:00", "end_date": "2027-05-01T08:00:00+00:00"}
    trigger = make_trigger("interval", hours=1, **bounds)
    assert next_fire_times(trigger, after=GRID_START, count=2) == [utc("2027-05-01T08:00")]


def test_the_same_arguments_give_the_same_trigger_in_any_order() -> None:
    one = build_trigger("cron", {"hour": 1, "minute": 2}, timezone="UTC", grid_start=GRID_START)
    later = GRID_START + timedelta(days=1)
    assert build_trigger("cron", {"minute": 2, "hour": 1}, timezone="UTC", grid_start=later) is one
    zoned = build_trigger("cron", {"hour": 1, "minute": 2}, timezone="Asia/Tokyo", grid_start=later)
    assert zoned is not one


def test_intervals_set_at_different_moments_have_grids_of_their_own() -> None:
    half_past = GRID_START + timedelta(minutes=30)
    trigger = build_trigger("interval", {"hours": 1}, timezone="UTC", grid_start=half_past)
    assert trigger.next_after(GRID_START) == utc("2027-01-01T01:30")
    assert make_trigger("interval", hours=1).next_after(GRID_START) == utc("2027-01-01T01:00")


def test_changing_the_arguments_afterwards_changes_no_trigger() -> None:
    kwargs = {"hours": 1}
    build_trigger("interval", kwargs, timezone="UTC", grid_start=GRID_START)
    kwargs["hours"] = 2
    changed = build_trigger("interval", kwargs, timezone="UTC", grid_start=GRID_START)
    assert changed.next_after(GRID_START) == utc("2027-01-01T02:00")


def test_instants_between_two_moments_leave_out_the_first_and_take_the_last() -> None:
    trigger = make_trigger("interval", hours=1)
    found = fire_times_between(trigger, after=utc("2027-01-01T01:00"), until=utc("2027-01-01T03:00"), limit=9)
    assert found == [utc("2027-01-01T02:00"), utc("2027-01-01T03:00")]


def test_no_more_instants_are_evaluated_than_the_limit_takes() -> None:
    trigger = EverySecond(first=GRID_START)
    until = GRID_START + timedelta(days=1)
    assert len(fire_times_between(trigger, after=GRID_START, until=until, limit=5)) == 5
    assert trigger.evaluations <= 6


def test_fewer_instants_are_returned_when_there_are_no_more() -> None:
    trigger = EverySecond(first=GRID_START, last=GRID_START + timedelta(seconds=2))
    assert len(next_fire_times(trigger, after=GRID_START - timedelta(days=1), count=9)) == 3


def test_the_latest_instant_may_be_now() -> None:
    trigger = make_trigger("interval", hours=1)
    assert latest_fire_time(trigger, until=utc("2027-01-01T05:00")) == utc("2027-01-01T05:00")
    assert latest_fire_time(trigger, until=utc("2027-01-01T04:59")) == utc("2027-01-01T04:00")
    assert latest_fire_time(trigger, until=utc("2027-01-01T00:59")) is None


def test_the_latest_instant_is_found_as_far_back_as_ten_years() -> None:
    # 2100 is no leap year, so that eight years pass.
    trigger = make_trigger("cron", month=2, day=29)
    assert latest_fire_time(trigger, until=utc("2104-02-28")) == utc("2096-02-29")
    once = make_trigger("date", run_date="2027-05-01")
    assert latest_fire_time(once, until=utc("2037-04-30")) == utc("2027-05-01")
    assert latest_fire_time(once, until=utc("2038-05-01")) is None


def test_the_latest_of_a_dense_stretch_long_ago_is_found_in_few_steps() -> None:
    january = EverySecond(first=GRID_START, last=utc("2027-01-31T23:59:59"))
    assert latest_fire_time(january, until=utc("2027-12-31")) == utc("2027-01-31T23:59:59")
    assert january.evaluations < 200

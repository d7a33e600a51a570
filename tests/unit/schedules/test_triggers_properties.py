"""What holds of every trigger, whatever its arguments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.triggers import (
    KINDS,
    Trigger,
    TriggerError,
    build_trigger,
    fire_times_between,
    latest_fire_time,
    next_fire_times,
)
from schedules.triggers.build import ARGUMENTS
from tests.unit.schedules.factories import GRID_START, utc

ZONES = (
    "UTC",
    "Europe/Amsterdam",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
FIRST, LAST = datetime(2024, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone

moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
# Within a day of the moments at which Amsterdam's clocks change: where mistakes would be.
changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([utc("2027-03-28T01:00"), utc("2027-10-31T01:00")]),
    st.integers(-1_440, 1_440),
)
instants = moments | changes


def fields(smallest: int, largest: int) -> st.SearchStrategy[object]:
    """Return expressions for a field of cron whose values lie between the two."""
    numbers = st.integers(smallest, largest)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.integers(1, largest - smallest).map(lambda step: f"*/{step}")
    return (
        st.none()
        | st.just("*")
        | numbers
        | ranges
        | steps
        | st.lists(numbers, min_size=1, max_size=4).map(lambda values: ",".join(map(str, values)))
    )


crons = st.fixed_dictionaries(
    {"minute": fields(0, 59), "hour": fields(0, 23)},
    optional={
        "day": fields(1, 28),
        "month": fields(1, 12),
        "day_of_week": fields(0, 6),
        "second": st.sampled_from([0, 30, "*/20", "0,59"]),
    },
).filter(lambda kwargs: any(value is not None for value in kwargs.values()))
intervals = st.fixed_dictionaries(
    {"seconds": st.integers(1, 10**7)},
    optional={"start_date": moments.map(str), "weeks": st.integers(0, 20)},
)


def build(kind: str, kwargs: dict[str, Any], zone: str) -> Trigger:
    return build_trigger(kind, kwargs, timezone=zone, grid_start=GRID_START)


triggers = st.builds(build, st.just("cron"), crons, st.sampled_from(ZONES)) | st.builds(
    build, st.just("interval"), intervals, st.sampled_from(ZONES)
)
# A property is checked by hundreds of examples; how long one of them takes says nothing.
many = settings(max_examples=200, deadline=None)


@many
@given(triggers, instants)
def test_instants_are_strictly_increasing_and_after_the_moment_asked_for(trigger: Trigger, after: datetime) -> None:
    found = next_fire_times(trigger, after=after, count=30)
    assert all(one < next_one for one, next_one in zip([after, *found], found, strict=False))


@many
@given(triggers, instants, st.data())
def test_looking_from_any_later_moment_gives_the_same_instants(
    trigger: Trigger, after: datetime, data: st.DataObject
) -> None:
    found = next_fire_times(trigger, after=after, count=30)
    if not found:
        return
    seconds = st.integers(0, int((found[-1] - after).total_seconds()))
    near = st.sampled_from(found).flatmap(
        lambda instant: st.sampled_from([-1, 0, 1]).map(lambda ticks: instant + timedelta(microseconds=ticks))
    )
    later = max(after, data.draw(near | seconds.map(lambda each: after + timedelta(seconds=each))))
    remaining = [each for each in found if each > later]
    assert next_fire_times(trigger, after=later, count=len(remaining)) == remaining


@many
@given(triggers, instants, st.integers(0, 40_000))
def test_the_latest_instant_is_the_last_of_those_enumerated(trigger: Trigger, after: datetime, minutes: int) -> None:
    until = after + timedelta(minutes=minutes)
    found = fire_times_between(trigger, after=after, until=until, limit=2_000)
    latest = latest_fire_time(trigger, until=until)
    if not found:
        assert latest is None or latest <= after
    elif len(found) < 2_000:
        assert latest == found[-1]
    else:
        assert latest is not None
        assert latest >= found[-1]
        assert fire_times_between(trigger, after=latest, until=until, limit=1) == []


@many
@given(
    crons,
    st.sampled_from(ZONES),
    moments,
    st.timedeltas(timedelta(0), timedelta(days=90)),
    instants,
)
def test_bounds_only_take_away_what_lies_outside_of_them(
    kwargs: dict[str, Any], zone: str, start: datetime, length: timedelta, after: datetime
) -> None:
    end = start + length
    unbounded = build("cron", kwargs, zone)
    bounded = build("cron", {**kwargs, "start_date": str(start), "end_date": str(end)}, zone)
    tick = timedelta(microseconds=1)
    first = max(after, start - tick)
    expected = fire_times_between(unbounded, after=first, until=end, limit=20)
    assert next_fire_times(bounded, after=after, count=20) == expected


@many
@given(intervals, instants)
def test_an_interval_has_one_instant_in_every_period(kwargs: dict[str, Any], after: datetime) -> None:
    trigger = build("interval", kwargs, "Europe/Amsterdam")
    one, following = next_fire_times(trigger, after=after, count=2)
    assert following - one == timedelta(seconds=kwargs["seconds"], weeks=kwargs.get("weeks", 0))


tokens = st.sampled_from(["*", "/", "-", ",", "0", "5", "mon", "jan", "last", "1st", "60", " ", "²", "٣"])
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 59),
    st.floats(),
    st.text(max_size=4),
    st.lists(tokens, max_size=5).map("".join),
    moments.map(str),
    st.lists(st.integers(), max_size=1),
)
guesses = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        st.dictionaries(st.sampled_from(ARGUMENTS[kind]), values, min_size=1, max_size=2),
    )
)


@settings(max_examples=500, deadline=None)
@given(guesses, st.sampled_from(ZONES))
def test_any_arguments_either_make_a_trigger_or_are_refused_with_the_field(
    guess: tuple[str, dict[str, Any]], zone: str
) -> None:
    kind, kwargs = guess
    trigger, refusal = try_to_build(kind, kwargs, zone)
    if refusal is not None:
        name = refusal.field.removeprefix("trigger_kwargs").removeprefix(".")
        assert name in {"", *ARGUMENTS[kind]}
        assert str(refusal)
    else:
        assert trigger is not None
        found = next_fire_times(trigger, after=GRID_START, count=2)
        assert all(each > GRID_START for each in found)
        assert str(trigger).startswith(f"{kind}[")


def try_to_build(kind: str, kwargs: dict[str, Any], zone: str) -> tuple[Trigger | None, TriggerError | None]:
    try:
        return build(kind, kwargs, zone), None
    except TriggerError as refusal:
        return None, refusal

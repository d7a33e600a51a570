"""What holds of the instants of every trigger, whatever its arguments. What they may cost see test_triggers_effort."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedules.triggers import BoundsExceeded, Budget, Trigger, TriggerError, fire_times_between, latest_fire_time
from schedules.triggers.build import ARGUMENTS, KINDS
from tests.unit.schedules.factories import GRID_START
from tests.unit.schedules.trigger_strategies import (
    Draft,
    calendar_intervals,
    combine,
    crons,
    crontabs,
    drafts,
    frequent_leaves,
    instants,
    intervals,
    leaves,
    moments,
    of_kind,
    part,
    placed,
)

TICK = timedelta(microseconds=1)
TEN_YEARS = timedelta(days=3653)

# A property is checked by hundreds of examples; how long one of them takes says nothing.
many = settings(max_examples=200, deadline=None)

# An AND of parts that fire every second may take thousands for each instant.
ENUMERATION_STEPS = 50_000


def walk(trigger: Trigger, *, after: datetime, count: int, until: datetime | None = None) -> list[datetime]:
    """Return up to `count` instants, up to `until`: those before the first one that takes too many steps to find."""
    found: list[datetime] = []
    try:
        while len(found) < count:
            # On a machine that has other things to do the stopwatch would end some of these.
            instant = trigger.next_after(found[-1] if found else after, Budget(stopwatch=lambda: 0.0))
            if instant is None or (until is not None and instant > until):
                break
            found.append(instant)
    except BoundsExceeded:
        pass
    return found


@many
@given(drafts, instants)
def test_instants_are_strictly_increasing_in_utc_and_after_the_moment_asked_for(draft: Draft, after: datetime) -> None:
    found = walk(draft.build(), after=after, count=30)
    assert all(one < next_one for one, next_one in zip([after, *found], found, strict=False))
    assert all(each.tzinfo is UTC for each in found)


@many
@given(drafts, instants, st.data())
def test_looking_from_any_later_moment_gives_the_same_instants(
    draft: Draft, after: datetime, data: st.DataObject
) -> None:
    trigger = draft.build()
    found = walk(trigger, after=after, count=30)
    if not found:
        return
    seconds = st.integers(0, int((found[-1] - after).total_seconds()))
    near = st.builds(lambda instant, ticks: instant + ticks * TICK, st.sampled_from(found), st.integers(-1, 1))
    later = max(after, data.draw(near | seconds.map(lambda each: after + timedelta(seconds=each))))
    remaining = [each for each in found if each > later]
    assert walk(trigger, after=later, count=len(remaining)) == remaining


@many
@given(placed(leaves | combine(frequent_leaves)), instants, st.integers(0, 40_000))
def test_the_latest_instant_is_the_last_of_those_enumerated(draft: Draft, after: datetime, minutes: int) -> None:
    trigger = draft.build()
    until = after + timedelta(minutes=minutes)
    try:
        found = enumerate_instants(trigger, after=after, until=until, count=1_000)
        latest = latest_fire_time(trigger, until=until, budget=Budget(steps=1_000_000, stopwatch=lambda: 0.0))
    except BoundsExceeded:
        return
    if not found:
        assert latest is None or latest <= after
    elif len(found) < 1_000:
        assert latest == found[-1]
    else:
        assert latest is not None
        assert latest >= found[-1]
        assert walk(trigger, after=latest, until=until, count=1) == []


def enumerate_instants(trigger: Trigger, *, after: datetime, until: datetime, count: int) -> list[datetime]:
    """Return the first `count` instants up to `until`.

    Raises:
        BoundsExceeded: They take too many steps, all together.
    """
    budget = Budget(steps=ENUMERATION_STEPS, stopwatch=lambda: 0.0)
    found: list[datetime] = []
    instant = trigger.next_after(after, budget)
    while instant is not None and instant <= until and len(found) < count:
        found.append(instant)
        instant = trigger.next_after(instant, budget)
    return found


@many
@given(
    placed(of_kind("cron", crons | crontabs)),
    moments,
    st.timedeltas(timedelta(0), timedelta(days=90)),
    instants,
)
def test_bounds_only_take_away_what_lies_outside_of_them(
    draft: Draft, start: datetime, length: timedelta, after: datetime
) -> None:
    end = start + length
    bounded = draft._replace(kwargs={**draft.kwargs, "start_date": str(start), "end_date": str(end)})
    expected = walk(draft.build(), after=max(after, start - TICK), until=end, count=20)
    assert walk(bounded.build(), after=after, count=20) == expected


@many
@given(placed(of_kind("calendarinterval", calendar_intervals)), moments, instants)
def test_an_end_takes_away_the_days_after_it(draft: Draft, end: datetime, after: datetime) -> None:
    start = "2023-12-31"
    endless = draft._replace(kwargs={**draft.kwargs, "start_date": start})
    ending = draft._replace(kwargs={**draft.kwargs, "start_date": start, "end_date": str(end)})
    assert walk(ending.build(), after=after, count=20) == walk(endless.build(), after=after, until=end, count=20)


@many
@given(intervals, instants)
def test_an_interval_has_one_instant_in_every_period(kwargs: dict[str, Any], after: datetime) -> None:
    one, following = walk(Draft("interval", kwargs, "Europe/Amsterdam").build(), after=after, count=2)
    assert following - one == timedelta(seconds=kwargs["seconds"], weeks=kwargs.get("weeks", 0))


@many
@given(crons, instants)
def test_cron_fields_in_utc_mean_what_apscheduler_says(kwargs: dict[str, Any], after: datetime) -> None:
    until = after + TEN_YEARS
    stock = CronTrigger(**kwargs, timezone=UTC, end_date=until)
    expected: list[datetime] = []
    while len(expected) < 20 and (
        found := stock.get_next_fire_time(None, (expected[-1] if expected else after) + TICK)
    ):
        expected.append(found)
    assert fire_times_between(Draft("cron", kwargs).build(), after=after, until=until, limit=20) == expected


@many
@example(Draft("or", {"triggers": [part("cron", hour=2), part("cron", month=2, day=30)]}), GRID_START)
@given(placed(combine(leaves | frequent_leaves, ("or",))), instants)
def test_or_is_the_union_of_its_parts(draft: Draft, after: datetime) -> None:
    until = after + timedelta(days=2)
    parts = [part.build() for part in draft.parts()]
    union = {each for part in parts for each in fire_times_between(part, after=after, until=until, limit=200)}
    assert walk(draft.build(), after=after, until=until, count=200) == sorted(union)[:200]


@many
@given(placed(combine(frequent_leaves, ("and",))), instants, st.integers(1, 240))
def test_and_is_the_end_of_every_smallest_window_with_all_of_its_parts(
    draft: Draft, after: datetime, minutes: int
) -> None:
    """Compare with the definition: all windows between two instants, one by one."""
    given_threshold = draft.kwargs["threshold_seconds"]
    threshold = timedelta(seconds=1 if given_threshold is None else given_threshold)
    until = after + min(timedelta(minutes=minutes), max(2 * threshold, timedelta(minutes=30)))
    parts = [
        set(fire_times_between(part.build(), after=after - threshold - TICK, until=until, limit=150))
        for part in draft.parts()
    ]
    # Where a part has more than that many, its last one is as far as all of them are known.
    until = min([until, *(max(part) for part in parts if len(part) == 150)])
    expected = [last for last in ends_of_smallest_windows(parts, threshold) if after < last <= until]
    assert walk(draft.build(), after=after, until=until, count=1_000) == expected


def ends_of_smallest_windows(parts: list[set[datetime]], threshold: timedelta) -> list[datetime]:
    every = sorted(set().union(*parts))
    smallest: list[tuple[datetime, datetime]] = []
    for first in every:
        for last in every:
            if first <= last <= first + threshold and all(
                any(first <= each <= last for each in part) for part in parts
            ):
                smallest.append((first, last))
                break
    return sorted(
        last
        for first, last in smallest
        if not any(first <= start and end <= last for start, end in smallest if (start, end) != (first, last))
    )


tokens = st.sampled_from(["*", "/", "-", ",", "0", "5", "mon", "jan", "last", "1st", "60", " ", "²", "٣", "L", "#"])
guessed_parts = st.lists(
    st.fixed_dictionaries(
        {"trigger": st.sampled_from([*KINDS, "crn", None]), "trigger_kwargs": st.sampled_from([None, {}, {"hour": 2}])}
    ),
    max_size=2,
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 59),
    st.floats(),
    st.text(max_size=4),
    st.lists(tokens, max_size=5).map("".join),
    st.lists(tokens, min_size=5, max_size=6).map(" ".join),
    moments.map(str),
    st.lists(st.integers(), max_size=1),
    guessed_parts,
)
guesses = st.sampled_from(KINDS).flatmap(
    lambda kind: of_kind(kind, st.dictionaries(st.sampled_from(ARGUMENTS[kind]), values, min_size=1, max_size=2))
)


@settings(max_examples=500, deadline=None)
@given(placed(guesses))
def test_any_arguments_either_make_a_trigger_or_are_refused_with_the_field(draft: Draft) -> None:
    trigger, refusal = try_to_build(draft)
    if refusal is not None:
        first, *inner = refusal.field.split(".")
        assert first == "trigger_kwargs"
        assert not inner or inner[0].partition("[")[0] in ARGUMENTS[draft.kind]
        assert str(refusal)
    else:
        assert trigger is not None
        found = walk(trigger, after=GRID_START, count=2)
        assert all(each > GRID_START for each in found)
        assert str(trigger).startswith(f"{draft.kind}[")


def try_to_build(draft: Draft) -> tuple[Trigger | None, TriggerError | None]:
    try:
        return draft.build(), None
    except TriggerError as refusal:
        return None, refusal

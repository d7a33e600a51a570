"""What a trigger will do: its next times, itself in words, and what in it may not be what was meant.

A preview writes nothing, and takes no more steps than one evaluation may, however many times are asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import InvalidValue
from schedules.decorated.rows import find_function
from schedules.models import Schedule, ScheduleState
from schedules.policies import say_pause
from schedules.rules import is_paused
from schedules.situations import pause_of
from schedules.triggers import (
    OPTIONS,
    BoundsExceeded,
    Budget,
    Trigger,
    TriggerError,
    build_trigger,
    check_first_instants,
    split_options,
    spread_offset,
)
from schedules.triggers.base import later_by
from schedules.triggers.clocks import first_moment_of
from schedules.triggers.fires import Fire, describe_fires
from schedules.triggers.notices import Notice, find_notices
from schedules.triggers.summary import summarise

DEFAULT_COUNT = 10
MAX_COUNT = 100
# Before these years clocks had offsets that ISO 8601 cannot write; after them a trigger has no room to look ahead.
FIRST_YEAR, LAST_YEAR = 1973, 9980

_NOTHING = timedelta(0)
_TICK = timedelta(microseconds=1)
# Later than this there may be no local time to show.
_LAST_SHOWN = datetime(9999, 12, 30, tzinfo=UTC)
# So many others that are due in the same minute are worth a word.
_CROWD = 2


@dataclass(frozen=True, slots=True)
class Preview:
    """The next times of a trigger; truncated when there may be more, which the bounds of an evaluation hide."""

    summary: str
    fires: list[Fire]
    notices: list[Notice]
    is_truncated: bool


def read_after(text: str, *, field: str = "from") -> datetime:
    """Return the moment after which a preview is to begin; one without an offset stands on the schedule's clocks.

    Args:
        text: As somebody wrote it.
        field: Where that was, for an error.

    Raises:
        InvalidValue: It is no moment, or one that no trigger can be asked about.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        right = "give an ISO 8601 moment such as 2027-03-28 or 2027-03-28T00:00:00Z (in an address, + is written %2B)"
        raise InvalidValue(f"'{field}' is {text!r}; {right}", field=field, value=text) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        right = f"give a moment in the years {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(f"'{field}' is {text!r}; {right}", field=field, value=text)
    return moment


def preview_draft(
    *,
    kind: str,
    kwargs: Mapping[str, Any],
    given_options: Mapping[str, Any],
    after: datetime | None,
    count: int,
    schedule: Schedule | None = None,
) -> Preview:
    """Return what a schedule would do that got this trigger now.

    Args:
        kind: Of the trigger.
        kwargs: Its arguments, options among them or not.
        given_options: The options that stand beside them; None for one that was not given.
        after: Only times after it, and notices for the year after it; now if None.
        count: How many times.
        schedule: The stored one that would get it, if there is one. A new one has no id yet, from which its spread
            would follow: its times are those before the spread.

    Raises:
        TriggerError: Saving it would be refused.
    """
    now = database_now()
    rest, given = split_options(kwargs, given_options)
    owner = schedule or Schedule(timezone=settings.TIME_ZONE, planned_through=now)
    options = {name: getattr(owner, name) if value is None else value for name, value in given.items()}
    is_kept = (kind, rest) == (owner.trigger, owner.trigger_kwargs)
    grid_start = owner.grid_start_at if is_kept else now
    trigger = _build(kind, rest, options, grid_start=grid_start)
    earliest = max(now, owner.planned_through)
    first = check_first_instants(trigger, after=earliest, shortest_seconds=settings.MIN_INTERVAL_SECONDS)
    spread_seconds = options["spread_seconds"]
    offset = spread_offset(schedule.pk, spread_seconds) if schedule else _NOTHING
    start = earliest if after is None else _on_clocks(after, options["timezone"]) - offset
    notices = find_notices(kind, kwargs, options=options, trigger=trigger, after=start)
    if spread_seconds and not schedule:
        notices.append(_nominal_times(spread_seconds))
    else:
        notices += _find_crowd(later_by(offset, first), besides=owner)
    fires, is_truncated = _walk(trigger, options["timezone"], start=start, offset=offset, count=count)
    words = summarise(
        kind, rest, timezone=options["timezone"], on_missing_day=options["on_missing_day"], grid_start=grid_start
    )
    return Preview(words, fires, notices, is_truncated)


def preview_schedule(*, schedule: Schedule, after: datetime | None, count: int) -> Preview:
    """Return when a stored schedule will run, its spread included; a broken one runs at no time, and a notice says why.

    Args:
        schedule: Whose times.
        after: Only times after it; if None, those that are still to come.
        count: How many times.
    """
    notices = notices_of(schedule=schedule)
    try:
        fires, is_truncated = find_fires(schedule=schedule, after=after, count=count, now=database_now())
    except TriggerError:  # which is among the notices
        fires, is_truncated = [], False
    return Preview(schedule.summary, fires, notices, is_truncated)


def find_fires(
    *, schedule: Schedule, after: datetime | None, count: int, now: datetime, budget: Budget | None = None
) -> tuple[list[Fire], bool]:
    """Return when a stored schedule will run, and whether there may be more that the bounds of an evaluation hide.

    A paused one runs from the end of its pause on, or not at all as long as nobody resumes it.

    Raises:
        TriggerError: Its trigger cannot be built.
    """
    is_held = is_paused(schedule, now)
    if schedule.state == ScheduleState.BROKEN or (is_held and schedule.paused_until is None):
        return [], False
    offset = schedule.spread_offset
    # What is decided already does not come again; but whoever asks about the past is told of the past.
    start = (
        max(now - offset, schedule.planned_through) if after is None else _on_clocks(after, schedule.timezone) - offset
    )
    if is_held and schedule.paused_until is not None:
        start = max(start, schedule.paused_until - offset - _TICK)
    return _walk(schedule.trigger_rule, schedule.timezone, start=start, offset=offset, count=count, budget=budget)


def notices_of(*, schedule: Schedule, kwargs_as_given: Mapping[str, Any] | None = None) -> list[Notice]:
    """Return what of a stored schedule may not be what was meant; why it is broken, and by whom it is paused.

    Args:
        schedule: Which one.
        kwargs_as_given: The arguments of its trigger before options were taken out of them, where it has just got them.
    """
    if schedule.state == ScheduleState.BROKEN:
        return [Notice("broken", schedule.state_reason)]
    try:
        trigger = schedule.trigger_rule
    except TriggerError as error:  # the turn in which it is due will find out
        return [Notice("broken", str(error))]
    kwargs = schedule.trigger_kwargs if kwargs_as_given is None else kwargs_as_given
    options = {name: getattr(schedule, name) for name in OPTIONS}
    now = database_now()
    notices = find_notices(schedule.trigger, kwargs, options=options, trigger=trigger, after=now)
    pause = pause_of(schedule)
    if pause is not None and is_paused(schedule, now):
        notices.insert(0, Notice("paused", say_pause(pause)))
    if schedule.next_run_at is not None:
        notices += _find_crowd(schedule.next_run_at, besides=schedule)
    return notices


def preview_function(*, function_id: str, after: datetime | None, count: int) -> Preview | None:
    """Return when a function that is scheduled in code will run; None if there is none of this id.

    One without code runs at no time, and a notice says so.
    """
    now = database_now()
    found = find_function(function_id, now=now)
    if found is None:
        return None
    stored, problem = found
    if stored is None or problem:
        return Preview(
            "" if stored is None else stored.rule.summary, [], [Notice("broken", problem)], is_truncated=False
        )
    rule, trigger = stored.rule, stored.build_trigger()
    offset = rule.spread_of(function_id)
    start = now if after is None else _on_clocks(after, rule.timezone)
    fires, is_truncated = _walk(trigger, rule.timezone, start=start - offset, offset=offset, count=count)
    notices = find_notices(rule.trigger, rule.trigger_kwargs, options=rule.options, trigger=trigger, after=now)
    return Preview(rule.summary, fires, notices, is_truncated)


def _build(kind: str, kwargs: dict[str, Any], options: Mapping[str, Any], *, grid_start: datetime) -> Trigger:
    policies = {name: value for name, value in options.items() if name != "spread_seconds"}
    shortest_seconds = settings.MIN_INTERVAL_SECONDS
    return build_trigger(kind, kwargs, grid_start=grid_start, shortest_seconds=shortest_seconds, **policies)


def _on_clocks(moment: datetime, timezone: str) -> datetime:
    """Return a moment in UTC; one without an offset is what the clocks of the zone show."""
    return moment.astimezone(UTC) if moment.tzinfo else first_moment_of(moment, ZoneInfo(timezone))


def _walk(
    trigger: Trigger, timezone: str, *, start: datetime, offset: timedelta, count: int, budget: Budget | None = None
) -> tuple[list[Fire], bool]:
    """Return the instants after `start`, each later by `offset`; and whether there may be more."""
    budget = budget or Budget()
    times: list[datetime] = []
    is_truncated = False
    try:
        while len(times) < count:
            instant = trigger.next_after(times[-1] if times else start, budget)
            if instant is None or instant > _LAST_SHOWN:
                is_truncated = instant is not None
                break
            times.append(instant)
    except BoundsExceeded:
        is_truncated = True
    fires = describe_fires(trigger, timezone=timezone, times=times)
    return [fire.later_by(offset) for fire in fires] if offset else fires, is_truncated


def _nominal_times(spread_seconds: int) -> Notice:
    return Notice(
        "nominal_times",
        f"these are the times before the spread: the schedule will run from 0 to {spread_seconds} s later, always by "
        "the same number of seconds, which follows from the id that it will have",
    )


def _find_crowd(due_at: datetime, *, besides: Schedule) -> Sequence[Notice]:
    """Return a notice if several other schedules are due in the minute in which a schedule is."""
    minute = due_at.replace(second=0, microsecond=0)
    its_end = due_at.replace(second=59, microsecond=999_999)
    count = Schedule.objects.filter(next_run_at__range=(minute, its_end)).exclude(pk=besides.pk).count()
    if count < _CROWD:
        return []
    return [
        Notice(
            "crowded_minute",
            f"{count} other schedules are due in the same minute, {minute:%Y-%m-%d %H:%M}Z: with spread_seconds, such "
            "as 300, each of them would start at a time of its own",
        )
    ]

"""Which instants of a trigger are to be decided now, and which one comes next. Pure.

All instants here are nominal: those of the trigger, before a schedule's spread is added.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from schedules.policies import Planned, Situation, Uncounted
from schedules.triggers import BoundsExceeded, Budget, Trigger, latest_fire_time
from schedules.triggers.base import later_by

# Instants that passed are counted up to here; a stretch that holds more is recorded by its ends.
MAX_COUNTED = 10_000

# No zone has set its clocks by more, but for those that went to the other side of the date line.
LARGEST_SHIFT = timedelta(hours=3)

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """The instants up to now, the next one after now, and how many trigger steps it took to find them.

    `broken_by` says why the next one could not be found, if it could not; the instants count all the same.
    """

    planned: Planned
    following: datetime | None
    steps: int
    broken_by: str = ""


def plan_instants(
    trigger: Trigger,
    *,
    first: datetime,
    until: datetime,
    marks: Iterable[datetime] = (),
    keep: int = 1,
    limit: int = MAX_COUNTED,
) -> PlannedTurn:
    """Return every instant from `first`, which is one of them, up to `until`; none if that lies before.

    Past `limit` of them, or when counting them takes more than one evaluation may, they are given by stretches. Finding
    those may take as much again; that is all that one schedule can cost a turn.

    Args:
        trigger: Whose instants.
        first: The first one that is not decided.
        until: The last moment that counts.
        marks: Where another stretch begins: what is decided alike lies between two of them.
        keep: So many instants at the beginning of each stretch are given one by one, and the last one.
        limit: The most that are counted.
    """
    if first > until:
        return PlannedTurn(Planned(()), first, 1)
    budget = Budget()
    instants = [first]
    try:
        following = trigger.next_after(first, budget)
        while following is not None and following <= until and len(instants) < limit:
            instants.append(following)
            following = trigger.next_after(following, budget)
    except BoundsExceeded as error:
        if len(instants) == 1:
            return PlannedTurn(Planned(instants), None, budget.spent, broken_by=str(error))
    else:
        if following is None or following > until:
            return PlannedTurn(Planned(instants), following, max(budget.spent, len(instants)))
    inner = sorted({mark for mark in marks if first < mark <= until})
    return _plan_by_ends(trigger, instants, [first, *inner, until + _TICK], keep=keep, budget=budget)


def plan_undecided(trigger: Trigger, *, after: datetime, situation: Situation) -> PlannedTurn:
    """Return every instant after the watermark that is due in a situation; there may be none."""
    first = trigger.next_after(after)
    if first is None:
        return PlannedTurn(Planned(()), None, 1)
    return plan_instants(
        trigger,
        first=first,
        until=situation.now - situation.spread,
        marks=situation.marks(),
        keep=situation.most_at_once,
    )


def _plan_by_ends(
    trigger: Trigger, counted: list[datetime], bounds: Sequence[datetime], *, keep: int, budget: Budget
) -> PlannedTurn:
    """Return the stretches between bounds, each by its ends; as one stretch, if so many take too many steps."""
    spent = max(budget.spent, len(counted))
    broken_by = ""
    ends = (bounds[0], bounds[-1])
    for each in (bounds, ends) if len(bounds) > len(ends) else (ends,):
        budget = Budget()
        parts: list[datetime | Uncounted] = []
        try:
            instant: datetime | None = bounds[0]
            for start, end in pairwise(each):
                instant = instant if start == bounds[0] else trigger.next_after(start - _TICK, budget)
                parts += _stretch_from(trigger, instant, end, keep=keep, budget=budget)
            following = trigger.next_after(bounds[-1] - _TICK, budget)
        except BoundsExceeded as error:
            spent, broken_by = spent + budget.spent, str(error)
            continue
        is_counted = parts[-1] <= counted[-1] if isinstance(parts[-1], datetime) else False
        # Where the bounds were met behind the last one, all are known.
        planned = Planned(counted) if is_counted else Planned(parts)
        return PlannedTurn(planned, following, spent + budget.spent)
    return PlannedTurn(Planned(counted), None, spent, broken_by=broken_by)


def _stretch_from(
    trigger: Trigger, instant: datetime | None, end: datetime, *, keep: int, budget: Budget
) -> list[datetime | Uncounted]:
    """Return the instants up to before `end`: the first ones, the stretch that follows, the last one."""
    parts: list[datetime | Uncounted] = []
    while instant is not None and instant < end and len(parts) < keep:
        parts.append(instant)
        instant = trigger.next_after(instant, budget)
    if instant is None or instant >= end:
        return parts
    last = latest_fire_time(trigger, until=end - _TICK, budget=budget) or instant
    if last > instant:
        before = latest_fire_time(trigger, until=last - _TICK, budget=budget) or instant
        parts.append(Uncounted(instant, before) if before > instant else instant)
    return [*parts, last]


def next_run_when_paused(
    trigger: Trigger, *, after: datetime, until: datetime, spread: timedelta, is_skipped_for_good: bool
) -> datetime:
    """Return when a schedule is to be looked at next that is paused until a moment.

    That is its first run from that moment on; or the moment itself, where something is to be done then: a run that was
    held up is to start, or nothing is left to run.

    Args:
        trigger: Its trigger.
        after: The watermark: all up to here is decided.
        until: The end of the pause.
        spread: How much later than planned it runs.
        is_skipped_for_good: Whether what the pause skips is not run at its end.

    Raises:
        TriggerError: The trigger cannot be evaluated.
    """
    first = trigger.next_after(after)
    if first is None:
        return until
    if later_by(spread, first) >= until:
        return later_by(spread, first)
    if not is_skipped_for_good:
        return until
    following = trigger.next_after(until - spread - _TICK)
    return until if following is None else later_by(spread, following)


def reread_promise(trigger: Trigger, *, promised: datetime, after: datetime, is_decided: bool) -> datetime:
    """Return what becomes of the instant that was to be the next one, now that the rules of its time zone are others.

    It is the first instant under the new rules, be it in the past by now. One may stand before it that is only the
    instant decided last, read anew: it lies nearer to that than to the promised one, no further off than clocks are
    ever set, and is passed over, so that it does not run twice. Where the new rules leave none, what was promised is
    kept.

    Args:
        trigger: Under the new rules.
        promised: The next instant under the old rules.
        after: The watermark: all up to here is decided.
        is_decided: Whether there was an instant at `after`; else it is when the trigger was set.

    Raises:
        TriggerError: The trigger cannot be evaluated.
    """
    found = trigger.next_after(after)
    if is_decided and found is not None and found - after < min(promised - found, LARGEST_SHIFT + _TICK):
        found = trigger.next_after(found)
    return promised if found is None else found

"""Which instants of a trigger are to be decided now, and which one comes next. Pure.

All instants here are nominal: those of the trigger, before a schedule's spread is added.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.policies import Planned
from schedules.triggers import BoundsExceeded, Budget, Trigger, latest_fire_time

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

    @property
    def first(self) -> datetime:
        """The first instant that is decided with this turn."""
        return self.planned.uncounted[0] if self.planned.uncounted else self.planned.instants[0]

    @property
    def planned_through(self) -> datetime:
        """The last instant that is decided with this turn."""
        return self.planned.instants[-1]


def plan_instants(trigger: Trigger, *, first: datetime, until: datetime, limit: int = MAX_COUNTED) -> PlannedTurn:
    """Return every instant from `first`, which is one of them, up to `until`.

    Past `limit` of them, or when counting them takes more than one evaluation may, only the latest and the ends of the
    stretch before it are returned. Finding those may take as much again; that is all that one schedule can cost a turn.
    """
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
    return _plan_by_ends(trigger, instants, until=until, spent=max(budget.spent, len(instants)))


def _plan_by_ends(trigger: Trigger, counted: list[datetime], *, until: datetime, spent: int) -> PlannedTurn:
    """Return the latest instant up to `until`, and the ends of the stretch before it, which goes on after `counted`."""
    budget = Budget()
    try:
        latest = latest_fire_time(trigger, until=until, budget=budget) or counted[-1]
        before = latest_fire_time(trigger, until=latest - _TICK, budget=budget) or counted[-1]
        following = trigger.next_after(latest, budget)
    except BoundsExceeded as error:
        return PlannedTurn(Planned(counted), None, spent + budget.spent, broken_by=str(error))
    if latest <= counted[-1]:  # the bounds were met behind the last one
        return PlannedTurn(Planned(counted), following, spent + budget.spent)
    return PlannedTurn(Planned([latest], uncounted=(counted[0], before)), following, spent + budget.spent)


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

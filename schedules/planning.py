"""Which instants of a trigger are to be decided now, and which one comes next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.policies import Planned
from schedules.triggers import Trigger, latest_fire_time

# Instants that passed are counted up to here; a stretch that holds more is recorded by its ends.
MAX_COUNTED = 10_000

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """The instants up to now, the next one after now, and how many trigger steps it took to find them."""

    planned: Planned
    next_run_at: datetime | None
    steps: int

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

    Past `limit` of them, only the latest and the ends of the stretch before it are returned.
    """
    instants = [first]
    following = trigger.next_after(first)
    while following is not None and following <= until and len(instants) < limit:
        instants.append(following)
        following = trigger.next_after(following)
    if following is None or following > until:
        return PlannedTurn(Planned(instants), following, len(instants))
    latest = latest_fire_time(trigger, until=until) or following
    before = latest_fire_time(trigger, until=latest - _TICK) or instants[-1]
    return PlannedTurn(Planned([latest], uncounted=(first, before)), trigger.next_after(latest), 2 * limit)

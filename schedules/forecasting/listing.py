"""The next instants of many schedules, merged by time."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

from schedules.forecasting.effort import Effort, EffortSpent
from schedules.forecasting.timetables import TICK, Source
from schedules.triggers import BoundsExceeded

# What finding the instants of a list may take, after it is known which schedules come first.
MERGE_STEPS = 50_000
MERGE_SECONDS = 0.5

# When it runs, and the id by which those of one moment are ordered.
_Entry = tuple[datetime, UUID, Source]


@dataclass(frozen=True, slots=True)
class Planned:
    """An instant of a schedule."""

    at: datetime
    source: Source


@dataclass(slots=True)
class Listing:
    """Instants in order, by time and then by the schedule's id.

    Every one that there is before `exact_until` is among them; from there on some may be missing.
    """

    exact_until: datetime
    instants: list[Planned] = field(default_factory=list)

    def doubt_from(self, moment: datetime) -> None:
        """Take back what was said of the time from a moment on."""
        self.exact_until = min(self.exact_until, moment)


def list_instants(sources: Iterable[Source], *, start: datetime, end: datetime, limit: int, effort: Effort) -> Listing:
    """Return the first `limit` instants from `start` on and before `end`.

    Only the schedules that run first can be among those that fill the list, so no more than that are looked at twice.

    Args:
        sources: Any number of them, read as long as the effort lasts.
        start: Inclusive.
        end: Exclusive.
        limit: The most instants that are listed.
        effort: What may be spent on finding out who runs first; when it is spent, nothing is said to be exact.
    """
    listing = Listing(exact_until=end)
    firsts = _find_firsts(sources, listing, start=start, end=end, effort=effort)
    waiting = heapq.nsmallest(limit + 1, firsts, key=itemgetter(0, 1))
    # What nsmallest returns is in order, and so is a heap already.
    _merge(waiting, listing, end=end, limit=limit)
    return listing


def _find_firsts(
    sources: Iterable[Source], listing: Listing, *, start: datetime, end: datetime, effort: Effort
) -> Iterator[_Entry]:
    """Yield each schedule that runs in the window, with when it does first."""
    for source in sources:
        try:
            effort.spend()
            at = source.first_from(start, effort)
        except EffortSpent:
            listing.doubt_from(start)
            return
        except BoundsExceeded:  # of this schedule alone
            listing.doubt_from(start)
            continue
        if at is not None and at < end:
            yield at, source.schedule_id, source


def _merge(waiting: list[_Entry], listing: Listing, *, end: datetime, limit: int) -> None:
    """Move instants from the schedules that wait with their next one to the list, the earliest first."""
    effort = Effort(steps=MERGE_STEPS, seconds=MERGE_SECONDS)
    while waiting and len(listing.instants) < limit:
        at, schedule_id, source = waiting[0]
        try:
            following = source.first_from(at + TICK, effort)
        except EffortSpent:
            break
        except BoundsExceeded:
            listing.doubt_from(at + TICK)
            following = None
        listing.instants.append(Planned(at, source))
        if following is None or following >= end:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (following, schedule_id, source))
    if waiting:
        listing.doubt_from(waiting[0][0])


def list_spaced(
    source: Source, *, start: datetime, end: datetime, apart: timedelta, effort: Effort
) -> Iterator[datetime]:
    """Yield the first instant of a schedule from a moment on, and then each first one in what follows `apart` later.

    So one that runs every second costs no more than one that runs as often as that.

    Args:
        source: The schedule.
        start: Inclusive.
        end: Exclusive.
        apart: How far they are apart at least.
        effort: What may be spent; when it is, there are no more.
    """
    moment = start
    while moment < end:
        try:
            effort.spend()
            at = source.first_from(moment, effort)
        except (BoundsExceeded, EffortSpent):
            return
        if at is None or at >= end:
            return
        yield at
        moment = at + apart

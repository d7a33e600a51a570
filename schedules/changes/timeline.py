"""The time line of changes: the events of all sources in one order, a page at a time."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.changes.events import Code, Event, Kind, Window
from schedules.changes.sources import PAGE_SIZE, SOURCES

# The admin logs a change a moment after the row has it.
LOGGED_WITHIN = timedelta(seconds=10)

OF_SCHEDULES = frozenset({Code.SCHEDULE_CREATED, Code.SCHEDULE_CHANGED})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the time line; the next one has what was before `older`, which is None where that is all."""

    events: Sequence[Event]
    older: datetime | None


def list_changes(window: Window, *, kinds: Collection[Kind], may: Callable[[str], bool]) -> Page:
    """Return the newest changes of a window, of some kinds, that somebody may see.

    Each source is asked once, however many changes there are. A source that gave as many as it may could have more:
    what is older than its last one waits for the next page, so that none is passed over.

    Args:
        window: When they were.
        kinds: What was changed.
        may: Tells whether the one who asks has a permission.
    """
    events: list[Event] = []
    ends: list[datetime] = []
    for source in SOURCES:
        if source.kind in kinds and may(source.permission):
            found = source.read(window, source.limit)
            events += found
            ends += [found[-1].at] if len(found) == source.limit else []
    horizon = max(ends, default=None)
    ordered = sorted(_without_repeats(events), key=lambda event: event.at, reverse=True)
    return _cut([event for event in ordered if horizon is None or event.at >= horizon], horizon=horizon)


def _cut(events: Sequence[Event], *, horizon: datetime | None) -> Page:
    """Return the first page; events of one moment stay together, since the next page begins before that."""
    if len(events) <= PAGE_SIZE:
        return Page(events, horizon)
    last = events[PAGE_SIZE - 1].at
    page = [event for event in events if event.at >= last]
    return Page(page, last if len(page) < len(events) or horizon else None)


def _without_repeats(events: Sequence[Event]) -> Iterator[Event]:
    """Leave out what a schedule says of its last change where the admin's log has the same."""
    logged: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for event in events:
        if event.code == Code.LOGGED:
            logged[str(event.row.object_id), event.actor].append(event.at)
    for event in events:
        moments = logged.get((str(event.row.pk), event.actor), []) if event.code in OF_SCHEDULES else []
        if not any(abs(at - event.at) <= LOGGED_WITHIN for at in moments):
            yield event

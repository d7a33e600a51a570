"""The last lane of the time line: how much there was, and is planned, of all schedules together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from orchestrator_site.home.axis import Axis
from orchestrator_site.home.lanes import Kind
from orchestrator_site.home.measures import add_up
from schedules.forecasts import Forecast
from schedules.models import Firing
from tasks.models import TaskStatus
from tasks.overview import SLOT, EndedCount
from tasks.states import FAILURES

# To come: marks of ten minutes would be too narrow.
WIDE_SLOT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Heap:
    """What there is in a slot of the time line: how many of each kind; `height` is in percent of the tallest."""

    counts: Mapping[Kind, int]
    start: datetime
    end: datetime
    x: float
    width: float
    height: float


@dataclass(slots=True)
class _Slot:
    """How many there are of each, before it is known how high the heap is beside the others."""

    start: datetime
    length: timedelta
    counts: Counter[Kind]

    @property
    def per_minute(self) -> float:
        return self.counts.total() / (self.length / timedelta(minutes=1))


def count_heaps(
    ended: Iterable[EndedCount], not_run: Iterable[Firing], forecast: Forecast, axis: Axis
) -> Sequence[Heap]:
    """Return what there is in each slot: of the past by ten minutes, of what is planned by half an hour."""
    # Of many instants that one row stands for, the first may lie before everything that is drawn.
    drawn = (row for row in not_run if row.due_at >= axis.start)
    slots = [*_count_past(ended, drawn), *_count_planned(forecast, axis)]
    most = max((slot.per_minute for slot in slots), default=0)
    return [_heap_of(slot, most, axis) for slot in slots]


def _count_past(ended: Iterable[EndedCount], not_run: Iterable[Firing]) -> Iterable[_Slot]:
    counts: dict[datetime, Counter[Kind]] = {}
    for each in ended:
        counts.setdefault(each.start, Counter())[_kind_of(each.status)] += each.count
    for row in not_run:
        begin = row.due_at.replace(minute=row.due_at.minute // 10 * 10, second=0, microsecond=0)
        counts.setdefault(begin, Counter())[Kind.NOT_RUN] += row.count or 1
    return [_Slot(start, SLOT, counts[start]) for start in sorted(counts)]


def _kind_of(status: str) -> Kind:
    if status in FAILURES:
        return Kind.FAILED
    return Kind.ABORTED if status == TaskStatus.ABORTED else Kind.DONE


def _count_planned(forecast: Forecast, axis: Axis) -> Iterable[_Slot]:
    """Return what the minutes were counted to hold; the list, where they were not counted and it reaches to the end."""
    if forecast.load:
        counts = [(max(each.minute, axis.now), each.count) for each in forecast.load if each.minute < axis.end]
    elif not forecast.is_truncated:
        counts = [(planned.fire.at, 1) for planned in forecast.instants]
    else:
        return []
    found = add_up(counts, start=axis.now, slot=WIDE_SLOT)
    return [_Slot(start, WIDE_SLOT, Counter({Kind.PLANNED: count})) for start, count in sorted(found.items())]


def _heap_of(slot: _Slot, most: float, axis: Axis) -> Heap:
    x, end = axis.place(slot.start), axis.place(slot.start + slot.length)
    return Heap(
        counts=slot.counts,
        start=slot.start,
        end=slot.start + slot.length,
        x=x,
        width=round(max(end - x - 0.1, 0.2), 2),
        # The root, so that a few beside many can be seen.
        height=round(100 * sqrt(slot.per_minute / most)),
    )

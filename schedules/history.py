"""The ledger as people read it: which rows are wanted, in which order they come, and where a page goes on.

Every order has an index, so that a page is found as fast a million rows down as at the top.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import Q, QuerySet

from orchestrator_site.common.clock import as_iso
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.ids import CLOCK_DIFFERENCE, first_id_at
from schedules.models import UNUSUAL_CAUSE, UNUSUAL_OUTCOME, Firing, FiringCause, FiringOutcome
from schedules.selectors import list_firings

# The moments of which ranges are made.
INSTANTS = frozenset({"scheduled_from", "scheduled_to", "decided_from", "decided_to"})


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Rows of the ledger that are wanted; all that is given has to hold.

    They come as they were decided, the last one first; with a range of planned instants, as they were planned.

    Attributes:
        outcomes: One of these.
        causes: One of these.
        schedule_name: A part of it, in any case.
        scheduled_from: The first instant that counts. A row that stands for many counts when one of them may.
        scheduled_to: The first instant after it that does not count.
        decided_from: The first moment that counts.
        decided_to: The first moment after it that does not count.
        late_by_ms: At least so late.
        of_schedule: What `schedule_id` is, given in another place.
        recent_from: The first moment of a decision that counts, where the rows are to come by their ids all the same:
            as those of one schedule are found.
    """

    outcomes: Collection[str] = ()
    causes: Collection[str] = ()
    schedule_id: UUID | None = None
    schedule_name: str = ""
    scheduled_from: datetime | None = None
    scheduled_to: datetime | None = None
    decided_from: datetime | None = None
    decided_to: datetime | None = None
    task_id: UUID | None = None
    late_by_ms: int | None = None
    of_schedule: UUID | None = None
    recent_from: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what no row can be: an unknown word, a range that ends where it begins or before.

        Raises:
            InvalidValue: Its field is the attribute, in the singular where that holds several; the message leaves
                it to the edge to name it, as each has another name for it.
        """
        for name, values, known in (
            ("outcome", self.outcomes, FiringOutcome.values),
            ("cause", self.causes, FiringCause.values),
        ):
            for value in values:
                if value not in known:
                    right = f"'{value}' is not known; known are {', '.join(known)}"
                    raise InvalidValue(right, field=name, value=value)
        ranges = {
            "scheduled_to": (self.scheduled_from, self.scheduled_to),
            "decided_to": (self.decided_from, self.decided_to),
        }
        for name, (begin, end) in ranges.items():
            if begin is not None and end is not None and end <= begin:
                raise InvalidValue(
                    f"{as_iso(end)} is not after {as_iso(begin)}, where the range begins",
                    field=name,
                    value=as_iso(end),
                )

    def rows(self, *, older_than: UUID | None = None) -> QuerySet[Firing]:
        """Return them as one query, for who skips rows or counts them; those after a row, if one is given.

        Raises:
            InvalidValue: There is no row of this id.
        """
        place = None if older_than is None else self._find_place(older_than, "older_than")
        stretches = reduce(or_, (each.older(self._key, place) for each in self._stretches()))
        return list_firings().filter(self._condition() & stretches).order_by(*self._order(is_reversed=False))

    def count(self) -> int:
        """Count them, which reads them all."""
        return self.rows().count()

    def read_older(self, *, than: UUID | None, limit: int) -> Sequence[Firing]:
        """Return the rows that come after a row, or the first ones.

        Raises:
            InvalidValue: There is no row of this id.
        """
        place = None if than is None else self._find_place(than, "older_than")
        parts = [each.older(self._key, place) for each in self._stretches()]
        return self._read(parts, limit=limit, is_reversed=False)

    def read_newer(self, *, than: UUID, limit: int) -> Sequence[Firing]:
        """Return the rows that come right before a row, in the order in which all of them come.

        Raises:
            InvalidValue: There is no row of this id.
        """
        place = self._find_place(than, "newer_than")
        parts = [each.newer(self._key, place) for each in reversed(self._stretches())]
        return self._read(parts, limit=limit, is_reversed=True)[::-1]

    @property
    def _key(self) -> str:
        """The column that makes the order, with the id where it is equal."""
        if self.scheduled_from is not None or self.scheduled_to is not None:
            return "scheduled_for"
        if self.decided_from is not None or self.decided_to is not None:
            return "decided_at"
        return "id"

    def _order(self, *, is_reversed: bool) -> Sequence[str]:
        sign = "" if is_reversed else "-"
        return [f"{sign}{name}" for name in dict.fromkeys((self._key, "id"))]

    def _find_place(self, pk: UUID, parameter: str) -> "Place":
        value: Any = pk
        if self._key != "id":
            value = Firing.objects.filter(pk=pk).values_list(self._key, flat=True).first()
        if value is None:
            raise InvalidValue(
                f"no firing has the id '{pk}', any more or at all: leave it out, to begin again",
                field=parameter,
                value=str(pk),
            )
        return value, pk

    def _read(self, parts: Sequence[Q], *, limit: int, is_reversed: bool) -> list[Firing]:
        """Return the rows of one part after the other until there are enough."""
        rows = list_firings().filter(self._condition()).order_by(*self._order(is_reversed=is_reversed))
        found: list[Firing] = []
        for part in parts:
            if len(found) < limit:
                found += rows.filter(part)[: limit - len(found)]
        return found

    def _stretches(self) -> list["Stretch"]:
        """Return the stretches of the order that hold the rows, the newest first.

        Few rows begin before a range of planned instants and reach into it: those that stand for many. As one condition
        with the others, joined by OR, they would keep both databases from using the index of either.
        """
        if self._key == "id":
            return [Stretch()]
        if self._key == "decided_at":
            return [Stretch(self.decided_from, self.decided_to)]
        inside = Stretch(self.scheduled_from, self.scheduled_to)
        if self.scheduled_from is None:
            return [inside]
        reaches_in = Q(last_scheduled_for__isnull=False, last_scheduled_for__gte=self.scheduled_from)
        return [inside, Stretch(None, self.scheduled_from, reaches_in)]

    def _condition(self) -> Q:
        """Return what has to hold besides the place in the order."""
        wanted: dict[str, Any] = {
            "schedule_id": self.schedule_id,
            "schedule_name__icontains": self.schedule_name or None,
            "task_id": self.task_id,
            "lateness_ms__gte": self.late_by_ms,
        }
        if self._key != "decided_at":
            wanted |= {"decided_at__gte": self.decided_from, "decided_at__lt": self.decided_to}
        condition = Q(**{name: value for name, value in wanted.items() if value is not None})
        if self.of_schedule is not None:
            condition &= Q(schedule_id=self.of_schedule)
        if self.recent_from is not None:
            first_id = first_id_at(self.recent_from - CLOCK_DIFFERENCE)
            condition &= Q(pk__gte=first_id, decided_at__gte=self.recent_from)
        # SQLite uses a partial index only where its very condition stands in the query.
        if self.outcomes:
            condition &= Q(outcome__in=list(self.outcomes))
            condition &= Q() if FiringOutcome.STARTED in self.outcomes else UNUSUAL_OUTCOME
        if self.causes:
            condition &= Q(cause__in=list(self.causes))
            condition &= Q() if FiringCause.SCHEDULE in self.causes else UNUSUAL_CAUSE
        return condition


# Where a row stands in the order: the value of the column that makes it, and its id.
Place: TypeAlias = tuple[Any, UUID]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the order, from `low` to before `high`, of which the rows that meet a condition count.

    A column gets one condition from above and one from below, the tighter ones: SQLite may search by the others.
    """

    low: datetime | None = None
    high: datetime | None = None
    also: Q = field(default_factory=Q)

    def condition(self, key: str) -> Q:
        """Return the condition that a row is in it."""
        return self.also & _bound(key, "gte", self.low) & _bound(key, "lt", self.high)

    def older(self, key: str, place: Place | None) -> Q:
        """Return the condition that a row is in it and comes after a place."""
        if place is None or (self.high is not None and place[0] >= self.high):
            return self.condition(key)
        return self.also & _bound(key, "gte", self.low) & _beyond(key, place, "lt")

    def newer(self, key: str, place: Place) -> Q:
        """Return the condition that a row is in it and comes before a place."""
        if self.low is not None and place[0] < self.low:
            return self.condition(key)
        return self.also & _beyond(key, place, "gt") & _bound(key, "lt", self.high)


def _bound(key: str, sign: str, value: datetime | None) -> Q:
    return Q() if value is None else Q(**{f"{key}__{sign}": value})


def _beyond(key: str, place: Place, sign: str) -> Q:
    value, pk = place
    if key == "id":
        return Q(**{f"id__{sign}": pk})
    behind = Q(**{f"{key}__{sign}": value}) | Q(**{key: value, f"id__{sign}": pk})
    return Q(**{f"{key}__{sign}e": value}) & behind  # the first of the two is what the index is searched by

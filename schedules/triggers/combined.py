"""`or`: whenever one of several triggers fires. `and`: when all of them do, within a threshold."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from schedules.triggers.base import HORIZON, Trigger, later_by
from schedules.triggers.budget import Budget
from schedules.triggers.errors import HorizonPassed

MAX_DEPTH = 3
MAX_LEAVES = 10
THRESHOLD_SECONDS = 1
LONGEST_THRESHOLD_SECONDS = 3_600

_TICK = timedelta(microseconds=1)


class OrTrigger:
    """Fires at every instant of every leaf; instants of several leaves that are the same are one."""

    __slots__ = ("_leaves",)

    def __init__(self, leaves: Sequence[Trigger]) -> None:
        self._leaves = tuple(leaves)

    def __str__(self) -> str:
        return f"or[{', '.join(map(str, self._leaves))}]"

    @property
    def leaves(self) -> tuple[Trigger, ...]:
        """The triggers that it is made of."""
        return self._leaves

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the first instant of any leaf strictly after `instant`; a leaf with none in ten years waits for it."""
        budget = budget or Budget()
        budget.spend(len(self._leaves))
        found: list[datetime] = []
        too_far: HorizonPassed | None = None
        for leaf in self._leaves:
            try:
                head = leaf.next_after(instant, budget)
            except HorizonPassed as error:
                too_far = error
            else:
                found += [head] if head else []
        if too_far and not found:
            raise too_far
        return min(found, default=None)


class AndTrigger:
    """Fires where instants of all leaves lie within `threshold` of each other, at the latest of them.

    That is the end of every smallest window, no longer than the threshold, that holds an instant of each leaf. It
    depends on the instants alone, not on where the search began, so that looking from any moment gives the same ones.
    """

    __slots__ = ("_leaves", "_threshold")

    def __init__(self, leaves: Sequence[Trigger], *, threshold: timedelta) -> None:
        self._leaves = tuple(leaves)
        self._threshold = threshold

    def __str__(self) -> str:
        return f"and[{', '.join(map(str, self._leaves))}]"

    @property
    def leaves(self) -> tuple[Trigger, ...]:
        """The triggers that it is made of."""
        return self._leaves

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the end of the first window that ends strictly after `instant`."""
        budget = budget or Budget()
        try:
            floor = instant.astimezone(UTC) - self._threshold  # a window that ends after `instant` begins after this
            while (window := self._first_window(floor, budget)) is not None:
                first, last = window
                if last > instant:
                    return last
                floor = first
        except OverflowError:  # before the year 1
            return None
        return None

    def _first_window(self, floor: datetime, budget: Budget) -> tuple[datetime, datetime] | None:
        """Return both ends of the smallest window that begins after `floor`, and ends before any other such one.

        Every leaf leaps to the reach of the one that is furthest ahead, so that a leaf that fires every second costs
        no more than the rarest one.
        """
        heads: list[datetime] = []
        for leaf in self._leaves:
            head = self._next(leaf, floor, budget)
            if head is None:
                return None
            heads.append(head)
        last = max(heads)
        limit = later_by(HORIZON, last)
        while min(heads) < last - self._threshold:
            for index, leaf in enumerate(self._leaves):
                if heads[index] < last - self._threshold:
                    head = self._next(leaf, last - self._threshold - _TICK, budget)
                    if head is None:
                        return None
                    heads[index] = head
            last = max(heads)
            if last > limit:
                raise HorizonPassed("its parts do not meet within ten years")
        return min(
            self._last_until(leaf, head, last, budget) for leaf, head in zip(self._leaves, heads, strict=True)
        ), last

    def _last_until(self, leaf: Trigger, head: datetime, last: datetime, budget: Budget) -> datetime:
        """Return the last instant of a leaf up to `last`, from `head` on, which is one of them."""
        while head < last and (following := self._next(leaf, head, budget)) is not None and following <= last:
            head = following
        return head

    @staticmethod
    def _next(leaf: Trigger, after: datetime, budget: Budget) -> datetime | None:
        budget.spend()
        return leaf.next_after(after, budget)

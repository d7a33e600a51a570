"""Which schedules get a lane of the time line, and what is drawn in it. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from orchestrator_site.home.axis import Axis

Key = TypeVar("Key", bound=Hashable)

# What lies nearer together than this is drawn as one, in percent of the width.
NEAR = 0.6


class Kind(StrEnum):
    """How something is drawn; where several fall together, the first of these counts."""

    FAILED = "failed"
    NOT_RUN = "not-run"
    RUNNING = "running"
    HELD = "held"
    QUEUED = "queued"
    ABORTED = "aborted"
    DONE = "done"
    PLANNED = "planned"


_RANK = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that took place, or will.

    Attributes:
        kind: How it is drawn.
        word: What became of it, as the API says it.
        start: Where it begins.
        end: Where it ends; the same moment for what takes no time.
        planned_at: For when it was planned, if it was.
        url: Where a link to it leads.
        note: Why, if there is a reason.
    """

    kind: Kind
    word: str
    start: datetime
    end: datetime
    planned_at: datetime | None
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing in a lane, or several that lie too near together to be told apart; places are in percent."""

    kind: Kind
    x: float
    width: float
    items: Sequence[Item]

    @property
    def first(self) -> Item:
        """The one that counts: of the kind that is drawn."""
        return next(item for item in self.items if item.kind == self.kind)

    @property
    def words(self) -> str:
        """What became of them, with how many of each: `3 completed, 1 failed`."""
        counts = Counter(item.word for item in self.items)
        return ", ".join(f"{count} {word}" for word, count in counts.most_common())


def choose_lanes(*wanted: Iterable[Key], limit: int) -> list[Key]:
    """Return the first ones of several lists, each once: all of the first list before any of the second."""
    return list(dict.fromkeys(key for keys in wanted for key in keys))[:limit]


def draw(items: Iterable[Item], axis: Axis) -> list[Drawn]:
    """Return what is drawn of the things in a lane, from left to right.

    Something that begins within a hair of where the one before began is drawn together with it; what has passed is
    never drawn together with what is to come.
    """
    groups: list[list[Item]] = []
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        if groups and _is_near(groups[-1][0], item, axis):
            groups[-1].append(item)
        else:
            groups.append([item])
    return [_drawn(group, axis) for group in groups]


def _is_near(first: Item, item: Item, axis: Axis) -> bool:
    is_of_one_side = (first.kind is Kind.PLANNED) == (item.kind is Kind.PLANNED)
    return is_of_one_side and axis.place(item.start) - axis.place(first.start) < NEAR


def _drawn(group: Sequence[Item], axis: Axis) -> Drawn:
    x = axis.place(group[0].start)
    end = max(axis.place(item.end) for item in group)
    kind = min((item.kind for item in group), key=_RANK.__getitem__)
    return Drawn(kind, x, round(end - x, 2), group)

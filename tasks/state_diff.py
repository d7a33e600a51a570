"""What is different between two states of a task: which keys came, went, and were changed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

# Keys of objects and places of lists, from the state down to a value.
Path = tuple[str | int, ...]

MAX_CHANGES = 100
# What lies deeper than this is compared as a whole.
MAX_DEPTH = 50


class Kind(StrEnum):
    """What became of a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another one now; `old` is None where it was added, `new` where it was removed."""

    path: Path
    kind: Kind
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes between two states, in the order of their paths; `has_more` says that there are others besides."""

    changes: Sequence[Change]
    has_more: bool = False


def diff_states(old: Mapping[str, Any], new: Mapping[str, Any], *, max_changes: int = MAX_CHANGES) -> Difference:
    """Return what has to be done to the old state to get the new one.

    Objects are compared key by key and lists place by place, however deep; anything else is one value. As in JSON,
    `true` is not `1`.
    """
    found = list(islice(_compare((), old, new), max_changes + 1))
    return Difference(found[:max_changes], len(found) > max_changes)


def say_path(path: Path) -> str:
    """Return a path as people write it: `devices[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _compare(path: Path, old: Any, new: Any) -> Iterator[Change]:
    may_enter = len(path) < MAX_DEPTH
    if may_enter and isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare_objects(path, old, new)
    elif may_enter and isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Change(path, Kind.CHANGED, old, new)


def _compare_objects(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        if key not in new:
            yield Change((*path, key), Kind.REMOVED, old=old[key])
        elif key not in old:
            yield Change((*path, key), Kind.ADDED, new=new[key])
        else:
            yield from _compare((*path, key), old[key], new[key])


def _compare_lists(path: Path, old: list[Any], new: list[Any]) -> Iterator[Change]:
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _compare((*path, place), one, other)
    for place in range(len(new), len(old)):
        yield Change((*path, place), Kind.REMOVED, old=old[place])
    for place in range(len(old), len(new)):
        yield Change((*path, place), Kind.ADDED, new=new[place])

"""The instants of the engine beside those of an oracle."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from schedules.triggers import Trigger, build_trigger, fire_times_between, next_fire_times
from tests.oracles.zone_tables import Change, Seconds

HOUR = 3600
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GRID_START = datetime(1999, 6, 1, tzinfo=UTC)
SHOWN = 5


def build(kind: str, kwargs: dict[str, Any], zone: str, **options: str) -> Trigger:
    return build_trigger(kind, kwargs, timezone=zone, grid_start=GRID_START, **options)  # type: ignore[arg-type]


def moment(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def window_around(change: Change, reach_hours: int) -> tuple[int, int]:
    """Return a window that reaches that far beyond the gap or the fold, on both sides."""
    reach = reach_hours * HOUR + abs(change.after - change.before)
    return change.at - reach, change.at + reach


def compare(trigger: Trigger, expected: Seconds, *, after: int, until: int, told: str) -> int:
    """Check that the trigger fires at these instants after `after` and up to `until`, and return how many they are."""
    wanted = expected.tolist()
    times = fire_times_between(trigger, after=moment(after), until=moment(until), limit=len(wanted) + SHOWN)
    found = [each.timestamp() for each in times]
    if found != wanted:
        raise AssertionError(_describe(told, after, until, wanted, found))
    return len(wanted)


def compare_next(trigger: Trigger, expected: Seconds, *, starts: list[float], told: str) -> int:
    """Check the next instant after each of `starts`; `expected` has one beyond the last of them, if there is any."""
    places = np.searchsorted(expected, starts, side="right").tolist()
    compared = 0
    for start, place in zip(starts, places, strict=True):
        if place < len(expected):
            (found,) = next_fire_times(trigger, after=moment(start), count=1) or [EPOCH]
            wanted = int(expected[place])
            assert found.timestamp() == wanted, f"{told}: after {moment(start)} {moment(wanted)}, not {found}"
            compared += 1
    return compared


def probes(change: Change) -> Iterator[float]:
    """Return moments in and beside a gap or fold to look from: its edges, the seconds beside them, and the middle."""
    size = abs(change.after - change.before)
    for edge in (change.at - size, change.at, change.at + size):
        yield from (edge - 1, edge - 0.000001, edge, edge + 1)
    yield change.at + size / 2 + 0.5


def _describe(told: str, after: int, until: int, wanted: list[int], found: list[float]) -> str:
    missing = [str(moment(each)) for each in sorted(set(wanted) - set(found))[:SHOWN]]
    surplus = [str(moment(each)) for each in sorted(set(found) - set(wanted))[:SHOWN]]
    return f"{told}, after {moment(after)} until {moment(until)}: missing {missing}, surplus {surplus}"

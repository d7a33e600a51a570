"""What a pattern on the wall clock means in real time, by definition and without any cleverness.

A pattern of elapsed time occurs at every real minute (or second) whose local reading matches. A fixed time of day is
planned on the wall clock; each planned reading is looked up among the real ones: in a gap there is none, in a fold
there are two, and the policies say what becomes of it. All of it is numpy over whole windows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from tests.oracles.zone_tables import Seconds, ZoneTable

DAY = 86_400
EPOCH_DAY = date(1970, 1, 1)
HOURS, MINUTES = range(24), range(60)
# A reading of the wall is no further than this from the instant of the same number.
FARTHEST = 2 * DAY
NEVER = -(2**62)


@dataclass(frozen=True, eq=False)
class Meaning:
    """The readings of the wall clock that match."""

    minutes: Collection[int]
    hours: Collection[int]
    on: Callable[[date], bool] = lambda day: True
    seconds: Collection[int] = (0,)

    def matches_minute(self, local: Seconds) -> NDArray[np.bool_]:
        """Return for each reading, seconds since 1970, whether its day, hour and minute match."""
        if not local.size:
            return np.zeros(0, dtype=np.bool_)
        days = local // DAY
        first = int(days.min())
        on = np.array([self._is_on(day) for day in range(first, int(days.max()) + 1)])
        return on[days - first] & self._minutes_of_day[local % DAY // 60]

    def with_seconds(self, minutes: Seconds) -> Seconds:
        """Return the matching seconds of each of these minutes."""
        found: Seconds = (minutes[:, None] + np.array(sorted(self.seconds))).ravel()
        return found

    @cached_property
    def _is_on(self) -> Callable[[int], bool]:
        return cache(lambda day: self.on(EPOCH_DAY + timedelta(days=day)))

    @cached_property
    def _minutes_of_day(self) -> NDArray[np.bool_]:
        return np.array([hour in self.hours and minute in self.minutes for hour in HOURS for minute in MINUTES])


def elapsed(table: ZoneTable, meaning: Meaning, after: int, until: int) -> Seconds:
    """Return every real second after `after`, up to `until`, at which the clocks show a reading that matches."""
    # All offsets since 1999 are whole minutes, so that real minutes are minutes of the wall.
    minutes = np.arange(after - after % 60, until + 1, 60)
    found = meaning.with_seconds(minutes[meaning.matches_minute(table.local(minutes))])
    return within(found, after, until)


def fixed(
    table: ZoneTable, meaning: Meaning, after: int, until: int, *, gap: str = "run_after", fold: str = "first"
) -> Seconds:
    """Return the instants after `after`, up to `until`, at which the planned readings happen under these policies."""
    offsets = [offset for _, _, offset in table.stretches(after - DAY, until + DAY)]
    start, end = after + min(offsets), until + max(offsets)
    minutes = np.arange(start - start % 60, end + 1, 60)
    planned = meaning.with_seconds(minutes[meaning.matches_minute(minutes)])
    return within(happenings(table, planned, gap=gap, fold=fold), after, until)


def within(instants: Seconds, after: int, until: int) -> Seconds:
    """Return those after `after`, up to `until`."""
    kept: Seconds = instants[(instants > after) & (instants <= until)]
    return kept


def happenings(table: ZoneTable, planned: Seconds, *, gap: str, fold: str) -> Seconds:
    """Return the instants, ascending and each once, that planned readings of the wall clock become."""
    if not planned.size:
        return planned
    first, last, after_gap = (np.full(planned.shape, NEVER) for _ in range(3))
    offset_before: int | None = None
    for begin, end, offset in table.stretches(int(planned[0]) - FARTHEST, int(planned[-1]) + FARTHEST):
        instants = planned - offset
        shown = (begin <= instants) & (instants < end)
        first[shown & (first == NEVER)] = instants[shown & (first == NEVER)]
        last[shown] = instants[shown]
        if offset_before is not None:
            after_gap[(begin + offset_before <= planned) & (planned < begin + offset)] = begin
        offset_before = offset
    chosen = {"first": [first], "second": [last], "both": [first, last]}[fold]
    if gap == "run_after":
        chosen.append(after_gap[first == NEVER])
    found = np.unique(np.concatenate(chosen))
    happened: Seconds = found[found != NEVER]
    return happened

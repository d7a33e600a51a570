"""From readings of a clock to moments: what both triggers do that go by the clocks of a time zone.

Time is a row of stretches in which the offset stays the same (see `clocks`). Within one of them readings and moments
are a constant apart, so a trigger is asked for readings stretch by stretch. Where one ends and the next begins, two
policies say what becomes of the readings that never were, and of those that are shown twice. The defaults are the rules
of Debian's cron(8) for fixed times of day.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from schedules.triggers.base import HORIZON, later_by
from schedules.triggers.budget import Budget
from schedules.triggers.clocks import Stretch, stretch_at
from schedules.triggers.errors import HorizonPassed

DST_GAPS = ("run_after", "skip")
DST_FOLDS = ("first", "second", "both")

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
# Here datetime ends, with room for any offset.
_LAST_MOMENT = datetime(9999, 12, 30, tzinfo=UTC)


class Readings(Protocol):
    """The readings of a clock at which something is planned, passed as if they were moments in UTC."""

    @property
    def last_year(self) -> int:
        """Nothing is planned after this year."""

    def first_from(self, reading: datetime, end: datetime, budget: Budget) -> datetime | None:
        """Return the first one from `reading` on and before `end`."""


class WallClockTrigger:
    """Fires when the clocks of `zone` show what is planned, within `start` and `end`, both inclusive.

    Args:
        readings: What is planned.
        zone: Whose clocks.
        start: Nothing fires before it; in UTC.
        end: Nothing fires after it; in UTC.
        dst_gap: `run_after` fires once, at the first moment after the gap, for all that is planned inside of it;
            `skip` leaves it out.
        dst_fold: Which showing of a reading counts: the `first`, the `second`, or `both`.
    """

    __slots__ = ("_dst_fold", "_dst_gap", "_end", "_latest", "_readings", "_start", "_zone")

    def __init__(
        self,
        readings: Readings,
        *,
        zone: ZoneInfo,
        start: datetime | None,
        end: datetime | None,
        dst_gap: str,
        dst_fold: str,
    ) -> None:
        self._readings = readings
        self._zone = zone
        self._start, self._end = start, end
        self._dst_gap, self._dst_fold = dst_gap, dst_fold
        # Most evaluations fall into the stretch of the one before. Threads may share it: it is replaced whole.
        self._latest: Stretch | None = None

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the first instant strictly after `instant`."""
        try:
            start = instant.astimezone(UTC) + _TICK
            return self._find(start if self._start is None else max(start, self._start), budget or Budget())
        except (OverflowError, ValueError):  # past the year 9999
            return None

    def planned_in(self, first: datetime, end: datetime) -> datetime | None:
        """Return the first reading that is planned from `first` on and before `end`; readings have no zone."""
        found = self._readings.first_from(first.replace(tzinfo=UTC), end.replace(tzinfo=UTC), Budget())
        return found and found.replace(tzinfo=None)

    def _find(self, start: datetime, budget: Budget) -> datetime | None:
        horizon = min(later_by(HORIZON, start), _LAST_MOMENT)
        limit = horizon if self._end is None else min(self._end, horizon)
        while start <= limit:
            stretch = self._stretch_of(start)
            found = self._find_within(stretch, start, limit, budget)
            if found is not None:
                return found
            if (start + stretch.offset).year > self._readings.last_year:
                return None
            budget.spend()
            start = max(stretch.end, start + _TICK)
        if limit in {self._end, _LAST_MOMENT} or (limit - _DAY).year > self._readings.last_year:
            return None
        raise HorizonPassed("there is no instant within ten years")

    def _find_within(self, stretch: Stretch, start: datetime, limit: datetime, budget: Budget) -> datetime | None:
        """Return the first instant of one stretch, from `start` up to `limit`."""
        offset = stretch.offset
        first, end = start + offset, stretch.end + offset
        is_after_gap = stretch.skipped and start == stretch.start and self._dst_gap == "run_after"
        if is_after_gap and self._readings.first_from(first - stretch.skipped, first, budget) is not None:
            return start
        if stretch.repeats and self._dst_fold == "first":
            first = max(first, stretch.start + offset + stretch.repeats)
        if stretch.is_repeated and self._dst_fold == "second":
            end -= stretch.is_repeated
        found = self._readings.first_from(first, min(end, limit + offset + _TICK), budget)
        return None if found is None else found - offset

    def _stretch_of(self, instant: datetime) -> Stretch:
        latest = self._latest
        if latest is None or not latest.start <= instant < latest.end:
            latest = self._latest = stretch_at(self._zone, instant)
        return latest

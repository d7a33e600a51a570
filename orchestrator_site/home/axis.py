"""Where moments lie on a time line, and the hours of somebody's clocks. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

HOUR = timedelta(hours=1)
# The offset of every zone is a multiple of it, since 1972.
QUARTER = timedelta(minutes=15)
# Past hours have more room than those to come: they hold bars, not marks.
PAST_SHARE = 40.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A time line from `start` over `now` to `end`; places on it are in percent of its width."""

    start: datetime
    now: datetime
    end: datetime

    def place(self, moment: datetime) -> float:
        """Return where a moment lies; at the edge, where it lies beyond."""
        if moment <= self.now:
            share = (moment - self.start) / (self.now - self.start)
            return round(max(0.0, share) * PAST_SHARE, 2)
        share = (moment - self.now) / (self.end - self.now)
        return round(PAST_SHARE + min(1.0, share) * (100 - PAST_SHARE), 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """A full hour on somebody's clocks.

    Attributes:
        at: The moment.
        label: What the clocks show; with the zone's short name where that differs from the hour before.
        day: The date, at the first hour of a day.
    """

    at: datetime
    label: str
    day: date | None


def find_ticks(start: datetime, end: datetime, zone: tzinfo) -> Sequence[Tick]:
    """Return the full hours from a moment on and before another one.

    Hours that the clocks skip are not there, those that they show twice are there twice.
    """
    quarter = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    ticks: list[Tick] = []
    offset = quarter.astimezone(zone).utcoffset()
    day = quarter.astimezone(zone).date()
    while quarter < end:
        local = quarter.astimezone(zone)
        if quarter >= start and local.minute == 0:
            has_changed = local.utcoffset() != offset
            label = f"{local:%H:%M %Z}" if has_changed else f"{local:%H:%M}"
            ticks.append(Tick(quarter, label, local.date() if local.date() != day else None))
            offset, day = local.utcoffset(), local.date()
        quarter += QUARTER
    return ticks

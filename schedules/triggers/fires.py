"""Instants as people read them: on the clocks of a zone, and what a change of those clocks has to do with them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schedules.triggers.base import Trigger
from schedules.triggers.clocks import Gap, is_shown_twice, stretch_at
from schedules.triggers.combined import AndTrigger, OrTrigger
from schedules.triggers.errors import BoundsExceeded
from schedules.triggers.fields import read_zone
from schedules.triggers.wallclock import WallClockTrigger

Dst = Literal["gap", "fold"]

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Fire:
    """One instant of a trigger.

    Attributes:
        at: The instant, in UTC.
        local: The same on the clocks of the schedule's zone.
        dst: `gap` where it takes the place of times that the clocks skip, `fold` where they show it twice.
    """

    at: datetime
    local: datetime
    dst: Dst | None

    @property
    def offset(self) -> str:
        """How far the clocks are ahead of UTC, as `+02:00`."""
        seconds = round((self.local.utcoffset() or timedelta()).total_seconds())
        hours, rest = divmod(abs(seconds), 3600)
        minutes, seconds_left = divmod(rest, 60)
        finer = f":{seconds_left:02}" if seconds_left else ""
        return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}{finer}"

    def later_by(self, spread: timedelta) -> "Fire":
        """Return it with the spread; whether the clocks skip or repeat what was planned stays as it is."""
        at = self.at + spread
        return replace(self, at=at, local=at.astimezone(self.local.tzinfo))


def describe_fires(trigger: Trigger, *, timezone: str, times: Iterable[datetime]) -> list[Fire]:
    """Return each instant of a trigger with its reading in the zone that the trigger was built for."""
    zone = read_zone(timezone)
    return [Fire(at, at.astimezone(zone), _dst_of(trigger, zone, at)) for at in times]


def _dst_of(trigger: Trigger, zone: ZoneInfo, at: datetime) -> Dst | None:
    if is_shown_twice(zone, at):
        return "fold"
    stretch = stretch_at(zone, at)
    if stretch.start != at or not stretch.skipped:
        return None
    reading = (at + stretch.offset).replace(tzinfo=None)
    return "gap" if _is_moved(trigger, Gap(at, reading - stretch.skipped, reading)) else None


def _is_moved(trigger: Trigger, gap: Gap) -> bool | None:
    """Tell whether an instant at the end of a gap stands for readings inside of it; None where there is no instant.

    What one part of an `or` plans at that time itself is not moved by what another part does.
    """
    if isinstance(trigger, OrTrigger | AndTrigger):
        parts = [moved for leaf in trigger.leaves if (moved := _is_moved(leaf, gap)) is not None]
        if not parts:
            return None
        return all(parts) if isinstance(trigger, OrTrigger) else any(parts)
    if not _fires_at(trigger, gap.at):
        return None
    if not isinstance(trigger, WallClockTrigger):
        return False
    is_planned = trigger.planned_in(gap.end, gap.end + _SECOND) is not None
    return not is_planned and trigger.planned_in(gap.first, gap.end) is not None


def _fires_at(trigger: Trigger, at: datetime) -> bool:
    try:
        return trigger.next_after(at - _TICK) == at
    except BoundsExceeded:
        return False

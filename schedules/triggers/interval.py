"""`interval`: a fixed grid of elapsed time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.triggers.budget import Budget

UNITS = ("weeks", "days", "hours", "minutes", "seconds")
ARGUMENTS = (*UNITS, "start_date", "end_date")


@dataclass(frozen=True, slots=True)
class IntervalTrigger:
    """Fires at `start`, `start + period`, … up to and including `end`; DST does not move it."""

    period: timedelta
    start: datetime
    end: datetime | None
    includes_start: bool

    def __str__(self) -> str:
        return f"interval[{self.period}]"

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the first instant strictly after `instant`, in one step."""
        first = 0 if self.includes_start else 1
        steps = max((instant - self.start) // self.period + 1, first)
        try:
            found = self.start + steps * self.period
        except OverflowError:  # past the year 9999
            return None
        return found if self.end is None or found <= self.end else None

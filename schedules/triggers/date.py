"""`date`: one instant."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from schedules.triggers.budget import Budget

ARGUMENTS = ("run_date",)


@dataclass(frozen=True, slots=True)
class DateTrigger:
    """Fires once, at `run_date`."""

    run_date: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        try:
            shown = self.run_date.astimezone(self.zone)
        except OverflowError:  # the zone's clock shows a year before 1 or after 9999
            shown = self.run_date
        return f"date[{shown:%Y-%m-%d %H:%M:%S %Z}]"

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the instant if it still lies ahead."""
        return self.run_date if self.run_date > instant else None

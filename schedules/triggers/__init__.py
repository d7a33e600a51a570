"""Triggers: from plain data to instants. Pure: no clock, no database, no settings, no Django.

`build_trigger` turns `(kind, kwargs, zone)` into a Trigger; all else is asked of that:

>>> from datetime import UTC, datetime
>>> hourly = build_trigger("interval", {"hours": 1}, timezone="UTC", grid_start=datetime(2027, 1, 1, tzinfo=UTC))
>>> next_fire_times(hourly, after=datetime(2027, 1, 1, 9, 30, tzinfo=UTC), count=1)
[datetime.datetime(2027, 1, 1, 10, 0, tzinfo=datetime.timezone.utc)]
"""

from schedules.triggers.base import HORIZON, Trigger, fire_times_between, latest_fire_time, next_fire_times
from schedules.triggers.budget import Budget
from schedules.triggers.build import ARGUMENTS, KINDS, build_trigger
from schedules.triggers.calendarinterval import MISSING_DAYS
from schedules.triggers.errors import BoundsExceeded, HorizonPassed, TriggerError
from schedules.triggers.first_instants import check_first_instants
from schedules.triggers.options import OPTIONS, has_jitter, split_options
from schedules.triggers.spread import MAX_SPREAD_SECONDS, spread_offset
from schedules.triggers.wallclock import DST_FOLDS, DST_GAPS

__all__ = [
    "ARGUMENTS",
    "DST_FOLDS",
    "DST_GAPS",
    "HORIZON",
    "KINDS",
    "MAX_SPREAD_SECONDS",
    "MISSING_DAYS",
    "OPTIONS",
    "BoundsExceeded",
    "Budget",
    "HorizonPassed",
    "Trigger",
    "TriggerError",
    "build_trigger",
    "check_first_instants",
    "fire_times_between",
    "has_jitter",
    "latest_fire_time",
    "next_fire_times",
    "split_options",
    "spread_offset",
]

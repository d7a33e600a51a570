"""Triggers: from plain data to instants. Pure: no clock, no database, no settings, no Django.

`build_trigger` turns `(kind, kwargs, zone)` into a Trigger; all else is asked of that:

>>> from datetime import UTC, datetime
>>> hourly = build_trigger("interval", {"hours": 1}, timezone="UTC", grid_start=datetime(2027, 1, 1, tzinfo=UTC))
>>> next_fire_times(hourly, after=datetime(2027, 1, 1, 9, 30, tzinfo=UTC), count=1)
[datetime.datetime(2027, 1, 1, 10, 0, tzinfo=datetime.timezone.utc)]
"""

from schedules.triggers.base import Trigger, TriggerError, fire_times_between, latest_fire_time, next_fire_times
from schedules.triggers.build import KINDS, build_trigger, split_timezone

__all__ = [
    "KINDS",
    "Trigger",
    "TriggerError",
    "build_trigger",
    "fire_times_between",
    "latest_fire_time",
    "next_fire_times",
    "split_timezone",
]

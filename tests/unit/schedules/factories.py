"""Triggers and moments for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schedules.triggers import Budget, Trigger, build_trigger, next_fire_times

GRID_START = datetime(2027, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    """Return a moment in UTC, as in `utc("2027-03-28T01:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_trigger(kind: str, /, *, zone: str = "UTC", **kwargs: Any) -> Trigger:
    options = {name: kwargs.pop(name) for name in ("dst_gap", "dst_fold", "on_missing_day") if name in kwargs}
    return build_trigger(kind, kwargs, timezone=zone, grid_start=GRID_START, **options)


def times_of(trigger: Trigger, *, after: str, count: int) -> list[str]:
    """Return the next instants as texts in UTC."""
    return [
        f"{each:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
        for each in next_fire_times(trigger, after=utc(after), count=count)
    ]


class EverySecond:
    """Fires on every whole second from `first` to `last`; counts how often it is asked, `cost` steps each."""

    def __init__(self, *, first: datetime, last: datetime | None = None, cost: int = 1) -> None:
        self.first = first
        self.last = last
        self.cost = cost
        self.evaluations = 0

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        self.evaluations += 1
        if budget:
            budget.spend(self.cost)
        found = max(instant.replace(microsecond=0) + timedelta(seconds=1), self.first)
        return found if self.last is None or found <= self.last else None

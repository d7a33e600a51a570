"""What every trigger offers, and what can be computed from it alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from schedules.triggers.budget import Budget
from schedules.triggers.errors import HorizonPassed

# How far ahead an evaluation looks for the next instant.
HORIZON = timedelta(days=3653)

_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


class Trigger(Protocol):
    """A rule for instants. `str()` gives it in full, as `interval[1:00:00]` or `cron[hour='2', minute='30']`."""

    def next_after(self, instant: datetime, budget: Budget | None = None) -> datetime | None:
        """Return the first instant strictly after `instant`, aware and in UTC; None when there is none any more.

        Without a budget the evaluation has one of its own.

        Raises:
            BoundsExceeded: The budget is spent, or there is none within ten years.
        """


def next_fire_times(trigger: Trigger, *, after: datetime, count: int, budget: Budget | None = None) -> list[datetime]:
    """Return up to `count` instants strictly after `after`, each by an evaluation of its own or all on one budget."""
    times: list[datetime] = []
    while len(times) < count and (instant := trigger.next_after(times[-1] if times else after, budget)) is not None:
        times.append(instant)
    return times


def fire_times_between(trigger: Trigger, *, after: datetime, until: datetime, limit: int) -> list[datetime]:
    """Return the instants after `after`, up to and including `until`; no more than `limit` of them."""
    return list(_walk(trigger, after=after, until=until, limit=limit))


def _walk(trigger: Trigger, *, after: datetime, until: datetime, limit: int) -> Iterator[datetime]:
    instant = _first_between(trigger, after, until)
    while instant is not None and limit > 0:
        yield instant
        limit -= 1
        instant = _first_between(trigger, instant, until)


def latest_fire_time(trigger: Trigger, *, until: datetime, budget: Budget | None = None) -> datetime | None:
    """Return the last instant at or before `until`, no further back than HORIZON.

    It looks at twice as long a stretch each time, and then halves the one that holds it: walking through it could take
    millions of steps, as for a trigger that fires every second, but in January only.
    """
    stretch = timedelta(minutes=1)
    while (latest := _first_between(trigger, until - stretch, until, budget)) is None:
        if stretch == HORIZON:
            return None
        stretch = min(stretch * 2, HORIZON)
    none_after = until
    while (following := _first_between(trigger, latest, until, budget)) is not None:
        latest = following
        middle = latest + (none_after - latest) / 2
        later = _first_between(trigger, middle, until, budget)
        if later is None:
            none_after = middle
        else:
            latest = later
    return latest


def _first_between(trigger: Trigger, after: datetime, until: datetime, budget: Budget | None = None) -> datetime | None:
    try:
        instant = trigger.next_after(after, budget)
    except HorizonPassed:
        return None
    return instant if instant is not None and instant <= until else None


def later_by(span: timedelta, moment: datetime) -> datetime:
    """Return the moment that much later, or the last one of all."""
    return moment + span if moment < _LAST_MOMENT - span else _LAST_MOMENT


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC."""
    return moment.astimezone(UTC)

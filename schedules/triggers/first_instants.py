"""What a trigger has to show before it is stored: that it fires, and not too often."""

from datetime import datetime

from schedules.triggers.base import Trigger
from schedules.triggers.budget import Budget
from schedules.triggers.errors import BoundsExceeded, HorizonPassed, TriggerError

# How many instants are looked at: enough for more than an hour of a trigger that fires every minute.
_INSTANTS = 64


def check_first_instants(trigger: Trigger, *, after: datetime, shortest_seconds: float) -> datetime:
    """Return the first instant after `after`.

    Raises:
        TriggerError: There is none, it cannot be found within the bounds, or the next ones lie closer together than
            `shortest_seconds`.
    """
    first = _find_first(trigger, after)
    budget = Budget()
    try:
        instant: datetime | None = first
        for _ in range(_INSTANTS):
            assert instant is not None
            following = trigger.next_after(instant, budget)
            if following is None:
                break
            _check_distance(instant, following, shortest_seconds)
            instant = following
    except BoundsExceeded:  # so rare that it cannot be too often
        pass
    return first


def _find_first(trigger: Trigger, after: datetime) -> datetime:
    since = f"{after:%Y-%m-%d %H:%M:%S}Z"
    try:
        first = trigger.next_after(after)
    except HorizonPassed as error:
        raise TriggerError(f"never_fires: {trigger}: {error} after {since}", field=error.field) from error
    except BoundsExceeded as error:
        raise TriggerError(f"never_fires: {trigger} takes too long to evaluate: {error}", field=error.field) from error
    if first is None:
        raise TriggerError(f"never_fires: {trigger} has no instant after {since}")
    return first


def _check_distance(instant: datetime, following: datetime, shortest_seconds: float) -> None:
    seconds = (following - instant).total_seconds()
    if seconds < shortest_seconds:
        raise TriggerError(
            f"it fires twice within {seconds:g} s, at {instant.isoformat()} and {following.isoformat()}; "
            f"the shortest period allowed is {shortest_seconds:g} s"
        )

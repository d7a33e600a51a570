"""When schedulers were alive: an instant is misfired only if none was."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Greatest

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import write_statement, write_transaction
from schedules.models import SchedulerOutage, SchedulerPulse
from schedules.policies import Outage

log = structlog.get_logger(__name__)

TICK_EVERY = timedelta(seconds=5)
# A loop ticks itself when the heartbeat has not for so long; both come round every 5 s, and one tick is enough.
LATE_AFTER = timedelta(seconds=6)
# Schedulers count as down when none has ticked for this long.
OUTAGE_AFTER = timedelta(seconds=15)
# Before the first tick of all there was no scheduler, since ever.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Pulse:
    """Records that a scheduler is alive; whoever finds the last tick of all long ago records the outage.

    The heartbeat ticks every 5 s, so that a turn that takes long is no outage. A loop asks before each turn, and ticks
    itself when the last tick of its process is longer ago: the process was frozen, or its machine has slept, and it
    has to learn of the outage before it decides anything.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ticked_at = _EVER
        self._lock = threading.Lock()

    def tick(self) -> datetime:
        """Write a tick; return its time."""
        with self._lock:
            self._ticked_at = record_tick(self._clock(), clock=self._clock)
            return self._ticked_at

    def tick_if_late(self, now: datetime) -> None:
        """Write a tick, unless this process has written one less than 6 s before `now`, or after it."""
        if self._is_late(now):
            with self._lock:  # while the other thread ticks, wait: it may be writing down the outage
                if self._is_late(now):
                    self._ticked_at = record_tick(now, clock=self._clock)

    def _is_late(self, now: datetime) -> bool:
        """Tell whether the last tick is too far away; one that lies ahead was written before the clock was set back."""
        return abs(now - self._ticked_at) >= LATE_AFTER


def record_tick(now: datetime, *, clock: Clock | None = None) -> datetime:
    """Move the one pulse of all schedulers on to `now`; if it was somewhere else entirely, look at the clock again.

    Whoever read `now` may have been stopped for a while since. So the pulse is never moved back here: to another
    scheduler that would look as if there had been an outage.

    Args:
        now: The database's time.
        clock: Asked again before a gap is believed; without one, `now` is.

    Returns:
        The time of the tick.
    """
    with write_statement():
        near = SchedulerPulse.objects.filter(pk=1, last_tick_at__range=(now - OUTAGE_AFTER, now + OUTAGE_AFTER))
        if near.update(last_tick_at=Greatest("last_tick_at", Value(now, DateTimeField()))):
            return now
    return _look_again(clock or (lambda: now))


def _look_again(clock: Clock) -> datetime:
    """Read the clock while nobody else can tick, and write down an outage if there was one.

    What the pulse holds then was read before. If it lies ahead all the same, the clock has been set back.
    """
    with write_transaction():
        pulse = SchedulerPulse.objects.select_for_update().filter(pk=1).first()
        now = clock()
        last = pulse.last_tick_at if pulse else _EVER
        SchedulerPulse.objects.update_or_create(pk=1, defaults={"last_tick_at": now})
        if now - last > OUTAGE_AFTER:
            SchedulerOutage.objects.create(started_at=last, ended_at=now)
    if pulse and now - last > OUTAGE_AFTER:
        log.warning("scheduler_outage_ended", started_at=last.isoformat(), ended_at=now.isoformat())
    elif last > now:
        log.warning("database_clock_set_back", last_tick_at=last.isoformat(), now=now.isoformat())
    return now


def last_recovery() -> QuerySet[Any, Any]:
    """Return when the latest outage ended, as rows of one moment, for a column of another query."""
    return SchedulerOutage.objects.order_by("-ended_at").values("ended_at")[:1]


def outages_since(moment: datetime) -> Sequence[Outage]:
    """Return the outages that ended after `moment`."""
    rows = SchedulerOutage.objects.filter(ended_at__gt=moment).order_by("started_at")
    return [Outage(started_at=row.started_at, ended_at=row.ended_at) for row in rows]

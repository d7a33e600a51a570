"""When schedulers were alive: an instant is misfired only if none was."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from orchestrator_site.common.database import write_statement, write_transaction
from schedules.models import SchedulerOutage, SchedulerPulse
from schedules.policies import Outage

log = structlog.get_logger(__name__)

TICK_EVERY = timedelta(seconds=5)
# Schedulers count as down when none has ticked for this long.
OUTAGE_AFTER = timedelta(seconds=15)
# Before the first tick of all there was no scheduler, since ever.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Pulse:
    """Records, every 5 s, that this scheduler is alive; whoever finds the last tick long ago records the outage.

    It has to tick before a turn decides anything, so that a process that was frozen learns of it first.
    """

    def __init__(self) -> None:
        self._ticked_at = _EVER

    def tick(self, now: datetime) -> None:
        """Write a tick if the last one of this process is 5 s ago, or ahead since the clock was set back."""
        if timedelta(0) <= now - self._ticked_at < TICK_EVERY:
            return
        record_tick(now)
        self._ticked_at = now


def record_tick(now: datetime) -> None:
    """Move the one pulse of all schedulers to `now`, and write down the gap if it was an outage."""
    with write_statement():
        beating = SchedulerPulse.objects.filter(pk=1, last_tick_at__gte=now - OUTAGE_AFTER)
        if beating.update(last_tick_at=now):
            return
    with write_transaction():
        pulse = SchedulerPulse.objects.select_for_update().filter(pk=1).first()
        last = pulse.last_tick_at if pulse else _EVER
        SchedulerPulse.objects.update_or_create(pk=1, defaults={"last_tick_at": now})
        if now - last > OUTAGE_AFTER:
            SchedulerOutage.objects.create(started_at=last, ended_at=now)
            if pulse:
                log.warning("scheduler_outage_ended", started_at=last.isoformat(), ended_at=now.isoformat())


def outages_since(moment: datetime) -> Sequence[Outage]:
    """Return the outages that ended after `moment`."""
    rows = SchedulerOutage.objects.filter(ended_at__gt=moment).order_by("started_at")
    return [Outage(started_at=row.started_at, ended_at=row.ended_at) for row in rows]

"""Schedulers as processes: which there are, whether they are alive, and how far behind they are."""

import os
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from orchestrator_site.common.database import write_statement, write_transaction
from orchestrator_site.common.version import VERSION
from schedules.models import Schedule, SchedulerProcess
from schedules.selectors import find_most_overdue

# A scheduler that has not been seen for so long counts as dead.
STALE_AFTER = timedelta(seconds=30)
# A loop that has not looked for so long hangs: it looks every POLL_SECONDS, which are 10 at most.
STUCK_AFTER = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=1)


class ProcessState(StrEnum):
    """Whether a scheduler can be counted on."""

    ALIVE = "alive"
    STUCK = "stuck"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Standing:
    """All schedulers as of `now`, the database's time, and the schedule that waits longest for one of them."""

    now: datetime
    processes: Sequence[SchedulerProcess]
    most_overdue: Schedule | None

    @property
    def counts(self) -> Mapping[ProcessState, int]:
        """How many there are in each state."""
        found = Counter(state_of(process, now=self.now) for process in self.processes)
        return {state: found[state] for state in ProcessState}

    @property
    def is_alive(self) -> bool:
        """Whether at least one fires."""
        return self.counts[ProcessState.ALIVE] > 0

    @property
    def behind(self) -> timedelta:
        """How late the most overdue schedule is by now; nothing if none is due."""
        if self.most_overdue is None or self.most_overdue.next_run_at is None:
            return timedelta(0)
        return self.now - self.most_overdue.next_run_at


def state_of(process: SchedulerProcess, *, now: datetime) -> ProcessState:
    """Say whether a scheduler is alive as of the database's time: it is seen, and its loop looks."""
    if process.last_seen_at <= now - STALE_AFTER:
        return ProcessState.STALE
    return ProcessState.STUCK if process.last_tick_at <= now - STUCK_AFTER else ProcessState.ALIVE


def list_processes() -> QuerySet[SchedulerProcess]:
    """Return the schedulers, the one that was seen last first."""
    return SchedulerProcess.objects.order_by("-last_seen_at", "id")


def find_standing(*, now: datetime, host: str | None = None) -> Standing:
    """Say how it stands with the schedulers, those of one host if one is given."""
    rows = list_processes()
    return Standing(now, list(rows if host is None else rows.filter(host=host)), find_most_overdue(now=now))


def see_process(*, name: str, now: datetime, last_tick_at: datetime | None, firings_per_minute: int) -> None:
    """Write down that a scheduler is alive; the first time, and when its row has been removed, where it runs as well.

    Args:
        name: That of the process.
        now: The database's time.
        last_tick_at: When its loop last looked for what is due; None if it has not done so.
        firings_per_minute: What it has decided in the last minute.
    """
    seen = {"last_seen_at": now, "firings_per_minute": firings_per_minute}
    if last_tick_at is not None:
        seen["last_tick_at"] = last_tick_at
    with write_statement():
        if SchedulerProcess.objects.filter(pk=name).update(**seen):
            return
    with write_transaction():
        SchedulerProcess.objects.filter(last_seen_at__lt=now - FORGOTTEN_AFTER).delete()
        SchedulerProcess.objects.create(
            id=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=VERSION,
            started_at=now,
            **{"last_tick_at": now, **seen},
        )


def forget_process(*, name: str) -> None:
    """Remove the row of a scheduler that ends."""
    with write_statement():
        SchedulerProcess.objects.filter(pk=name).delete()

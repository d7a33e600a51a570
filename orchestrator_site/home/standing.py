"""Whether everything runs: schedulers, workers, the engine, and how far behind they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from orchestrator_site.common.admin.display import show_duration, show_time
from orchestrator_site.home.look import (
    FREEZE,
    VIEW_FREEZES,
    VIEW_SCHEDULERS,
    VIEW_SCHEDULES,
    VIEW_TASKS,
    VIEW_WORKERS,
    Look,
)
from schedules.overview import find_last_pulse
from schedules.processes import ProcessState, Standing, find_standing
from tasks.overview import Workers, find_workers

# A schedule that has been due for longer is worth a word: a turn takes a second.
BEHIND_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Processes:
    """How many processes of a kind are alive, stuck and stale; when one was last seen, if that is long ago."""

    alive: int
    stuck: int
    stale: int
    last_seen_at: datetime | None

    @property
    def has_trouble(self) -> bool:
        """Whether one of them does not do its work."""
        return self.stuck > 0 or self.stale > 0


def describe_standing(look: Look) -> dict[str, Any]:
    """Return what the top of the page says; `alarms` counts what is red there."""
    schedulers = behind = overdue = workers = None
    if look.may(VIEW_SCHEDULERS, VIEW_SCHEDULES):
        standing = find_standing(now=look.now)
        schedulers = _describe_schedulers(standing)
        if standing.behind > BEHIND_AFTER:
            behind = show_duration(timedelta(seconds=round(standing.behind.total_seconds())))
            overdue = standing.most_overdue if look.may(VIEW_SCHEDULES) else None
    if look.may(VIEW_WORKERS, VIEW_TASKS):
        workers = _describe_workers(find_workers(now=look.now))
    freeze = look.freeze
    down = [each for each in (schedulers, workers) if each is not None and not each.alive]
    return {
        "schedulers": schedulers,
        "workers": workers,
        "schedulers_seen": show_time(schedulers.last_seen_at, now=look.now) if schedulers else None,
        "workers_seen": show_time(workers.last_seen_at, now=look.now) if workers else None,
        "behind": behind,
        "overdue": overdue,
        "freeze": freeze,
        "freeze_since": show_time(freeze.started_at, now=look.now) if freeze else None,
        "freeze_until": show_time(freeze.until, now=look.now) if freeze else None,
        "alarms": len(down) + (freeze is not None),
        "has_trouble": bool(behind) or any(each.has_trouble for each in (schedulers, workers) if each),
        "links": _find_links(look),
    }


def _describe_schedulers(standing: Standing) -> Processes:
    counts = standing.counts
    alive, stuck, stale = (counts[state] for state in (ProcessState.ALIVE, ProcessState.STUCK, ProcessState.STALE))
    # Who ends in order leaves no row behind; the pulse stays.
    return Processes(alive, stuck, stale, None if alive else find_last_pulse())


def _describe_workers(workers: Workers) -> Processes:
    return Processes(workers.alive, 0, workers.stale, None if workers.alive else workers.last_seen_at)


def _find_links(look: Look) -> dict[str, str]:
    """Return where one sees more, or can do something about it; only what this user may open."""
    pages = {
        "schedulers": ("admin:schedules_schedulerprocess_changelist", look.may(VIEW_SCHEDULERS)),
        "workers": ("admin:tasks_workerprocess_changelist", look.may(VIEW_WORKERS)),
        "engine": ("admin:tasks_enginefreeze_changelist", look.may(VIEW_FREEZES, FREEZE)),
        "unfreeze": ("admin:tasks_enginefreeze_changelist", look.may(FREEZE)),
    }
    return {name: reverse(page) for name, (page, is_open) in pages.items() if is_open}

"""Arranging the situations that are explained: schedules that have run, were held up, changed, or are to run.

All of it is as of moments that are given: `at_time` has the services read them off the clock.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from schedules.firing import fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, Schedule, SchedulerPulse
from schedules.pausing import pause_schedule
from schedules.processes import ProcessState, see_process
from schedules.services import ScheduleChanges, delete_schedule, update_schedule
from tasks.freezing import freeze_engine
from tasks.models import Task, TaskStatus
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_task

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AMSTERDAM = "Europe/Amsterdam"
LONG_AGO = NOW - 10 * DAY
CLOCKS = (
    "schedules.services.database_now",
    "schedules.pausing.database_now",
    "schedules.running.database_now",
    "tasks.freezing.database_now",
)


@contextmanager
def at_time(now: datetime) -> Iterator[None]:
    """Have the services take this for now."""
    with ExitStack() as patches:
        for clock in CLOCKS:
            patches.enter_context(mock.patch(clock, return_value=now))
        yield


def hourly(**fields: Any) -> Schedule:
    """Store a schedule that runs at every full hour since ten days, and is due at NOW."""
    moment = fields.get("next_run_at", NOW) or NOW
    defaults: dict[str, Any] = {
        "trigger": "cron",
        "trigger_kwargs": {"minute": 0},
        "planned_through": moment - HOUR,
        "grid_start_at": LONG_AGO,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "state_since": LONG_AGO,
    }
    return make_schedule(**{**defaults, **fields})


def nightly(instant: str, **fields: Any) -> Schedule:
    """Store one that runs at 02:30 in Amsterdam, and next at this instant."""
    moment = datetime.fromisoformat(instant)
    kwargs = {"hour": 2, "minute": 30}
    defaults = {"trigger_kwargs": kwargs, "timezone": AMSTERDAM, "planned_through": moment - 20 * HOUR}
    return hourly(next_run_at=moment, **{**defaults, **fields})


def once(**fields: Any) -> Schedule:
    """Store one that runs once, at NOW."""
    return hourly(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()}, **fields)


def have_scheduler(state: ProcessState, *, now: datetime, name: str = "core:1") -> None:
    """Have a scheduler that is alive, hangs since an hour before NOW, or was seen last then; it keeps the pulse."""
    seen_at = NOW - HOUR if state is ProcessState.STALE else now
    looked_at = now if state is ProcessState.ALIVE else NOW - HOUR
    see_process(name=name, now=seen_at, last_tick_at=looked_at, firings_per_minute=0)
    SchedulerPulse.objects.update_or_create(pk=1, defaults={"last_tick_at": seen_at})


def turn(schedule: Schedule, *, now: datetime = NOW, is_alive_before: bool = True) -> Schedule:
    """Let a scheduler decide what is due; it has been there all the time, unless it has not."""
    if is_alive_before:
        SchedulerPulse.objects.update_or_create(pk=1, defaults={"last_tick_at": now})
    record_tick(now)
    fire_due(limit=100, now=now)
    return Schedule.objects.filter(pk=schedule.pk).first() or schedule


def after_an_outage(schedule: Schedule, *, since: datetime, until: datetime) -> Schedule:
    """Let a scheduler come back after all were gone."""
    SchedulerPulse.objects.update_or_create(pk=1, defaults={"last_tick_at": since})
    return turn(schedule, now=until, is_alive_before=False)


def paused(schedule: Schedule, *, now: datetime = NOW - 5 * MINUTE, until: datetime | None = None) -> Schedule:
    with at_time(now):
        return pause_schedule(schedule_id=schedule.pk, reason="works on the core", actor="ada", until=until)


def frozen(schedule: Schedule, *, now: datetime = NOW - 5 * MINUTE, until: datetime | None = None) -> Schedule:
    with at_time(now):
        freeze_engine(reason="upgrade of the NSO", actor="grace", until=until)
    return schedule


def changed(schedule: Schedule, *, now: datetime, **changes: Any) -> Schedule:
    with at_time(now):
        return update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(**changes), actor="ada")


def deleted(schedule: Schedule, *, now: datetime = NOW + MINUTE) -> Schedule:
    with at_time(now):
        delete_schedule(schedule_id=schedule.pk, actor="ada")
    return schedule


def blocked(schedule: Schedule, *, status: TaskStatus = TaskStatus.RUNNING) -> Schedule:
    """Give it a task that has not ended."""
    before = NOW - HOUR
    key = {"schedule_id": schedule.pk, "concurrency_key": schedule.task_key}
    make_task(schedule.workflow, status=status, now=before, **key)
    return schedule


def failed_before(schedule: Schedule) -> Schedule:
    """Give it a task that has failed."""
    task = make_task(schedule.workflow, status=TaskStatus.FAILED, now=NOW - HOUR, schedule_id=schedule.pk)
    Task.objects.filter(pk=task.pk).update(failed_reason="no route to nl-1")
    return schedule


def without_its_rows(schedule: Schedule) -> Schedule:
    """Remove its ledger, as the clean-up does after a time."""
    Firing.objects.filter(schedule_id=schedule.pk).delete()
    return schedule


def every_half_minute(**fields: Any) -> Schedule:
    """Store one of which a pause skips more instants than have rows of their own."""
    return hourly(trigger_kwargs={"second": "*/30"}, planned_through=NOW - SECOND, **fields)

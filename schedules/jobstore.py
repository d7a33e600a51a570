"""The job store through which APScheduler asks for stored schedules."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.job import Job
from django.db import connection
from django_apscheduler.jobstores import DjangoJobStore

from orchestrator_site.common.clock import Clock
from schedules.firing import Turn, fire_due
from schedules.heartbeat import Activity
from schedules.liveness import Pulse
from schedules.models import Schedule
from schedules.zone_data import move_next_runs
from tasks.freezing import current_freeze

log = structlog.get_logger(__name__)

CONTENDED_WAIT_SECONDS = (0.1, 0.25)
FROZEN_WAIT_SECONDS = 1.0


class ScheduleJobStore(DjangoJobStore):  # type: ignore[misc]  # django-apscheduler has no types
    """Serves schedules from our own rows: plain data, never pickles, and never an APScheduler job.

    The work of a stored schedule is to put a task on the queue. `get_due_jobs` does that, in one transaction, and so
    has no job left to return. The stock store would delete what it cannot read and fire twice with two schedulers.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        clock: Clock,
        is_stopping: Callable[[], bool] = lambda: False,
        pulse: Pulse | None = None,
        activity: Activity | None = None,
    ) -> None:
        super().__init__()
        self._batch_size = batch_size
        self._clock = clock
        self._is_stopping = is_stopping
        self._is_prepared = False
        self._pulse = pulse or Pulse(clock)
        self._activity = activity or Activity()
        self._turn = Turn(found_due=False)
        self._ahead = timedelta(0)

    def register_event_listeners(self) -> None:
        """Register none: those of the stock store hear the events of every store."""

    def get_due_jobs(self, now: datetime) -> list[Job]:
        """Take a turn by the database's clock, whatever `now` this machine has; there is nothing left to submit.

        Before the first one, next run times are looked at, in case the time-zone data is another one than it was.
        An error is logged here, with its traceback, and raised: APScheduler then asks again after its retry interval.
        """
        try:
            database_time = self._tick()
            if not self._is_prepared:
                self._is_prepared = move_next_runs(clock=self._clock, go_on=self._go_on)
                if not self._is_prepared:
                    return []
            self._turn = fire_due(limit=self._batch_size, now=database_time, clock=self._clock)
        except Exception:
            log.exception("turn_failed")
            connection.close()
            raise
        self._activity.note_firings(self._turn.instants, at=time.monotonic())
        if self._turn.decided:
            log.info("turn_taken", decided=self._turn.decided)
        return []

    def get_next_run_time(self) -> datetime | None:
        """Return when to ask again, on this machine's clock.

        When all that is due is in the hands of other schedulers, that is in a moment: one of them may die.
        """
        if self._turn.found_due and not self._turn.decided:
            wait_seconds = random.uniform(*CONTENDED_WAIT_SECONDS)  # noqa: S311  # no secret, only spread
            return datetime.now(UTC) + timedelta(seconds=wait_seconds)
        due = Schedule.objects.filter(next_run_at__isnull=False).order_by("next_run_at")
        next_run_at = due.values_list("next_run_at", flat=True).first()
        if next_run_at is None:
            return None
        if not self._turn.found_due and self._is_frozen(next_run_at):
            return datetime.now(UTC) + timedelta(seconds=FROZEN_WAIT_SECONDS)
        return next_run_at + self._ahead

    def _is_frozen(self, next_run_at: datetime) -> bool:
        """Tell whether a schedule is due and nothing fires since the engine is frozen; unfreezing wakes the loop."""
        now = self._clock()
        return next_run_at <= now and current_freeze(now=now) is not None

    def lookup_job(self, job_id: str) -> None:
        """Return nothing: no schedule is an APScheduler job."""

    def get_all_jobs(self) -> list[Job]:
        """Return nothing: no schedule is an APScheduler job."""
        return []

    def add_job(self, job: Job) -> None:
        """Refuse: schedules are created through `schedules.services`."""
        raise TypeError(f"job {job.id!r} cannot be stored here; create a schedule with schedules.services instead")

    update_job = add_job

    def remove_job(self, job_id: str) -> None:
        """Refuse: schedules are deleted through `schedules.services`."""
        raise TypeError(f"job {job_id!r} cannot be removed here; delete a schedule with schedules.services instead")

    def remove_all_jobs(self) -> None:
        """Refuse: schedules are deleted through `schedules.services`."""
        raise TypeError("schedules cannot be removed by APScheduler; delete them with schedules.services instead")

    def _tick(self) -> datetime:
        """Read the database's clock, and note that the loop looks; learn of an outage before it decides anything."""
        database_time = self._clock()
        self._ahead = datetime.now(UTC) - database_time
        self._pulse.tick_if_late(database_time)
        self._activity.looked_at = database_time
        return database_time

    def _go_on(self) -> bool:
        self._tick()
        return not self._is_stopping()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} batch_size={self._batch_size}>"

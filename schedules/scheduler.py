"""The scheduler: APScheduler's loop over the stored schedules and the functions that are scheduled in code."""

import gc
import threading

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from django.db import connection

from orchestrator_site.common.clock import Clock, database_now
from schedules.decorated.jobstore import ALIAS, DecoratorJobStore
from schedules.heartbeat import Activity, Heartbeat
from schedules.jobstore import ScheduleJobStore
from schedules.liveness import Pulse
from schedules.scheduling import CodeScheduler
from workflows.registry import ALL_WORKFLOWS, WorkflowCodeError

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

# `@scheduler.scheduled_job(…)` schedules a function in code; the older `@scheduler(…)` does so too.
scheduler = CodeScheduler()


class Scheduler(BlockingScheduler):  # type: ignore[misc]  # APScheduler has no types
    """Looks when a schedule is due, when it is woken, and every `poll_seconds` besides; its loop cannot die."""

    def __init__(self, *, batch_size: int, poll_seconds: float, clock: Clock = database_now) -> None:
        super().__init__(timezone="UTC", jobstore_retry_interval=RETRY_SECONDS)
        self._poll_seconds = poll_seconds
        self._is_stopping = False
        # APScheduler makes it in `start`; a notification may wake this one before that.
        self._event = threading.Event()
        pulse, activity = Pulse(clock), Activity()
        self._heartbeat = Heartbeat(pulse=pulse, activity=activity)
        schedules = ScheduleJobStore(
            batch_size=batch_size,
            clock=clock,
            is_stopping=lambda: self._is_stopping,
            pulse=pulse,
            activity=activity,
        )
        self.add_jobstore(schedules, "default")
        # After the turn, which is what most wait for.
        self.add_jobstore(DecoratorJobStore(clock=clock), ALIAS)

    def run(self) -> None:
        """Fire schedules until `shutdown` is called from another thread."""
        load_workflow_code()
        # All that is loaded now stays: the collector need not walk it again for every few turns.
        gc.freeze()
        self._heartbeat.start()
        try:
            self.start()
        finally:
            self._heartbeat.stop()
            connection.close()

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002  # APScheduler's signature
        """Ask the loop to end after the turn it is in; one that has not begun yet ends at its beginning."""
        self._is_stopping = True
        self.wakeup()

    def _process_jobs(self) -> float:
        """Take a turn and return how many seconds to wait; an error, whatever it is, is logged and waited out."""
        if self._is_stopping:
            super().shutdown()
            return 0
        try:
            wait_seconds: float | None = super()._process_jobs()
        except Exception:
            log.exception("scheduler_loop_failed")
            connection.close()
            return RETRY_SECONDS
        return self._poll_seconds if wait_seconds is None else min(wait_seconds, self._poll_seconds)


def load_workflow_code() -> None:
    """Import every workflow now, so that no turn has to inside of its transaction; what fails is logged."""
    for name, instance in ALL_WORKFLOWS.items():
        try:
            instance.load()
        except WorkflowCodeError as error:
            log.error("workflow_code_failed", workflow=name, reason=str(error))

"""The job store through which APScheduler asks for functions that are scheduled in code."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.job import Job
from apscheduler.triggers.base import BaseTrigger
from django.db import Error, connection
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import drop_connections
from schedules.decorated.executions import run_function
from schedules.decorated.registry import DECORATED, DecoratedFunction
from schedules.decorated.rows import Claim, claim_due, log_leftovers, store_function

log = structlog.get_logger(__name__)

ALIAS = "decorator"


class ClaimedTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Stands where APScheduler wants a trigger: the row of a claimed job has been moved on already."""

    def get_next_fire_time(self, previous_fire_time: datetime, now: datetime) -> datetime:
        """Return something, so that APScheduler does not remove the job."""
        return previous_fire_time


class ClaimedJob(Job):  # type: ignore[misc]  # APScheduler has no types
    """One instant of a function, to be run whatever this machine's clock says."""

    def _get_run_times(self, now: datetime) -> list[datetime]:
        return [self.next_run_time]


class DecoratorJobStore(DjangoJobStore):  # type: ignore[misc]  # django-apscheduler has no types
    """Serves the functions that this process has the code of; all other rows it leaves alone.

    The stock store unpickles every row, deletes what it cannot read, and lets each scheduler run every instant.
    """

    def __init__(self, *, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._functions: dict[str, DecoratedFunction] = {}
        self._is_stored = False
        self._ahead = timedelta(0)

    def start(self, scheduler: Any, alias: str) -> None:
        """Take the functions that were registered until now."""
        self._functions = dict(DECORATED)
        super().start(scheduler, alias)

    def register_event_listeners(self) -> None:
        """Hear of runs that APScheduler refuses, those of this store only."""
        self._scheduler.add_listener(self._record_refusal, EVENT_JOB_MAX_INSTANCES)

    def get_due_jobs(self, now: datetime) -> list[Job]:
        """Claim what is due by the database's clock, and return it to be run; without functions, ask nothing.

        One that cannot be claimed stops no other. Only when nothing could be claimed is the error raised: APScheduler
        then asks again after its retry interval, and not at once.
        """
        if not self._functions:
            return []
        jobs: list[Job] = []
        failure: Exception | None = None
        try:
            database_time = self._clock()
            self._ahead = datetime.now(UTC) - database_time
            self._store_functions(database_time)
            due = DjangoJob.objects.filter(pk__in=self._functions, next_run_time__lte=database_time)
            for row in due.order_by("next_run_time"):
                failure = self._claim_into(jobs, row, now=database_time) or failure
        except Exception as error:
            log.exception("decorator_jobstore_failed")
            connection.close()
            failure = error
        if failure and not jobs:
            raise failure
        return jobs  # what is claimed has to be run, whatever became of the others

    def get_next_run_time(self) -> datetime | None:
        """Return when the next function is due, on this machine's clock."""
        rows = DjangoJob.objects.filter(pk__in=self._functions, next_run_time__isnull=False)
        next_run_at: datetime | None = rows.order_by("next_run_time").values_list("next_run_time", flat=True).first()
        return None if next_run_at is None else next_run_at + self._ahead

    def lookup_job(self, job_id: str) -> None:
        """Return nothing: a job exists only between its claim and its end."""

    def get_all_jobs(self) -> list[Job]:
        """Return nothing: a job exists only between its claim and its end."""
        return []

    def add_job(self, job: Job) -> None:
        """Refuse: functions are scheduled by the decorator, before the scheduler starts."""
        raise TypeError(f"job {job.id!r} cannot be added here; decorate its function with @scheduler.scheduled_job")

    def update_job(self, job: Job) -> None:
        """Do nothing: the claim has moved the row on."""

    def remove_job(self, job_id: str) -> None:
        """Refuse: a row is kept for good, so that no instant of it runs twice."""
        raise TypeError(f"job {job_id!r} cannot be removed here; take its decorator out of the code")

    def remove_all_jobs(self) -> None:
        """Refuse, as `remove_job` does."""
        raise TypeError("functions cannot be removed here; take their decorators out of the code")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} functions={len(self._functions)}>"

    def _store_functions(self, now: datetime) -> None:
        if self._is_stored:
            return
        log_leftovers(self._functions)
        for function in self._functions.values():
            store_function(function, now=now)
        self._is_stored = True

    def _claim_into(self, jobs: list[Job], row: DjangoJob, *, now: datetime) -> Exception | None:
        """Claim a due row and add what is to be run of it; return the error that is of this row alone.

        Raises:
            django.db.Error: The other rows would fare no better.
        """
        try:
            jobs.extend(self._jobs_of(claim_due(self._functions[row.pk], row, now=now)))
        except Error:
            raise
        except Exception as error:
            log.exception("decorated_claim_failed", job_id=row.pk)
            return error
        return None

    def _jobs_of(self, claim: Claim | None) -> list[Job]:
        """Return what APScheduler is to run of a claim: nothing when another scheduler has it, or it is too late."""
        if claim is None:
            return []
        function = self._functions[claim.function_id]
        facts = {"job_id": claim.function_id, "scheduled_for": claim.scheduled_for.isoformat()}
        if claim.is_missed:
            log.warning("decorated_function_missed", **facts, grace_seconds=function.misfire_grace_seconds)
            return []
        log.info("decorated_function_claimed", **facts)
        job = ClaimedJob(
            self._scheduler,
            id=function.id,
            name=function.name,
            func=partial(_run_in_thread, function, execution_id=claim.execution_id, clock=self._clock),
            args=(),
            kwargs={},
            trigger=ClaimedTrigger(),
            executor="default",
            misfire_grace_time=None,
            coalesce=True,
            max_instances=function.max_instances,
            next_run_time=claim.scheduled_for,
        )
        job._jobstore_alias = self._alias  # noqa: SLF001  # as APScheduler does itself when it loads a job
        return [job]

    def _record_refusal(self, event: JobSubmissionEvent) -> None:
        if event.jobstore != self._alias:
            return
        refused = DjangoJobExecution.objects.filter(job_id=event.job_id, run_time__in=event.scheduled_run_times)
        reason = f"max_instances: the run before still goes on, and {event.job_id} may have no more"
        refused.update(status=DjangoJobExecution.MAX_INSTANCES, exception=reason)
        log.warning("decorated_function_refused", job_id=event.job_id, reason=reason)


def _run_in_thread(function: DecoratedFunction, *, execution_id: int, clock: Clock) -> None:
    try:
        run_function(function, execution_id=execution_id, clock=clock)
    finally:
        drop_connections()

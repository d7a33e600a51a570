"""The worker: one loop that claims tasks, a pool of threads that run them, a heartbeat that keeps their leases."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connections

from orchestrator_site.common.clock import Clock, DatabaseClock
from orchestrator_site.common.ids import new_process_id
from orchestrator_site.common.wakeup import ENGINE_CHANGED, TASKS_ENQUEUED
from tasks.abstention import Abstention
from tasks.deploys import forget_worker, load_versions, register_worker, see_worker
from tasks.freezing import current_freeze
from tasks.queue import Claim, Lease, claim_orphaned, claim_queued, renew_leases
from tasks.runner import Crew, run_claimed
from workflows.releases.recording import ReleaseWatch

log = structlog.get_logger(__name__)

# A task whose worker died is taken over within its lease and five seconds.
LOOK_SECONDS = 2.0
ERROR_PAUSE_SECONDS = 1.0
# It counts as dead when it has not been seen for 30 s.
SEEN_EVERY_SECONDS = 5.0


class Heartbeat:
    """Renews the leases of the tasks that this process runs.

    Of a worker that registers, which has a watch over its release, it also shows that it is alive.
    """

    def __init__(
        self, *, worker: str, clock: Clock, lease_seconds: float, releases: ReleaseWatch | None = None
    ) -> None:
        self._worker = worker
        self._releases = releases
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._held: set[Claim] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Keep the lease of `claim` alive inside of the block."""
        with self._lock:
            self._held.add(claim)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(claim)

    def _run(self) -> None:
        while not self._stop.wait(min(self._lease_seconds / 3, SEEN_EVERY_SECONDS)):
            try:
                self._beat()
            except Exception:  # the top of a loop: without leases every task of this worker would be taken over
                log.exception("lease_renewal_failed")
                connections.close_all()
        connections.close_all()

    def _beat(self) -> None:
        if self._releases:
            see_worker(name=self._worker, now=self._clock())
        self._renew()
        if self._releases:
            self._releases.look(now=self._clock())

    def _renew(self) -> None:
        with self._lock:
            held = [claim.task_id for claim in self._held]
        if held:
            renew_leases(Lease(self._worker, self._clock(), self._lease_seconds), task_ids=held)


def worker_from_settings(*, concurrency: int | None = None) -> "Worker":
    """Return the worker that the settings describe."""
    return Worker(
        concurrency=settings.WORKER_CONCURRENCY if concurrency is None else concurrency,
        lease_seconds=settings.TASK_LEASE_SECONDS,
        poll_seconds=settings.POLL_SECONDS,
        clock=DatabaseClock(),
    )


class Worker:
    """Runs up to `concurrency` tasks at a time until it is told to stop."""

    def __init__(self, *, concurrency: int, lease_seconds: float, poll_seconds: float, clock: Clock) -> None:
        self.name = new_process_id()
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._running = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._is_frozen = False
        self._engine_changed = threading.Event()
        self._orphans_seen_at = self._engine_seen_at = float("-inf")
        self._has_missed_database = False
        self._releases = ReleaseWatch(process=self.name)
        self._heartbeat = Heartbeat(worker=self.name, clock=clock, lease_seconds=lease_seconds, releases=self._releases)
        self._abstention = Abstention()
        self._crew = Crew(worker=self.name, leave=self._abstention.leave)

    @property
    def wakes(self) -> dict[str, Callable[[], None]]:
        """What to call when another process notifies a channel."""
        return {TASKS_ENQUEUED: self.wake, ENGINE_CHANGED: self.look_at_engine}

    def wake(self) -> None:
        """Look for tasks now: some were enqueued, or a thread has become free."""
        self._wake.set()

    def look_at_engine(self) -> None:
        """Find out now whether the engine is frozen."""
        self._engine_changed.set()
        self._wake.set()

    def stop(self) -> None:
        """Take no more tasks; those that run are given back after the step they are in."""
        self._stop.set()
        self._wake.set()
        log.info("worker_stopping", worker=self.name)

    def run(self) -> None:
        """Claim and run tasks until `stop`, then wait for the steps that are running."""
        log.info("worker_started", worker=self.name, concurrency=self._concurrency)
        is_registered = False
        self._heartbeat.start()
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="task") as pool:
            while not self._stop.is_set():
                self._wake.clear()
                is_registered = is_registered or self._register()
                if not self._start_claimed(pool):
                    self._wake.wait(min(self._poll_seconds, LOOK_SECONDS))
        self._heartbeat.stop()
        self._forget()
        connections.close_all()
        log.info("worker_stopped", worker=self.name)

    def _register(self) -> bool:
        """Write down which workflows this process knows, in which versions; tell whether that could be done."""
        versions, problems = load_versions()
        for workflow, reason in problems.items():
            log.error("workflow_code_broken", workflow=workflow, reason=reason)
        try:
            register_worker(
                name=self.name,
                host=socket.gethostname(),
                pid=os.getpid(),
                versions=versions,
                now=self._clock(),
            )
        except DatabaseProblem:  # it may be away, and will be back
            log.exception("worker_not_registered")
            connections.close_all()
            return False
        self._releases.look(now=self._clock())
        return True

    def _forget(self) -> None:
        try:
            forget_worker(name=self.name, now=self._clock())
        except DatabaseProblem as error:  # then it counts as dead after a while
            log.warning("worker_not_forgotten", reason=str(error).strip())

    def _start_claimed(self, pool: ThreadPoolExecutor) -> bool:
        """Claim as many tasks as there are free threads and start them; tell whether there were any."""
        try:
            self._look_whether_frozen()
            claims = self._claim(limit=self._concurrency - self._running)
        except Exception:  # the top of a loop: the database may be away, and will be back
            log.exception("claim_failed")
            self._has_missed_database = True
            connections.close_all()
            self._stop.wait(ERROR_PAUSE_SECONDS)
            return False
        if not all(claim.may_run_frozen for claim in claims):  # a frozen engine gives none of those: it has ended
            self._is_frozen = False
        for claim in claims:
            with self._lock:
                self._running += 1
            pool.submit(self._run_task, claim)
        return bool(claims)

    def _look_whether_frozen(self) -> None:
        """Look whether running tasks are to stop; a frozen engine gives none, so that one without any need not know."""
        is_due = time.monotonic() - self._engine_seen_at >= LOOK_SECONDS
        if not self._running or not (is_due or self._engine_changed.is_set()):
            return
        self._engine_changed.clear()
        self._engine_seen_at = time.monotonic()
        freeze = current_freeze(now=self._clock())
        if (freeze is not None) != self._is_frozen:
            log.info("engine_frozen" if freeze else "engine_unfrozen", worker=self.name)
        self._is_frozen = freeze is not None

    def _claim(self, *, limit: int) -> list[Claim]:
        if limit < 1:
            return []
        now = self._clock()
        lease = Lease(self.name, now, self._lease_seconds)
        left_alone = self._abstention.left_alone(now=now)
        if self._is_orphan_look_due():
            orphans = claim_orphaned(lease, limit=limit, left_alone=left_alone)
            if len(orphans) < limit:  # else there may be more, for which the next free thread looks at once
                self._orphans_seen_at = time.monotonic()
            if orphans:
                return orphans
        claims = claim_queued(lease, limit=limit, left_alone=left_alone)
        if self._has_missed_database:
            self._has_missed_database = False
            self._orphans_seen_at = time.monotonic() + self._lease_seconds
        return claims

    def _is_orphan_look_due(self) -> bool:
        """Tell whether to look for what workers left behind that died.

        While the database was away nobody could renew a lease: when it is back, those who live get the time to do so,
        and to record what they have run meanwhile.
        """
        return not self._has_missed_database and time.monotonic() - self._orphans_seen_at >= LOOK_SECONDS

    def _is_stopping(self) -> bool:
        return self._stop.is_set() or self._is_frozen

    def _run_task(self, claim: Claim) -> None:
        try:
            is_stopping = self._stop.is_set if claim.may_run_frozen else self._is_stopping
            with self._heartbeat.holding(claim):
                run_claimed(claim, clock=self._clock, is_stopping=is_stopping, crew=self._crew)
        except Exception:  # the task stays as it is recorded; its lease runs out and it is taken over
            log.exception("task_interrupted", task_id=str(claim.task_id))
            connections.close_all()
        finally:
            with self._lock:
                self._running -= 1
            self._wake.set()


def run_here(claim: Claim, *, clock: Clock, lease_seconds: float) -> None:
    """Run one claimed task in this thread, its lease kept by a heartbeat."""
    heartbeat = Heartbeat(worker=claim.worker, clock=clock, lease_seconds=lease_seconds)
    heartbeat.start()
    try:
        with heartbeat.holding(claim):
            run_claimed(claim, clock=clock)
    finally:
        heartbeat.stop()

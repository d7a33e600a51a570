"""The worker: one loop that claims tasks, a pool of threads that run them, a heartbeat that keeps their leases."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import connections

from orchestrator_site.common.clock import Clock, DatabaseClock
from tasks.queue import Claim, Lease, claim_orphaned, claim_queued, renew_leases
from tasks.runner import run_claimed

log = structlog.get_logger(__name__)

# A task whose worker died is taken over within its lease and five seconds.
ORPHAN_LOOK_SECONDS = 2.0
ERROR_PAUSE_SECONDS = 1.0


def new_worker_name() -> str:
    """Return a name for this process that no other one, dead or alive, has: host, process id and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"


class Heartbeat:
    """Renews the leases of the tasks that this process runs, at a third of the lease."""

    def __init__(self, *, worker: str, clock: Clock, lease_seconds: float) -> None:
        self._worker = worker
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
        while not self._stop.wait(self._lease_seconds / 3):
            try:
                self._renew()
            except Exception:  # the top of a loop: without leases every task of this worker would be taken over
                log.exception("lease_renewal_failed")
                connections.close_all()
        connections.close_all()

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
        self.name = new_worker_name()
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._running = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._orphans_seen_at = float("-inf")
        self._heartbeat = Heartbeat(worker=self.name, clock=clock, lease_seconds=lease_seconds)

    def wake(self) -> None:
        """Look for tasks now: some were enqueued, or a thread has become free."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more tasks; those that run are given back after the step they are in."""
        self._stop.set()
        self._wake.set()
        log.info("worker_stopping", worker=self.name)

    def run(self) -> None:
        """Claim and run tasks until `stop`, then wait for the steps that are running."""
        log.info("worker_started", worker=self.name, concurrency=self._concurrency)
        self._heartbeat.start()
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="task") as pool:
            while not self._stop.is_set():
                self._wake.clear()
                if not self._start_claimed(pool):
                    self._wake.wait(min(self._poll_seconds, ORPHAN_LOOK_SECONDS))
        self._heartbeat.stop()
        connections.close_all()
        log.info("worker_stopped", worker=self.name)

    def _start_claimed(self, pool: ThreadPoolExecutor) -> bool:
        """Claim as many tasks as there are free threads and start them; tell whether there were any."""
        try:
            claims = self._claim(limit=self._concurrency - self._running)
        except Exception:  # the top of a loop: the database may be away, and will be back
            log.exception("claim_failed")
            connections.close_all()
            self._stop.wait(ERROR_PAUSE_SECONDS)
            return False
        for claim in claims:
            with self._lock:
                self._running += 1
            pool.submit(self._run_task, claim)
        return bool(claims)

    def _claim(self, *, limit: int) -> list[Claim]:
        if limit < 1:
            return []
        lease = Lease(self.name, self._clock(), self._lease_seconds)
        if time.monotonic() - self._orphans_seen_at >= ORPHAN_LOOK_SECONDS:
            self._orphans_seen_at = time.monotonic()
            if orphans := claim_orphaned(lease, limit=limit):
                return orphans
        return claim_queued(lease, limit=limit)

    def _run_task(self, claim: Claim) -> None:
        try:
            with self._heartbeat.holding(claim):
                run_claimed(claim, clock=self._clock, is_stopping=self._stop.is_set)
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

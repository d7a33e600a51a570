"""The turn and the worker, each alone in one process: what the two cost before they share anything."""

import threading
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings

from orchestrator_site.common.clock import database_now
from schedules.firing import fire_due
from schedules.scheduler import load_workflow_code
from tasks.models import Task, TaskStatus
from tasks.worker import worker_from_settings
from tests.bench.processes import look_until
from tests.bench.results import Figure
from tests.bench.seed import store_schedules

COMPLETE_WITHIN_SECONDS = 120


def measure_alone(*, is_quick: bool) -> list[Figure]:
    """Take turns until nothing is due, then run the tasks of them."""
    count = 200 if is_quick else 5_000
    load_workflow_code()
    due_at = datetime.now(UTC)
    store_schedules(count, period=timedelta(hours=1), first_at=lambda _: due_at)
    started = time.perf_counter()
    while fire_due(limit=settings.FIRING_BATCH_SIZE, now=database_now()).decided:
        pass
    fired_seconds = time.perf_counter() - started
    return [
        Figure("turns in a loop", count / fired_seconds, "firings/s"),
        Figure("one worker", count / _run_tasks(count), "tasks/s", note=f"{settings.WORKER_CONCURRENCY} threads"),
    ]


def _run_tasks(count: int) -> float:
    worker = worker_from_settings()
    thread = threading.Thread(target=worker.run)
    completed = Task.objects.filter(status=TaskStatus.COMPLETED)
    started_at = datetime.now(UTC)
    thread.start()
    try:
        ended_at = look_until(
            lambda: completed.count() == count, seconds=COMPLETE_WITHIN_SECONDS, what=f"{count} completed tasks"
        )
    finally:
        worker.stop()
        thread.join()
    return (ended_at - started_at).total_seconds()

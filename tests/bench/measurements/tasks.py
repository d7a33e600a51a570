"""Ten thousand tasks that wait on the queue, and one worker."""

import tempfile
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max, Min

from tasks.models import Task, TaskStatus
from tests.bench.benchapp.apps import read_count
from tests.bench.processes import look_until, manage
from tests.bench.results import Figure, Limit
from tests.bench.seed import store_tasks

COMPLETE_WITHIN_SECONDS = 180


def measure_tasks(*, is_quick: bool) -> list[Figure]:
    """Start a worker; what counts is the time from its first claim to the end of the last task."""
    count = 200 if is_quick else 10_000
    store_tasks(count)
    completed = Task.objects.filter(status=TaskStatus.COMPLETED)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        counter = Path(folder) / "statements"
        with manage("worker", counter=counter):
            look_until(
                lambda: completed.count() == count, seconds=COMPLETE_WITHIN_SECONDS, what=f"{count} completed tasks"
            )
            statements = read_count(counter)
    note = f"{count:,} tasks of three recorded steps, {settings.WORKER_CONCURRENCY} threads"
    return [
        Figure("one worker", count / _run_time().total_seconds(), "tasks/s", note=note),
        Figure("statements per task", statements / count, "", Limit("≤", 8), "BEGIN and COMMIT not counted"),
    ]


def _run_time() -> timedelta:
    ran = Task.objects.aggregate(begin=Min("started_at"), end=Max("finished_at"))
    run_time: timedelta = ran["end"] - ran["begin"]
    return run_time

"""The same burst with django-apscheduler as it ships, side by side."""

import re
from datetime import datetime, timedelta

from django_apscheduler.models import DjangoJobExecution

from tests.bench.measurements.burst import run_burst
from tests.bench.processes import MeasurementFailed, Running, look_until, manage
from tests.bench.results import Figure
from tests.bench.scheduling import schedulers

STOP_AFTER_SECONDS = 60


def measure_stock(*, is_quick: bool) -> list[Figure]:
    """Measure 1,000 due jobs in the stock store and in ours, on the same database."""
    count = 50 if is_quick else 1_000
    stock_seconds, executed = _run_stock(count)
    with schedulers():
        burst = run_burst(count)
    stock_rate, fired_rate, task_rate = (
        executed / stock_seconds,
        count / burst.fired_seconds,
        count / burst.completed_seconds,
    )
    return [
        Figure("stock: due → all executed", stock_rate, "jobs/s", note="no steps, misfire_grace_time=None"),
        Figure("here: due → all firings committed", fired_rate, "firings/s"),
        Figure("here: due → all tasks completed", task_rate, "tasks/s", note="three recorded steps each"),
        Figure("firing: faster by", fired_rate / stock_rate, "times"),
        Figure("until done: faster by", task_rate / stock_rate, "times"),
    ]


def _run_stock(count: int) -> tuple[float, int]:
    """Return how many seconds it took and how many jobs were executed in them."""
    executed = DjangoJobExecution.objects.filter(status=DjangoJobExecution.SUCCESS)
    with manage("stock", str(count)) as running:
        look_until(lambda: "due at" in running.printed(), seconds=60, what=f"{count} stored jobs")
        due_at = _read_due_at(running)
        try:
            ended_at = look_until(lambda: executed.count() >= count, seconds=STOP_AFTER_SECONDS, what="all executed")
        except MeasurementFailed:
            ended_at = due_at + timedelta(seconds=STOP_AFTER_SECONDS)
        return (ended_at - due_at).total_seconds(), executed.count()


def _read_due_at(running: Running) -> datetime:
    found = re.search(r"due at (\S+)", running.printed())
    assert found, "it was looked for before"
    return datetime.fromisoformat(found[1])

"""Many schedules of which none is due for a long time."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.benchapp.apps import read_count
from tests.bench.results import Figure, Limit
from tests.bench.scheduling import EMBEDDED, scheduler
from tests.bench.seed import store_schedules

SETTLE_SECONDS = 3


def measure_idle(*, is_quick: bool) -> list[Figure]:
    """Watch a scheduler with its worker over 100,000 schedules that are a day away."""
    count, seconds = (2_000, 3) if is_quick else (100_000, 30)
    due_at = datetime.now(UTC) + timedelta(days=1)
    store_schedules(count, period=timedelta(days=1), first_at=lambda number: due_at + timedelta(seconds=number))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        counter = Path(folder) / "statements"
        with scheduler(counter=counter) as running:
            running.wait_until_logged("worker_started")
            time.sleep(SETTLE_SECONDS)
            cpu, statements, started = running.cpu_seconds(), read_count(counter), time.monotonic()
            time.sleep(seconds)
            passed = time.monotonic() - started
            cpu, statements = running.cpu_seconds() - cpu, read_count(counter) - statements
            megabytes = running.resident_megabytes()
    return [
        Figure("CPU", 100 * cpu / passed, "% of a core", Limit("<", 2), f"{count:,} schedules, {seconds} s"),
        Figure("statements", statements / passed, "per second", Limit("≤", 3), "BEGIN and COMMIT not counted"),
        Figure("resident memory", megabytes, "MB", Limit("≤", 150), EMBEDDED),
    ]

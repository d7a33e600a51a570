"""How long a command takes from its start to its end."""

import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings

from tests.bench.results import Figure, Limit
from tests.bench.seed import store_schedules

COMMAND = ("scheduler", "show-schedule")


def measure_startup(*, is_quick: bool) -> list[Figure]:
    """Run `manage.py scheduler show-schedule` over 1,000 schedules, each time in a new process."""
    count = 10 if is_quick else 1_000
    due_at = datetime.now(UTC) + timedelta(days=1)
    store_schedules(count, period=timedelta(days=1), first_at=lambda _: due_at)
    seconds = [_run_once() for _ in range(1 if is_quick else 7)]
    return [
        Figure(
            " ".join(COMMAND),
            statistics.median(seconds),
            "s",
            Limit("<", 1.5),
            f"{count:,} schedules, median of {len(seconds)} processes",
        ),
    ]


def _run_once() -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", *COMMAND],
        cwd=settings.BASE_DIR,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=30,
    )
    return time.perf_counter() - started

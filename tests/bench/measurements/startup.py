"""How long a command takes from its start to its end."""

import io
import statistics
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command

from tests.bench.results import Figure

COMMAND = ("scheduler", "show-schedule")


def measure_startup(*, is_quick: bool) -> list[Figure]:
    """Run `manage.py scheduler show-schedule` over the five initial schedules, each time in a new process."""
    call_command("scheduler", "load-initial-schedule", verbosity=0, stdout=io.StringIO())
    seconds = [_run_once() for _ in range(1 if is_quick else 7)]
    return [
        Figure(" ".join(COMMAND), statistics.median(seconds), "s", note=f"median of {len(seconds)} processes"),
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

"""Running the project as its operator would."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator_site.common.database import is_postgresql
from schedules.models import SchedulerPulse
from tests.bench.processes import Running, look_until, manage

EMBEDDED = "scheduler with its worker in one process"
SEPARATE = "scheduler and worker as two processes"


def describe_processes() -> str:
    """Say which processes an operator would run on this database."""
    return SEPARATE if is_postgresql() else EMBEDDED


@contextmanager
def schedulers() -> Iterator[Running]:
    """Run what `describe_processes` says for the length of the block; gives the scheduler."""
    if is_postgresql():
        with manage("worker") as worker, scheduler("--no-worker") as running:
            worker.wait_until_logged("worker_started")
            yield running
    else:
        with scheduler() as running:
            yield running


@contextmanager
def scheduler(*options: str, counter: Path | None = None) -> Iterator[Running]:
    """Run one scheduler, which has taken its first turn when the block begins."""
    with manage("scheduler", "run", *options, counter=counter) as running:
        running.wait_until_logged("scheduler_running")
        look_until(SchedulerPulse.objects.exists, seconds=10, what="the first tick of the scheduler")
        yield running

"""Thousands of schedules that are due at the same instant."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.models import Firing
from tasks.models import Task, TaskStatus
from tests.bench.processes import look_until, wait_until
from tests.bench.results import Figure, Limit
from tests.bench.scheduling import describe_processes, schedulers
from tests.bench.seed import store_schedules

FIRE_WITHIN_SECONDS = 60
COMPLETE_WITHIN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Burst:
    """Seconds from the common instant until all firings were committed, and until all tasks had completed."""

    fired_seconds: float
    completed_seconds: float


def measure_burst(*, is_quick: bool) -> list[Figure]:
    """Let 5,000 interval schedules become due at once, before the eyes of a running scheduler."""
    count = 200 if is_quick else 5_000
    with schedulers():
        burst = run_burst(count)
    processes = describe_processes()
    return [
        Figure("due → all firings committed", count / burst.fired_seconds, "firings/s", Limit("≥", 3_000), processes),
        Figure("due → all tasks completed", count / burst.completed_seconds, "tasks/s", Limit("≥", 400), processes),
    ]


def run_burst(count: int) -> Burst:
    """Store `count` schedules for one instant soon and look on; the processes run already."""
    # Time for the inserts, and for the processes to come to rest after them.
    due_at = datetime.now(UTC) + timedelta(seconds=2 + count / 2_000)
    store_schedules(count, period=timedelta(hours=1), first_at=lambda _: due_at)
    wait_until(due_at)
    fired_at = look_until(
        lambda: Firing.objects.count() == count, seconds=FIRE_WITHIN_SECONDS, what=f"{count} committed firings"
    )
    completed = Task.objects.filter(status=TaskStatus.COMPLETED)
    completed_at = look_until(
        lambda: completed.count() == count, seconds=COMPLETE_WITHIN_SECONDS, what=f"{count} completed tasks"
    )
    return Burst((fired_at - due_at).total_seconds(), (completed_at - due_at).total_seconds())

"""A constant rate of firings, each at an instant of its own, while their tasks run."""

from datetime import UTC, datetime, timedelta

from django.db.models import F

from schedules.models import Firing, FiringOutcome
from tasks.models import Task, TaskStatus
from tests.bench.processes import look_until, wait_until
from tests.bench.results import Figure, Limit, percentile
from tests.bench.scheduling import describe_processes, schedulers
from tests.bench.seed import store_schedules

PERIOD = timedelta(seconds=2)
SCHEDULES = 160


def measure_steady(*, is_quick: bool) -> list[Figure]:
    """Fire 160 schedules every 2 s, one every 12.5 ms, for a minute."""
    duration = timedelta(seconds=4 if is_quick else 60)
    with schedulers():
        start_at = datetime.now(UTC) + timedelta(seconds=3)
        store_schedules(SCHEDULES, period=PERIOD, first_at=lambda number: start_at + PERIOD * number / SCHEDULES)
        end_at = start_at + duration
        wait_until(end_at)
        instants = SCHEDULES * (duration // PERIOD)
        firings = Firing.objects.filter(scheduled_for__lt=end_at)
        tasks = Task.objects.filter(scheduled_for__lt=end_at)
        look_until(lambda: firings.count() == instants, seconds=10, what=f"{instants} firings")
        look_until(
            lambda: not tasks.exclude(status=TaskStatus.COMPLETED).exists(), seconds=10, what="the end of all tasks"
        )
    lateness = list(firings.values_list("lateness_ms", flat=True))
    latency = [
        float((finished_at - scheduled_for).total_seconds() * 1000)
        for finished_at, scheduled_for in tasks.values_list(F("finished_at"), F("scheduled_for"))
    ]
    started = firings.filter(outcome=FiringOutcome.STARTED).count()
    rate = f"{instants / duration.total_seconds():.0f} firings/s for {duration.seconds} s"
    return [
        Figure("lateness of firings, p50", percentile(lateness, 50), "ms", Limit("≤", 10), rate),
        Figure("lateness of firings, p99", percentile(lateness, 99), "ms", Limit("≤", 50), describe_processes()),
        Figure("lateness of firings, most", max(lateness), "ms"),
        Figure("due → task finished, p50", percentile(latency, 50), "ms"),
        Figure("due → task finished, p99", percentile(latency, 99), "ms"),
        Figure("instants that started a task", 100 * started / instants, "%", Limit("=", 100)),
    ]

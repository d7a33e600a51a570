"""Schedules and tasks in bulk."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.models import Schedule, ScheduleWorkflow
from tasks.services import TaskRequest, create_tasks
from workflows.models import Workflow

ROWS_PER_INSERT = 1_000


def bench_workflow() -> Workflow:
    """Return the row of the workflow that does nothing."""
    return Workflow.objects.get_or_create(name="bench_noop", target="SYSTEM", is_task=True)[0]


def store_schedules(count: int, *, period: timedelta, first_at: Callable[[int], datetime]) -> None:
    """Store interval schedules, the n-th of them first due at `first_at(n)`, and tell the schedulers."""
    workflow = bench_workflow()
    now = datetime.now(UTC)
    schedules = [_schedule(number, first_at(number), period=period, now=now) for number in range(count)]
    links = [ScheduleWorkflow(schedule=schedule, workflow=workflow) for schedule in schedules]
    with transaction.atomic():
        Schedule.objects.bulk_create(schedules, batch_size=ROWS_PER_INSERT)
        ScheduleWorkflow.objects.bulk_create(links, batch_size=ROWS_PER_INSERT)
        notify(SCHEDULES_CHANGED)


def store_tasks(count: int) -> None:
    """Put tasks on the queue."""
    workflow = bench_workflow()
    for first in range(0, count, ROWS_PER_INSERT):
        requests = [TaskRequest(workflow_id=workflow.pk) for _ in range(first, min(first + ROWS_PER_INSERT, count))]
        create_tasks(requests=requests, actor="bench", now=database_now())


def _schedule(number: int, first_at: datetime, *, period: timedelta, now: datetime) -> Schedule:
    return Schedule(
        name=f"bench {number}",
        trigger="interval",
        trigger_kwargs={"seconds": int(period.total_seconds())},
        trigger_text=f"interval[{period}]",
        timezone="UTC",
        state_since=now,
        next_run_at=first_at,
        planned_through=first_at - period,
        grid_start_at=first_at - period,
        created_at=now,
        created_by="bench",
        updated_at=now,
        updated_by="bench",
    )

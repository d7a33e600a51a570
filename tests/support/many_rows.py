"""Schedules, tasks and firings by the ten thousand, within seconds: a few rows, which the database copies."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, models

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import is_postgresql
from orchestrator_site.common.ids import first_id_at, new_id
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState, ScheduleWorkflow
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tests.support.factories import HOUR, SECOND, make_paused_schedule, make_schedule, make_task, step_fields
from workflows.models import Workflow

# What the database gives each copy: an id with the time of the row that is copied, and a next run of its own.
NEW_ID = {
    "postgresql": "(substr(replace(seed.id::text, '-', ''), 1, 13) || '0008'"
    " || substr(md5(random()::text), 1, 15))::uuid",
    "sqlite": "substr(seed.id, 1, 13) || '0008' || substr(lower(hex(randomblob(8))), 2)",
}
LATER = {
    "postgresql": "seed.next_run_at + n * interval '7 seconds'",
    "sqlite": "datetime(seed.next_run_at, (7 * n) || ' seconds')",
}
Kind = TypeVar("Kind")
PER_SCHEDULE = "schedules_schedule AS schedule"
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"

# How many of ten copies there are for each schedule; tasks that have not ended are few in any installation.
ENDED_TASKS = [TaskStatus.COMPLETED] * 7 + [TaskStatus.FAILED] * 2 + [TaskStatus.ABORTED]
OUTCOMES = [FiringOutcome.STARTED] * 7 + [FiringOutcome.SKIPPED_OVERLAP, FiringOutcome.MISSED, FiringOutcome.ERROR]
OPEN_OF_EACH_STATUS = 20
STEPS = 30


def store_many(workflow: Workflow, *, schedules: int) -> None:
    """Store so many schedules of all states, and for each ten tasks and ten firings of the last two days.

    Some more tasks have not ended, and one has failed at the end of many steps. The planner is not told of them.
    """
    now = database_now()
    store_many_schedules(workflow, schedules, now=now)
    tasks = [make_task(workflow, status=status, now=at, id=first_id_at(at)) for status, at in _dated(ENDED_TASKS, now)]
    _copy(Task, tasks, PER_SCHEDULE, [], {"schedule_id": "schedule.id"})
    firings = [_firing(outcome, at) for outcome, at in _dated(OUTCOMES, now)]
    Firing.objects.bulk_create(firings)
    named = {"schedule_id": "schedule.id", "schedule_name": "schedule.name"}
    _copy(Firing, firings, PER_SCHEDULE, [], named)
    _make_open_tasks(workflow, now)


def store_many_schedules(workflow: Workflow, count: int, *, now: datetime) -> None:
    """Store so many schedules of all states; those that are active run from an hour after now on."""
    seeds = _make_schedules(workflow, now)
    changed = {"name": "seed.name || ' ' || n", "next_run_at": LATER[connection.vendor]}
    _copy(Schedule, seeds, f"({NUMBERS} SELECT n FROM numbers) AS numbers", [count // len(seeds)], changed)
    unlinked = Schedule.objects.filter(link__isnull=True).values_list("pk", flat=True)
    ScheduleWorkflow.objects.bulk_create(ScheduleWorkflow(schedule_id=pk, workflow=workflow) for pk in unlinked)


def _make_schedules(workflow: Workflow, now: datetime) -> list[Schedule]:
    """Store twenty: most are active, and of each other state there is one."""
    rules: list[tuple[str, dict[str, Any]]] = [
        ("interval", {"hours": 1}),
        ("cron", {"crontab": "30 2 * * 1-5"}),
        ("calendarinterval", {"months": 1, "hour": 8}),
    ]
    active = [
        make_schedule(
            workflow,
            name=f"Schedule {number}",
            next_run_at=now + number * HOUR + HOUR,
            trigger=rules[number % 3][0],
            trigger_kwargs=rules[number % 3][1],
        )
        for number in range(16)
    ]
    broken = {"state": ScheduleState.BROKEN, "state_reason": "minute: 99 is not in 0 to 59"}
    return [
        *active,
        make_paused_schedule(workflow, name="Paused"),
        make_paused_schedule(workflow, name="Paused for a day", until=now + 24 * HOUR),
        make_schedule(workflow, name="Finished", next_run_at=None),
        make_schedule(
            workflow, name="Broken", trigger="cron", trigger_kwargs={"minute": "99"}, next_run_at=None, **broken
        ),
    ]


def _firing(outcome: FiringOutcome, at: datetime) -> Firing:
    """Return a firing of a schedule that there is not: those that there are get copies of it."""
    return Firing(
        id=first_id_at(at),
        schedule_id=new_id(),
        schedule_name="deleted",
        scheduled_for=at,
        due_at=at,
        decided_at=at + SECOND,
        lateness_ms=1000,
        outcome=outcome,
        reason="" if outcome == FiringOutcome.STARTED else "It is as it is",
    )


def _make_open_tasks(workflow: Workflow, now: datetime) -> None:
    """Store tasks that have not ended, and one that failed at the end of many steps."""
    statuses = [status for status in TaskStatus if status not in ENDED_TASKS]
    for number, status in enumerate(statuses * OPEN_OF_EACH_STATUS):
        make_task(workflow, status=status, now=now - number * SECOND)
    long = make_task(workflow, status=TaskStatus.FAILED, now=now, position=STEPS)
    steps = [step_fields(long, position=number, name=f"Step {number}") for number in range(STEPS)]
    failed = step_fields(long, position=STEPS, name="The last", status=StepStatus.FAILED, error={"error": "It broke"})
    TaskStep.objects.bulk_create(TaskStep(**fields) for fields in [*steps, failed])


def _dated(kinds: Iterable[Kind], now: datetime) -> Iterable[tuple[Kind, datetime]]:
    """Return each with a moment of its own, spread over the two days before now."""
    return ((kind, now - number * timedelta(hours=4.8) - SECOND) for number, kind in enumerate(kinds))


def _copy(
    model: type[models.Model],
    seeds: Sequence[models.Model],
    times: str,
    params: list[int],
    changed: Mapping[str, str],
) -> None:
    """Store a copy of each of `seeds` for each row of `times`, with new ids and other columns that are changed."""
    quote = connection.ops.quote_name
    columns = [str(field.column) for field in model._meta.concrete_fields]
    values = {"id": NEW_ID[connection.vendor], **changed}
    selected = ", ".join(values.get(column, f"seed.{quote(column)}") for column in columns)
    table, marks = model._meta.db_table, ", ".join(["%s"] * len(seeds))
    keys = [seed.pk if is_postgresql() else seed.pk.hex for seed in seeds]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quote, columns))}) "
            f"SELECT {selected} FROM {table} AS seed, {times} WHERE seed.id IN ({marks})",
            [*params, *keys],
        )

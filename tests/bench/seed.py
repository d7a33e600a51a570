"""Schedules and tasks in bulk."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import is_postgresql
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.models import Schedule, ScheduleWorkflow
from tasks.services import TaskRequest, create_tasks
from workflows.models import Workflow

ROWS_PER_INSERT = 1_000
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York")


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


def store_mixed_schedules(count: int, *, after: datetime) -> None:
    """Store schedules as an installation has them, due after a moment: intervals, nights, hours of work."""
    workflow = bench_workflow()
    schedules = [_mixed_schedule(number, after) for number in range(count)]
    links = [ScheduleWorkflow(schedule=schedule, workflow=workflow) for schedule in schedules]
    with transaction.atomic():
        Schedule.objects.bulk_create(schedules, batch_size=ROWS_PER_INSERT)
        ScheduleWorkflow.objects.bulk_create(links, batch_size=ROWS_PER_INSERT)
        notify(SCHEDULES_CHANGED)


def _mixed_schedule(number: int, now: datetime) -> Schedule:
    """Return one of ten kinds of schedules; what runs next is what its trigger says."""
    schedule = _schedule(number, now, period=timedelta(0), now=now)
    schedule.timezone = ZONES[number % len(ZONES)]
    schedule.trigger, schedule.trigger_kwargs, schedule.spread_seconds = _mixed_rule(number)
    if schedule.trigger == "interval":
        # They were created at different moments, and building so many triggers would take long.
        period = timedelta(**schedule.trigger_kwargs)
        schedule.next_run_at = now + period * (number * 0.618 % 1)
        schedule.planned_through = schedule.grid_start_at = schedule.next_run_at - period
        return schedule
    schedule.grid_start_at = now
    following = schedule.trigger_rule.next_after(now - schedule.spread_offset)
    assert following is not None, "each of them goes on"
    schedule.next_run_at = following + schedule.spread_offset
    schedule.planned_through = following - timedelta(seconds=1)
    return schedule


def _mixed_rule(number: int) -> tuple[str, dict[str, Any], int]:
    minute, hour = number // 10 % 60, number // 600 % 24
    nightly = {"hour": hour % 6, "minute": minute}
    rules: list[tuple[str, dict[str, Any], int]] = [
        ("interval", {"minutes": 5}, 0),
        ("interval", {"hours": 1}, 0),
        ("interval", {"seconds": 30 + number // 10 % 60}, 0),
        ("interval", {"days": 1}, 0),
        ("cron", nightly, 0),
        ("cron", nightly, 3_600),
        ("cron", {"crontab": "*/15 8-18 * * 1-5"}, 300),
        ("cron", {"hour": hour, "minute": minute, "day_of_week": "sun"}, 0),
        ("calendarinterval", {"months": 1, "hour": hour, "minute": minute}, 0),
        ("or", {"triggers": [{"trigger": "cron", "trigger_kwargs": nightly}] * 2}, 0),
    ]
    return rules[number % len(rules)]


def store_tasks(count: int) -> None:
    """Put tasks on the queue."""
    workflow = bench_workflow()
    for first in range(0, count, ROWS_PER_INSERT):
        requests = [TaskRequest(workflow_id=workflow.pk) for _ in range(first, min(first + ROWS_PER_INSERT, count))]
        create_tasks(requests=requests, actor="bench", now=database_now())


def store_firings(count: int, *, begin: datetime, period: timedelta) -> None:
    """Fill the ledger with a firing every `period`, whole seconds, of a thousand schedules in turn: one statement.

    Most of them started a task; one in fifty met an overlap, one in two hundred was missed, some of which stand for
    many, and one in ten thousand is an error.
    """
    first, step = int(begin.timestamp()), int(period.total_seconds())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FIRINGS_POSTGRESQL if is_postgresql() else _FIRINGS_SQLITE, [count, first, step])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE schedules_firing" if is_postgresql() else "PRAGMA wal_checkpoint(TRUNCATE)")


_COLUMNS = """id, schedule_id, schedule_name, scheduled_for, last_scheduled_for, due_at, count, decided_at, lateness_ms,
    cause, outcome, reason, task_id"""
_KINDS = """CASE WHEN n %% 1000 = 5 THEN 'catchup' ELSE 'schedule' END,
    CASE WHEN n %% 50 = 1 THEN 'skipped_overlap' WHEN n %% 200 = 7 THEN 'missed' WHEN n %% 10000 = 3 THEN 'error'
        ELSE 'started' END,
    ''"""
_STARTED = "n %% 50 <> 1 AND n %% 200 <> 7 AND n %% 10000 <> 3"
_STANDS_FOR_MANY = "n %% 20000 = 7"
# An id is made of the time and of something that differs.
_FIRINGS_POSTGRESQL = f"""
WITH base(count, first, step) AS (SELECT %s::bigint, %s::bigint, %s::bigint),
    numbers AS (SELECT n, first + n * step AS at FROM base, generate_series(0, count - 1) AS n),
    rows AS (SELECT n, to_timestamp(at) AS moment, lpad(to_hex(at * 1000), 12, '0') || '70008' AS id FROM numbers)
INSERT INTO schedules_firing ({_COLUMNS})
SELECT (id || substr(md5('firing' || n), 1, 15))::uuid, md5('schedule' || n %% 1000)::uuid, 'bench ' || n %% 1000,
    moment, CASE WHEN {_STANDS_FOR_MANY} THEN moment + interval '1 hour' END, moment, 1, moment, 3, {_KINDS},
    CASE WHEN {_STARTED} THEN (id || substr(md5('task' || n), 1, 15))::uuid END
FROM rows"""  # made of the constants above
_FIRINGS_SQLITE = f"""
WITH RECURSIVE base(count, first, step) AS (SELECT %s, %s, %s),
    numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers, base WHERE n + 1 < count),
    rows AS (SELECT n, datetime(first + n * step, 'unixepoch') AS moment,
        printf('%%012x', 1000 * (first + n * step)) || '70008' AS id FROM numbers, base)
INSERT INTO schedules_firing ({_COLUMNS})
SELECT id || substr(lower(hex(randomblob(8))), 2), printf('%%032x', 1 + n %% 1000), 'bench ' || n %% 1000,
    moment, CASE WHEN {_STANDS_FOR_MANY} THEN datetime(moment, '+1 hour') END, moment, 1, moment, 3, {_KINDS},
    CASE WHEN {_STARTED} THEN id || substr(lower(hex(randomblob(8))), 2) END
FROM rows"""


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

"""Tasks at a glance: how many stand where, what failed last, what runs, and what has run in a stretch of time.

All of it is bounded, and is read by an index: a page shows it again every few seconds.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, F, Func, Min, Q

from orchestrator_site.common.ids import first_id_at
from tasks.deploys import STALE_AFTER
from tasks.models import ENDED, StepStatus, Task, TaskStatus, TaskStep, WorkerProcess
from tasks.states import FAILURES

# They have begun, and have not ended.
UNDER_WAY = (TaskStatus.RUNNING, TaskStatus.SUSPENDED, TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK)
# A task that took longer before it ended is not found by when it ended.
LONGEST_RUN = timedelta(days=1)
SLOT = timedelta(minutes=10)

_RUN_COLUMNS = ("pk", "schedule_id", "status", "scheduled_for", "created_at", "started_at", "finished_at")


@dataclass(frozen=True, slots=True)
class Queue:
    """How many tasks a worker could take now, and since when the oldest of them has been there."""

    length: int
    oldest_since: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """When a task ran, and for which planned instant of which schedule if one started it."""

    task_id: UUID
    schedule_id: UUID | None
    status: str
    scheduled_for: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndedCount:
    """How many tasks ended with a status in the ten minutes from `start` on."""

    start: datetime
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class Workers:
    """How many workers are alive, and are not; and when the last of all was seen, if any ever was."""

    alive: int
    stale: int
    last_seen_at: datetime | None


def find_workers(*, now: datetime) -> Workers:
    """Say how it stands with the workers, as of the database's time."""
    seen = list(WorkerProcess.objects.order_by("-last_seen_at").values_list("last_seen_at", flat=True))
    alive = sum(each > now - STALE_AFTER for each in seen)
    return Workers(alive, len(seen) - alive, seen[0] if seen else None)


def count_by_status(*, failed_since: datetime) -> Mapping[str, int]:
    """Return how many tasks are under way in each status, and how many have failed since a moment: one statement."""
    rows = Task.objects.order_by()
    under_way = rows.filter(status__in=UNDER_WAY)
    failed = rows.filter(status__in=FAILURES, finished_at__gte=failed_since)
    counts = (each.values_list("status").annotate(found=Count("*")) for each in (under_way, failed))
    return dict(next(counts).union(next(counts), all=True))


def find_queue(*, now: datetime) -> Queue:
    """Return how long the queue is."""
    found = Task.objects.filter(available_at__lte=now).aggregate(length=Count("*"), oldest=Min("available_at"))
    return Queue(found["length"], found["oldest"])


def list_failures(*, since: datetime, limit: int) -> Sequence[Task]:
    """Return the tasks that failed since a moment, with their workflows, the latest first."""
    rows = Task.objects.filter(status__in=FAILURES, finished_at__gte=since).select_related("workflow")
    return list(rows.defer("inputs", "answers").order_by("-finished_at", "-id")[:limit])


def find_failed_steps(task_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the name of the step at which each of the tasks failed last: one statement."""
    rows = TaskStep.objects.filter(task_id__in=task_ids, status=StepStatus.FAILED).order_by("id")
    return dict(rows.values_list("task_id", "name"))


def list_running(*, limit: int) -> Sequence[Task]:
    """Return the tasks that a worker is running, with their workflows, those first whose step runs for longest."""
    rows = Task.objects.filter(status=TaskStatus.RUNNING).select_related("workflow").defer("inputs", "answers")
    return list(rows.order_by(F("step_started_at").asc(nulls_last=True), "id")[:limit])


def list_runs(schedule_ids: Collection[UUID], *, since: datetime, limit: int) -> Sequence[Run]:
    """Return the tasks of schedules that were under way at a moment or later, the youngest first.

    One that was created more than a day before that is not among them.
    """
    rows = Task.objects.filter(
        Q(finished_at__isnull=True) | Q(finished_at__gte=since),
        schedule_id__in=schedule_ids,
        pk__gte=first_id_at(since - LONGEST_RUN),
    )
    return [Run(*row) for row in rows.order_by("-pk").values_list(*_RUN_COLUMNS)[:limit]]


def count_ended(*, since: datetime) -> Sequence[EndedCount]:
    """Return how many tasks ended in each ten minutes since a moment, by what they ended in."""
    rows = Task.objects.filter(status__in=ENDED, finished_at__gte=since).order_by()
    found = rows.annotate(slot=TenMinutes("finished_at")).values_list("slot", "status").annotate(found=Count("*"))
    return [EndedCount(read_slot(slot), status, count) for slot, status, count in found]


class TenMinutes(Func):
    """The ten minutes in which a moment lies, as text that `read_slot` reads: `2027-03-01 09:3`.

    Django's own functions would, on SQLite, call Python for every row.
    """

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the beginning of the text as which SQLite stores a moment, in UTC."""
        return super().as_sql(compiler, connection, function="substr", template="%(function)s(%(expressions)s, 1, 15)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the same text, in UTC."""
        template = "left(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 15)"
        return super().as_sql(compiler, connection, template=template)


def read_slot(text: str) -> datetime:
    """Return the moment at which ten minutes begin."""
    return datetime.strptime(f"{text}0", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)

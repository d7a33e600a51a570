"""The queue: claiming, renewing, recording and giving back tasks. The only row locking of this app.

The Task row is the queue and the truth. A worker owns a task for the length of its lease, under the number of its
attempt; every write names that attempt, so that a worker that slept through its lease cannot write when it wakes.

Claiming and recording happen for every task and every step, so they are written as SQL: one statement each on
PostgreSQL, which is one round trip and one commit.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F, QuerySet

from orchestrator_site.common.database import is_postgresql, stored_value, write_statement, write_transaction
from tasks.models import BLOCKING, PASSED, Task, TaskStatus, TaskStep
from workflows.engine import State

PREPARE_AFTER_RUNS = 2

# What is due, unless an older task of its concurrency key has not ended.
_QUEUED = """
    SELECT t.id FROM tasks_task t
    WHERE t.available_at <= %(now)s AND (t.concurrency_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM tasks_task older
        WHERE older.concurrency_key = t.concurrency_key AND older.status IN ({blocking}) AND older.id < t.id))
    ORDER BY t.available_at, t.id LIMIT %(limit)s""".format(
    blocking=", ".join(f"'{status.value}'" for status in BLOCKING)
)

# What a worker left behind when it died or was frozen.
_ORPHANED = """
    SELECT t.id FROM tasks_task t
    WHERE t.lease_expires_at < %(now)s ORDER BY t.lease_expires_at LIMIT %(limit)s"""

_ONE = "SELECT t.id FROM tasks_task t WHERE t.id = %(task_id)s AND t.available_at IS NOT NULL"

# RETURNING holds no IS NULL: SQLite 3.40 answers it wrongly there for columns that may be null.
_CLAIM = """
WITH free AS MATERIALIZED ({rows} {lock})
UPDATE tasks_task SET
    status = 'running', attempt = attempt + 1, worker = %(worker)s, lease_expires_at = %(lease_expires_at)s,
    available_at = NULL, started_at = COALESCE(started_at, %(now)s)
WHERE id IN (SELECT id FROM free)
RETURNING id, attempt, position, reporter, inputs, abort_requested_at,
    (SELECT name FROM workflows_workflow w WHERE w.id = workflow_id),
    (SELECT target FROM workflows_workflow w WHERE w.id = workflow_id)"""

_ADVANCE = """
UPDATE tasks_task SET
    status = %(status)s, position = %(position)s, finished_at = %(finished_at)s, failed_reason = %(reason)s,
    lease_expires_at = CASE WHEN %(has_ended)s THEN NULL ELSE lease_expires_at END,
    version = CASE WHEN %(has_ended)s THEN version + 1 ELSE version END
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'running'
    AND (abort_requested_at IS NULL OR %(ignores_abort)s)"""

_STEP_FIELDS = ("position", "attempt", "name", "status", "state", "error", "started_at", "completed_at")
_INSERT_STEP = "INSERT INTO tasks_taskstep (task_id, {columns}) {{source}}".format(columns=", ".join(_STEP_FIELDS))
_STEP_VALUES = ", ".join(f"%(step_{name})s" for name in _STEP_FIELDS)
# On PostgreSQL both in one statement; on SQLite, which cannot, one after the other.
_ADVANCE_AND_INSERT_STEP = "WITH held AS ({advance} RETURNING id) {insert}".format(
    advance=_ADVANCE, insert=_INSERT_STEP.format(source=f"SELECT id, {_STEP_VALUES} FROM held")
)
_INSERT_STEP_ALONE = _INSERT_STEP.format(source=f"VALUES (%(task_id)s, {_STEP_VALUES})")


ABORT_REASON = "aborted before its next step"


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A task as its worker holds it; each claim is its own, even of the same task."""

    task_id: UUID
    attempt: int
    position: int
    workflow_name: str
    workflow_target: str
    reporter: str
    inputs: State
    worker: str
    is_abort_requested: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """Who claims, when, and for how long."""

    worker: str
    now: datetime
    seconds: float

    @property
    def expires_at(self) -> datetime:
        """When others may take over what is claimed with it."""
        return self.now + timedelta(seconds=self.seconds)


class LeaseLost(Exception):
    """Another worker took the task over: nothing this one writes counts any more."""


class AbortRequested(Exception):
    """Somebody asked for the task to end before its next step."""


def claim_queued(lease: Lease, *, limit: int) -> list[Claim]:
    """Claim up to `limit` tasks in the order of the queue.

    A task waits while an older one of its concurrency key has not ended.
    """
    return _claim(_QUEUED, lease, limit=limit)


def claim_orphaned(lease: Lease, *, limit: int) -> list[Claim]:
    """Take over up to `limit` running tasks whose worker let its lease run out."""
    if not Task.objects.filter(lease_expires_at__lt=lease.now).exists():  # nearly always: no write for nothing
        return []
    return _claim(_ORPHANED, lease, limit=limit)


def claim_task(lease: Lease, *, task_id: UUID) -> Claim | None:
    """Claim one task whatever stands before it in the queue; None if it is not there to be claimed."""
    return next(iter(_claim(_ONE, lease, task_id=stored_value(Task, "id", task_id))), None)


def _claim(rows: str, lease: Lease, **parameters: Any) -> list[Claim]:
    sql = _CLAIM.format(rows=rows, lock="FOR NO KEY UPDATE SKIP LOCKED" if is_postgresql() else "")
    values = {
        "now": stored_value(Task, "available_at", lease.now),
        "lease_expires_at": stored_value(Task, "lease_expires_at", lease.expires_at),
        "worker": lease.worker,
        **parameters,
    }
    with write_statement(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        taken = cursor.fetchall()
    return sorted((_claim_of(row, lease.worker) for row in taken), key=lambda claim: claim.task_id)


def _claim_of(row: tuple[Any, ...], worker: str) -> Claim:
    task_id, attempt, position, reporter, inputs, abort_requested_at, name, target = row
    return Claim(
        task_id=task_id if isinstance(task_id, UUID) else UUID(task_id),
        attempt=attempt,
        position=position,
        workflow_name=name,
        workflow_target=target,
        reporter=reporter,
        inputs=json.loads(inputs),
        worker=worker,
        is_abort_requested=abort_requested_at is not None,
    )


def find_blocking(concurrency_keys: Iterable[UUID]) -> dict[UUID, str]:
    """Return, for each key that has a task which has not ended, what that task is, in words."""
    rows = Task.objects.filter(concurrency_key__in=list(concurrency_keys), status__in=BLOCKING).order_by("-id")
    return {
        key: f"task {task_id} of this schedule is still {status}"
        for key, task_id, status in rows.values_list("concurrency_key", "id", "status")
        if key is not None
    }


def last_state(claim: Claim) -> State:
    """Return the state after the last step that passed: where a task that was taken over goes on."""
    passed = TaskStep.objects.filter(task=claim.task_id, position=claim.position - 1, status__in=PASSED)
    state: State = passed.values_list("state", flat=True).get()
    return state


def record_step(claim: Claim, step: TaskStep, *, status: TaskStatus, reason: str = "") -> None:
    """Write a step and what it makes of its task, both or none.

    Args:
        claim: Whose step it is; the write counts only while this attempt still holds the task.
        step: Not saved yet.
        status: What the task becomes: RUNNING goes on to the next step.
        reason: Why it failed, for people.

    Raises:
        LeaseLost: Another worker has the task; nothing was written.
        AbortRequested: Somebody asked for an abort: the step is written, and the task is aborted instead of going on.
    """
    if _write_step(claim, step, status=status, reason=reason, ignores_abort=status == TaskStatus.COMPLETED):
        return
    if _write_step(claim, step, status=TaskStatus.ABORTED, reason=ABORT_REASON, ignores_abort=True):
        raise AbortRequested(str(claim.task_id))
    raise LeaseLost(f"attempt {claim.attempt} of task {claim.task_id} has lost its lease")


def _write_step(claim: Claim, step: TaskStep, *, status: TaskStatus, reason: str, ignores_abort: bool) -> bool:
    has_ended = status != TaskStatus.RUNNING
    values = {
        "task_id": stored_value(Task, "id", claim.task_id),
        "attempt": claim.attempt,
        "status": str(status),
        "position": step.position + (1 if step.status in PASSED else 0),
        "finished_at": stored_value(Task, "finished_at", step.completed_at if has_ended else None),
        "reason": reason,
        "has_ended": has_ended,
        "ignores_abort": ignores_abort,
        **{f"step_{name}": stored_value(TaskStep, name, getattr(step, name)) for name in _STEP_FIELDS},
    }
    if is_postgresql():
        return _execute(_ADVANCE_AND_INSERT_STEP, values)
    with write_transaction():
        return _execute(_ADVANCE, values) and _execute(_INSERT_STEP_ALONE, values)


def give_back(claim: Claim, *, position: int, now: datetime) -> None:
    """Put a task back into the queue, for another worker to go on at `position`; nothing happens if it was taken."""
    with write_statement():
        _held(claim).update(
            status=TaskStatus.RESUMED if position else TaskStatus.CREATED,
            worker="",
            lease_expires_at=None,
            available_at=now,
        )


def end_without_step(claim: Claim, *, status: TaskStatus, reason: str, now: datetime) -> None:
    """End a task of which no step is to run or can: an abort was asked for, or its code has gone.

    Nothing happens if it was taken.
    """
    with write_statement():
        _held(claim).update(
            status=status,
            finished_at=now,
            failed_reason=reason,
            lease_expires_at=None,
            version=F("version") + 1,
        )


def renew_leases(lease: Lease, *, task_ids: Iterable[UUID]) -> int:
    """Prolong the leases of a worker's tasks; returns how many it still holds."""
    with write_statement():
        held = Task.objects.filter(pk__in=list(task_ids), worker=lease.worker, status=TaskStatus.RUNNING)
        return held.update(lease_expires_at=lease.expires_at)


def _held(claim: Claim) -> QuerySet[Task]:
    return Task.objects.filter(pk=claim.task_id, attempt=claim.attempt, status=TaskStatus.RUNNING)


def _execute(sql: str, values: dict[str, Any]) -> bool:
    with _prepared_cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.rowcount == 1)


@contextmanager
def _prepared_cursor() -> Iterator[CursorWrapper]:
    """Open a cursor whose statements PostgreSQL plans once for each connection.

    Django's own cursors put the values into the text, so that every statement is parsed and planned anew, which costs
    PostgreSQL more than running it. Only for rows found by their primary key: there one plan is right for all values.
    """
    if not is_postgresql():
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    connection.connection.prepare_threshold = PREPARE_AFTER_RUNS
    prepared = psycopg.Cursor(connection.connection)
    wrap: Callable[[Any], CursorWrapper] = connection._prepare_cursor  # type: ignore[attr-defined]  # noqa: SLF001
    with wrap(prepared) as cursor:  # as Django wraps its own, with its hooks
        yield cursor

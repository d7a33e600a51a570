"""The queue: claiming tasks, and keeping what is claimed. The only row locking of this app, with `tasks.recording`.

The Task row is the queue and the truth. A worker owns a task for the length of its lease, under the number of its
attempt; every write names that attempt, so that a worker that slept through its lease cannot write when it wakes.

Claiming happens for every task, so it is written as SQL: one statement, which is one round trip and one commit.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from orchestrator_site.common.database import is_postgresql, stored_value, write_statement
from tasks.models import BLOCKING, Task, TaskStatus
from workflows.engine import State

# While the engine is frozen nothing is taken but what somebody started who may do that.
_NOT_FROZEN = """(t.may_run_frozen OR NOT EXISTS (
        SELECT 1 FROM tasks_enginefreeze f WHERE f.in_force AND (f.until IS NULL OR f.until > %(now)s)))"""

# What is due, unless another task of its concurrency key runs, or an older one has not ended.
_QUEUED = """
    SELECT t.id FROM tasks_task t
    WHERE t.available_at <= %(now)s {{left_alone}} AND {not_frozen}
        AND (t.concurrency_key IS NULL OR t.may_overlap OR NOT EXISTS (
        SELECT 1 FROM tasks_task other
        WHERE other.concurrency_key = t.concurrency_key AND other.status IN ({blocking})
            AND (other.id < t.id OR other.status = 'running')))
    ORDER BY t.available_at, t.id LIMIT %(limit)s""".format(
    blocking=", ".join(f"'{status.value}'" for status in BLOCKING), not_frozen=_NOT_FROZEN
)

# What a worker left behind when it died or was frozen.
_ORPHANED = f"""
    SELECT t.id FROM tasks_task t
    WHERE t.lease_expires_at < %(now)s {{left_alone}} AND {_NOT_FROZEN}
    ORDER BY t.lease_expires_at LIMIT %(limit)s"""

_ONE = "SELECT t.id FROM tasks_task t WHERE t.id = %(task_id)s AND t.available_at IS NOT NULL"

# RETURNING holds no IS NULL: SQLite 3.40 answers it wrongly there for columns that may be null.
_CLAIM = """
WITH free AS MATERIALIZED ({rows} {lock})
UPDATE tasks_task SET
    status = 'running', attempt = attempt + 1, worker = %(worker)s, lease_expires_at = %(lease_expires_at)s,
    available_at = NULL, started_at = COALESCE(started_at, %(now)s), step_started_at = %(now)s, failed_reason = ''
WHERE id IN (SELECT id FROM free)
RETURNING id, attempt, position, reporter, inputs, abort_requested_at, steps_version, revision, answers, schedule_id,
    created_at, workflow_id, may_run_frozen,
    (SELECT name FROM workflows_workflow w WHERE w.id = workflow_id),
    (SELECT target FROM workflows_workflow w WHERE w.id = workflow_id)"""


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
    steps_version: str
    revision: int
    answers: State | None
    schedule_id: UUID | None
    created_at: datetime
    workflow_id: UUID
    may_run_frozen: bool


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


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What a worker leaves to others: tasks of workflows whose code it does not have, or has in another version.

    Attributes:
        workflow_ids: All tasks of these.
        positions: Version of a step list → tasks that run by it and stand at this position or further on.
    """

    workflow_ids: frozenset[UUID] = frozenset()
    positions: Mapping[str, int] = field(default_factory=dict)


NOTHING_LEFT_ALONE = LeftAlone()


def claim_queued(lease: Lease, *, limit: int, left_alone: LeftAlone = NOTHING_LEFT_ALONE) -> list[Claim]:
    """Claim up to `limit` tasks in the order of the queue; while the engine is frozen, only those that may run.

    A task waits while another one of its concurrency key runs, and while an older one has not ended, unless it may
    overlap.
    """
    return _claim(_QUEUED, lease, left_alone=left_alone, limit=limit)


def claim_orphaned(lease: Lease, *, limit: int, left_alone: LeftAlone = NOTHING_LEFT_ALONE) -> list[Claim]:
    """Take over up to `limit` running tasks whose worker let its lease run out."""
    if not Task.objects.filter(lease_expires_at__lt=lease.now).exists():  # nearly always: no write for nothing
        return []
    return _claim(_ORPHANED, lease, left_alone=left_alone, limit=limit)


def claim_task(lease: Lease, *, task_id: UUID) -> Claim | None:
    """Claim one task whatever stands before it in the queue; None if it is not there to be claimed."""
    return next(iter(_claim(_ONE, lease, task_id=stored_value(Task, "id", task_id))), None)


def _claim(rows: str, lease: Lease, *, left_alone: LeftAlone = NOTHING_LEFT_ALONE, **parameters: Any) -> list[Claim]:
    condition, excluded = _say_left_alone(left_alone)
    sql = _CLAIM.format(
        rows=rows.format(left_alone=condition), lock="FOR NO KEY UPDATE SKIP LOCKED" if is_postgresql() else ""
    )
    values = {
        "now": stored_value(Task, "available_at", lease.now),
        "lease_expires_at": stored_value(Task, "lease_expires_at", lease.expires_at),
        "worker": lease.worker,
        **excluded,
        **parameters,
    }
    with write_statement(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        taken = cursor.fetchall()
    return sorted((_claim_of(row, lease.worker) for row in taken), key=lambda claim: claim.task_id)


def _say_left_alone(left_alone: LeftAlone) -> tuple[str, dict[str, Any]]:
    """Return the condition that keeps tasks out of a claim, as SQL, and its values."""
    conditions, values = [], {}
    for number, workflow_id in enumerate(sorted(left_alone.workflow_ids)):
        conditions.append(f"t.workflow_id <> %(workflow_{number})s")
        values[f"workflow_{number}"] = stored_value(Task, "id", workflow_id)
    for number, (version, position) in enumerate(sorted(left_alone.positions.items())):
        conditions.append(f"(t.steps_version <> %(version_{number})s OR t.position < %(position_{number})s)")
        values |= {f"version_{number}": version, f"position_{number}": position}
    return "".join(f" AND {each}" for each in conditions), values


def _claim_of(row: tuple[Any, ...], worker: str) -> Claim:
    (
        task_id,
        attempt,
        position,
        reporter,
        inputs,
        abort_requested_at,
        steps_version,
        revision,
        answers,
        schedule_id,
        created_at,
        workflow_id,
        may_run_frozen,
        name,
        target,
    ) = row
    return Claim(
        task_id=_read_uuid(task_id),
        attempt=attempt,
        position=position,
        workflow_name=name,
        workflow_target=target,
        reporter=reporter,
        inputs=json.loads(inputs),
        worker=worker,
        is_abort_requested=abort_requested_at is not None,
        steps_version=steps_version,
        revision=revision,
        answers=None if answers is None else json.loads(answers),
        schedule_id=None if schedule_id is None else _read_uuid(schedule_id),
        created_at=_read_moment(created_at),
        workflow_id=_read_uuid(workflow_id),
        may_run_frozen=bool(may_run_frozen),
    )


def _read_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _read_moment(value: Any) -> datetime:
    """Return a moment that came without Django's conversion: SQLite gives it as text, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def find_unended(concurrency_keys: Iterable[UUID]) -> Iterator[tuple[UUID, UUID, str]]:
    """Yield key, id and status of every task of these keys that has not ended, the oldest first."""
    rows = Task.objects.filter(concurrency_key__in=list(concurrency_keys), status__in=BLOCKING).order_by("id")
    for key, task_id, status in rows.values_list("concurrency_key", "id", "status"):
        if key is not None:
            yield key, task_id, status


def renew_leases(lease: Lease, *, task_ids: Iterable[UUID]) -> int:
    """Prolong the leases of a worker's tasks; returns how many it still holds."""
    with write_statement():
        held = Task.objects.filter(pk__in=list(task_ids), worker=lease.worker, status=TaskStatus.RUNNING)
        return held.update(lease_expires_at=lease.expires_at)

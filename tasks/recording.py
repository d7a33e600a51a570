"""Writing down what a worker did with a task that it has claimed; every write is fenced by the attempt.

Recording happens for every step, so it is written as SQL: one statement on PostgreSQL, which is one round trip and one
commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F, QuerySet

from orchestrator_site.common.database import is_postgresql, stored_value, write_statement, write_transaction
from tasks.models import ENDED, PASSED, StepStatus, Task, TaskCallback, TaskStatus, TaskStep
from tasks.queue import Claim
from workflows.engine import State
from workflows.engine.outcomes import storable_text

PREPARE_AFTER_RUNS = 2

_ADVANCE = """
UPDATE tasks_task SET
    status = %(status)s, position = %(position)s, finished_at = %(finished_at)s, failed_reason = %(reason)s,
    available_at = %(available_at)s, steps_version = %(steps_version)s, step_started_at = %(next_started_at)s,
    answers = CASE WHEN %(has_passed)s THEN NULL ELSE answers END,
    lease_expires_at = CASE WHEN %(has_stopped)s THEN NULL ELSE lease_expires_at END,
    version = CASE WHEN %(has_stopped)s THEN version + 1 ELSE version END
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'running'
    AND (abort_requested_at IS NULL OR %(ignores_abort)s)"""

_STEP_FIELDS = ("revision", "position", "attempt", "name", "status", "state", "error", "started_at", "completed_at")
_INSERT_STEP = "INSERT INTO tasks_taskstep (task_id, {columns}) {{source}}".format(columns=", ".join(_STEP_FIELDS))
_STEP_VALUES = ", ".join(f"%(step_{name})s" for name in _STEP_FIELDS)
# On PostgreSQL both in one statement; on SQLite, which cannot, one after the other.
_ADVANCE_AND_INSERT_STEP = "WITH held AS ({advance} RETURNING id) {insert}".format(
    advance=_ADVANCE, insert=_INSERT_STEP.format(source=f"SELECT id, {_STEP_VALUES} FROM held")
)
_INSERT_STEP_ALONE = _INSERT_STEP.format(source=f"VALUES (%(task_id)s, {_STEP_VALUES})")

ABORT_REASON = "aborted before its next step"


class Recorded(Enum):
    """What came of writing a step down."""

    GOES_ON = "the step is written, and its task is what it was to become"
    ABORTED = "somebody asked for an abort: the step is written, and its task is aborted instead of going on"
    LOST = "another worker has the task: nothing was written"


def last_state(claim: Claim) -> State:
    """Return the state after the last step that passed: where a task that was taken over goes on."""
    passed = TaskStep.objects.filter(task=claim.task_id, status__in=PASSED).order_by("-id")
    state: State | None = passed.values_list("state", flat=True).first()
    assert state is not None, "a task that is past its first step has passed one"
    return state


def count_failures(claim: Claim, *, position: int) -> int:
    """Return how often in a row the step at this position has failed and was to be tried again."""
    rows = TaskStep.objects.filter(task=claim.task_id, revision=claim.revision, position=position)
    latest_other = rows.exclude(status=StepStatus.WAITING).order_by("-id").values_list("id", flat=True).first()
    return rows.filter(status=StepStatus.WAITING, id__gt=latest_other or 0).count()


def record_step(
    claim: Claim,
    step: TaskStep,
    *,
    status: TaskStatus,
    steps_version: str,
    reason: str = "",
    available_at: datetime | None = None,
) -> Recorded:
    """Write a step and what it makes of its task, both or none.

    Args:
        claim: Whose step it is; the write counts only while this attempt still holds the task.
        step: Not saved yet.
        status: What the task becomes: RUNNING goes on to the next step.
        steps_version: The fingerprint of the step list that has the step.
        reason: Why it failed, for people.
        available_at: When a worker takes a task that waits, or that nobody has called back for.
    """
    move = _Move(status, reason, available_at, steps_version)
    if _write_step(claim, step, move, ignores_abort=status in {TaskStatus.COMPLETED, TaskStatus.ABORTED}):
        return Recorded.GOES_ON
    aborted = replace(move, status=TaskStatus.ABORTED, reason=ABORT_REASON, available_at=None)
    return Recorded.ABORTED if _write_step(claim, step, aborted, ignores_abort=True) else Recorded.LOST


def find_recorded(claim: Claim, *, position: int, wanted: TaskStatus) -> Recorded | None:
    """Return what came of writing a step down when nobody could say; None if this attempt has not written it.

    Args:
        claim: Whose step it is.
        position: Of the step.
        wanted: What its task was to become.
    """
    rows = TaskStep.objects.filter(task=claim.task_id, revision=claim.revision, position=position)
    if not rows.filter(attempt=claim.attempt).exists():
        return None
    status = Task.objects.filter(pk=claim.task_id, attempt=claim.attempt).values_list("status", flat=True).first()
    if status is None:
        return Recorded.LOST
    return Recorded.ABORTED if status == TaskStatus.ABORTED != wanted else Recorded.GOES_ON


@dataclass(frozen=True, slots=True)
class _Move:
    """What a step makes of its task."""

    status: TaskStatus
    reason: str
    available_at: datetime | None
    steps_version: str


def _write_step(claim: Claim, step: TaskStep, move: _Move, *, ignores_abort: bool) -> bool:
    has_stopped, has_passed = move.status != TaskStatus.RUNNING, step.status in PASSED
    values = {
        "task_id": stored_value(Task, "id", claim.task_id),
        "attempt": claim.attempt,
        "status": str(move.status),
        "position": step.position + (1 if has_passed else 0),
        "finished_at": stored_value(Task, "finished_at", step.completed_at if move.status in ENDED else None),
        "reason": move.reason,
        "available_at": stored_value(Task, "available_at", move.available_at),
        "steps_version": move.steps_version,
        "next_started_at": stored_value(Task, "step_started_at", None if has_stopped else step.completed_at),
        "has_stopped": has_stopped,
        "has_passed": has_passed,
        "ignores_abort": ignores_abort,
        **{f"step_{name}": stored_value(TaskStep, name, getattr(step, name)) for name in _STEP_FIELDS},
    }
    if is_postgresql():
        return _execute(_ADVANCE_AND_INSERT_STEP, values)
    with write_transaction():
        return _execute(_ADVANCE, values) and _execute(_INSERT_STEP_ALONE, values)


def move_to_place(
    claim: Claim, *, position: int, steps_version: str, answers: State | None, awaits_callback: bool
) -> Claim | None:
    """Map a task onto another step list, in which it stands at `position`; None if another worker took it."""
    revision = claim.revision + 1
    fields: dict[str, Any] = {"position": position, "steps_version": steps_version, "revision": revision}
    with write_transaction():
        if not _held(claim).update(**fields, answers=answers):
            return None
        if awaits_callback:
            take_callback_along(claim.task_id, (claim.revision, claim.position), (revision, position))
    return replace(claim, **fields, answers=answers)


def take_callback_along(task_id: UUID, place: tuple[int, int], new_place: tuple[int, int]) -> None:
    """Have the answer that a task awaits at a place, or has got for it, counted at its new place.

    A place is a revision and a position. The path that was given away stays good.
    """
    (revision, position), (new_revision, new_position) = place, new_place
    rows = TaskCallback.objects.filter(task=task_id, revision=revision, position=position)
    rows.update(revision=new_revision, position=new_position)


def give_back(claim: Claim, *, position: int, now: datetime) -> None:
    """Put a task back into the queue, for another worker to go on at `position`; nothing happens if it was taken."""
    with write_statement():
        _held(claim).update(
            status=TaskStatus.RESUMED if position else TaskStatus.CREATED,
            worker="",
            lease_expires_at=None,
            available_at=now,
            step_started_at=None,
        )


def end_without_step(claim: Claim, *, status: TaskStatus, reason: str, now: datetime) -> None:
    """End a task of which no step is to run or can: an abort was asked for, or its code has gone.

    Nothing happens if it was taken.
    """
    with write_statement():
        _held(claim).update(
            status=status,
            finished_at=now,
            failed_reason=storable_text(reason),
            lease_expires_at=None,
            step_started_at=None,
            version=F("version") + 1,
        )


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

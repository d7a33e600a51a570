"""Callbacks: what other systems answer to a task that asked them.

Whoever has the path that a task gave away may answer it, once. Its token has 256 random bits; stored is its SHA-256
only, which is enough for a secret that nobody can guess.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Exists, F, OuterRef

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue, NotFound
from tasks.executors import get_executor
from tasks.models import ENDED, Task, TaskCallback, TaskStatus
from tasks.queue import Claim
from workflows.engine import Given
from workflows.engine.state import to_storable_json

log = structlog.get_logger(__name__)

TOKEN_BYTES = 32
# As the URLs below /api/ have it; workers load no URLs.
ROUTE = "/api/tasks/{task_id}/callback/{token}"


class CallbackNotFound(NotFound):
    """No task awaits a callback with this token; it is said alike whether there is such a task or not."""

    def __init__(self) -> None:
        super().__init__("nothing awaits a callback here: the address is wrong, or a later one has replaced it")


class CallbackRefused(Conflict):
    """The token is right, and too late: it was used, it has expired, or the task has gone on without it."""


class UnstorableAnswer(InvalidValue):
    """What was sent holds a character that cannot be stored."""


def open_callback(claim: Claim, *, position: int, now: datetime) -> str | None:
    """Give a task a path at which one answer is awaited by the step at `position`; None if it was taken by others.

    An earlier path for the same step is worth nothing from then on.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    fresh = {
        "token_hash": _hash(token),
        "created_at": now,
        "expires_at": None,
        "answered_at": None,
        "result": None,
        "progress": None,
        "progressed_at": None,
    }
    with write_transaction():
        held = Task.objects.filter(pk=claim.task_id, attempt=claim.attempt, status=TaskStatus.RUNNING)
        if not held.select_for_update(no_key=True).exists():
            return None
        TaskCallback.objects.update_or_create(
            task_id=claim.task_id, revision=claim.revision, position=position, defaults=fresh
        )
    return ROUTE.format(task_id=claim.task_id, token=token)


def read_callback(claim: Claim, *, position: int, now: datetime) -> Given:
    """Return what the step at `position` awaits, as far as it has come, and whether it can still come."""
    row = TaskCallback.objects.filter(task=claim.task_id, revision=claim.revision, position=position).first()
    if row is None:
        return Given(is_callback_open=False)
    answer = None if row.answered_at is None else {"result": row.result}
    return Given(callback=answer, is_callback_late=row.expires_at is not None and row.expires_at <= now)


def close_callback(claim: Claim, *, position: int) -> None:
    """Forget a path that nobody was told of: the step that was to give it away was skipped."""
    TaskCallback.objects.filter(task=claim.task_id, revision=claim.revision, position=position).delete()


def begin_waiting(claim: Claim, *, position: int, expires_at: datetime | None, now: datetime) -> None:
    """Set the end of the wait for an answer, and put a task that has its answer already back on the queue.

    Runs in the transaction that has just made the task wait, and so holds its row: an answer comes before that, and is
    seen here, or after it, and sees the task waiting.
    """
    rows = TaskCallback.objects.filter(task=claim.task_id, revision=claim.revision, position=position)
    rows.update(expires_at=expires_at)
    if rows.filter(answered_at__isnull=False).exists():
        _put_back(Task.objects.get(pk=claim.task_id), now)


def answer_callback(*, task_id: UUID, token: str, result: Any) -> Task:
    """Take the answer of another system: the task goes on with it.

    Raises:
        CallbackNotFound: No such task, or no such token of it.
        CallbackRefused: The token was used or has expired, or the task has ended or gone on.
        UnstorableAnswer: The answer holds what cannot be stored.
    """
    _check_storable(result)
    with write_transaction():
        task, callback, now = _find_open(task_id, token)
        callback.answered_at, callback.result = now, result
        callback.save(update_fields=["answered_at", "result"])
        if task.status == TaskStatus.AWAITING_CALLBACK:
            _put_back(task, now)
    log.info("callback_answered", task_id=str(task_id), step=callback.position + 1)
    return task


def report_progress(*, task_id: UUID, token: str, progress: Any) -> Task:
    """Note what another system says of its work; the task waits on.

    Raises:
        CallbackNotFound, CallbackRefused, UnstorableAnswer: As for an answer.
    """
    _check_storable(progress)
    with write_transaction():
        task, callback, now = _find_open(task_id, token)
        callback.progress, callback.progressed_at = progress, now
        callback.save(update_fields=["progress", "progressed_at"])
    return task


def put_back_answered() -> list[UUID]:
    """Put tasks that wait for an answer which has come back on the queue, and return which.

    The answer itself does that; what finds any has found a database that was mended by hand.
    """
    answered = TaskCallback.objects.filter(
        task=OuterRef("pk"), revision=OuterRef("revision"), position=OuterRef("position"), answered_at__isnull=False
    )
    waiting = Task.objects.filter(Exists(answered), status=TaskStatus.AWAITING_CALLBACK)
    with write_transaction():
        tasks = list(waiting.select_for_update(no_key=True, of=("self",)))
        for task in tasks:
            _put_back(task, database_now())
    return [task.pk for task in tasks]


def _find_open(task_id: UUID, token: str) -> tuple[Task, TaskCallback, datetime]:
    """Lock a task, and return it with the callback that the token opens."""
    task = Task.objects.select_for_update(no_key=True, of=("self",)).filter(pk=task_id).first()
    given = _hash(token)
    rows = task.callbacks.all() if task else TaskCallback.objects.none()
    # Every row is compared, and each in constant time: how long it takes says nothing about the token.
    matching = [row for row in rows if hmac.compare_digest(row.token_hash, given)]
    if task is None or not matching:
        raise CallbackNotFound
    callback, now = matching[0], database_now()
    if callback.answered_at is not None:
        raise CallbackRefused(f"this callback was answered already, at {callback.answered_at:%Y-%m-%d %H:%M:%S}Z")
    if callback.expires_at is not None and callback.expires_at <= now:
        raise CallbackRefused(f"this callback has expired, at {callback.expires_at:%Y-%m-%d %H:%M:%S}Z")
    if task.status in ENDED:
        raise CallbackRefused(f"the task is {task.status}: it awaits nothing")
    if callback.revision != task.revision or task.position > callback.position:
        raise CallbackRefused("the task has gone on without this callback")
    return task, callback, now


def _put_back(task: Task, now: datetime) -> None:
    Task.objects.filter(pk=task.pk, status=TaskStatus.AWAITING_CALLBACK).update(
        status=TaskStatus.RESUMED, available_at=now, version=F("version") + 1
    )
    task.refresh_from_db()
    get_executor().enqueue([task])


def _check_storable(value: Any) -> None:
    try:
        to_storable_json(value)
    except (TypeError, ValueError) as error:
        raise UnstorableAnswer(f"the body cannot be stored: {error}") from error


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def expiry(*, timeout_seconds: float | None, now: datetime) -> datetime | None:
    """Return when a wait ends that begins now."""
    return None if timeout_seconds is None else now + timedelta(seconds=timeout_seconds)

"""Claiming a key and keeping the answer to its request, inside of the one transaction of that request."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework.utils.encoders import JSONEncoder

from orchestrator_site.common.bulk import insert_rows, row_of
from orchestrator_site.common.database import LockNotFree, bounded_lock_wait, lock_unclaimed
from orchestrator_site.common.errors import AlreadyUsed
from orchestrator_site.common.idempotency.keys import KEY_HEADER, StillBeingAnswered
from orchestrator_site.common.idempotency.models import IdempotencyKey

LIFETIME = timedelta(hours=24)
# How long a request waits for another one with its key. What is refused after that is to be asked for again.
WAIT_SECONDS = 10.0
# A request that adds one key removes so many that have expired, so that they do not grow in number.
MAX_FORGOTTEN = 100


def claim_key(wanted: IdempotencyKey) -> IdempotencyKey | None:
    """Insert the row of a key, inside of the transaction of its request.

    Another request with the key that has not been answered is waited for.

    Returns:
        None if the key was free: the request is to be answered. Else the row with the answer that it got before.

    Raises:
        AlreadyUsed: The key stands for another request.
        StillBeingAnswered: The other request takes too long.
    """
    rows = IdempotencyKey.objects.filter(user=wanted.user_id, key=wanted.key)
    try:
        with bounded_lock_wait(WAIT_SECONDS):
            rows.filter(created_at__lte=wanted.created_at - LIFETIME).delete()
            inserted = insert_rows(IdempotencyKey, [row_of(wanted)], skips_conflicts=True)
    except LockNotFree as error:
        raise StillBeingAnswered from error
    if inserted:
        return None
    found = rows.first()
    if found is None:  # it expired, and somebody removed it, between these two statements
        raise StillBeingAnswered
    _check_stands_for(found, wanted)
    return found


def _check_stands_for(found: IdempotencyKey, wanted: IdempotencyKey) -> None:
    if (found.method, found.path) != (wanted.method, wanted.path):
        used = f"{found.method} {found.path}"
    elif found.body_sha256 != wanted.body_sha256:
        used = "another body"
    else:
        return
    raise AlreadyUsed(f"the key was used for {used}; take a new one", field=KEY_HEADER, value=wanted.key)


def keep_answer(row: IdempotencyKey, *, status_code: int, body: Any, headers: Mapping[str, str]) -> None:
    """Store what is answered, and remove some keys that have expired."""
    IdempotencyKey.objects.filter(pk=row.pk).update(
        status_code=status_code,
        answer=json.dumps(body, cls=JSONEncoder, ensure_ascii=False),
        location=headers.get("Location", ""),
    )
    forget_expired(now=row.created_at)


def forget_expired(*, now: datetime) -> None:
    """Remove the oldest keys that have expired; those that another request takes anew are left to it."""
    expired = IdempotencyKey.objects.filter(created_at__lte=now - LIFETIME).order_by("created_at")
    ids = [row.pk for row in lock_unclaimed(expired.only("pk"))[:MAX_FORGOTTEN]]
    if ids:
        IdempotencyKey.objects.filter(pk__in=ids).delete()

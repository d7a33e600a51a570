"""Spreading schedules that share an instant: each fires a little later, and always by the same time."""

from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

MAX_SPREAD_SECONDS = 86_400


def spread_offset(schedule_id: UUID, spread_seconds: int) -> timedelta:
    """Return by how much a schedule fires later than planned: whole seconds, from 0 up to `spread_seconds`.

    It is a hash of the id, so that it stays the same, and what a preview says comes true.
    """
    if not spread_seconds:
        return timedelta(0)
    digest = blake2b(schedule_id.bytes, digest_size=8).digest()
    return timedelta(seconds=int.from_bytes(digest) % (spread_seconds + 1))

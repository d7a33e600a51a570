"""Identifiers of rows."""

import uuid
from datetime import UTC, datetime, timedelta

import uuid_utils.compat

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BITS, _VERSION_7, _VARIANT = 80, 7 << 76, 2 << 62


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562).

    Its first bits are the time, so that rows made together lie together in their index and `ORDER BY id` is the order
    of creation: a random UUID costs a page read per row once a table outgrows memory.
    """
    return uuid_utils.compat.uuid7()


def first_id_at(moment: datetime) -> uuid.UUID:
    """Return the smallest id that can have been made at a moment or later."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return uuid.UUID(int=milliseconds << _TIME_BITS | _VERSION_7 | _VARIANT)


def made_at(made: uuid.UUID) -> datetime:
    """Return when an id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=made.int >> _TIME_BITS)

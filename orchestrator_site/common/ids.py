"""Identifiers of rows."""

import os
import socket
import uuid
from datetime import UTC, datetime, timedelta

import uuid_utils.compat

# An id is made by the clock of a process, the time in its row by the database's.
CLOCK_DIFFERENCE = timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BITS, _VERSION_7, _VARIANT = 80, 7 << 76, 2 << 62
_HASH = (1 << 76) - 1  # what of a UUID of version 5 comes after its version: hash, variant, hash


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562).

    Its first bits are the time, so that rows made together lie together in their index and `ORDER BY id` is the order
    of creation: a random UUID costs a page read per row once a table outgrows memory.
    """
    return uuid_utils.compat.uuid7()


def derived_id(source: uuid.UUID, name: str) -> uuid.UUID:
    """Return the id that follows from another one and a name: the same one however often it is asked for.

    It has the time of `source` in front and 74 bits of a hash behind, a UUID of version 7 like all others: a plain UUID
    of version 5 would lie anywhere among them, and `ORDER BY id` would not be the order of creation any more.
    """
    return uuid.UUID(int=source.int >> _TIME_BITS << _TIME_BITS | _VERSION_7 | uuid.uuid5(source, name).int & _HASH)


def first_id_at(moment: datetime) -> uuid.UUID:
    """Return the smallest id that can have been made at a moment or later."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return uuid.UUID(int=milliseconds << _TIME_BITS | _VERSION_7 | _VARIANT)


def made_at(made: uuid.UUID) -> datetime:
    """Return when an id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=made.int >> _TIME_BITS)


def new_process_id() -> str:
    """Return a name for this process that no other one, dead or alive, has: host, process id and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"

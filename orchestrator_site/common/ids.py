"""Identifiers of rows."""

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562).

    Its first bits are the time, so that rows made together lie together in their index and `ORDER BY id` is the order
    of creation: a random UUID costs a page read per row once a table outgrows memory.
    """
    return uuid_utils.compat.uuid7()

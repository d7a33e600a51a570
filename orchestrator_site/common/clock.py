"""The one clock: the database's, so that machines with wrong clocks agree on what is due."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, overload

from django.db import InterfaceError, OperationalError, connection
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now

from orchestrator_site.common.database import is_postgresql

Clock = Callable[[], datetime]
# A moment of the database, and what the monotonic clock said then.
Anchor = tuple[datetime, float]

RESYNC_SECONDS = 10.0
MAX_SHOWN_CHARACTERS = 100
SHOWN_INSTANT = "2027-03-01T18:00:00Z or 2027-03-01T19:00:00+01:00"


def database_now() -> datetime:
    """Ask the database for the time (one statement; on SQLite the database's machine is this one)."""
    if not is_postgresql():
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0].astimezone(UTC)


class DatabaseNow(Now):
    """The database's time as an expression of a query."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the SQL for SQLite, whose own function knows no more than milliseconds."""
        compiled: tuple[str, Any] = compiler.compile(Value(datetime.now(UTC), DateTimeField()))
        return compiled


def read_instant(text: str) -> datetime:
    """Return a moment that somebody has written, in UTC.

    Raises:
        ValueError: It is no moment, or has no offset from UTC; the message says what would be right.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"'{text[:MAX_SHOWN_CHARACTERS]}' is no moment with an offset; give one such as {SHOWN_INSTANT}")


@overload
def as_iso(moment: datetime) -> str: ...


@overload
def as_iso(moment: None) -> None: ...


def as_iso(moment: datetime | None) -> str | None:
    """Return a moment as the REST API writes it: ISO 8601 in UTC, with a Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_words(moment: datetime | None) -> str:
    """Return a moment as tables show it to people, in UTC and to the second; nothing for none."""
    return "" if moment is None else str(moment.astimezone(UTC).replace(microsecond=0))


class DatabaseClock:
    """The database's time without a statement for each look: read every 10 s and carried on by the monotonic clock.

    A database that goes away does not stop it, once it has been read: what happens meanwhile has its time.
    """

    def __init__(self, *, read: Clock = database_now, resync_seconds: float = RESYNC_SECONDS) -> None:
        self._read = read
        self._resync_seconds = resync_seconds
        self._anchor: Anchor | None = None

    def __call__(self) -> datetime:
        """Return the database's time, aware and in UTC."""
        anchor = self._anchor
        if anchor is None or time.monotonic() - anchor[1] > self._resync_seconds:
            anchor = self._anchor = self._sync(anchor)
        return _carry_on(anchor)

    def _sync(self, anchor: Anchor | None) -> Anchor:
        try:
            return self._read(), time.monotonic()
        except (OperationalError, InterfaceError):
            if anchor is None or connection.in_atomic_block:  # a transaction that has lost its connection is over
                raise
            connection.close()
            return _carry_on(anchor), time.monotonic()


def _carry_on(anchor: Anchor) -> datetime:
    return anchor[0] + timedelta(seconds=time.monotonic() - anchor[1])

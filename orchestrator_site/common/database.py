"""Transactions and the few things in which the two databases differ."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from django.db import OperationalError, connection, connections, models, transaction

Row = TypeVar("Row", bound=models.Model)

_sqlite_writer = threading.RLock()


def is_postgresql() -> bool:
    """Tell whether this process works on PostgreSQL (else it is SQLite)."""
    return connection.vendor == "postgresql"


def stored_value(model: type[models.Model], name: str, value: Any) -> Any:
    """Return `value` as the column of that field takes it in plain SQL on this database."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), "only columns hold values"
    return field.get_db_prep_save(value, connection)


@contextmanager
def write_transaction() -> Iterator[None]:
    """Open the transaction of a write; on SQLite, one thread of this process at a time.

    SQLite has one writer. Whoever finds it busy sleeps in steps of up to 100 ms before it looks again
    (sqlite3_busy_timeout), so threads of one process queue up here instead and only processes meet in that sleep.
    """
    if is_postgresql():
        with transaction.atomic():
            yield
    else:
        with _sqlite_writer, transaction.atomic():
            yield


@contextmanager
def write_statement() -> Iterator[None]:
    """Surround a write of one statement, which needs no transaction but, on SQLite, has to wait for its turn."""
    if is_postgresql():
        yield
    else:
        with _sqlite_writer:
            yield


class LockNotFree(Exception):
    """Somebody else's lock was waited for in vain; the transaction that waited can only be rolled back."""


@contextmanager
def bounded_lock_wait(seconds: float) -> Iterator[None]:
    """Let the statements of the block, inside of a transaction, wait no longer than that for a lock.

    On SQLite a transaction that writes has its lock from the beginning, and waits for no other.

    Raises:
        LockNotFree: One of them has waited for so long.
    """
    if not is_postgresql():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(seconds * 1000)}ms"])
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise LockNotFree from error
        raise
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def transaction_depth() -> int:
    """Return how many transactions are open on this thread's connection, one inside of the other."""
    if connection.atomic_blocks or connection.connection is None:
        return len(connection.atomic_blocks)
    return 0 if connection.get_autocommit() else 1


class TransactionLeftOpen(Exception):
    """User code ended inside of a transaction that it had begun."""


@contextmanager
def no_transaction_left_open() -> Iterator[None]:
    """Run user code in the block; what it wrote in a transaction that it did not end is rolled back.

    Raises:
        TransactionLeftOpen: It did not end one; an error that it raised itself comes first.
    """
    depth = transaction_depth()
    is_left_open = False
    try:
        yield
    finally:
        is_left_open = transaction_depth() > depth
        if is_left_open:
            drop_connections()
    if is_left_open:
        raise TransactionLeftOpen("a transaction was left open; what was written in it has been rolled back")


def drop_connections() -> None:
    """Close this thread's connections, and forget them; what is not committed is rolled back.

    A connection that is closed inside of a transaction, which user code may have left open, never opens again.
    """
    for each in connections.all(initialized_only=True):
        each.close()
        del connections[each.alias]


def lock_names(names: Iterable[str]) -> None:
    """Keep others that lock one of these names waiting until this transaction ends; all lock them in the same order.

    For what no row stands for. On SQLite a transaction that writes is alone anyway.
    """
    wanted = list(names)
    if not wanted or not is_postgresql():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name", [wanted]
        )


def lock_unclaimed(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Lock the rows that no other transaction holds, and leave out those that one does.

    SQLite knows no row locks: there a transaction that writes is alone from its beginning (BEGIN IMMEDIATE).
    """
    if not is_postgresql():
        return rows
    return rows.select_for_update(skip_locked=True, no_key=True, of=("self",))

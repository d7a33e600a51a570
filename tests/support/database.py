"""Watching what the code under test asks of the database, and doing things at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from orchestrator_site.common import wakeup
from tasks.executors import get_executor

T = TypeVar("T")

TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def count_examples(count: int) -> int:
    """Return how many examples a test generates: a third on PostgreSQL, where only what stores them differs."""
    return count if connection.vendor == "sqlite" else count // 3


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collect the SQL statements of the block, without transaction control; the list is filled at its end."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements.extend(
        query["sql"] for query in captured.captured_queries if not query["sql"].startswith(TRANSACTION_CONTROL)
    )


@contextmanager
def heard_channels() -> Iterator[list[str]]:
    """Collect the channels that are notified when the block commits."""
    heard: list[str] = []
    get_executor()  # made once, outside of what is watched
    wakes = {channel: partial(heard.append, channel) for channel in (wakeup.SCHEDULES_CHANGED, wakeup.TASKS_ENQUEUED)}
    callbacks = transaction.get_connection().run_on_commit
    before = len(callbacks)
    for channel, wake in wakes.items():
        wakeup._in_process[channel].append(wake)
    try:
        yield heard
        for _, callback, _ in callbacks[before:]:
            callback()
    finally:
        for channel, wake in wakes.items():
            wakeup._in_process[channel].remove(wake)


@contextmanager
def in_thread(function: Callable[[], T]) -> Iterator["Future[T]"]:
    """Run `function` in a thread with a database connection of its own; the end of the block waits for it."""

    def run() -> T:
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)

"""Killing a process at each of its statements and commits, one after the other.

The work runs in a process forked from this one, where everything is imported already: a kill costs milliseconds.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest import mock

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

Work = Callable[[], object]

CHANGING_NOTHING = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE")


class Failpoint:
    """Ends this process by SIGKILL at the `number`-th place, from 0, that the work passes in the database.

    Each statement and each commit is two places: before it and after it. After is the one that matters for a
    statement that PostgreSQL commits by itself: what it did stays, and nobody is left to know.
    """

    def __init__(self, number: int) -> None:
        self._left = number

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Watch the connection of this thread, and every commit."""
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

        def commit_between_places(wrapper: BaseDatabaseWrapper) -> None:
            self._pass("before COMMIT")
            commit(wrapper)
            self._pass("after COMMIT")

        with (
            mock.patch.object(BaseDatabaseWrapper, "_commit", commit_between_places),
            connection.execute_wrapper(self._execute_between_places),
        ):
            yield

    def _execute_between_places(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        self._pass(f"before {sql.strip():.70}")
        result = execute(sql, params, many, context)
        self._pass(f"after {sql.strip():.70}")
        return result

    def _pass(self, place: str) -> None:
        if not self._left:
            os.write(sys.stderr.fileno(), f"killed {place}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


class WorkerFailpoint(Failpoint):
    """Ends a worker that runs one task at a time, at a place that its task passes: from behind its claim to its end.

    What its other threads do is not counted, since that depends on the time; nor are statements that change nothing:
    a death there is one behind the statement before. It takes over nothing that others left, so that each place is met
    by a task of its own.
    """

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Watch the connections of all threads, and every commit."""
        connection_created.connect(self._attach)
        with super().armed(), mock.patch("tasks.worker.claim_orphaned", return_value=[]):
            yield

    def _execute_between_places(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if sql.startswith(CHANGING_NOTHING):
            return execute(sql, params, many, context)
        return super()._execute_between_places(execute, sql, params, many, context)

    def _attach(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self._execute_between_places not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._execute_between_places)

    def _pass(self, place: str) -> None:
        if threading.current_thread().name.startswith("task"):
            super()._pass(place)


def walk_failpoints(work: Work, *, prepare: Work, recover: Work) -> int:
    """Kill `work` at every place there is, each time followed by `recover`; the last round runs to its end.

    Returns:
        The number of places.
    """
    for number in count():
        prepare()
        was_killed = is_killed(work, Failpoint(number))
        recover()
        if not was_killed:
            return number
    raise AssertionError("count() has no end")


def is_killed(work: Work, failpoint: Failpoint) -> bool:
    """Run `work` in a process of its own; tell whether the failpoint killed it, else it came to its end.

    Raises:
        AssertionError: It ended in any other way.
    """
    # A connection must not be in two processes, and one to SQLite must not even be open when they part: SQLite keeps
    # its locks per process and does not notice that it has become another one.
    connections.close_all()
    child = os.fork()
    if child == 0:
        _work_to_the_end(work, failpoint)
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, f"the work ended with {code}; what it printed says why"
    return code != 0


def _work_to_the_end(work: Work, failpoint: Failpoint) -> None:
    """Do the child's part; it never returns into the test that it is a copy of."""
    code = 1
    try:
        with failpoint.armed():
            work()
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it is, it must not run on in the copy of the test
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
    finally:
        os._exit(code)

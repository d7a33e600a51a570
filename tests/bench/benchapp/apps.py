"""Counts the statements of a process, when the environment names a file for that."""

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tests.bench.processes import STATEMENT_COUNTER

COUNTER_BYTES = 8


class BenchConfig(AppConfig):
    name = "tests.bench.benchapp"

    def ready(self) -> None:
        path = os.environ.get(STATEMENT_COUNTER)
        if path:
            count = StatementCounter(Path(path))
            for connection in connections.all(initialized_only=True):
                connection.execute_wrappers.append(count)
            connection_created.connect(count.attach, weak=False)


class StatementCounter:
    """Counts into a file that is mapped into memory, so that somebody else can look at any time."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(COUNTER_BYTES))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), COUNTER_BYTES)
        self._count = 0

    def attach(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        # Django sends BEGIN by this way on SQLite but not on PostgreSQL.
        if not sql.startswith("BEGIN"):
            self._count += 1
            self._memory[:] = self._count.to_bytes(COUNTER_BYTES, "little")
        return execute(sql, params, many, context)


def read_count(path: Path) -> int:
    """Return how many statements the process has run so far."""
    return int.from_bytes(path.read_bytes(), "little")

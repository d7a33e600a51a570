"""Waking other processes after a commit, so that nobody has to poll fast.

PostgreSQL tells every listener (NOTIFY inside the transaction, LISTEN on a connection of its own). SQLite has no such
thing, but each commit changes the write-ahead log beside the database file, and looking at a file's status costs
nothing. Both are only a hint: whoever waits here also looks by itself every POLL_SECONDS.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import psycopg
import structlog
from django.db import connection, transaction

from orchestrator_site.common.database import is_postgresql

SCHEDULES_CHANGED = "orchestrator_schedules"
TASKS_ENQUEUED = "orchestrator_tasks"
ENGINE_CHANGED = "orchestrator_engine"

WAL_LOOK_SECONDS = 0.1
RECONNECT_SECONDS = 1.0
STOP_LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)

Wake = Callable[[], None]
_in_process: defaultdict[str, list[Wake]] = defaultdict(list)


def notify(channel: str) -> None:
    """Wake everyone who listens on `channel`, in this process and others, when the current transaction commits."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [channel])
    transaction.on_commit(partial(_wake_in_process, channel))


def _wake_in_process(channel: str) -> None:
    for wake in tuple(_in_process[channel]):
        wake()


class Listener:
    """Calls `wakes[channel]` when somebody has notified that channel. Runs in a thread of its own."""

    def __init__(self, wakes: Mapping[str, Wake]) -> None:
        self._wakes = wakes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        for channel, wake in self._wakes.items():
            _in_process[channel].append(wake)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        for channel, wake in self._wakes.items():
            _in_process[channel].remove(wake)
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        listen = self._listen_to_postgresql if is_postgresql() else self._watch_sqlite
        while not self._stop.is_set():
            try:
                listen()
            except (psycopg.Error, OSError) as error:
                log.warning("listener_disconnected", error=str(error))
                self._stop.wait(RECONNECT_SECONDS)

    def _listen_to_postgresql(self) -> None:
        settings = connection.get_connection_params()
        settings.pop("cursor_factory", None)
        settings.pop("context", None)
        with psycopg.connect(**{**settings, "autocommit": True}) as listening:
            for channel in self._wakes:
                listening.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
            self._wake_all()  # what was notified while nobody listened
            while not self._stop.is_set():
                for message in listening.notifies(timeout=STOP_LOOK_SECONDS, stop_after=1):
                    self._wakes[message.channel]()

    def _watch_sqlite(self) -> None:
        wal = Path(f"{connection.settings_dict['NAME']}-wal")
        seen = _file_status(wal)
        while not self._stop.wait(WAL_LOOK_SECONDS):
            status = _file_status(wal)
            if status != seen:
                seen = status
                self._wake_all()

    def _wake_all(self) -> None:
        for wake in self._wakes.values():
            wake()


def _file_status(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size

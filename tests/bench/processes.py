"""Real processes of the project, and looking on without loading the machine."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from django.conf import settings

STATEMENT_COUNTER = "BENCH_STATEMENT_COUNTER"
LOOK_SECONDS = 0.05
STOP_SECONDS = 15


class MeasurementFailed(Exception):
    """What was to be measured did not happen; the message says what."""


class Running:
    """One `manage.py …`; its log goes to a file, as under a service manager."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.usage = psutil.Process(process.pid)

    def printed(self) -> str:
        return self._log.read_text()

    def wait_until_logged(self, *events: str) -> None:
        look_until(lambda: all(event in self.printed() for event in events), seconds=30, what=", ".join(events))

    def cpu_seconds(self) -> float:
        """What the process has used so far, of user and system time."""
        times = self.usage.cpu_times()
        return float(times.user + times.system)

    def resident_megabytes(self) -> float:
        return float(self.usage.memory_info().rss) / 1e6

    def stop(self) -> None:
        """Ask it to end by SIGTERM; kill it when it does not."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()


@contextmanager
def manage(*arguments: str, counter: Path | None = None) -> Iterator[Running]:
    """Run `manage.py` with these arguments for the length of the block, on the database of this process."""
    with tempfile.NamedTemporaryFile(prefix="bench-", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, **({STATEMENT_COUNTER: str(counter)} if counter else {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        running = Running(process, Path(log.name))
        try:
            yield running
            if process.poll() not in (None, 0):
                raise MeasurementFailed(f"manage.py {arguments[0]} ended: {running.printed()[-500:]}")
        finally:
            running.stop()


def look_until(condition: Callable[[], bool], *, seconds: float, what: str) -> datetime:
    """Look every 50 ms until `condition` is true, and return when it was first seen so.

    Raises:
        MeasurementFailed: It was not within that many seconds.
    """
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            raise MeasurementFailed(f"not within {seconds} s: {what}")
        time.sleep(LOOK_SECONDS)
    return datetime.now(UTC)


def wait_until(moment: datetime) -> None:
    """Sleep until a moment."""
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))

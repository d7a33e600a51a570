"""Commands of the project as processes of their own."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol, Self

from django.conf import settings

from tests.support.wait import wait_for

# Importing Django and everything else, on a machine with much else to do.
START_SECONDS = 30
STOP_SECONDS = 15


class Process(Protocol):
    """What is asked of a process: as of `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Program:
    """A `manage.py` command that runs; what it prints goes to the file `log`."""

    def __init__(self, process: Process, *, log: Path) -> None:
        self.process = process
        self.log = log

    @classmethod
    def start(cls, *arguments: str, environment: dict[str, str], log: Path) -> Self:
        """Start a command with an interpreter of its own."""
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        return cls(process, log=log)

    @property
    def worker_prefix(self) -> str:
        """What stands in the name of a worker of this process."""
        return f":{self.process.pid}:"

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines that say that `name` happened."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}"))
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def wait_for_event(self, name: str, *, timeout: float = START_SECONDS) -> None:
        """Wait until it has logged `name`."""

        def is_logged() -> bool:
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
            return bool(self.events(name))

        wait_for(is_logged, timeout=timeout, describe=f"{name} in {self.log.name}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; return its exit code, or minus the signal that killed it."""
        return self.process.wait(STOP_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; return its exit code."""
        self.send(number)
        return self.wait()

    def kill(self) -> None:
        """End it with SIGKILL, if it still runs."""
        self.process.kill()
        self.process.wait()

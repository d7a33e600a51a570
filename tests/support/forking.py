"""Commands of the project as processes that are forked from one that has imported everything already."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.support.processes import STOP_SECONDS, Program
from tests.support.wait import wait_for


class Parent:
    """A process that starts commands in its own environment; they end with it.

    Args:
        environment: Of this process; settings are read from it once, for all commands.
        late_modules: Code of workflows that each command imports for itself.
    """

    def __init__(self, environment: Mapping[str, str], *, late_modules: tuple[str, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.parent"],
            cwd=settings.BASE_DIR,
            env={
                **environment,
                "DJANGO_SETTINGS_MODULE": "orchestrator_site.settings",
                "LATE_MODULES": ",".join(late_modules),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C in the terminal is for the tests, which then end it.
            start_new_session=True,
        )

    def start(
        self,
        *arguments: str,
        log: Path,
        variables: Mapping[str, str] | None = None,
        failpoint: int | None = None,
        clock_offset_seconds: float = 0,
    ) -> Program:
        """Start a command.

        Args:
            arguments: Those of `manage.py`.
            log: Where what it prints goes.
            variables: Added to its environment; the settings have been read by then.
            failpoint: The number of the place at which it is to be killed.
            clock_offset_seconds: How far the clock of its machine is ahead, as it sees it; behind, if less than 0.
        """
        log.touch()
        request = {
            "arguments": arguments,
            "log": str(log),
            "variables": dict(variables or {}),
            "failpoint": failpoint,
            "clock_offset_seconds": clock_offset_seconds,
        }
        return Program(Forked(self, self.ask(request)), log=log)

    def ask(self, request: dict[str, Any]) -> Any:
        """Send one request, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the parent of the commands has ended with {self._process.wait()}"
        return json.loads(answer)

    def end(self) -> None:
        """End it with all that it started."""
        self._process.communicate()


class Forked:
    """A process that is a child of the parent; what `subprocess.Popen` offers of one's own."""

    def __init__(self, parent: Parent, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._parent.ask({"poll": self.pid})
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:  # until then nobody else can have its id
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        wait_for(lambda: self.poll() is not None, timeout=timeout or STOP_SECONDS, describe=f"the end of {self.pid}")
        assert self.returncode is not None
        return self.returncode

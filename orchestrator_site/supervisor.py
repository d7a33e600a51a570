"""Runs the Procfile's processes in the foreground until one of them ends or a signal comes.

Honcho does the work; each process gets a session of its own, and the end of one, Ctrl-C or SIGTERM
ends all of them: SIGTERM to the whole session, SIGKILL to what is left five seconds after the first
has ended. Run as `python -m orchestrator_site.supervisor`, without Django, to stay small.
"""

import os
import sys
from collections import deque
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import SIGNALS, Manager
from honcho.printer import Printer

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"
STOPPED_AS_ASKED = {"SIGTERM": 0, "SIGINT": 130}


class Supervisor(Manager):  # type: ignore[misc]  # honcho ships no types
    """A honcho manager whose signal handlers only take notes.

    Honcho's own handlers print, which fails when they interrupt printing, and ask for process ids,
    which fails when they come before the start is over. Here the loop does both at its next turn.
    """

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self._notes: deque[str] = deque()
        self._is_stop_asked = False

    def terminate(self) -> None:
        self._is_stop_asked = True

    def _system_print(self, data: str) -> None:
        self._notes.append(data)

    def _all_started(self) -> bool:
        """Tell whether all processes have started; honcho's loop asks this at every turn."""
        is_complete = bool(super()._all_started())
        if is_complete and self._is_stop_asked:
            super().terminate()
        while self._notes:
            super()._system_print(self._notes.popleft())
        return is_complete


def main() -> int:
    """Run until the end; return 0 after SIGTERM, 130 after Ctrl-C, else the first one's code."""
    supervisor = Supervisor(Printer(sys.stdout, colour=sys.stdout.isatty()))
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONUNBUFFERED": "1"}
    for name, command in parse_procfile(PROCFILE.read_text()).processes.items():
        supervisor.add_process(name, command, env=environment, cwd=str(PROCFILE.parent))
    supervisor.loop()
    codes = {signal["rc"]: STOPPED_AS_ASKED[signal["name"]] for signal in SIGNALS.values()}
    code: int = supervisor.returncode
    return codes.get(code, code)


if __name__ == "__main__":
    sys.exit(main())

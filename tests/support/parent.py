"""`python -m tests.support.parent`: imports everything once, and then starts commands of the project by forking.

A command then runs after milliseconds instead of a second. What it is asked, and what it answers, is a line of JSON
each; `tests.support.forking` is the other side. When its standard input ends, so do all that it started.
"""

import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
from contextlib import ExitStack
from typing import Any

import django
import time_machine

from tests.support.failpoints import WorkerFailpoint

# What a worker imports when it starts; the code of the workflows comes with it.
PRELOADED = ("tasks.management.commands.worker", "schedules.management.commands.scheduler")


def main() -> None:
    """Serve until the other side is gone."""
    import_everything()
    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            answer = poll(request["poll"], children)
        else:
            answer = fork(request)
            children.add(answer)
        print(json.dumps(answer), flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)


def import_everything() -> None:
    """Import what a command needs, but for workflows whose code depends on how the process is started."""
    django.setup()
    for name in PRELOADED:
        importlib.import_module(name)
    from workflows.registry import ALL_WORKFLOWS  # noqa: PLC0415  # needs Django to be set up

    late = set(os.environ["LATE_MODULES"].split(","))
    for module in {instance.module for instance in ALL_WORKFLOWS.values()} - late:
        importlib.import_module(module)
    gc.freeze()  # no child has to copy what it does not change


def poll(pid: int, children: set[int]) -> int | None:
    """Return the exit code of a child, or minus the signal that ended it; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    children.discard(pid)
    return os.waitstatus_to_exitcode(status)


def fork(request: dict[str, Any]) -> int:
    """Start a command in a process of its own, and return its id."""
    pid = os.fork()
    if pid == 0:
        _become(request)
    return pid


def _become(request: dict[str, Any]) -> None:
    """Be the command; this never returns."""
    code = 1
    try:
        os.environ.update(request["variables"])
        _redirect(request["log"])
        from django.core.management import execute_from_command_line  # noqa: PLC0415  # not at the head of this module

        with ExitStack() as conditions:
            if request["failpoint"] is not None:
                conditions.enter_context(WorkerFailpoint(request["failpoint"]).armed())
            if request["clock_offset_seconds"]:
                wrong_time = time.time() + request["clock_offset_seconds"]
                conditions.enter_context(time_machine.travel(wrong_time, tick=True))
            execute_from_command_line(["manage.py", *request["arguments"]])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # whatever it is, it must not run on in the copy of the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    main()

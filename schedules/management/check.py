"""Print the schedulers and how far behind they are; exit 0 if at least one is alive, 2 if none is."""

import json
import socket
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import OutputWrapper
from django.db import Error as DatabaseProblem

from orchestrator_site.common.clock import as_iso, database_now, in_words
from orchestrator_site.common.tables import print_table
from schedules.models import SchedulerProcess
from schedules.processes import ProcessState, Standing, find_standing, state_of

COLUMNS = ("host", "pid", "version", "since", "last seen", "last tick", "firings/min", "state")
NONE_ALIVE = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `check`."""
    parser.add_argument("--here", action="store_true", help="only the schedulers of this host, as in its container")
    parser.add_argument("--json", action="store_true", help="a JSON object instead of a table")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print them, and return 0, 2 when none is alive, or 1 when nobody can tell."""
    try:
        standing = find_standing(now=database_now(), host=socket.gethostname() if options["here"] else None)
    except DatabaseProblem as error:
        stderr.write(f"The database cannot be read: {str(error).strip()}")
        return 1
    if options["json"]:
        stdout.write(json.dumps(_as_json(standing), indent=2))
    else:
        print_table(
            stdout,
            title="Schedulers",
            columns=COLUMNS,
            rows=(_row(each, now=standing.now) for each in standing.processes),
            unwrapped=set(COLUMNS),
        )
        stdout.write(_say_behind(standing))
        stdout.write(_say_alive(standing))
    return 0 if standing.is_alive else NONE_ALIVE


def _row(process: SchedulerProcess, *, now: datetime) -> list[str]:
    return [
        process.host,
        str(process.pid),
        process.version,
        in_words(process.started_at),
        in_words(process.last_seen_at),
        in_words(process.last_tick_at),
        str(process.firings_per_minute),
        state_of(process, now=now),
    ]


def _as_json(standing: Standing) -> dict[str, Any]:
    late = standing.most_overdue
    return {
        "is_alive": standing.is_alive,
        "schedulers": [_process_as_json(each, now=standing.now) for each in standing.processes],
        "behind_seconds": round(standing.behind.total_seconds(), 3),
        "most_overdue": None if late is None else {"schedule_id": str(late.pk), "name": late.name},
    }


def _process_as_json(process: SchedulerProcess, *, now: datetime) -> dict[str, Any]:
    """Return what the REST API answers; the scheduler, which has this module too, does without its libraries."""
    return {
        "scheduler_id": process.pk,
        "host": process.host,
        "pid": process.pid,
        "version": process.version,
        "state": state_of(process, now=now).value,
        "started_at": as_iso(process.started_at),
        "last_seen_at": as_iso(process.last_seen_at),
        "last_tick_at": as_iso(process.last_tick_at),
        "firings_per_minute": process.firings_per_minute,
    }


def _say_behind(standing: Standing) -> str:
    late = standing.most_overdue
    if late is None:
        return "Nothing is overdue."
    return f"Most overdue: schedule '{late.name}' ({late.pk}), by {standing.behind.total_seconds():.3f} s."


def _say_alive(standing: Standing) -> str:
    counts = standing.counts
    others = ", ".join(f"{counts[state]} {state}" for state in (ProcessState.STUCK, ProcessState.STALE))
    if standing.is_alive:
        return f"ALIVE: {counts[ProcessState.ALIVE]} of {len(standing.processes)} schedulers ({others})."
    return f"NOT ALIVE: no scheduler fires ({others})."

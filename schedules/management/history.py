"""Print what became of the instants of a schedule, which may be deleted by now, the last decision first."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import as_iso, database_now, in_words
from orchestrator_site.common.commands import WrongUse, naming_options
from orchestrator_site.common.tables import print_table
from schedules.history import History
from schedules.management.options import add_schedule_id, read_moment_if_given, read_schedule_id
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule
from schedules.selectors import ScheduleNotFound, find_name_in_ledger
from schedules.unsettled import Unsettled, find_unsettled

COLUMNS = ("planned for", "decided", "late", "cause", "outcome", "count", "reason", "task")
UNWRAPPED = {"planned for", "decided", "late", "outcome", "task"}
DEFAULT_LIMIT, MAX_LIMIT = 50, 10_000


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id and the options of `history`."""
    add_schedule_id(parser, may_be_deleted=True)
    for name, known in (("outcome", FiringOutcome.values), ("cause", FiringCause.values)):
        parser.add_argument(
            f"--{name}", default="", help=f"only those, one or more separated by commas: {', '.join(known)}"
        )
    parser.add_argument("--from", help="only what was planned then or later, ISO 8601 with an offset")
    parser.add_argument("--to", help="only what was planned before then, ISO 8601 with an offset")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"how many rows, at most {MAX_LIMIT:,}")
    parser.add_argument("--json", action="store_true", help="JSON, as the REST API answers, instead of a table")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print it.

    Raises:
        ScheduleNotFound: There is none of this id, nor has the ledger one.
        WrongUse: An option cannot be used.
    """
    schedule_id = read_schedule_id(options)
    history, limit = _read_options(options, schedule_id)
    schedule = Schedule.objects.filter(pk=schedule_id).first()
    name = schedule.name if schedule else find_name_in_ledger(schedule_id)
    if name is None:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=str(schedule_id))
    rows = history.read_older(than=None, limit=limit)
    unsettled = find_unsettled(schedule, now=database_now()) if schedule else None
    if options["json"]:
        stdout.write(json.dumps(_as_json(rows, unsettled), indent=2))
    else:
        _print(stdout, rows, unsettled, title=name if schedule else f"{name} (deleted)")
    return 0


def _read_options(options: Mapping[str, Any], schedule_id: UUID) -> tuple[History, int]:
    """Return the rows that the options ask for, and how many of them.

    Raises:
        WrongUse: An option cannot be used; it is named.
    """
    limit = options["limit"]
    if not 1 <= limit <= MAX_LIMIT:
        raise WrongUse(f"--limit: {limit} is not a number from 1 to {MAX_LIMIT:,}")
    with naming_options("outcome", "cause", scheduled_to="to"):
        history = History(
            of_schedule=schedule_id,
            outcomes=[each for each in options["outcome"].split(",") if each],
            causes=[each for each in options["cause"].split(",") if each],
            scheduled_from=read_moment_if_given(options, "from"),
            scheduled_to=read_moment_if_given(options, "to"),
        )
    return history, limit


def _print(stdout: OutputWrapper, rows: Sequence[Firing], unsettled: Unsettled | None, *, title: str) -> None:
    if unsettled is not None:
        stdout.write(f"Not in the ledger yet: {unsettled}")
    print_table(stdout, title=title, columns=COLUMNS, rows=map(_row, rows), unwrapped=UNWRAPPED)


def _row(firing: Firing) -> Sequence[str]:
    planned = in_words(firing.scheduled_for)
    if firing.last_scheduled_for is not None:
        planned = f"{planned} … {in_words(firing.last_scheduled_for)}"
    return (
        planned,
        in_words(firing.decided_at),
        f"{timedelta(milliseconds=firing.lateness_ms).total_seconds():.3f} s",
        firing.cause,
        firing.outcome,
        "many" if firing.count is None else str(firing.count),
        firing.reason,
        str(firing.task_id or ""),
    )


def _as_json(rows: Sequence[Firing], unsettled: Unsettled | None) -> dict[str, Any]:
    """Return what the REST API answers; the scheduler, which has this module too, does without its libraries."""
    return {"unsettled": unsettled and _unsettled_as_json(unsettled), "results": [_firing_as_json(row) for row in rows]}


def _unsettled_as_json(unsettled: Unsettled) -> dict[str, Any]:
    return {
        "from": as_iso(unsettled.first),
        "to": as_iso(unsettled.last),
        "count": unsettled.count,
        "outcome": unsettled.outcome,
        "reason": unsettled.reason,
    }


def _firing_as_json(firing: Firing) -> dict[str, Any]:
    return {
        "firing_id": str(firing.pk),
        "schedule_id": str(firing.schedule_id),
        "schedule_name": firing.schedule_name,
        "scheduled_for": as_iso(firing.scheduled_for),
        "due_at": as_iso(firing.due_at),
        "last_scheduled_for": as_iso(firing.last_scheduled_for),
        "count": firing.count,
        "decided_at": as_iso(firing.decided_at),
        "lateness_ms": firing.lateness_ms,
        "cause": firing.cause,
        "outcome": firing.outcome,
        "reason": firing.reason,
        "task_id": firing.task_id and str(firing.task_id),
    }

"""Print every schedule, and every function that is scheduled in code: id, name, source, next run time and trigger."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import database_now, in_words
from orchestrator_site.common.tables import print_table
from schedules.decorated.rows import ShownFunction, list_functions
from schedules.loading import load_decorated_functions
from schedules.models import Schedule, ScheduleState
from schedules.rules import POLICIES
from schedules.selectors import as_shown, list_schedules_by_next_run

COLUMNS = ("id", "name", "source", "next run time", "trigger")
VERBOSE_COLUMNS = ("summary", "workflow", "timezone", "state", "policies", "inputs")
LAST = "~"  # sorts behind every time


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `show-schedule`."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also the trigger in words, workflow, time zone, state, policies and inputs",
    )
    parser.add_argument("--json", action="store_true", help="a JSON list instead of a table")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print them, what runs next first."""
    columns = COLUMNS + (VERBOSE_COLUMNS if options["verbose"] or options["json"] else ())
    load_decorated_functions()
    rows = [_row(schedule) for schedule in list_schedules_by_next_run()]
    rows += [_row_of_function(function) for function in list_functions(now=database_now())]
    rows.sort(key=lambda row: (row["next run time"] or LAST, row["name"], row["id"]))
    if options["json"]:
        stdout.write(
            json.dumps([{column.replace(" ", "_"): row[column] for column in columns} for row in rows], indent=2)
        )
        return 0
    print_table(
        stdout,
        title="Scheduled Tasks",
        columns=columns,
        rows=([str(row[column] or "") for column in columns] for row in rows),
        unwrapped={"id", "source", "next run time"},
    )
    return 0


def _row(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": str(schedule.pk),
        "name": schedule.name,
        "source": "API",
        "next run time": in_words(schedule.next_run_at) or None,
        "trigger": schedule.trigger_text,
        "summary": schedule.summary,
        "workflow": schedule.workflow.name,
        "timezone": schedule.timezone,
        "state": _say_state(as_shown(schedule)),
        "policies": json.dumps({name: getattr(schedule, name) for name in POLICIES}),
        "inputs": json.dumps(schedule.inputs),
    }


def _say_state(schedule: Schedule) -> str:
    if schedule.state == ScheduleState.PAUSED:
        until = f" until {in_words(schedule.paused_until)}" if schedule.paused_until else ""
        return f"paused by {schedule.paused_by}{until}: {schedule.pause_reason}"
    return f"{schedule.state}: {schedule.state_reason}" if schedule.state_reason else schedule.state


def _row_of_function(function: ShownFunction) -> dict[str, Any]:
    return {
        "id": function.id,
        "name": function.name,
        "source": "decorator",
        "next run time": in_words(function.next_run_at) or None,
        "trigger": function.trigger,
        "summary": function.summary,
        "workflow": None,
        "timezone": function.timezone,
        "state": function.problem or ("active" if function.next_run_at else "finished"),
        "policies": None,
        "inputs": None,
    }

"""Print every schedule, and every function that is scheduled in code: id, name, source, next run time and trigger."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import as_iso, database_now, in_words
from orchestrator_site.common.tables import print_table
from schedules.decorated.rows import ShownFunction, list_functions
from schedules.loading import load_decorated_functions
from schedules.models import Schedule, ScheduleState
from schedules.policies import say_pause
from schedules.rules import POLICIES
from schedules.selectors import as_shown, list_schedules_by_next_run
from schedules.situations import pause_of

COLUMNS = ("id", "name", "source", "next run time", "trigger")
VERBOSE_COLUMNS = ("summary", "workflow", "timezone", "state", "policies", "inputs")
LAST = datetime.max.replace(tzinfo=UTC)


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
    load_decorated_functions()
    shown: list[Schedule | ShownFunction] = [as_shown(schedule) for schedule in list_schedules_by_next_run()]
    shown += list_functions(now=database_now())
    shown.sort(key=lambda each: (each.next_run_at or LAST, each.name, str(each.id)))
    if options["json"]:
        stdout.write(json.dumps([_as_json(each) for each in shown], indent=2))
        return 0
    columns = COLUMNS + (VERBOSE_COLUMNS if options["verbose"] else ())
    print_table(
        stdout,
        title="Scheduled Tasks",
        columns=columns,
        rows=(_cells(each)[: len(columns)] for each in shown),
        unwrapped={"id", "source", "next run time"},
    )
    return 0


def _cells(shown: Schedule | ShownFunction) -> list[str]:
    facts = _as_json(shown)
    return [
        *(facts[name] for name in ("id", "name", "source")),
        in_words(shown.next_run_at),
        *(facts[name] or "" for name in ("trigger", "summary", "workflow", "timezone")),
        _say_state(shown),
        *("" if facts[name] is None else json.dumps(facts[name]) for name in ("policies", "inputs")),
    ]


def _say_state(shown: Schedule | ShownFunction) -> str:
    if isinstance(shown, ShownFunction):
        return shown.problem or _state_of(shown)
    pause = pause_of(shown)
    if pause is not None:
        return say_pause(pause)
    return f"{shown.state}: {shown.state_reason}" if shown.state_reason else shown.state


def _as_json(shown: Schedule | ShownFunction) -> dict[str, Any]:
    """Return it for programs; the pause is under the names of the REST API."""
    facts = {
        "id": str(shown.id),
        "name": shown.name,
        "next_run_time": as_iso(shown.next_run_at),
        "summary": shown.summary,
        "timezone": shown.timezone,
    }
    return facts | (_of_schedule(shown) if isinstance(shown, Schedule) else _of_function(shown))


def _of_schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "source": "API",
        "trigger": schedule.trigger_text,
        "workflow": schedule.workflow.name,
        "state": schedule.state,
        "state_reason": schedule.state_reason,
        "paused_at": as_iso(schedule.paused_at),
        "paused_by": schedule.paused_by,
        "pause_reason": schedule.pause_reason,
        "paused_until": as_iso(schedule.paused_until),
        "policies": {name: getattr(schedule, name) for name in POLICIES},
        "inputs": schedule.inputs,
    }


def _of_function(function: ShownFunction) -> dict[str, Any]:
    """Return the rest of a function, which nobody can pause and which has no policies and no inputs."""
    return {
        "source": "decorator",
        "trigger": function.trigger,
        "workflow": None,
        "state": _state_of(function),
        "state_reason": function.problem,
        "paused_at": None,
        "paused_by": "",
        "pause_reason": "",
        "paused_until": None,
        "policies": None,
        "inputs": None,
    }


def _state_of(function: ShownFunction) -> str:
    """Return the word that a schedule in this state has."""
    if function.problem:
        return ScheduleState.BROKEN.value
    return (ScheduleState.ACTIVE if function.next_run_at else ScheduleState.FINISHED).value

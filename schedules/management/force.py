"""Run the task of a schedule now, in this process, whether a scheduler runs or not."""

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from orchestrator_site.common.commands import say_error
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue, Refused
from schedules.decorated.registry import DECORATED
from schedules.force import force_function, force_schedule
from schedules.loading import load_decorated_functions
from schedules.models import Schedule
from schedules.selectors import ScheduleNotFound, get_schedule
from tasks.models import TaskStatus


def add_arguments(parser: ArgumentParser) -> None:
    """Take the arguments of `force`."""
    parser.add_argument("schedule_id", metavar="id", help="id of the schedule, as `show-schedule` prints it")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Run it; 0 only if the task completed."""
    given = options["schedule_id"]
    load_decorated_functions()
    force = _find(given)
    if force is None:
        stderr.write(f"Task '{given}' not found.")
        return 1
    stdout.write(f"Running Task [{given}] now...")
    if failure := force():
        stderr.write(f"Task execution failed: {failure}")
        return 1
    stdout.write("Task executed successfully.")
    return 0


def _find(given: str) -> Callable[[], str] | None:
    """Return what runs the schedule or function of that id, and says why it failed if it did."""
    if function := DECORATED.get(given):
        return partial(force_function, function)
    try:
        schedule = get_schedule(UUID(given))
    except (ValueError, ScheduleNotFound):
        return None
    return partial(_force_schedule, schedule)


def _force_schedule(schedule: Schedule) -> str:
    try:
        task = force_schedule(schedule_id=schedule.pk, actor="scheduler force")
    except (InvalidValue, Conflict, Forbidden, Refused) as error:
        return say_error(error)
    if task.status == TaskStatus.COMPLETED:
        return ""
    return task.failed_reason or f"the task is {task.status}"

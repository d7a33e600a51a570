"""Run the task of a schedule now, in this process, whether a scheduler runs or not."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from schedules.force import force_schedule
from schedules.selectors import ScheduleNotFound, get_schedule
from tasks.models import TaskStatus


def add_arguments(parser: ArgumentParser) -> None:
    """Take the arguments of `force`."""
    parser.add_argument("schedule_id", metavar="id", help="id of the schedule, as `show-schedule` prints it")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Run it; 0 only if the task completed."""
    given = options["schedule_id"]
    try:
        schedule = get_schedule(UUID(given))
    except (ValueError, ScheduleNotFound):
        stderr.write(f"Task '{given}' not found.")
        return 1
    stdout.write(f"Running Task [{given}] now...")
    task = force_schedule(schedule_id=schedule.pk, actor="scheduler force")
    if task.status != TaskStatus.COMPLETED:
        stderr.write(f"Task execution failed: {task.failed_reason or f'the task is {task.status}'}")
        return 1
    stdout.write("Task executed successfully.")
    return 0

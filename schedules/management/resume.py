"""Resume a schedule that is paused, or let a broken one try its trigger again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from schedules.management.options import add_schedule_id, read_schedule_id
from schedules.pausing import resume_schedule
from schedules.policies import say


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id of `resume`."""
    add_schedule_id(parser)


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Resume it; nothing happens to one that is active."""
    schedule = resume_schedule(schedule_id=read_schedule_id(options), actor="scheduler resume")
    if schedule.next_run_at is None:
        stdout.write(f"Schedule '{schedule.name}' is {schedule.state}: {schedule.state_reason}")
    else:
        stdout.write(f"Schedule '{schedule.name}' runs next at {say(schedule.next_run_at)}.")
    return 0

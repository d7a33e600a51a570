"""Pause a schedule: none of its instants is fired until it is resumed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.commands import naming_options
from schedules.management.options import add_schedule_id, read_moment_if_given, read_schedule_id
from schedules.pausing import pause_schedule
from schedules.policies import say


def add_arguments(parser: ArgumentParser) -> None:
    """Take the arguments of `pause`."""
    add_schedule_id(parser)
    parser.add_argument("--reason", required=True, help="why: people will ask")
    parser.add_argument("--until", metavar="MOMENT", help="when it goes on by itself, as 2027-03-01T18:00:00Z")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Pause it; where it is paused, the new reason and end count."""
    until = read_moment_if_given(options, "until")
    with naming_options("reason", "until"):
        schedule = pause_schedule(
            schedule_id=read_schedule_id(options), reason=options["reason"], until=until, actor="scheduler pause"
        )
    end = f"until {say(until)}" if until else "until it is resumed"
    stdout.write(f"Schedule '{schedule.name}' is paused {end}: {schedule.pause_reason}")
    return 0

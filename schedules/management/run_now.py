"""Put a task of a schedule on the queue now; a worker runs it, and the schedule does not move."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.commands import naming_options
from schedules.management.options import add_schedule_id, read_schedule_id
from schedules.running import run_schedule_now
from schedules.selectors import get_schedule
from tasks.management.options import add_inputs, read_inputs


def add_arguments(parser: ArgumentParser) -> None:
    """Take the arguments of `run-now`."""
    add_schedule_id(parser)
    add_inputs(parser, purpose="inputs in place of the schedule's")
    parser.add_argument("--reason", default="", help="why, for the ledger")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Put it there; 1 if the engine, the workflow or its form refuses."""
    inputs = read_inputs(options)
    schedule = get_schedule(read_schedule_id(options))
    with naming_options("reason"):
        task = run_schedule_now(schedule=schedule, actor="scheduler run-now", inputs=inputs, reason=options["reason"])
    stdout.write(f"Task {task.pk} is on the queue.")
    return 0

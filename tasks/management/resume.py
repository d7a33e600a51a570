"""Put a task that stopped back on the queue, with answers if it is suspended."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from tasks.management.options import add_inputs, add_task_id, read_inputs, read_task_id
from tasks.services import resume_task


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id and the options of `resume`."""
    add_task_id(parser)
    add_inputs(parser, purpose="answers to the form of the step at which it is suspended")
    parser.add_argument(
        "--at", metavar="STEP", help="name of the step at which it goes on, where its steps were changed (resume_at)"
    )


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Resume it; 1 if it cannot be."""
    inputs = read_inputs(options)
    task = resume_task(task_id=read_task_id(options), actor="tasks resume", inputs=inputs, resume_at=options["at"])
    stdout.write(f"Task {task.pk} is on the queue.")
    return 0

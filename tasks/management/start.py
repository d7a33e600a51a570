"""Start a task and print its id; wait until it has ended if that is asked for."""

import threading
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from tasks.management.options import add_inputs, read_inputs
from tasks.models import ENDED, TaskStatus
from tasks.selectors import get_standing
from tasks.services import start_task
from workflows.selectors import get_task_workflow

LOOK_EVERY_SECONDS = 0.5
# A task that waits to try again, or for a callback, goes on by itself; one that is suspended waits for a person.
OVER = (*ENDED, TaskStatus.SUSPENDED)

_never = threading.Event()


def add_arguments(parser: ArgumentParser) -> None:
    """Take the workflow and the options of `start`."""
    parser.add_argument("workflow", help="name of the workflow")
    add_inputs(parser, purpose="what its first state holds")
    parser.add_argument(
        "--wait",
        action="store_true",
        help="until it has ended or is suspended; exit 1 unless it completed. Workers run it, not this command",
    )


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Put it on the queue; 1 if it cannot start, or was waited for and did not complete, 130 after Ctrl-C."""
    inputs = read_inputs(options) or {}
    workflow = get_task_workflow(name=options["workflow"])
    task = start_task(workflow=workflow, inputs=inputs, actor="tasks start")
    stdout.write(str(task.pk))
    if not options["wait"]:
        return 0
    stdout.flush()  # whoever reads it may want to look at the task meanwhile
    try:
        return _wait_for(task.pk, stdout, stderr)
    except KeyboardInterrupt:
        stderr.write(f"task {task.pk} goes on without being waited for")
        return 130


def _wait_for(task_id: UUID, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
    status, reason = get_standing(task_id)
    while status not in OVER:
        pause()
        status, reason = get_standing(task_id)
    if status == TaskStatus.COMPLETED:
        stdout.write(status)
        return 0
    stderr.write(f"task {task_id} is {status}{': ' if reason else ''}{' '.join(reason.split())}")
    return 1


def pause() -> None:
    """Let some time pass."""
    _never.wait(LOOK_EVERY_SECONDS)

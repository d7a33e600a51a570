"""End a task: at once if no worker has it, else before its next step."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from tasks.management.options import add_task_id, read_task_id
from tasks.models import TaskStatus
from tasks.services import abort_task


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id of `abort`."""
    add_task_id(parser)


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Abort it; 1 if it has ended for good."""
    task = abort_task(task_id=read_task_id(options), actor="tasks abort")
    is_over = task.status == TaskStatus.ABORTED
    stdout.write(f"Task {task.pk} {'is aborted' if is_over else 'ends before its next step'}.")
    return 0

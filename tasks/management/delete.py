"""Delete a task that has ended, with its steps."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from tasks.management.options import add_task_id, read_task_id
from tasks.services import delete_task


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id of `delete`."""
    add_task_id(parser)


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Delete it; 1 if it has not ended."""
    task = delete_task(task_id=read_task_id(options), actor="tasks delete")
    stdout.write(f"Task {task.pk} of '{task.workflow.name}', which was {task.status}, is deleted.")
    return 0

"""Put a task that failed, or waits to be tried again, back on the queue."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from tasks.management.options import add_task_id, read_task_id
from tasks.services import retry_task


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id of `retry`."""
    add_task_id(parser)


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Retry it; 1 if it has not failed and does not wait."""
    task = retry_task(task_id=read_task_id(options), actor="tasks retry")
    stdout.write(f"Task {task.pk} is on the queue.")
    return 0

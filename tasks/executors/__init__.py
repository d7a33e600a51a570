"""The engines that run tasks, behind one seam; EXECUTOR names the one in use.

The Task row is the queue and the truth whichever engine is chosen: an engine wakes workers, and runs them.
"""

from collections.abc import Iterable
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from tasks.models import Task

ENGINES = {"threads": "tasks.executors.threads.ThreadExecutor"}


class Executor(Protocol):
    """What an engine offers."""

    def enqueue(self, tasks: Iterable[Task]) -> None:
        """Wake workers for tasks that were just written; called inside the transaction that writes them."""

    def cancel(self, task: Task) -> None:
        """Tell a worker that its task is to be aborted, as far as the engine can; the row's flag decides."""


@cache
def get_executor() -> Executor:
    """Return the engine that the setting EXECUTOR names."""
    executor: Executor = import_string(ENGINES[settings.EXECUTOR])()
    return executor

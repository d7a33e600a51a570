"""The engine `threads`: workers claim from the Task table and run each task in a thread."""

from collections.abc import Iterable

from orchestrator_site.common.wakeup import TASKS_ENQUEUED, notify
from tasks.models import Task


class ThreadExecutor:
    """Any number of worker processes, woken by a notification when a transaction that wrote tasks commits."""

    def enqueue(self, tasks: Iterable[Task]) -> None:
        """Wake the workers at the commit."""
        notify(TASKS_ENQUEUED)

    def cancel(self, task: Task) -> None:
        """Do nothing: a worker meets the abort flag before the next step."""

"""Running a shipped task for real, as a schedule or a person would start it."""

from typing import Any

from orchestrator_site.common.clock import database_now
from tasks.models import StepStatus, Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.services import start_process
from tests.support.factories import make_lease


def run(name: str) -> Task:
    """Start the task as a schedule or a person would, run it, and return it."""
    task_id = start_process(name)
    claim = claim_task(make_lease(now=database_now()), task_id=task_id)
    assert claim is not None
    run_claimed(claim, clock=database_now)
    return Task.objects.get(pk=task_id)


def final_state(task: Task) -> dict[str, Any]:
    assert task.status == TaskStatus.COMPLETED, task.failed_reason
    state: dict[str, Any] = task.steps.get(status=StepStatus.COMPLETE).state
    return state

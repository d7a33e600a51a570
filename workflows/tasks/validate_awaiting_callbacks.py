"""Look after tasks that wait for somebody else to call back."""

from tasks.models import TaskStatus
from tasks.selectors import list_tasks
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Find tasks that await a callback")
def find_awaiting() -> State:
    """Report how many there are and the one that has waited longest."""
    awaiting = list_tasks().filter(status=TaskStatus.AWAITING_CALLBACK).order_by("id")
    oldest = awaiting.first()
    return {
        "awaiting_callback": awaiting.count(),
        "oldest_task_id": str(oldest.pk) if oldest else None,
        "oldest_created_at": oldest.created_at.isoformat() if oldest else None,
    }


@workflow("Validate tasks that await a callback", target=Target.SYSTEM)
def task_validate_awaiting_callbacks() -> StepList:
    """Look after callbacks."""
    return init >> find_awaiting >> done

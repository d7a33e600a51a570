"""Look after tasks that wait for another system to call back."""

from django.db.models import Exists, OuterRef

from orchestrator_site.common.clock import database_now
from tasks.callbacks import put_back_answered
from tasks.models import TaskCallback, TaskStatus
from tasks.selectors import list_tasks
from workflows.engine import InconsistentData, State, StepList, Target, done, init, step, workflow

MAX_NAMED = 100


@step("Put answered tasks back")
def put_answered_back() -> State:
    """Put tasks that still wait although their answer has come back on the queue: a restored backup may have some."""
    return {"put_back_task_ids": [str(task_id) for task_id in put_back_answered()]}


@step("Find tasks that await a callback")
def find_awaiting() -> State:
    """Report how many there are, the one that has waited longest, and those that nobody has called back for in time."""
    awaiting = list_tasks().filter(status=TaskStatus.AWAITING_CALLBACK).order_by("id")
    late = awaiting.filter(available_at__lte=database_now())
    oldest = awaiting.first()
    return {
        "awaiting_callback": awaiting.count(),
        "awaiting_without_end": awaiting.filter(available_at__isnull=True).count(),
        "late_task_ids": [str(task_id) for task_id in late.values_list("id", flat=True)[:MAX_NAMED]],
        "oldest_task_id": str(oldest.pk) if oldest else None,
        "oldest_created_at": oldest.created_at.isoformat() if oldest else None,
    }


@step("Check that each can be called back")
def check_open() -> State:
    """Fail when a task awaits a callback that nobody has the means to make: no address of it is good any more."""
    own = TaskCallback.objects.filter(
        task=OuterRef("pk"), revision=OuterRef("revision"), position=OuterRef("position"), answered_at__isnull=True
    )
    awaiting = list_tasks().filter(status=TaskStatus.AWAITING_CALLBACK)
    unreachable = awaiting.filter(~Exists(own)).order_by("id")
    named = [str(task_id) for task_id in unreachable.values_list("id", flat=True)[:MAX_NAMED]]
    if named:
        raise InconsistentData(f"nobody can call these tasks back, resume or abort them: {', '.join(named)}")
    return {}


@workflow("Validate tasks that await a callback", target=Target.SYSTEM)
def task_validate_awaiting_callbacks() -> StepList:
    """Look after callbacks."""
    return init >> put_answered_back >> find_awaiting >> check_open >> done

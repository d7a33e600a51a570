"""Put tasks that should go on back on the queue: those that could not reach a service, and those that are stuck."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue
from tasks.executors import get_executor
from tasks.models import TaskStatus
from tasks.selectors import list_tasks
from tasks.services import resume_task
from tasks.states import IllegalTransition
from tasks.stuck import find_stuck
from workflows.engine import State, StepList, Target, done, init, step, workflow

# Workers try a task that waits again when its time has come; one that is overdue by this, somebody has to look after.
OVERDUE_AFTER = timedelta(minutes=1)
MAX_NAMED = 100


@step("Find tasks to resume")
def find_tasks() -> State:
    """Find the tasks that are worth another attempt, oldest first.

    That is what could not reach a service, and what waits although its time has come, or nothing says when it comes.
    """
    overdue = Q(available_at__lt=database_now() - OVERDUE_AFTER) | Q(available_at__isnull=True)
    worth_it = Q(status=TaskStatus.API_UNAVAILABLE) | (Q(status=TaskStatus.WAITING) & overdue)
    stopped = list_tasks().filter(worth_it).order_by("id")
    return {"found_task_ids": [str(task_id) for task_id in stopped.values_list("id", flat=True)]}


@step("Resume tasks")
def resume_tasks(found_task_ids: list[str], workflow_name: str) -> State:
    """Resume each of them; one that has moved on meanwhile, or cannot go on as it is, is left alone."""
    resumed, moved_on, left = [], [], {}
    for task_id in found_task_ids:
        try:
            resume_task(task_id=UUID(task_id), actor=workflow_name)
        except IllegalTransition:
            moved_on.append(task_id)
        except (Conflict, InvalidValue) as error:
            left[task_id] = str(error)
        else:
            resumed.append(task_id)
    return {"resumed_task_ids": resumed, "moved_on_task_ids": moved_on, "left_task_ids": left}


@step("Look after stuck tasks")
def wake_stuck(task_id: str) -> State:
    """Wake the workers for tasks that have been on the queue for more than five minutes, and say why they still are."""
    stuck = [each for each in find_stuck(now=database_now()) if str(each.task_id) != task_id]
    if stuck:
        with write_transaction():
            get_executor().enqueue(())
    named = [{"task_id": str(each.task_id), "status": each.status, "reason": each.reason} for each in stuck[:MAX_NAMED]]
    return {"stuck_tasks": len(stuck), "stuck": named}


@workflow("Resume all tasks that wait or could not reach a service", target=Target.SYSTEM)
def task_resume_workflows() -> StepList:
    """Resume what waits."""
    return init >> find_tasks >> resume_tasks >> wake_stuck >> done

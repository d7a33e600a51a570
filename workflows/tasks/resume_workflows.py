"""Put tasks that wait for a better moment back on the queue."""

from uuid import UUID

from tasks.models import TaskStatus
from tasks.selectors import list_tasks
from tasks.services import resume_task
from tasks.states import IllegalTransition
from workflows.engine import State, StepList, Target, done, init, step, workflow

# A service that could not be reached, and a task that waits to try again: both are worth another attempt.
WORTH_ANOTHER_ATTEMPT = (TaskStatus.WAITING, TaskStatus.API_UNAVAILABLE)


@step("Find tasks to resume")
def find_tasks() -> State:
    """Find the tasks that are worth another attempt, oldest first."""
    stopped = list_tasks().filter(status__in=WORTH_ANOTHER_ATTEMPT).order_by("id")
    return {"found_task_ids": [str(task_id) for task_id in stopped.values_list("id", flat=True)]}


@step("Resume tasks")
def resume_tasks(found_task_ids: list[str], workflow_name: str) -> State:
    """Resume each of them; one that has moved on meanwhile is left alone."""
    resumed, moved_on = [], []
    for task_id in found_task_ids:
        try:
            resume_task(task_id=UUID(task_id), actor=workflow_name)
        except IllegalTransition:
            moved_on.append(task_id)
        else:
            resumed.append(task_id)
    return {"resumed_task_ids": resumed, "moved_on_task_ids": moved_on}


@workflow("Resume all tasks that wait or could not reach a service", target=Target.SYSTEM)
def task_resume_workflows() -> StepList:
    """Resume what waits."""
    return init >> find_tasks >> resume_tasks >> done

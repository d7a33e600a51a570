"""Delete what was logged long ago: tasks that completed, and executions of functions that are scheduled in code."""

from datetime import datetime, timedelta

from django.conf import settings

from orchestrator_site.common.clock import database_now
from schedules.decorated.executions import delete_old_executions
from tasks.services import delete_completed_tasks
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Delete completed tasks")
def delete_old_tasks() -> State:
    """Delete those that completed more than TASK_LOG_RETENTION_DAYS ago; failed and aborted ones stay."""
    finished_before = _kept_from()
    deleted = delete_completed_tasks(finished_before=finished_before)
    return {"deleted_tasks": deleted, "finished_before": finished_before.isoformat()}


@step("Delete old executions")
def delete_executions() -> State:
    """Delete what the log says of functions that ran more than TASK_LOG_RETENTION_DAYS ago."""
    return {"deleted_executions": delete_old_executions(run_before=_kept_from())}


def _kept_from() -> datetime:
    return database_now() - timedelta(days=settings.TASK_LOG_RETENTION_DAYS)


@workflow("Clean up completed tasks", target=Target.SYSTEM)
def task_clean_up_tasks() -> StepList:
    """Clean up."""
    return init >> delete_old_tasks >> delete_executions >> done

"""Delete tasks that completed long ago."""

from datetime import timedelta

from django.conf import settings

from orchestrator_site.common.clock import database_now
from tasks.services import delete_completed_tasks
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Delete completed tasks")
def delete_old_tasks() -> State:
    """Delete those that completed more than TASK_LOG_RETENTION_DAYS ago; failed and aborted ones stay."""
    finished_before = database_now() - timedelta(days=settings.TASK_LOG_RETENTION_DAYS)
    deleted = delete_completed_tasks(finished_before=finished_before)
    return {"deleted_tasks": deleted, "finished_before": finished_before.isoformat()}


@workflow("Clean up completed tasks", target=Target.SYSTEM)
def task_clean_up_tasks() -> StepList:
    """Clean up."""
    return init >> delete_old_tasks >> done

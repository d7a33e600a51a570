"""Delete what the ledger of firings holds of long ago."""

from datetime import timedelta

from django.conf import settings

from orchestrator_site.common.clock import database_now
from schedules.retention import delete_old_firings
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Delete old firings")
def delete_firings() -> State:
    """Delete those decided more than FIRING_RETENTION_DAYS ago, but for the last one of each schedule."""
    decided_before = database_now() - timedelta(days=settings.FIRING_RETENTION_DAYS)
    deleted = delete_old_firings(decided_before=decided_before)
    return {"deleted_firings": deleted, "decided_before": decided_before.isoformat()}


@workflow("Clean up old firings", target=Target.SYSTEM)
def task_clean_up_firings() -> StepList:
    """Clean up."""
    return init >> delete_firings >> done

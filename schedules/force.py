"""Running a schedule's task, or a function scheduled in code, in this process, now: what `scheduler force` does."""

from uuid import UUID

from django.conf import settings

from orchestrator_site.common.clock import DatabaseClock, database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.ids import new_process_id
from schedules.decorated.executions import run_function, start_execution
from schedules.decorated.registry import DecoratedFunction
from schedules.running import run_schedule_now
from schedules.selectors import get_schedule
from tasks.models import Task
from tasks.queue import Lease, claim_task
from tasks.worker import run_here


def force_schedule(*, schedule_id: UUID, actor: str) -> Task:
    """Run the schedule's task to its end and return it; no worker can take it, and the schedule does not move.

    It runs also while another task of the schedule does.

    Raises:
        ScheduleNotFound: There is none of this id.
        EngineFrozen, WorkflowGone, InvalidValue, StartRefused: As for `run_schedule_now`.
    """
    clock = DatabaseClock()
    schedule = get_schedule(schedule_id)
    lease_seconds = settings.TASK_LEASE_SECONDS
    with write_transaction():
        task = run_schedule_now(schedule=schedule, actor=actor, waits=False)
        claim = claim_task(Lease(new_process_id(), clock(), lease_seconds), task_id=task.pk)
    assert claim is not None, "nobody else can see the task before this transaction commits"
    run_here(claim, clock=clock, lease_seconds=lease_seconds)
    return Task.objects.get(pk=task.pk)


def force_function(function: DecoratedFunction) -> str:
    """Run a function that is scheduled in code; say why it failed, if it did. Its next run does not move."""
    execution_id = start_execution(function, now=database_now())
    failure = run_function(function, execution_id=execution_id, clock=database_now)
    return "" if failure is None else f"{type(failure).__name__}: {failure}"

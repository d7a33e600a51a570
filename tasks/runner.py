"""Running one claimed task, step by step, so that a step that was recorded never runs again."""

from collections.abc import Callable
from datetime import datetime

import structlog

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import TransactionLeftOpen, no_transaction_left_open
from tasks.models import StepStatus, TaskStatus, TaskStep
from tasks.queue import (
    ABORT_REASON,
    AbortRequested,
    Claim,
    LeaseLost,
    end_without_step,
    give_back,
    last_state,
    record_step,
)
from workflows.engine import Failed, Outcome, State, Step
from workflows.engine.outcomes import failed_by
from workflows.engine.records import StepRecord, make_record
from workflows.engine.state import first_state
from workflows.registry import WorkflowCodeError, get_definition

log = structlog.get_logger(__name__)


def run_claimed(claim: Claim, *, clock: Clock, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Run a task from the first step that has not passed until it ends, stops, or this process is told to end.

    Step bodies run outside of any transaction; each is recorded in one of its own, fenced by the claim's attempt.
    """
    with structlog.contextvars.bound_contextvars(
        task_id=str(claim.task_id), workflow=claim.workflow_name, attempt=claim.attempt
    ):
        log.debug("task_claimed", position=claim.position)
        try:
            _run_steps(claim, clock=clock, is_stopping=is_stopping)
        except WorkflowCodeError as error:
            end_without_step(claim, status=TaskStatus.FAILED, reason=str(error), now=clock())
            log.error("task_failed", reason=str(error))
        except AbortRequested:
            log.info("task_aborted")
        except LeaseLost:
            log.warning("task_lease_lost")


def _run_steps(claim: Claim, *, clock: Clock, is_stopping: Callable[[], bool]) -> None:
    if claim.is_abort_requested:  # of a worker that died, or gave the task back, before it met the flag
        end_without_step(claim, status=TaskStatus.ABORTED, reason=ABORT_REASON, now=clock())
        raise AbortRequested(str(claim.task_id))
    steps = get_definition(claim.workflow_name).steps
    if claim.position >= len(steps):
        raise WorkflowCodeError(
            f"workflow '{claim.workflow_name}' has {len(steps)} steps by now; of this task {claim.position} have passed"
        )
    state = last_state(claim) if claim.position else _first_state(claim)
    for position in range(claim.position, len(steps)):
        if is_stopping():
            give_back(claim, position=position, now=clock())
            log.info("task_given_back", position=position)
            return
        next_state = _run_step(claim, steps[position], position=position, state=state, clock=clock)
        if next_state is None:
            return
        state = next_state


def _first_state(claim: Claim) -> State:
    return first_state(
        claim.inputs,
        task_id=str(claim.task_id),
        workflow_name=claim.workflow_name,
        workflow_target=claim.workflow_target,
        reporter=claim.reporter,
    )


def _run_step(claim: Claim, step: Step, *, position: int, state: State, clock: Clock) -> State | None:
    """Run and record one step; return the state for the next one, None when the task does not go on."""
    started_at = clock()
    record = make_record(step.name, _execute(step, state), state_before=state)
    row = TaskStep(
        task_id=claim.task_id,
        position=position,
        attempt=claim.attempt,
        name=record.name,
        status=record.status,
        state=record.state,
        error=record.error,
        started_at=started_at,
        completed_at=max(clock(), started_at),
    )
    status = TaskStatus(record.task_status)
    record_step(claim, row, status=status, reason=record.failed_reason)
    _log(row, record)
    return record.state if status == TaskStatus.RUNNING else None


def _execute(step: Step, state: State) -> Outcome:
    """Run a step's body. One that leaves a transaction open has failed: no record of it could be committed."""
    outcome: Outcome | None = None
    try:
        with no_transaction_left_open():
            outcome = step.run(state)
    except TransactionLeftOpen as error:
        return outcome if isinstance(outcome, Failed) else failed_by(error)
    return outcome


def _log(row: TaskStep, record: StepRecord) -> None:
    match row.status:
        case StepStatus.SUCCESS:
            log.debug("step_succeeded", step=row.name, seconds=_seconds(row.started_at, row.completed_at))
        case StepStatus.COMPLETE:
            log.info("task_completed")
        case StepStatus.FAILED:
            log.error("step_failed", step=row.name, reason=record.reason, status=record.task_status)


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 3)

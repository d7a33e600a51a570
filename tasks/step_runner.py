"""Running one step of a claimed task, and recording what came of it."""

import random
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import structlog
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError, connections, transaction

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import TransactionLeftOpen, no_transaction_left_open, write_transaction
from tasks.callbacks import begin_waiting, close_callback, expiry, open_callback, read_callback
from tasks.models import PASSED, StepStatus, TaskStatus, TaskStep
from tasks.queue import Claim
from tasks.recording import Recorded, count_failures, find_recorded, record_step
from tasks.validations import after_failure, is_verdict
from workflows.engine import AwaitCallback, Failed, Given, Outcome, Skipped, State, Step, Success, Waiting
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.outcomes import Complete, failed_by, timed_out
from workflows.engine.records import StepRecord, make_record
from workflows.engine.steps import NOTHING_GIVEN

log = structlog.get_logger(__name__)

# A step that has run is worth waiting for the database to come back: others take its task over only after the lease.
RECORD_FOR_SECONDS = 300.0
RECORD_PAUSE_SECONDS = 0.5

_TAKEN_BACK = "what it wrote can only be taken back: it caught an error of the database, or called set_rollback"

# Never set: a step that has run is recorded even when its process is told to end.
_pause = threading.Event()


class LeaseLost(Exception):
    """Another worker took the task over: nothing this one writes counts any more."""


class WritesTakenBack(Exception):
    """An atomic step ended well, but in a transaction that can only be rolled back."""


class AbortRequested(Exception):
    """Somebody asked for the task to end before its next step."""


@dataclass(frozen=True, slots=True)
class Position:
    """A step of a claimed task: its place in the step list, and the version of that.

    `is_first` is true of the step with which this claim begins: answers that were given are for that one.
    """

    claim: Claim
    step: Step
    number: int
    version: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Execution:
    """What the body of a step ended in, and when; a step that took too long has failed."""

    outcome: Outcome
    state_before: State
    started_at: datetime
    completed_at: datetime

    @classmethod
    def of(cls, step: Step, outcome: Outcome, *, state_before: State, started_at: datetime, now: datetime) -> Self:
        """Return the execution of a step that has just ended in `outcome`."""
        completed_at = max(now, started_at)
        seconds, longest = (completed_at - started_at).total_seconds(), step.timeout_seconds
        if longest is not None and seconds > longest and isinstance(outcome, Success | Complete):
            outcome = timed_out(seconds=seconds, timeout_seconds=longest)
        return cls(outcome, state_before, started_at, completed_at)

    @property
    def has_passed(self) -> bool:
        """Whether the task goes on to the next step."""
        return isinstance(self.outcome, Success | Skipped | Complete)


@dataclass(frozen=True, slots=True)
class Run:
    """What an execution has come to, given those before it, and what is kept of it."""

    execution: Execution
    outcome: Outcome
    record: StepRecord


def run_step(place: Position, *, state: State, clock: Clock) -> State | None:
    """Run and record one step; return the state for the next one, None when the task does not go on.

    Raises:
        LeaseLost: Another worker has the task by now.
        AbortRequested: The task was to end before its next step, and has.
    """
    started_at = clock()
    given = _find_given(place, now=started_at)
    if place.step.is_atomic:
        run, recorded = _run_atomic(place, state, given, started_at=started_at, clock=clock)
    else:
        outcome = _execute(place.step, state, given)
        execution = Execution.of(place.step, outcome, state_before=state, started_at=started_at, now=clock())
        run, recorded = _record_durably(place, execution)
    record = run.record
    if recorded is Recorded.LOST:
        raise LeaseLost(f"attempt {place.claim.attempt} of task {place.claim.task_id} has lost its lease")
    _log(record, seconds=(run.execution.completed_at - run.execution.started_at).total_seconds())
    if recorded is Recorded.ABORTED:
        raise AbortRequested(str(place.claim.task_id))
    return record.state if record.task_status == TaskStatus.RUNNING else None


def _find_given(place: Position, *, now: datetime) -> Given:
    """Return what the step is given besides the state; None of it costs a statement for other steps."""
    match place.step:
        case InputStep():
            return Given(answers=place.claim.answers if place.is_first else None)
        case CallbackActionStep():
            route = open_callback(place.claim, position=place.number + 1, now=now)
            if route is None:
                raise LeaseLost(str(place.claim.task_id))
            return Given(callback_route=route)
        case AwaitCallbackStep():
            return read_callback(place.claim, position=place.number, now=now)
    return NOTHING_GIVEN


def _execute(step: Step, state: State, given: Given) -> Outcome:
    """Run a step's body. One that leaves a transaction open has failed: no record of it could be committed."""
    outcome: Outcome | None = None
    try:
        with no_transaction_left_open():
            outcome = step.run(state, given)
    except TransactionLeftOpen as error:
        return outcome if isinstance(outcome, Failed) else failed_by(error)
    return outcome


def _settle(place: Position, execution: Execution) -> Run:
    """Return what an execution comes to: one that failed is tried again, unless it has failed too often."""
    outcome, step = execution.outcome, place.step
    if isinstance(outcome, Failed) and step.retrying:
        failures = count_failures(place.claim, position=place.number) + 1
        outcome = step.after_failure(outcome, failures=failures)
    return Run(execution, outcome, make_record(step.name, outcome, state_before=execution.state_before))


def _run_atomic(
    place: Position, state: State, given: Given, *, started_at: datetime, clock: Clock
) -> tuple[Run, Recorded]:
    """Run and record a step in one transaction: what its body wrote is committed with the record of it, or not at all.

    When it fails its writes are taken back, and the failure is recorded. When this attempt has lost the task, all of it
    is taken back.
    """
    outcome: Outcome | None = None
    try:
        with write_transaction():
            with transaction.atomic(), no_transaction_left_open():
                outcome = place.step.run(state, given)
                if transaction.get_rollback() and not isinstance(outcome, Failed):
                    outcome = failed_by(WritesTakenBack(_TAKEN_BACK))
                execution = Execution.of(place.step, outcome, state_before=state, started_at=started_at, now=clock())
                transaction.set_rollback(not execution.has_passed)
            run = _settle(place, execution)
            recorded = _record(place, run)
            if recorded is Recorded.LOST:
                transaction.set_rollback(True)
    except (TransactionLeftOpen, IntegrityError, InternalError) as error:  # nothing of what the body wrote is there
        failed = outcome if isinstance(outcome, Failed) else failed_by(error)
        execution = Execution.of(place.step, failed, state_before=state, started_at=started_at, now=clock())
        return _record_durably(place, execution)
    return run, recorded


def _record_durably(place: Position, execution: Execution) -> tuple[Run, Recorded]:
    """Record a step, waiting for a database that is away: else the step would run again."""
    run: Run | None = None
    paused_seconds = 0.0
    while True:
        try:
            is_again = run is not None
            run = run or _settle(place, execution)
            wanted = TaskStatus(run.record.task_status)
            found = find_recorded(place.claim, position=place.number, wanted=wanted) if is_again else None
            # where it is there, the answer to the commit was lost, not the commit
            return run, found or _record(place, run)
        except (OperationalError, InterfaceError) as error:
            if paused_seconds >= RECORD_FOR_SECONDS:
                raise
            if not paused_seconds:
                log.warning("step_not_recorded_yet", reason=str(error).strip())
            connections.close_all()
            _pause.wait(RECORD_PAUSE_SECONDS)
            paused_seconds += RECORD_PAUSE_SECONDS


def _record(place: Position, run: Run) -> Recorded:
    """Write a step and what it makes of its task, in one transaction."""
    claim, record, now = place.claim, run.record, run.execution.completed_at
    row = TaskStep(
        task_id=claim.task_id,
        revision=claim.revision,
        position=place.number,
        attempt=claim.attempt,
        name=record.name,
        status=record.status,
        state=record.state,
        error=record.error,
        started_at=run.execution.started_at,
        completed_at=run.execution.completed_at,
    )
    status = TaskStatus(record.task_status)
    has_consequences = _has_asked_nobody(place, run) or isinstance(run.outcome, AwaitCallback)
    with write_transaction() if has_consequences or is_verdict(claim, status=status) else nullcontext():
        available_at = _next_look(run.outcome, now=now)
        recorded = record_step(
            claim,
            row,
            status=status,
            steps_version=place.version,
            reason=record.failed_reason,
            available_at=available_at,
        )
        if recorded is Recorded.GOES_ON:
            _write_consequences(place, run, available_at=available_at)
    return recorded


def _has_asked_nobody(place: Position, run: Run) -> bool:
    """Tell whether a step that was to give a path for an answer away was skipped."""
    return isinstance(run.outcome, Skipped) and isinstance(place.step, CallbackActionStep)


def _write_consequences(place: Position, run: Run, *, available_at: datetime | None) -> None:
    """Write what belongs to the record of a step, besides the step and its task."""
    claim, record = place.claim, run.record
    if isinstance(run.outcome, AwaitCallback):
        begin_waiting(claim, position=place.number, expires_at=available_at, now=run.execution.completed_at)
    elif _has_asked_nobody(place, run):
        close_callback(claim, position=place.number + 1)
    elif record.status == StepStatus.FAILED:
        after_failure(claim, status=TaskStatus(record.task_status), reason=record.failed_reason)


def _next_look(outcome: Outcome, *, now: datetime) -> datetime | None:
    """Return when a worker is to take a task that waits: to try again, or because nobody called back."""
    match outcome:
        case Waiting(_, longest_seconds):
            return now + timedelta(seconds=random.uniform(0, longest_seconds))  # noqa: S311  # no secret, only spread
        case AwaitCallback(_, timeout_seconds):
            return expiry(timeout_seconds=timeout_seconds, now=now)
    return None


def _log(record: StepRecord, *, seconds: float) -> None:
    if record.task_status == TaskStatus.COMPLETED:
        log.info("task_completed")
    elif record.status in PASSED:
        log.debug("step_passed", status=record.status, seconds=round(seconds, 3))
    elif record.status == StepStatus.FAILED:
        log.error("step_failed", reason=record.reason, status=record.task_status)
    else:
        log.info("task_stopped_at_step", status=record.task_status, reason=record.reason)

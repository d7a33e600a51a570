"""Running one step of a claimed task, and recording what came of it."""

import random
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError, connections, transaction

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import TransactionLeftOpen, no_transaction_left_open, write_transaction
from tasks.callbacks import begin_waiting, expiry, open_callback, read_callback
from tasks.models import PASSED, StepStatus, TaskStatus, TaskStep
from tasks.queue import Claim
from tasks.recording import Recorded, count_failures, find_recorded, record_step
from workflows.engine import AwaitCallback, Failed, Given, Outcome, State, Step, Success, Waiting
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.outcomes import Complete, failed_by, timed_out
from workflows.engine.records import StepRecord, make_record
from workflows.engine.steps import NOTHING_GIVEN

log = structlog.get_logger(__name__)

# A step that has run is worth waiting for the database to come back: others take its task over only after the lease.
RECORD_FOR_SECONDS = 300.0
RECORD_PAUSE_SECONDS = 0.5

# Never set: a step that has run is recorded even when its process is told to end.
_pause = threading.Event()


class LeaseLost(Exception):
    """Another worker took the task over: nothing this one writes counts any more."""


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
class Run:
    """What a step ended in, when, and what is kept of it."""

    outcome: Outcome
    record: StepRecord
    started_at: datetime
    completed_at: datetime

    @classmethod
    def of(
        cls, place: Position, outcome: Outcome, *, state_before: State, started_at: datetime, now: datetime
    ) -> "Run":
        """Return what a step has come to that has just ended in `outcome`."""
        completed_at = max(now, started_at)
        settled = _settle(place, outcome, seconds=(completed_at - started_at).total_seconds())
        record = make_record(place.step.name, settled, state_before=state_before)
        return cls(settled, record, started_at, completed_at)


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
        settle = partial(Run.of, place, outcome, state_before=state, started_at=started_at, now=clock())
        run, recorded = _record_durably(place, settle)
    record = run.record
    if recorded is Recorded.LOST:
        raise LeaseLost(f"attempt {place.claim.attempt} of task {place.claim.task_id} has lost its lease")
    _log(record, seconds=(run.completed_at - run.started_at).total_seconds())
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
            answer, is_late = read_callback(place.claim, position=place.number, now=now)
            return Given(callback=answer, is_callback_late=is_late)
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


def _settle(place: Position, outcome: Outcome, *, seconds: float) -> Outcome:
    """Return what an outcome comes to, given how long the step took and how often it has failed before."""
    step = place.step
    if step.timeout_seconds is not None and seconds > step.timeout_seconds and isinstance(outcome, Success | Complete):
        outcome = timed_out(seconds=seconds, timeout_seconds=step.timeout_seconds)
    if isinstance(outcome, Failed) and step.retrying:
        failures = count_failures(place.claim, position=place.number) + 1
        return step.after_failure(outcome, failures=failures)
    return outcome


def _run_atomic(
    place: Position, state: State, given: Given, *, started_at: datetime, clock: Clock
) -> tuple[Run, Recorded]:
    """Run and record a step in one transaction: what its body wrote is committed with the record of it, or not at all.

    When it fails its writes are taken back, and the failure is recorded. When this attempt has lost the task, all of it
    is taken back.
    """
    with write_transaction():
        with transaction.atomic():
            outcome = place.step.run(state, given)
            run = Run.of(place, outcome, state_before=state, started_at=started_at, now=clock())
            if run.record.status not in PASSED:
                transaction.set_rollback(True)
        recorded = _record(place, run)
        if recorded is Recorded.LOST:
            transaction.set_rollback(True)
    return run, recorded


def _record_durably(place: Position, settle: Callable[[], Run]) -> tuple[Run, Recorded]:
    """Settle and record what a step ended in, waiting for a database that is away: else the step would run again."""
    paused_seconds = 0.0
    run: Run | None = None
    has_tried = False
    while True:
        try:
            run = run or settle()
            # The answer to the commit may have been lost, and not the commit.
            recorded = find_recorded(place.claim, position=place.number) if has_tried else None
            has_tried = True
            return run, recorded or _record(place, run)
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
    claim, record = place.claim, run.record
    row = TaskStep(
        task_id=claim.task_id,
        revision=claim.revision,
        position=place.number,
        attempt=claim.attempt,
        name=record.name,
        status=record.status,
        state=record.state,
        error=record.error,
        started_at=run.started_at,
        completed_at=run.completed_at,
    )
    is_awaiting = isinstance(run.outcome, AwaitCallback)
    with write_transaction() if is_awaiting else nullcontext():
        available_at = _next_look(run.outcome, now=run.completed_at)
        recorded = record_step(
            claim,
            row,
            status=TaskStatus(record.task_status),
            steps_version=place.version,
            reason=record.failed_reason,
            available_at=available_at,
        )
        if recorded is Recorded.GOES_ON and is_awaiting:
            begin_waiting(claim, position=place.number, expires_at=available_at, now=run.completed_at)
    return recorded


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

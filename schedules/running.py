"""Running a schedule when somebody asks for it: now, or again for instants that have passed. It does not move."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import structlog

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue
from orchestrator_site.common.reasons import check_reason
from schedules.ledger import Entry, insert_new
from schedules.models import Firing, FiringCause, FiringOutcome, ResumePolicy, Schedule, ScheduleState
from schedules.planning import MAX_COUNTED
from schedules.policies import Situation, run_again, run_by_hand
from schedules.rules import is_paused
from schedules.selectors import get_schedule, lock_schedule
from schedules.situations import read_situation
from schedules.triggers import BoundsExceeded, Budget, Trigger, TriggerError
from tasks.freezing import EngineFrozen, current_freeze
from tasks.models import Task
from tasks.services import cancel_tasks, create_tasks
from tasks.starting import check_may_start, check_predicate, clean_inputs, find_definition

log = structlog.get_logger(__name__)

MAX_BACKFILL = 1_000
DEFAULT_BACKFILL = 100
ONLY = ("missing", "all")
RUN_WHILE_FROZEN = "schedules.run_while_frozen"

_TICK = timedelta(microseconds=1)


class WorkflowGone(Conflict):
    """The workflow of a schedule was deleted, so that no task of it can start."""


@dataclass(frozen=True, slots=True)
class Permit:
    """That a task may start: with which inputs, and whether also while the engine is frozen."""

    inputs: dict[str, Any]
    may_run_frozen: bool


@dataclass(frozen=True, slots=True)
class Backfill:
    """What came of running past instants again; the entries are those that would be written, for a dry run.

    `is_truncated` tells that there were more instants than the limit.
    """

    entries: Sequence[Entry]
    is_truncated: bool
    is_dry_run: bool


def run_schedule_now(
    *,
    schedule: Schedule,
    actor: str,
    user: Any = None,
    inputs: dict[str, Any] | None = None,
    reason: str = "",
    waits: bool = True,
) -> Task:
    """Start the schedule's task now, by hand; it is in the ledger, and the schedule does not move.

    A task of it that has not ended keeps the new one waiting, unless its overlap policy is `allow`, or
    `cancel_running`, by which that one is aborted.

    Args:
        schedule: Also one that is paused, finished or broken.
        actor: Who runs it, as it is recorded.
        user: Whom the workflow is asked about; None for the system itself, which may.
        inputs: In the place of the schedule's, if they are given.
        reason: Why, for the ledger.
        waits: Whether a task before it has a say; who runs the task himself, right away, asks none of them.

    Raises:
        EngineFrozen: Nothing starts now, and the user may not run anything all the same.
        WorkflowGone: Its workflow was deleted.
        NotAuthorized: The workflow does not let this user start it.
        InvalidValue, InvalidFields: No task can start with these inputs; or the reason is too long.
        StartRefused: The workflow refuses a start now.
    """
    check_reason(reason)
    now = database_now()
    permit = _ask(schedule, schedule.inputs if inputs is None else inputs, actor=actor, user=user, now=now)
    why = f"run by {actor}: {reason}" if reason else f"run by {actor}"
    with write_transaction():
        decision = run_by_hand(read_situation(schedule, now) if waits else Situation(now), why=why)
        entry = Entry.of(schedule, decision, inputs=permit.inputs, may_run_frozen=permit.may_run_frozen)
        insert_new([entry], now)
        [task] = create_tasks(requests=[entry.request], actor=actor, now=now)
        if decision.cancels:
            aborted = f"aborted for a run by {actor} (overlap_policy cancel_running)"
            cancel_tasks(reasons=dict.fromkeys(decision.cancels, aborted), now=now)
    log.info("schedule_run_by_hand", schedule_id=str(schedule.pk), task_id=str(task.pk), actor=actor)
    return task


def backfill_schedule(
    *,
    schedule_id: UUID,
    first: datetime,
    until: datetime,
    actor: str,
    user: Any = None,
    limit: int = DEFAULT_BACKFILL,
    only: str = "missing",
    is_dry_run: bool = False,
) -> Backfill:
    """Run instants that have passed: those that its trigger, as it is now, has from `first` up to before `until`.

    The oldest come first, and one waits for the other, unless the overlap policy is `allow`. What the schedule is
    about to fire by itself is left to it.

    Args:
        schedule_id: Which one; also one that is paused, finished or broken, as long as it has a trigger.
        first: The first moment that counts.
        until: The first moment that counts no more; not later than now.
        actor: Who runs them, as it is recorded.
        user: Whom the workflow is asked about; None for the system itself, which may.
        limit: How many at most, up to MAX_BACKFILL.
        only: `missing` leaves out instants of which the ledger has a task; `all` runs them again.
        is_dry_run: Write nothing.

    Raises:
        ScheduleNotFound: There is none of this id.
        InvalidValue: The stretch is empty, or not over, or holds too many instants to look through; or a number or word
            cannot be used.
        EngineFrozen, WorkflowGone, NotAuthorized, InvalidFields, StartRefused: As for `run_schedule_now`.
    """
    now = database_now()
    _check_stretch(first, until, now=now, limit=limit, only=only)
    schedule = get_schedule(schedule_id)
    permit = _ask(schedule, schedule.inputs, actor=actor, user=user, now=now)
    with write_transaction():
        schedule = lock_schedule(schedule_id)
        until = min(until, _fires_from(schedule, now) or until)
        wanted = list(islice(_find_instants(schedule, first, until, only=only), limit + 1))
        decisions = run_again(wanted[:limit], read_situation(schedule, now), why=f"backfill by {actor}")
        entries = [
            Entry.of(schedule, each, inputs=permit.inputs, may_run_frozen=permit.may_run_frozen) for each in decisions
        ]
        if not is_dry_run:
            insert_new(entries, now)
            create_tasks(requests=[entry.request for entry in entries], actor=actor, now=now)
            log.info("schedule_backfilled", schedule_id=str(schedule_id), tasks=len(entries), actor=actor)
    return Backfill(entries, is_truncated=len(wanted) > limit, is_dry_run=is_dry_run)


def _fires_from(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the first planned moment that a schedule may still fire by itself, although it has passed; or None."""
    undecided = schedule.planned_through + _TICK
    if schedule.state == ScheduleState.ACTIVE:
        return undecided
    if schedule.state != ScheduleState.PAUSED:
        return None
    if schedule.trigger == "date" or schedule.resume_policy == ResumePolicy.RUN_ONCE:
        return undecided
    if schedule.paused_until is None or is_paused(schedule, now):
        return None
    return max(undecided, schedule.paused_until - schedule.spread_offset)


def _ask(schedule: Schedule, inputs: dict[str, Any], *, actor: str, user: Any, now: datetime) -> Permit:
    """Ask the engine and the workflow whether a task may start."""
    freeze = current_freeze(now=now)
    if freeze and not (user is not None and user.has_perm(RUN_WHILE_FROZEN)):
        raise EngineFrozen(freeze)
    if getattr(schedule, "link", None) is None:  # which the database cannot forbid
        raise WorkflowGone("the schedule is linked to no workflow; no task of it can start")
    if schedule.workflow.deleted_at is not None:
        raise WorkflowGone(f"workflow '{schedule.workflow}' was deleted; no task of it can start")
    definition = find_definition(schedule.workflow.name)
    check_may_start(definition, user)
    cleaned = clean_inputs(schedule.workflow.name, inputs)
    check_predicate(definition, inputs=cleaned, actor=actor)
    return Permit(cleaned, may_run_frozen=freeze is not None)


def _check_stretch(first: datetime, until: datetime, *, now: datetime, limit: int, only: str) -> None:
    if until > now:
        raise InvalidValue(
            f"'to' {until.isoformat()} lies in the future: only instants that have passed can be run again",
            field="to",
            value=until.isoformat(),
        )
    if first >= until:
        raise InvalidValue(f"'from' has to lie before 'to' {until.isoformat()}", field="from", value=first.isoformat())
    if not 1 <= limit <= MAX_BACKFILL:
        raise InvalidValue(f"{limit} is not a number from 1 to {MAX_BACKFILL:,}", field="limit", value=limit)
    if only not in ONLY:
        raise InvalidValue(f"'{only}' is not known; known are {', '.join(ONLY)}", field="only", value=only)


def _find_instants(schedule: Schedule, first: datetime, until: datetime, *, only: str) -> Iterator[datetime]:
    """Yield the instants of a stretch, without those that have been run where only the missing ones are wanted."""
    done: set[datetime] = set()
    if only == "missing":
        outcomes = (FiringOutcome.STARTED, FiringOutcome.QUEUED)
        rows = Firing.objects.filter(schedule_id=schedule.pk, outcome__in=outcomes).exclude(cause=FiringCause.MANUAL)
        done = set(
            rows.filter(scheduled_for__gte=first, scheduled_for__lt=until).values_list("scheduled_for", flat=True)
        )
    try:
        yield from (each for each in _walk(schedule.trigger_rule, first, until) if each not in done)
    except BoundsExceeded as error:
        raise InvalidValue(
            f"its instants there cannot be looked through: {error}", field="from", value=first.isoformat()
        ) from error
    except TriggerError as error:
        raise InvalidValue(str(error), field="trigger", value=schedule.trigger) from error


def _walk(trigger: Trigger, first: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants of a stretch.

    Raises:
        BoundsExceeded: There are more than can be looked at.
        TriggerError: The trigger cannot be evaluated.
    """
    budget = Budget()
    instant = trigger.next_after(first - _TICK, budget)
    counted = 0
    while instant is not None and instant < until:
        if counted == MAX_COUNTED:
            raise BoundsExceeded(f"there are more than {MAX_COUNTED:,}")
        yield instant
        counted += 1
        instant = trigger.next_after(instant, budget)

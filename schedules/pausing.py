"""Pausing a schedule, and letting it go on."""

from datetime import datetime
from uuid import UUID

import structlog

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict
from orchestrator_site.common.reasons import check_hold
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.models import ResumePolicy, Schedule, ScheduleState
from schedules.policies import SKIPPED_PAUSED, say_pause
from schedules.rules import Rule, activate, arm_paused, is_paused, set_rule, settle_due
from schedules.selectors import lock_schedule
from schedules.situations import pause_of
from schedules.triggers import Trigger, TriggerError
from schedules.triggers.base import later_by

log = structlog.get_logger(__name__)


class WrongState(Conflict):
    """A schedule is in a state from which it can be neither paused nor resumed; the message names it."""


def pause_schedule(*, schedule_id: UUID, reason: str, actor: str, until: datetime | None = None) -> Schedule:
    """Pause a schedule: none of its instants is fired, until somebody resumes it or its `until` has passed.

    One that is paused gets the new reason and end, and keeps its beginning; nothing changes where both are the same.

    Raises:
        ScheduleNotFound: There is none of this id.
        InvalidValue: There is no reason, or it is too long; or `until` has passed.
        WrongState: It is finished or broken.
    """
    now = database_now()
    check_hold(reason=reason, until=until, now=now)
    with write_transaction():
        schedule = lock_schedule(schedule_id)
        if schedule.state in {ScheduleState.FINISHED, ScheduleState.BROKEN}:
            raise WrongState(f"the schedule is {schedule.state} and does not run; there is nothing to pause")
        was_paused = is_paused(schedule, now)
        if was_paused and (schedule.pause_reason, schedule.paused_until) == (reason, until):
            return schedule
        if not was_paused:
            overdue = f"{actor} paused the schedule before this instant was fired: {reason}"
            settle_due(schedule, now, reason=overdue, outcome=SKIPPED_PAUSED)
            schedule.state, schedule.state_reason, schedule.state_since = ScheduleState.PAUSED, "", now
            schedule.paused_at = now
        schedule.paused_by, schedule.pause_reason, schedule.paused_until = actor, reason, until
        _arm(schedule)
        _save(schedule, actor=actor, now=now)
    shown_until = until.isoformat() if until else None
    log.info("schedule_paused", schedule_id=str(schedule_id), actor=actor, reason=reason, until=shown_until)
    return schedule


def resume_schedule(*, schedule_id: UUID, actor: str) -> Schedule:
    """End the pause of a schedule, or let a broken one try again; one that is active stays as it is.

    What the pause skipped goes into the ledger, and the next run lies strictly after now; with the resume policy
    `run_once`, and for a one-shot, the scheduler runs at once what the pause held up.

    Raises:
        ScheduleNotFound: There is none of this id.
        WrongState: It is finished; or its trigger can still not be evaluated.
    """
    now = database_now()
    with write_transaction():
        schedule = lock_schedule(schedule_id)
        if schedule.state == ScheduleState.FINISHED:
            raise WrongState("the schedule is finished: it has no instants left; give it a new trigger")
        try:
            if schedule.state == ScheduleState.BROKEN:
                set_rule(schedule, Rule.of(schedule), now=now)
            elif is_paused(schedule, now):
                _release(schedule, schedule.trigger_rule, now)
            else:
                return schedule
        except TriggerError as error:
            raise WrongState(f"the schedule cannot go on: {error}; give it a new trigger") from error
        _save(schedule, actor=actor, now=now)
    log.info("schedule_resumed", schedule_id=str(schedule_id), actor=actor)
    return schedule


def _release(schedule: Schedule, trigger: Trigger, now: datetime) -> None:
    """End a pause now; where something is to run that it held up, the next turn does that, as after an `until`."""
    schedule.paused_until = now
    first = trigger.next_after(schedule.planned_through)
    is_due = first is not None and later_by(schedule.spread_offset, first) <= now
    if is_due and schedule.resume_policy == ResumePolicy.RUN_ONCE:
        schedule.next_run_at = now
        return
    pause = pause_of(schedule)
    assert pause is not None, "it is paused"
    # Also an instant of this very moment: the next run lies strictly after it.
    settle_due(schedule, now, reason=say_pause(pause), outcome=SKIPPED_PAUSED)
    activate(schedule, trigger, now=now)


def _arm(schedule: Schedule) -> None:
    try:
        arm_paused(schedule, schedule.trigger_rule)
    except TriggerError:  # then the turn after the pause finds out, and says so
        schedule.next_run_at = schedule.paused_until


def _save(schedule: Schedule, *, actor: str, now: datetime) -> None:
    schedule.version += 1
    schedule.updated_at, schedule.updated_by = now, actor
    schedule.save(force_update=True)
    notify(SCHEDULES_CHANGED)

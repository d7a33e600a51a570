"""What has passed of a schedule and is not in the ledger yet: it is written when what holds the schedule has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from schedules.models import ResumePolicy, Schedule, ScheduleState
from schedules.planning import PlannedTurn, plan_instants, plan_undecided
from schedules.policies import SKIPPED_FROZEN, SKIPPED_PAUSED, STARTED, Decision, Situation, say, settle
from schedules.rules import is_paused
from schedules.situations import situation_to_settle
from schedules.triggers import TriggerError
from tasks.freezing import current_freeze


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Instants that will have one outcome, from the first to the last of them, and the reason for it.

    `count` is None where there are too many to count.
    """

    first: datetime
    last: datetime
    count: int | None
    outcome: str
    reason: str

    def __str__(self) -> str:
        count = "more than can be counted" if self.count is None else f"{self.count:,}"
        until = "" if self.last == self.first else f" to {say(self.last)}"
        return f"{count} from {say(self.first)}{until}, {self.outcome}: {self.reason}"


def find_unsettled(schedule: Schedule, *, now: datetime) -> Unsettled | None:
    """Return what has passed of a schedule that is paused, or in a freeze of the engine, since that began.

    It is computed as a turn computes it and within the same bounds. None while nothing holds the schedule, or nothing
    has passed.
    """
    if not is_paused(schedule, now) and (schedule.next_run_at is None or current_freeze(now=now) is None):
        return None
    situation = situation_to_settle(schedule, now)
    try:
        turn = _plan(schedule, situation)
    except TriggerError:
        return None  # the turn will find it broken
    unsettled = last_held(settle(turn.planned, situation, reason="not fired yet"))
    return None if unsettled is None else _with_run_at_end(schedule, unsettled)


def _plan(schedule: Schedule, situation: Situation) -> PlannedTurn:
    trigger = schedule.trigger_rule
    if schedule.state == ScheduleState.PAUSED:
        return plan_undecided(trigger, after=schedule.planned_through, situation=situation)
    assert schedule.next_run_at is not None, "only what is to run can be held by a freeze"
    first, until = schedule.next_run_at - situation.spread, situation.now - situation.spread
    return plan_instants(trigger, first=first, until=until, marks=situation.marks())


def last_held(decisions: Sequence[Decision]) -> Unsettled | None:
    """Return the last decisions as one, as far as they are alike; None where those are not held up. Pure."""
    if not decisions or decisions[-1].outcome not in {SKIPPED_PAUSED, SKIPPED_FROZEN}:
        return None
    last = decisions[-1]
    alike = list(
        takewhile(lambda each: (each.outcome, each.reason) == (last.outcome, last.reason), reversed(decisions))
    )
    counts = [each.count for each in alike]
    count = None if None in counts else sum(each for each in counts if each is not None)
    end = last.last_scheduled_for or last.scheduled_for
    return Unsettled(alike[-1].scheduled_for, end, count, last.outcome, last.reason)


def _with_run_at_end(schedule: Schedule, held: Unsettled) -> Unsettled:
    """Say what is run when that has ended."""
    if schedule.trigger == "date":
        reason = f"{held.reason}; a single date is never dropped: it runs when that has ended"
        return Unsettled(held.first, held.last, held.count, STARTED, reason)
    if schedule.resume_policy == ResumePolicy.RUN_ONCE:
        reason = f"{held.reason}; the last of them runs when that has ended (resume_policy)"
        return Unsettled(held.first, held.last, held.count, held.outcome, reason)
    return held

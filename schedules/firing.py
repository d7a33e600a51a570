"""The turn: due schedules become firings and tasks, all in one transaction.

A process that dies in it leaves nothing behind, and the next turn finds the same schedules due. Any number of
schedulers take turns at once: each claims other rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, QuerySet, Subquery

from orchestrator_site.common.bulk import update_rows
from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import lock_unclaimed, write_transaction
from schedules.guards import Verdict, ask, find_guard
from schedules.ledger import Entry, insert_new
from schedules.liveness import last_recovery
from schedules.models import ConcurrencyKey, Schedule, ScheduleState
from schedules.planning import PlannedTurn, plan_instants, plan_undecided
from schedules.policies import ERROR, Decision, Situation, decide, say
from schedules.situations import Circumstances, Troubles
from schedules.triggers import TriggerError
from schedules.triggers.base import later_by
from tasks.freezing import freezes_in_force, last_thaw
from tasks.services import cancel_tasks, create_tasks
from workflows.engine import WorkflowDefinition
from workflows.engine.outcomes import storable_text
from workflows.selectors import find_start_problem

log = structlog.get_logger(__name__)

ACTOR = "scheduler"
# A turn takes no more rows once planning has taken this many trigger steps: it must not hold its locks for long.
STEPS_PER_TURN = 20_000

# What a turn writes of every schedule, and of those besides that begin or end a pause with it.
ADVANCED = ("next_run_at", "planned_through", "state", "state_reason", "state_since")
PAUSE = ("paused_at", "paused_by", "pause_reason", "paused_until")
NO_PAUSE = (None, "", "", None)
PAUSED_BY_FAILURES = "pause_after_failures"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did; due schedules of which it decided none are in the hands of other schedulers.

    `decided` are schedules, and `instants` those of theirs up to now; a stretch that cannot be counted is one.
    """

    found_due: bool
    decided: int = 0
    instants: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a turn makes of one schedule; `turn` is None when its trigger cannot even be built."""

    schedule: Schedule
    turn: PlannedTurn | None
    situation: Situation
    broken_by: str = ""


def fire_due(*, limit: int, now: datetime, clock: Clock | None = None) -> Turn:
    """Decide up to `limit` due schedules; none while the engine is frozen.

    Code of authors runs outside of the transaction: schedules whose workflow has some get one each, afterwards.

    Args:
        limit: How many.
        now: The database's time.
        clock: Tells it again when code of authors has run, which may take long; without one, it is still `now`.
    """
    due = _due(now).annotate(thawed_at=Subquery(last_thaw()), recovered_at=Subquery(last_recovery()))
    found = due.values_list("thawed_at", "recovered_at")[:1]
    if not found:
        return Turn(found_due=False)
    [moments] = found
    troubles = Troubles(*moments)
    with write_transaction():
        claimed = claim_due(now, limit)
        guards = {each.pk: guard for each in claimed if (guard := find_guard(each)) is not None}
        plans = _decide_claimed([each for each in claimed if each.pk not in guards], now, troubles)
    for each in (each for each in claimed if each.pk in guards):
        try:
            plans += fire_guarded(each, guards[each.pk], now, troubles, clock=clock)
        except (OperationalError, InterfaceError):  # the database: the others would fare no better
            raise
        except Exception:  # code of authors has had a say in it; one schedule must not stop those behind it
            log.exception("guarded_turn_failed", schedule_id=str(each.pk))
    for broken in (each for each in plans if each.broken_by):
        log.error("schedule_broke", schedule_id=str(broken.schedule.pk), reason=broken.broken_by)
    instants = sum(len(each.turn.planned.parts) for each in plans if each.turn is not None)
    return Turn(found_due=True, decided=len(plans), instants=instants)


def fire_guarded(
    schedule: Schedule, guard: WorkflowDefinition, now: datetime, troubles: Troubles, *, clock: Clock | None = None
) -> list[Plan]:
    """Decide a schedule whose workflow has a say in it: ask that first, then decide, if nothing changed meanwhile."""
    verdict = ask(guard, schedule.inputs, actor=ACTOR)
    decided_at = now if clock is None else clock()
    with write_transaction():
        # Not when it was edited, nor when another scheduler has decided this instant: the answer was about that one.
        same = _due(now).filter(pk=schedule.pk, version=schedule.version, next_run_at=schedule.next_run_at)
        locked = list(lock_unclaimed(same).select_related("link").prefetch_related("link__workflow"))
        return _decide_claimed(locked, now, troubles, verdict=verdict, decided_at=decided_at)


def claim_due(now: datetime, limit: int) -> list[Schedule]:
    """Lock due schedules, the most overdue first, passing over those that another scheduler holds."""
    return list(
        lock_unclaimed(_due(now))
        .select_related("link")
        .prefetch_related("link__workflow")
        .order_by("next_run_at")[:limit]
    )


def _due(now: datetime) -> QuerySet[Schedule]:
    return Schedule.objects.filter(~Exists(freezes_in_force(now=now)), next_run_at__lte=now)


def _decide_claimed(
    claimed: Sequence[Schedule],
    now: datetime,
    troubles: Troubles,
    *,
    verdict: Verdict | None = None,
    decided_at: datetime | None = None,
) -> list[Plan]:
    """Decide schedules that this transaction has locked: write the ledger and the tasks, and move each one on."""
    if not claimed:
        return []
    circumstances = Circumstances.read(claimed, now, troubles)
    plans = plan(claimed, circumstances)
    record(decide_all(plans, circumstances, verdict=verdict), decided_at or now)
    advance(plans, circumstances)
    return plans


def plan(schedules: Iterable[Schedule], circumstances: Circumstances) -> list[Plan]:
    """Find the instants of each schedule up to now and its next one; a trigger that fails breaks only its schedule."""
    plans: list[Plan] = []
    steps = 0
    for schedule in schedules:
        if steps > STEPS_PER_TURN:
            break  # the rest stays due, for the next turn
        plans.append(_plan_one(schedule, circumstances.situation_of(schedule)))
        turn = plans[-1].turn
        steps += turn.steps if turn else 1
    return plans


def _plan_one(schedule: Schedule, situation: Situation) -> Plan:
    assert schedule.next_run_at is not None, "only schedules with a next run are claimed"
    try:
        trigger = schedule.trigger_rule
        spread = situation.spread
        if schedule.state == ScheduleState.PAUSED:  # what the pause skipped is decided now that it is over
            turn = plan_undecided(trigger, after=schedule.planned_through, situation=situation)
        else:
            turn = plan_instants(
                trigger,
                first=schedule.next_run_at - spread,
                until=situation.now - spread,
                marks=situation.marks(),
                keep=situation.most_at_once,
            )
    except TriggerError as error:
        return Plan(schedule, None, situation, broken_by=str(error))
    except Exception as error:
        # What is stored may have been written by anything. A trigger that no check foresaw must not stop the others.
        log.exception("trigger_failed", schedule_id=str(schedule.pk))
        return Plan(schedule, None, situation, broken_by=f"{type(error).__name__}: {error}")
    return Plan(schedule, turn, situation, broken_by=turn.broken_by)


def decide_all(plans: Iterable[Plan], circumstances: Circumstances, *, verdict: Verdict | None = None) -> list[Entry]:
    """Ask the policies what becomes of every planned instant.

    Args:
        plans: Whose instants.
        circumstances: What is the case around them.
        verdict: What the code of the workflow said about what would start.
    """
    entries: list[Entry] = []
    for each in plans:
        if each.turn is not None:
            decided = [_check(Entry.of(each.schedule, decision)) for decision in _decide(each, circumstances)]
            decided = [verdict.apply(entry) for entry in decided] if verdict else decided
            circumstances.add_started(each.schedule, decided)
            entries += decided
    return entries


def _decide(each: Plan, circumstances: Circumstances) -> list[Decision]:
    assert each.turn is not None, "the caller has looked"
    shares_tasks = each.schedule.concurrency_key == ConcurrencyKey.WORKFLOW
    # Another one of this turn, which was decided before it, may have started a task that it shares.
    situation = circumstances.situation_of(each.schedule) if shares_tasks else each.situation
    return decide(each.turn.planned, situation)


def _check(entry: Entry) -> Entry:
    """Refuse a start that cannot be: the database cannot forbid a schedule without a link, and it must stop nothing."""
    if not entry.decision.starts_task:
        return entry
    link = getattr(entry.schedule, "link", None)
    problem = find_start_problem(link.workflow) if link else "the schedule is linked to no workflow"
    return entry.refuse(ERROR, problem) if problem else entry


def record(entries: Sequence[Entry], now: datetime) -> None:
    """Write the ledger and put the tasks on the queue; an instant that the ledger has already starts nothing."""
    starting = [entry for entry in insert_new(entries, now) if entry.decision.starts_task]
    reasons = {
        task_id: f"aborted for the instant of {say(entry.decision.scheduled_for)} (overlap_policy cancel_running)"
        for entry in starting
        for task_id in entry.decision.cancels
    }
    create_tasks(requests=[entry.request for entry in starting], actor=ACTOR, now=now)
    if reasons:
        cancel_tasks(reasons=reasons, now=now)


def advance(plans: Sequence[Plan], circumstances: Circumstances) -> None:
    """Move every schedule on to its next instant; without one it is finished, or broken."""
    columns = (*ADVANCED, *PAUSE)
    advanced = {each.schedule.pk: _advanced(each, circumstances) for each in plans}
    paused = {each.schedule.pk for each in plans if each.schedule.state == ScheduleState.PAUSED}
    paused |= circumstances.failures.keys() & advanced.keys()
    update_rows(Schedule, columns, {key: values for key, values in advanced.items() if key in paused})
    others = {key: values[: len(ADVANCED)] for key, values in advanced.items() if key not in paused}
    update_rows(Schedule, ADVANCED, others)


def _advanced(each: Plan, circumstances: Circumstances) -> tuple[Any, ...]:
    """Return ADVANCED and PAUSE of a schedule as they are after the turn."""
    schedule, turn, now = each.schedule, each.turn, circumstances.now
    planned_through = (turn.planned.last if turn else None) or schedule.planned_through
    if each.broken_by:
        return None, planned_through, ScheduleState.BROKEN, storable_text(each.broken_by), now, *NO_PAUSE
    assert turn is not None, "only what is broken has none"
    if turn.following is None:
        return None, planned_through, ScheduleState.FINISHED, "its last instant has passed", now, *NO_PAUSE
    if (failures := circumstances.failures.get(schedule.pk)) is not None:
        log.warning("schedule_paused_by_failures", schedule_id=str(schedule.pk), reason=failures)
        return None, planned_through, ScheduleState.PAUSED, "", now, now, PAUSED_BY_FAILURES, failures, None
    since = schedule.state_since if schedule.paused_until is None else schedule.paused_until
    next_run_at = later_by(schedule.spread_offset, turn.following)
    return next_run_at, planned_through, ScheduleState.ACTIVE, "", since, *NO_PAUSE

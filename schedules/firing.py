"""The turn: due schedules become firings and tasks, all in one transaction.

A process that dies in it leaves nothing behind, and the next turn finds the same schedules due. Any number of
schedulers take turns at once: each claims other rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db.models import Exists, QuerySet, Subquery

from orchestrator_site.common.bulk import update_rows
from orchestrator_site.common.database import lock_unclaimed, write_transaction
from schedules.guards import Verdict, ask, find_guard
from schedules.ledger import Entry, insert_new
from schedules.liveness import OUTAGE_AFTER, outages_since
from schedules.models import Schedule, ScheduleState
from schedules.planning import PlannedTurn, plan_instants
from schedules.policies import ERROR, Decision, Freeze, Outage, Situation, decide
from schedules.triggers import TriggerError
from schedules.triggers.base import later_by
from tasks.freezing import freezes_in_force, freezes_since, last_thaw, say_freeze
from tasks.queue import find_blocking
from tasks.services import create_tasks
from workflows.engine import WorkflowDefinition
from workflows.selectors import find_start_problem

log = structlog.get_logger(__name__)

ACTOR = "scheduler"
# A turn takes no more rows once planning has taken this many trigger steps: it must not hold its locks for long.
STEPS_PER_TURN = 20_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did; due schedules of which it decided none are in the hands of other schedulers."""

    found_due: bool
    decided: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """What was not as it should be: stretches without any scheduler, and those in which the engine was frozen."""

    outages: Sequence[Outage] = ()
    freezes: Sequence[Freeze] = ()

    @classmethod
    def since(cls, moment: datetime, now: datetime, *, thawed_at: datetime | None) -> "Past":
        """Read what reaches beyond a moment, where there can be anything."""
        outages = outages_since(moment) if now - moment > OUTAGE_AFTER else ()
        rows = freezes_since(moment) if thawed_at is not None and thawed_at > moment else ()
        return cls(outages, [Freeze(row.started_at, row.ended_at or row.until or now, say_freeze(row)) for row in rows])


@dataclass(frozen=True, slots=True)
class Plan:
    """What a turn makes of one schedule; `turn` is None when its trigger cannot even be built."""

    schedule: Schedule
    turn: PlannedTurn | None
    broken_by: str = ""


def fire_due(*, limit: int, now: datetime) -> Turn:
    """Decide up to `limit` due schedules as of `now`, the database's time; none while the engine is frozen.

    Code of authors runs outside of the transaction: schedules whose workflow has some get one each, afterwards.
    """
    due = _due(now).annotate(thawed_at=Subquery(last_thaw())).values_list("thawed_at", flat=True)[:1]
    if not due:
        return Turn(found_due=False)
    [thawed_at] = due
    with write_transaction():
        claimed = claim_due(now, limit)
        guards = {each.pk: guard for each in claimed if (guard := find_guard(each)) is not None}
        plans = plan((each for each in claimed if each.pk not in guards), now)
        record(decide_all(plans, now, thawed_at=thawed_at), now)
        advance(plans, now)
    for each in (each for each in claimed if each.pk in guards):
        plans += fire_guarded(each, guards[each.pk], now, thawed_at=thawed_at)
    for broken in (each for each in plans if each.broken_by):
        log.error("schedule_broke", schedule_id=str(broken.schedule.pk), reason=broken.broken_by)
    return Turn(found_due=True, decided=len(plans))


def fire_guarded(
    schedule: Schedule, guard: WorkflowDefinition, now: datetime, *, thawed_at: datetime | None
) -> list[Plan]:
    """Decide a schedule whose workflow has a say in it: ask that first, then decide, if nothing changed meanwhile."""
    verdict = ask(guard, schedule.inputs, actor=ACTOR)
    with write_transaction():
        again = lock_unclaimed(_due(now).filter(pk=schedule.pk, version=schedule.version))
        plans = plan(again.select_related("link").prefetch_related("link__workflow"), now)
        record(decide_all(plans, now, thawed_at=thawed_at, verdict=verdict), now)
        advance(plans, now)
    return plans


def claim_due(now: datetime, limit: int) -> list[Schedule]:
    """Lock due schedules, the most overdue first, passing over those that another scheduler holds."""
    return list(
        lock_unclaimed(_due(now))
        .select_related("link")
        .prefetch_related("link__workflow")
        .order_by("next_run_at")[:limit]
    )


def plan(schedules: Iterable[Schedule], now: datetime) -> list[Plan]:
    """Find the instants of each schedule up to now and its next one; a trigger that fails breaks only its schedule."""
    plans: list[Plan] = []
    steps = 0
    for schedule in schedules:
        if steps > STEPS_PER_TURN:
            break  # the rest stays due, for the next turn
        plans.append(_plan_one(schedule, now))
        turn = plans[-1].turn
        steps += turn.steps if turn else 1
    return plans


def _plan_one(schedule: Schedule, now: datetime) -> Plan:
    assert schedule.next_run_at is not None, "only schedules with a next run are claimed"
    try:
        spread = schedule.spread_offset
        turn = plan_instants(schedule.trigger_rule, first=schedule.next_run_at - spread, until=now - spread)
    except TriggerError as error:
        return Plan(schedule, None, broken_by=str(error))
    except Exception as error:
        # What is stored may have been written by anything. A trigger that no check foresaw must not stop the others.
        log.exception("trigger_failed", schedule_id=str(schedule.pk))
        return Plan(schedule, None, broken_by=f"{type(error).__name__}: {error}")
    return Plan(schedule, turn, broken_by=turn.broken_by)


def decide_all(
    plans: Sequence[Plan], now: datetime, *, thawed_at: datetime | None = None, verdict: Verdict | None = None
) -> list[Entry]:
    """Ask the policies what becomes of every planned instant.

    Args:
        plans: Whose instants.
        now: The database's time.
        thawed_at: When the engine was frozen last.
        verdict: What the code of the workflow said about what would start.
    """
    planned = [(each.schedule, each.turn) for each in plans if each.turn is not None]
    blocking = find_blocking(schedule.pk for schedule, _ in planned)
    earliest = min((turn.first + schedule.spread_offset for schedule, turn in planned), default=now)
    past = Past.since(earliest, now, thawed_at=thawed_at)
    entries = [
        Entry.of(schedule, decision)
        for schedule, turn in planned
        for decision in _decide(schedule, turn, now, past, blocking.get(schedule.pk))
    ]
    return [verdict.apply(entry) for entry in entries] if verdict else entries


def record(entries: Sequence[Entry], now: datetime) -> None:
    """Write the ledger and put the tasks on the queue; an instant that the ledger has already starts nothing."""
    recorded = insert_new(entries, now)
    create_tasks(requests=[entry.request for entry in recorded if entry.decision.starts_task], actor=ACTOR, now=now)


def advance(plans: Iterable[Plan], now: datetime) -> None:
    """Move every schedule on to its next instant; without one it is finished, or broken."""
    columns = ("next_run_at", "planned_through", "state", "state_reason", "state_since")
    update_rows(Schedule, columns, {each.schedule.pk: _advanced(each, now) for each in plans})


def _due(now: datetime) -> QuerySet[Schedule]:
    return Schedule.objects.filter(~Exists(freezes_in_force(now=now)), next_run_at__lte=now)


def _decide(schedule: Schedule, turn: PlannedTurn, now: datetime, past: Past, blocked_by: str | None) -> list[Decision]:
    situation = Situation(
        now=now,
        spread=schedule.spread_offset,
        is_one_shot=schedule.trigger == "date",
        misfire_window=timedelta(seconds=schedule.misfire_window_seconds),
        outages=past.outages,
        freezes=past.freezes,
        blocked_by=blocked_by,
    )
    decisions = decide(turn.planned, situation)
    # The database cannot forbid a schedule without a link, and one such row must not stop every turn.
    link = getattr(schedule, "link", None)
    problem = find_start_problem(link.workflow) if link else "the schedule is linked to no workflow"
    if problem:
        return [replace(each, outcome=ERROR, reason=problem) if each.starts_task else each for each in decisions]
    return decisions


def _advanced(each: Plan, now: datetime) -> tuple[datetime | None, datetime, str, str, datetime]:
    schedule, turn = each.schedule, each.turn
    planned_through = turn.planned_through if turn else schedule.planned_through
    if each.broken_by:
        return None, planned_through, ScheduleState.BROKEN, each.broken_by, now
    assert turn is not None, "only what is broken has none"
    if turn.following is None:
        return None, planned_through, ScheduleState.FINISHED, "its last instant has passed", now
    next_run_at = later_by(schedule.spread_offset, turn.following)
    return next_run_at, planned_through, schedule.state, schedule.state_reason, schedule.state_since

"""Why a schedule fired, fires or does not fire at a moment, read from the database; nothing is written.

No code of authors is run: predicates and forms are asked when a schedule fires, and may do anything.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schedules.explained_rows import find_rows
from schedules.explaining import Asked, Code, Explanation, Facts, LedgerRow, Schedulers, Subject, explain
from schedules.models import Schedule, SchedulerPulse, ScheduleState
from schedules.policies import Hold
from schedules.previews import read_after
from schedules.processes import ProcessState, list_processes, state_of
from schedules.selectors import ScheduleNotFound, find_name_in_ledger, list_schedules
from schedules.situations import hold_of, pause_by_failures, pause_of, read_situation, say_failures
from schedules.task_fates import find_fate
from schedules.triggers import Trigger, TriggerError
from schedules.triggers.clocks import first_moment_of
from schedules.triggers.fields import read_bounds
from tasks.freezing import freezes_since
from tasks.starting import find_definition
from workflows.selectors import find_start_problem

VIEW_FIRING, VIEW_TASK = "schedules.view_firing", "tasks.view_task"

_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
_WITH_BOUNDS = frozenset({"cron", "interval", "calendarinterval"})
_FRACTION = re.compile(r"[.,](\d{1,6})")
_SECONDS = re.compile(r"\d\d:\d\d:\d\d|[T ]\d{6}")


def explain_schedule(*, schedule_id: UUID, at: str | None, now: datetime, user: Any = None) -> Explanation:
    """Explain what became, or becomes, of a schedule at a moment.

    Args:
        schedule_id: Whose; also one that was deleted, of which the ledger has rows.
        at: ISO 8601, to any precision: a minute means all of that minute. Without an offset it is what the clocks of
            the schedule show. None for now, or for what is due by now and has not been decided.
        now: The database's time.
        user: Who asks, and sees the row of the ledger, and the task, only with the permission to view them; None for
            the system itself, which sees all.

    Raises:
        ScheduleNotFound: There is none of this id, and the ledger knows of none.
        InvalidValue: `at` is no moment.
    """
    schedule = list_schedules().filter(pk=schedule_id).first()
    name = find_name_in_ledger(schedule_id) if schedule is None else schedule.name
    if name is None:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=str(schedule_id))
    asked = _asked_about(schedule, at, now)
    rows = find_rows(schedule_id, asked, spread=schedule.spread_offset if schedule else timedelta(0))
    facts = _read_facts(schedule, asked, rows, now)
    explanation = explain(facts, schedule_id=schedule_id, name=name)
    return _complete(explanation, user, now)


def read_asked(text: str, timezone: str) -> Asked:
    """Return the moment that somebody has written, to the precision that it has.

    Raises:
        InvalidValue: It is no moment.
    """
    moment = read_after(text, field="at")
    span = _span_of(text, moment)
    if moment.tzinfo is not None:
        return Asked(moment.astimezone(UTC), span)
    zone = ZoneInfo(timezone)
    again = moment.replace(tzinfo=zone, fold=1).astimezone(UTC)
    first = first_moment_of(moment, zone)
    is_shown_again = again > first and again.astimezone(zone).replace(tzinfo=None) == moment
    return Asked(first, span, again if is_shown_again else None)


def _span_of(text: str, moment: datetime) -> timedelta:
    if (fraction := _FRACTION.search(text)) is not None:
        return _SECOND / int("1" + "0" * len(fraction[1]))
    return _SECOND if moment.second or _SECONDS.search(text) else _MINUTE


def _asked_about(schedule: Schedule | None, at: str | None, now: datetime) -> Asked:
    if at is not None:
        return read_asked(at, schedule.timezone if schedule else "UTC")
    if schedule is not None and schedule.next_run_at is not None and schedule.next_run_at <= now:
        return Asked(schedule.next_run_at)
    return Asked(now)


def _read_facts(schedule: Schedule | None, asked: Asked, rows: Sequence[LedgerRow], now: datetime) -> Facts:
    if schedule is None:
        return Facts(now=now, asked=asked, subject=None, rows=rows)
    return Facts(
        now=now,
        asked=asked,
        subject=_subject_of(schedule, now),
        rows=rows,
        freezes=[hold_of(row) for row in freezes_since(asked.start)],
        schedulers=_read_schedulers(now),
    )


def _read_schedulers(now: datetime) -> Schedulers:
    states = [(state_of(process, now=now), process.last_tick_at) for process in list_processes()]
    if any(state is ProcessState.ALIVE for state, _ in states):
        return Schedulers(is_any_alive=True)
    if looked := [looked_at for state, looked_at in states if state is ProcessState.STUCK]:
        return Schedulers(stuck=len(looked), last_at=max(looked))
    # Who ends in order leaves no row behind; the pulse stays.
    return Schedulers(last_at=SchedulerPulse.objects.filter(pk=1).values_list("last_tick_at", flat=True).first())


def _subject_of(schedule: Schedule, now: datetime) -> Subject:
    trigger, broken_by = _build(schedule)
    starts, ends = _bounds_of(schedule) if trigger is not None else (None, None)
    start_code, start_problem, code_problem = _find_problems(schedule)
    definition = None if start_code else find_definition(schedule.workflow.name)
    return Subject(
        timezone=schedule.timezone,
        spread=schedule.spread_offset,
        trigger=trigger,
        broken_by=schedule.state_reason if schedule.state == ScheduleState.BROKEN else broken_by,
        is_one_shot=schedule.trigger == "date",
        dst_gap=schedule.dst_gap,
        dst_fold=schedule.dst_fold,
        created_at=schedule.created_at,
        created_by=schedule.created_by,
        updated_at=schedule.updated_at,
        updated_by=schedule.updated_by,
        planned_since=max(schedule.created_at, schedule.grid_start_at),
        planned_through=schedule.planned_through,
        starts=starts,
        ends=ends,
        pause=_find_pause(schedule),
        resume_policy=schedule.resume_policy,
        start_problem=start_problem,
        start_code=start_code,
        code_problem=code_problem,
        has_predicate=definition is not None and definition.run_predicate is not None,
        has_form=definition is not None and definition.initial_input_form is not None,
        situation=read_situation(schedule, now),
    )


def _find_pause(schedule: Schedule) -> Hold | None:
    """Return the pause that it is in, or that the next turn begins."""
    if schedule.state == ScheduleState.ACTIVE and (failures := say_failures(schedule)):
        return pause_by_failures(schedule, failures)
    return pause_of(schedule)


def _build(schedule: Schedule) -> tuple[Trigger | None, str]:
    try:
        return schedule.trigger_rule, ""
    except TriggerError as error:
        return None, str(error)


def _bounds_of(schedule: Schedule) -> tuple[datetime | None, datetime | None]:
    """Return `start_date` and `end_date`; the parts of a combined trigger have their own, which are not those of it."""
    if schedule.trigger not in _WITH_BOUNDS:
        return None, None
    takes_whole_days = schedule.trigger == "calendarinterval"
    return read_bounds(schedule.trigger_kwargs, ZoneInfo(schedule.timezone), takes_whole_days=takes_whole_days)


def _find_problems(schedule: Schedule) -> tuple[Code | None, str, str]:
    """Return why no task can start, with its code; and why this process does not find the workflow's code."""
    link = getattr(schedule, "link", None)
    if link is None:
        return Code.NO_WORKFLOW, "the schedule is linked to no workflow", ""
    problem = find_start_problem(link.workflow)
    if link.workflow.deleted_at is not None:
        return Code.WORKFLOW_DELETED, problem, ""
    return None, "", problem


def _complete(explanation: Explanation, user: Any, now: datetime) -> Explanation:
    """Add what became of the task, and leave out what the user may not see."""
    row = explanation.firing
    may_see_task, may_see_row = (user is None or user.has_perm(each) for each in (VIEW_TASK, VIEW_FIRING))
    fate = find_fate(row.task_id, now=now) if row is not None and row.task_id is not None and may_see_task else None
    return replace(explanation, firing=row if may_see_row else None, task=fate)

"""The lists of the first page: what failed last, what did not run, what runs, and what comes next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.defaultfilters import truncatechars

from orchestrator_site.common.admin.display import show_time
from orchestrator_site.common.admin.verbs import first_line
from orchestrator_site.home.links import explain_url, firing_url, schedule_url, task_url
from orchestrator_site.home.look import RESUME_TASKS, VIEW_FIRINGS, VIEW_SCHEDULES, VIEW_TASKS, Look
from orchestrator_site.home.words import say_outcome, say_status
from schedules.forecasts import PlannedFire
from schedules.models import Firing
from schedules.overview import Shown, find_shown
from tasks.models import EngineFreeze, Task
from tasks.overview import find_failed_steps
from tasks.standing import CurrentSteps

ROWS = 5
MAX_REASON_CHARACTERS = 110


def describe_lists(look: Look) -> dict[str, Any]:
    """Return the rows of each list that this user may see; None for one that they may not."""
    sees_tasks = look.may(VIEW_TASKS)
    failures, running = (look.failures[:ROWS], look.running[:ROWS]) if sees_tasks else ([], [])
    not_run = look.not_run[:ROWS] if look.may(VIEW_FIRINGS) else []
    # A row of the ledger has the name; a task has not.
    named = (failures, running, not_run) if look.may(VIEW_SCHEDULES) else (not_run,)
    ids = {row.schedule_id for rows in named for row in rows if row.schedule_id}
    schedules = find_shown(ids) if ids else {}
    steps = find_failed_steps([task.pk for task in failures]) if failures else {}
    return {
        "failures": [_describe_failure(task, look, steps, schedules) for task in failures] if sees_tasks else None,
        "not_run": [_describe_instant(row, look, schedules) for row in not_run] if look.may(VIEW_FIRINGS) else None,
        "running": _describe_running(running, look, schedules) if sees_tasks else None,
        "upcoming": _describe_upcoming(look) if look.may(VIEW_SCHEDULES) else None,
        "may_resume": look.may(RESUME_TASKS),
    }


def is_kept(at: datetime, freeze: EngineFreeze) -> bool:
    """Tell whether a freeze that is in force keeps an instant from running."""
    return freeze.until is None or at < freeze.until


def _name_of(schedule_id: UUID | None, schedules: Mapping[UUID, Shown]) -> str:
    shown = schedules.get(schedule_id) if schedule_id else None
    return shown.name if shown else ""


def _describe_failure(
    task: Task, look: Look, steps: Mapping[UUID, str], schedules: Mapping[UUID, Shown]
) -> dict[str, Any]:
    step = steps.get(task.pk, "")
    return {
        "id": task.pk,
        "url": task_url(task.pk),
        "name": _name_of(task.schedule_id, schedules) or str(task.workflow),
        "status": say_status(task.status),
        "step": step,
        "reason": truncatechars(first_line(task.failed_reason).removeprefix(f"{step}: "), MAX_REASON_CHARACTERS),
        "when": show_time(task.finished_at, now=look.now),
    }


def _describe_instant(row: Firing, look: Look, schedules: Mapping[UUID, Shown]) -> dict[str, Any]:
    shown = schedules.get(row.schedule_id)
    return {
        "id": row.pk,
        "url": firing_url(row.pk),
        "why_url": explain_url(row.schedule_id, row.due_at) if look.may(VIEW_SCHEDULES) else "",
        "name": shown.name if shown else row.schedule_name,
        "outcome": say_outcome(row.outcome),
        "count": row.count if row.last_scheduled_for else 1,
        "reason": truncatechars(first_line(row.reason), MAX_REASON_CHARACTERS),
        "when": show_time(row.due_at, now=look.now, zone=shown.timezone if shown else ""),
    }


def _describe_running(tasks: Sequence[Task], look: Look, schedules: Mapping[UUID, Shown]) -> list[dict[str, Any]]:
    steps = CurrentSteps(now=look.now)
    found = [(task, steps.find_of(task)) for task in tasks]
    return [
        {
            "id": task.pk,
            "url": task_url(task.pk),
            "name": _name_of(task.schedule_id, schedules) or str(task.workflow),
            "step": step.name if step else "",
            "is_overdue": step is not None and step.is_overdue,
            "worker": task.worker,
            "when": show_time(task.step_started_at, now=look.now),
        }
        for task, step in found
    ]


def _first_of_each(instants: Iterable[PlannedFire]) -> list[PlannedFire]:
    """Return what each schedule does next: one that runs every minute does not hide the others."""
    found: dict[UUID, PlannedFire] = {}
    for planned in instants:
        found.setdefault(planned.schedule_id, planned)
    return list(found.values())


def _describe_upcoming(look: Look) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{planned.schedule_id}-{planned.fire.at:%H%M%S}",
            "url": schedule_url(planned.schedule_id),
            "why_url": explain_url(planned.schedule_id, planned.fire.at),
            "name": planned.name,
            "workflow": planned.workflow_name or "",
            "is_kept": look.forecast.freeze is not None and is_kept(planned.fire.at, look.forecast.freeze),
            "when": show_time(planned.fire.at, now=look.now, zone=str(planned.fire.local.tzinfo)),
        }
        for planned in _first_of_each(look.forecast.instants)[:ROWS]
    ]

"""Writing schedules: create, update, delete, run now. Each is one transaction, and each wakes the schedulers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue
from orchestrator_site.common.ids import new_id
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.ledger import Entry, insert_new
from schedules.models import Schedule, ScheduleState, ScheduleWorkflow
from schedules.planning import plan_instants
from schedules.policies import give_up_all, run_by_hand
from schedules.selectors import ScheduleNotFound
from schedules.triggers import TriggerError, build_trigger, split_timezone
from tasks.models import Task
from tasks.services import create_tasks
from workflows.models import Workflow

log = structlog.get_logger(__name__)


class ChangedMeanwhile(Conflict):
    """Somebody else changed the schedule since it was read."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(
            f"{schedule.updated_by} changed the schedule at {schedule.updated_at:%Y-%m-%d %H:%M:%S}Z; it has version "
            f"{schedule.version} by now"
        )
        self.schedule = schedule


class WorkflowDoesNotMatch(InvalidValue):
    """A workflow was named along with a schedule that runs another one."""


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """What a new schedule is to be; `timezone` None means the setting TIME_ZONE."""

    name: str
    trigger: str
    trigger_kwargs: dict[str, Any]
    timezone: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleChanges:
    """What is to change; None leaves a field as it is. A new `trigger` comes with its `trigger_kwargs`."""

    name: str | None = None
    trigger: str | None = None
    trigger_kwargs: dict[str, Any] | None = None
    timezone: str | None = None
    inputs: dict[str, Any] | None = None


def create_schedule(
    *, draft: ScheduleDraft, workflow: Workflow, actor: str, schedule_id: UUID | None = None
) -> Schedule:
    """Store a schedule that will fire; its first instant lies strictly after now.

    Raises:
        TriggerError: The trigger cannot be built, or never fires.
    """
    now = database_now()
    kwargs, zone = split_timezone(draft.trigger_kwargs, draft.timezone)
    schedule = Schedule(
        id=schedule_id or new_id(),
        name=draft.name,
        inputs=draft.inputs,
        created_at=now,
        created_by=actor,
        updated_at=now,
        updated_by=actor,
        planned_through=now,
    )
    zone = settings.TIME_ZONE if zone is None else zone
    _set_trigger(schedule, trigger=draft.trigger, kwargs=kwargs, timezone=zone, now=now)
    with write_transaction():
        schedule.save(force_insert=True)
        ScheduleWorkflow.objects.create(schedule=schedule, workflow=workflow)
        notify(SCHEDULES_CHANGED)
    log.info("schedule_created", schedule_id=str(schedule.pk), name=schedule.name, actor=actor)
    return schedule


def update_schedule(
    *, schedule_id: UUID, changes: ScheduleChanges, actor: str, expected_version: int | None = None
) -> Schedule:
    """Change a schedule; a changed trigger or zone takes effect from now on and never fires into the past.

    Instants that were due under the old trigger and had not been fired go into the ledger as missed. Where an
    `expected_version` is given, the version that the changes were made from, nobody else's change is overwritten.

    Raises:
        ScheduleNotFound: There is none of this id.
        ChangedMeanwhile: It has another version than the expected one.
        TriggerError: The new trigger cannot be built, never fires, or comes without its arguments.
    """
    now = database_now()
    with write_transaction():
        schedule = _lock(schedule_id)
        if expected_version is not None and schedule.version != expected_version:
            raise ChangedMeanwhile(schedule)
        trigger, kwargs, zone = _changed_rule(schedule, changes)
        has_changed = (trigger, kwargs, zone) != (schedule.trigger, schedule.trigger_kwargs, schedule.timezone)
        is_mended = schedule.state == ScheduleState.BROKEN and changes.trigger_kwargs is not None
        if has_changed or is_mended:
            _settle(schedule, now, reason=f"{actor} changed the trigger before this instant was fired")
            _set_trigger(schedule, trigger=trigger, kwargs=kwargs, timezone=zone, now=now)
        schedule.name = schedule.name if changes.name is None else changes.name
        schedule.inputs = schedule.inputs if changes.inputs is None else changes.inputs
        schedule.version += 1
        schedule.updated_at, schedule.updated_by = now, actor
        schedule.save(force_update=True)
        notify(SCHEDULES_CHANGED)
    log.info("schedule_updated", schedule_id=str(schedule_id), version=schedule.version, actor=actor)
    return schedule


def delete_schedule(*, schedule_id: UUID, actor: str, workflow_id: UUID | None = None) -> Schedule:
    """Delete a schedule and return what it was; its firings and tasks stay.

    Raises:
        ScheduleNotFound: There is none of this id.
        WorkflowDoesNotMatch: `workflow_id` is given, and the schedule runs another workflow.
    """
    now = database_now()
    with write_transaction():
        schedule = _lock(schedule_id)
        if workflow_id is not None and workflow_id != schedule.workflow.pk:
            raise WorkflowDoesNotMatch(
                f"the schedule runs workflow {schedule.workflow.pk}, not {workflow_id}; leave workflow_id out",
                field="workflow_id",
                value=str(workflow_id),
            )
        _settle(schedule, now, reason=f"{actor} deleted the schedule before this instant was fired")
        Schedule.objects.filter(pk=schedule_id).delete()
        notify(SCHEDULES_CHANGED)
    log.info("schedule_deleted", schedule_id=str(schedule_id), name=schedule.name, actor=actor)
    return schedule


def run_schedule_now(*, schedule: Schedule, actor: str) -> Task:
    """Start the schedule's task now, by hand; it is in the ledger, and the schedule does not move."""
    now = database_now()
    entry = Entry.of(schedule, run_by_hand(now, actor))
    with write_transaction():
        insert_new([entry], now)
        [task] = create_tasks(requests=[entry.request], actor=actor, now=now)
    log.info("schedule_run_by_hand", schedule_id=str(schedule.pk), task_id=str(task.pk), actor=actor)
    return task


def _lock(schedule_id: UUID) -> Schedule:
    rows = Schedule.objects.select_for_update(of=("self",)).select_related("link__workflow")
    schedule = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=str(schedule_id))
    return schedule


def _changed_rule(schedule: Schedule, changes: ScheduleChanges) -> tuple[str, dict[str, Any], str]:
    """Return trigger, arguments and zone as they are to be."""
    trigger = schedule.trigger if changes.trigger is None else changes.trigger
    if changes.trigger_kwargs is None:
        if trigger != schedule.trigger:
            raise TriggerError(f"a new trigger '{trigger}' needs its trigger_kwargs", value=None)
        return trigger, schedule.trigger_kwargs, changes.timezone or schedule.timezone
    kwargs, zone = split_timezone(changes.trigger_kwargs, changes.timezone)
    return trigger, kwargs, schedule.timezone if zone is None else zone


def _set_trigger(schedule: Schedule, *, trigger: str, kwargs: dict[str, Any], timezone: str, now: datetime) -> None:
    """Give a schedule a rule; it is active with it, from the first instant after now."""
    rule = build_trigger(
        trigger, kwargs, timezone=timezone, grid_start=now, shortest_seconds=settings.MIN_INTERVAL_SECONDS
    )
    schedule.planned_through = max(now, schedule.planned_through)
    next_run_at = rule.next_after(schedule.planned_through)
    if next_run_at is None:
        raise TriggerError(
            f"never_fires: {rule} in {timezone} has no instant after {now:%Y-%m-%d %H:%M:%S}Z within ten years",
            value=kwargs,
        )
    schedule.trigger, schedule.trigger_kwargs, schedule.timezone = trigger, kwargs, timezone
    schedule.trigger_text = str(rule)
    schedule.grid_start_at = now
    schedule.next_run_at = next_run_at
    schedule.state, schedule.state_reason, schedule.state_since = ScheduleState.ACTIVE, "", now


def _settle(schedule: Schedule, now: datetime, *, reason: str) -> None:
    """Write what was due and never fired into the ledger, so that no instant goes without a trace."""
    if schedule.next_run_at is None or schedule.next_run_at > now:
        return
    try:
        overdue = plan_instants(schedule.trigger_rule, first=schedule.next_run_at, until=now)
    except TriggerError:
        return  # a trigger that cannot be evaluated has planned nothing
    insert_new([Entry.of(schedule, decision) for decision in give_up_all(overdue.planned, reason)], now)
    schedule.planned_through = overdue.planned_through

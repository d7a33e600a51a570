"""Writing schedules: create, update, delete, run now. Each is one transaction, and each wakes the schedulers."""

from collections.abc import Mapping
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
from schedules.selectors import ScheduleNotFound, get_schedule
from schedules.triggers import OPTIONS, TriggerError, build_trigger, check_first_instants, split_options
from schedules.triggers.base import later_by
from tasks.freezing import EngineFrozen, current_freeze
from tasks.models import Task
from tasks.services import create_tasks
from tasks.starting import check_may_start, check_predicate, clean_inputs, find_definition
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
    """What a new schedule is to be; an option that is None may stand in `trigger_kwargs`, or has its default.

    That of `timezone` is the setting TIME_ZONE.
    """

    name: str
    trigger: str
    trigger_kwargs: dict[str, Any]
    timezone: str | None = None
    dst_gap: str | None = None
    dst_fold: str | None = None
    on_missing_day: str | None = None
    spread_seconds: int | None = None
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleChanges:
    """What is to change; None leaves a field as it is. A new `trigger` comes with its `trigger_kwargs`."""

    name: str | None = None
    trigger: str | None = None
    trigger_kwargs: dict[str, Any] | None = None
    timezone: str | None = None
    dst_gap: str | None = None
    dst_fold: str | None = None
    on_missing_day: str | None = None
    spread_seconds: int | None = None
    inputs: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """When a schedule runs: what `trigger` and `trigger_kwargs` say, and each of OPTIONS."""

    trigger: str
    kwargs: dict[str, Any]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, schedule: Schedule) -> "Rule":
        """Return the rule that a schedule has."""
        return cls(schedule.trigger, schedule.trigger_kwargs, {name: getattr(schedule, name) for name in OPTIONS})

    def has_trigger_of(self, schedule: Schedule) -> bool:
        """Tell whether a schedule has the same trigger, whatever its options are."""
        return (self.trigger, self.kwargs) == (schedule.trigger, schedule.trigger_kwargs)


def create_schedule(
    *, draft: ScheduleDraft, workflow: Workflow, actor: str, user: Any = None, schedule_id: UUID | None = None
) -> Schedule:
    """Store a schedule that will fire; its first instant lies strictly after now.

    Args:
        draft: What it is to be.
        workflow: What it runs.
        actor: Who makes it, as it is recorded.
        user: Whom the workflow is asked about; None for the system itself, which may.
        schedule_id: Its id; a fresh one if there is none.

    Raises:
        TriggerError: The trigger cannot be built, never fires, or does so too often; or an option cannot be used.
        NotAuthorized: The workflow does not let this user start it.
        InvalidValue, InvalidFields: No task can start with these inputs.
    """
    check_may_start(find_definition(workflow.name), user)
    clean_inputs(workflow.name, draft.inputs)
    now = database_now()
    schedule = Schedule(
        id=schedule_id or new_id(),
        name=draft.name,
        inputs=draft.inputs,
        created_at=now,
        created_by=actor,
        updated_at=now,
        updated_by=actor,
        planned_through=now,
        timezone=settings.TIME_ZONE,
    )
    _set_rule(schedule, _merged_rule(schedule, draft.trigger, draft.trigger_kwargs, given=draft), now=now)
    with write_transaction():
        schedule.save(force_insert=True)
        ScheduleWorkflow.objects.create(schedule=schedule, workflow=workflow)
        notify(SCHEDULES_CHANGED)
    log.info("schedule_created", schedule_id=str(schedule.pk), name=schedule.name, actor=actor)
    return schedule


def update_schedule(
    *,
    schedule_id: UUID,
    changes: ScheduleChanges,
    actor: str,
    user: Any = None,
    expected_version: int | None = None,
) -> Schedule:
    """Change a schedule; a changed trigger or option takes effect from now on and never fires into the past.

    Instants that were planned under the old rule and had not been fired go into the ledger as missed. Where an
    `expected_version` is given, the version that the changes were made from, nobody else's change is overwritten.

    Raises:
        ScheduleNotFound: There is none of this id.
        ChangedMeanwhile: It has another version than the expected one.
        TriggerError: The new trigger cannot be built, never fires, does so too often, or comes without its arguments;
            or an option cannot be used.
        NotAuthorized: The workflow does not let this `user` start it.
        InvalidValue, InvalidFields: No task can start with the new inputs.
    """
    workflow_name = get_schedule(schedule_id).workflow.name
    check_may_start(find_definition(workflow_name), user)
    if changes.inputs is not None:
        clean_inputs(workflow_name, changes.inputs)
    now = database_now()
    with write_transaction():
        schedule = _lock(schedule_id)
        if expected_version is not None and schedule.version != expected_version:
            raise ChangedMeanwhile(schedule)
        rule = _changed_rule(schedule, changes)
        is_mended = schedule.state == ScheduleState.BROKEN and changes.trigger_kwargs is not None
        if rule != Rule.of(schedule) or is_mended:
            _settle(schedule, now, reason=f"{actor} changed the trigger before this instant was fired")
            _set_rule(schedule, rule, now=now)
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


def run_schedule_now(*, schedule: Schedule, actor: str, user: Any = None) -> Task:
    """Start the schedule's task now, by hand; it is in the ledger, and the schedule does not move.

    Raises:
        EngineFrozen: Nothing starts now.
        NotAuthorized: The workflow does not let this user start it.
        InvalidValue, InvalidFields: No task can start with the inputs of the schedule.
        StartRefused: The workflow refuses a start now.
    """
    now = database_now()
    if freeze := current_freeze(now=now):
        raise EngineFrozen(freeze)
    definition = find_definition(schedule.workflow.name)
    check_may_start(definition, user)
    inputs = clean_inputs(schedule.workflow.name, schedule.inputs)
    check_predicate(definition, inputs=inputs, actor=actor)
    entry = Entry.of(schedule, run_by_hand(now, actor), inputs=inputs)
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


def _changed_rule(schedule: Schedule, changes: ScheduleChanges) -> Rule:
    """Return the rule as it is to be.

    Raises:
        TriggerError: A new trigger comes without its arguments, or two places say different things.
    """
    trigger = schedule.trigger if changes.trigger is None else changes.trigger
    kwargs = schedule.trigger_kwargs if changes.trigger_kwargs is None else changes.trigger_kwargs
    if changes.trigger_kwargs is None and trigger != schedule.trigger:
        raise TriggerError(f"a new trigger '{trigger}' needs its trigger_kwargs", value=None)
    return _merged_rule(schedule, trigger, kwargs, given=changes)


def _merged_rule(
    schedule: Schedule, trigger: str, kwargs: dict[str, Any], *, given: ScheduleDraft | ScheduleChanges
) -> Rule:
    """Return the rule of a trigger, with each option as it is given in either place, else as the schedule has it."""
    rest, options = split_options(kwargs, {name: getattr(given, name) for name in OPTIONS})
    merged = {name: getattr(schedule, name) if value is None else value for name, value in options.items()}
    return Rule(trigger, rest, merged)


def _set_rule(schedule: Schedule, rule: Rule, *, now: datetime) -> None:
    """Give a schedule a rule; it is active with it, from the first instant after now.

    What counts from the day on which the trigger was set goes on from there when only an option changes.
    """
    if not rule.has_trigger_of(schedule):
        schedule.grid_start_at = now
    policies = {name: value for name, value in rule.options.items() if name != "spread_seconds"}
    trigger = build_trigger(
        rule.trigger,
        rule.kwargs,
        grid_start=schedule.grid_start_at,
        shortest_seconds=settings.MIN_INTERVAL_SECONDS,
        **policies,
    )
    schedule.planned_through = max(now, schedule.planned_through)
    first = check_first_instants(
        trigger, after=schedule.planned_through, shortest_seconds=settings.MIN_INTERVAL_SECONDS
    )
    schedule.trigger, schedule.trigger_kwargs, schedule.trigger_text = rule.trigger, rule.kwargs, str(trigger)
    for name, value in rule.options.items():
        setattr(schedule, name, value)
    schedule.next_run_at = later_by(schedule.spread_offset, first)
    schedule.state, schedule.state_reason, schedule.state_since = ScheduleState.ACTIVE, "", now


def _settle(schedule: Schedule, now: datetime, *, reason: str) -> None:
    """Write what was planned and never fired into the ledger, so that no instant goes without a trace.

    That is also an instant that has passed and, because of the spread, was still to run.
    """
    if schedule.next_run_at is None or schedule.next_run_at - schedule.spread_offset > now:
        return
    try:
        first = schedule.next_run_at - schedule.spread_offset
        overdue = plan_instants(schedule.trigger_rule, first=first, until=now)
    except TriggerError:
        return  # a trigger that cannot be built has planned nothing
    insert_new([Entry.of(schedule, decision) for decision in give_up_all(overdue.planned, reason)], now)
    schedule.planned_through = overdue.planned_through

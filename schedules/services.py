"""Writing schedules: create, update, delete. Each is one transaction, and each wakes the schedulers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue
from orchestrator_site.common.ids import new_id
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.models import Schedule, ScheduleState, ScheduleWorkflow
from schedules.policies import SCHEDULE_DELETED, TRIGGER_CHANGED
from schedules.rules import Rule, arm_paused, is_paused, set_policies, set_rule, settle_planned
from schedules.selectors import get_schedule, lock_schedule
from schedules.triggers import TriggerError
from tasks.starting import check_may_start, clean_inputs, find_definition
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

    That of `timezone` is the setting TIME_ZONE. `policies` holds those of POLICIES that have other values than the
    defaults.
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
    policies: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleChanges:
    """What is to change; None leaves a field as it is, and so does a policy that is not among `policies`.

    A new `trigger` comes with its `trigger_kwargs`.
    """

    name: str | None = None
    trigger: str | None = None
    trigger_kwargs: dict[str, Any] | None = None
    timezone: str | None = None
    dst_gap: str | None = None
    dst_fold: str | None = None
    on_missing_day: str | None = None
    spread_seconds: int | None = None
    inputs: dict[str, Any] | None = None
    policies: Mapping[str, Any] = field(default_factory=dict)


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
    set_policies(schedule, draft.policies)
    set_rule(schedule, Rule.merged(schedule, draft.trigger, draft.trigger_kwargs, given=draft), now=now)
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
        schedule = lock_schedule(schedule_id)
        if expected_version is not None and schedule.version != expected_version:
            raise ChangedMeanwhile(schedule)
        rule = _changed_rule(schedule, changes)
        is_mended = schedule.state == ScheduleState.BROKEN and changes.trigger_kwargs is not None
        set_policies(schedule, changes.policies)
        if rule != Rule.of(schedule) or is_mended:
            settle_planned(schedule, now, reason=f"{actor} {TRIGGER_CHANGED}")
            set_rule(schedule, rule, now=now)
        elif "resume_policy" in changes.policies and is_paused(schedule, now):
            arm_paused(schedule, schedule.trigger_rule)
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
        schedule = lock_schedule(schedule_id)
        if workflow_id is not None and workflow_id != schedule.workflow.pk:
            raise WorkflowDoesNotMatch(
                f"the schedule runs workflow {schedule.workflow.pk}, not {workflow_id}; leave workflow_id out",
                field="workflow_id",
                value=str(workflow_id),
            )
        settle_planned(schedule, now, reason=f"{actor} {SCHEDULE_DELETED}")
        Schedule.objects.filter(pk=schedule_id).delete()
        notify(SCHEDULES_CHANGED)
    log.info("schedule_deleted", schedule_id=str(schedule_id), name=schedule.name, actor=actor)
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
    return Rule.merged(schedule, trigger, kwargs, given=changes)

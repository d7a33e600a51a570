"""Where tasks stand, by the code of their workflows: the step, and the form that it asks answers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from tasks.deploys import GoOn, find_placement_of, version_of
from tasks.models import Task, TaskStatus
from workflows.engine import Step, WorkflowDefinition
from workflows.engine.errors import FormCodeError
from workflows.engine.kinds import AwaitCallbackStep, InputStep
from workflows.input_forms import describe_form
from workflows.registry import WorkflowCodeError, get_definition

log = structlog.get_logger(__name__)

# In any other status a task is on the queue, or has ended.
STANDING = (TaskStatus.RUNNING, TaskStatus.SUSPENDED, TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK)
# What has to be known of a task to tell at which step it stands.
STANDING_FIELDS = ("status", "position", "steps_version", "step_started_at", "available_at")


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """The step at which a task stands.

    Attributes:
        name: Of the step.
        position: Its place in the list, from 0.
        started_at: When it was begun; None unless it runs.
        timeout_seconds: How long it, or the answer that it awaits, may take; None for no limit.
        is_overdue: Whether it takes longer than that.
    """

    name: str
    position: int
    started_at: datetime | None
    timeout_seconds: float | None
    is_overdue: bool


class CurrentSteps:
    """Finds the steps at which tasks stand, for one answer: it asks the database nothing, and for each code once.

    Where this process has not the code of a workflow, or not the version of its steps by which a task ran, nothing is
    found: a worker decides where such a task goes on.
    """

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._definitions: dict[str, WorkflowDefinition | None] = {}

    def find_of(self, task: Task) -> CurrentStep | None:
        """Return the step at which a task stands that was read with its workflow."""
        return self.find(task.workflow.name, {name: getattr(task, name) for name in STANDING_FIELDS})

    def find(self, workflow_name: str, task: Mapping[str, Any]) -> CurrentStep | None:
        """Return the step at which a task stands of which STANDING_FIELDS are given."""
        if task["status"] not in STANDING:
            return None
        definition, position = self._definition_of(workflow_name), task["position"]
        if definition is None or task["steps_version"] not in {"", version_of(definition).id}:
            return None
        if position >= len(definition.steps):
            return None
        step = definition.steps[position]
        timeout_seconds = step.answer_within_seconds if isinstance(step, AwaitCallbackStep) else step.timeout_seconds
        return CurrentStep(
            name=step.name,
            position=position,
            started_at=task["step_started_at"],
            timeout_seconds=timeout_seconds,
            is_overdue=self._is_overdue(task, step),
        )

    def _definition_of(self, workflow_name: str) -> WorkflowDefinition | None:
        if workflow_name not in self._definitions:
            self._definitions[workflow_name] = _find_usable(workflow_name)
        return self._definitions[workflow_name]

    def _is_overdue(self, task: Mapping[str, Any], step: Step) -> bool:
        """Tell whether a step takes too long: one that runs, or that awaits an answer; no person is given a time."""
        if task["status"] == TaskStatus.AWAITING_CALLBACK:
            return bool(task["available_at"] and task["available_at"] < self._now)
        started_at, seconds = task["step_started_at"], step.timeout_seconds
        if started_at is None or seconds is None:  # none has begun that is not running
            return False
        return bool((self._now - started_at).total_seconds() > seconds)


def describe_awaited_form(task: Task) -> dict[str, Any] | None:
    """Return the JSON schema of the answers that a suspended task waits for; None where nobody is asked.

    It is the form of the step at which the task would go on if it were resumed now.
    """
    definition = _find_usable(task.workflow.name) if task.status == TaskStatus.SUSPENDED else None
    if definition is None:
        return None
    placement = find_placement_of(steps_version=task.steps_version, position=task.position, definition=definition)
    step = definition.steps[placement.position] if isinstance(placement, GoOn) else None
    if not isinstance(step, InputStep):
        return None
    try:
        return describe_form(form=step.form)
    except FormCodeError as error:  # the task can be shown all the same
        log.warning("form_not_described", task_id=str(task.pk), step=step.name, reason=str(error))
        return None


def _find_usable(workflow_name: str) -> WorkflowDefinition | None:
    """Return the code of a workflow; None where it is not there, or has a form that cannot be used."""
    try:
        definition = get_definition(workflow_name)
        version_of(definition)
    except WorkflowCodeError:
        return None
    return definition

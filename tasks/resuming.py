"""Where and with what a task goes on that is to be resumed."""

import difflib
from dataclasses import dataclass, replace
from typing import Any

from orchestrator_site.common.errors import Conflict, InvalidValue
from tasks.deploys import GoOn, find_placement_of, version_of
from tasks.models import Task, TaskStatus
from tasks.starting import FormBroken, clean_answers
from workflows.engine import State, WorkflowDefinition
from workflows.engine.kinds import AwaitCallbackStep, InputStep
from workflows.registry import WorkflowCodeError


class StepsChanged(Conflict):
    """The steps of the workflow were changed since the task ran by them, and nobody said where it is to go on."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The place of a task that goes on, and the answers for the step there, if it asks or awaits any.

    With another revision than the task has, it is a place in the present list, whose version is to be saved.
    """

    position: int
    revision: int
    steps_version: str
    answers: State | None
    awaits_callback: bool = False


def plan_resumption(
    task: Task, definition: WorkflowDefinition | None, *, inputs: dict[str, Any] | None, resume_at: str | None
) -> Resumed:
    """Return where a task goes on, and with which answers.

    Without the code of the workflow it stays where it stands: the worker that takes it has the code.

    Raises:
        StepsChanged: It cannot go on where it stands, and `resume_at` is not given.
        InvalidValue: There is no such step, answers are missing, or they are not asked for.
        InvalidFields: The answers do not satisfy the form.
        FormBroken: A form of the workflow cannot be used.
    """
    place = Resumed(task.position, task.revision, task.steps_version, task.answers)
    if definition is None:
        if inputs is not None or resume_at is not None:
            raise Conflict(f"the code of '{task.workflow.name}' is not there to look at its steps and forms")
        return place
    _check_forms(definition)
    if resume_at is not None:
        return _answered(task, definition, _chosen(task, definition, resume_at), inputs)
    placement = find_placement_of(steps_version=task.steps_version, position=task.position, definition=definition)
    if not isinstance(placement, GoOn):
        raise StepsChanged(placement.reason)
    if placement.is_mapped:
        answers = task.answers if placement.keeps_answers else None
        place = _mapped(task, definition, position=placement.position, answers=answers)
    return _answered(task, definition, place, inputs)


def _check_forms(definition: WorkflowDefinition) -> None:
    try:
        version_of(definition)
    except WorkflowCodeError as error:
        raise FormBroken(str(error)) from error


def _mapped(task: Task, definition: WorkflowDefinition, *, position: int, answers: State | None) -> Resumed:
    """Return the place of a task in another list than it has run by."""
    version = version_of(definition)
    awaits_callback = isinstance(definition.steps[position], AwaitCallbackStep)
    return Resumed(position, task.revision + 1, version.id, answers, awaits_callback)


def _chosen(task: Task, definition: WorkflowDefinition, name: str) -> Resumed:
    names = [each.name for each in definition.steps]
    places = [number for number, each in enumerate(names) if each == name]
    if len(places) != 1:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f": did you mean '{near[0]}'?" if near else f"; its steps are {', '.join(names)}"
        found = f"{len(places)} steps of '{definition.name}' have" if places else f"no step of '{definition.name}' has"
        raise InvalidValue(f"{found} the name '{name}'{hint}", field="resume_at", value=name)
    if not task.steps_version:  # no step has run: there is nothing to go on from
        raise InvalidValue("none of its steps has run yet: resume it without resume_at", field="resume_at", value=name)
    if (places[0], version_of(definition).id) == (task.position, task.steps_version):
        return Resumed(task.position, task.revision, task.steps_version, task.answers)
    return _mapped(task, definition, position=places[0], answers=None)


def _answered(task: Task, definition: WorkflowDefinition, place: Resumed, inputs: dict[str, Any] | None) -> Resumed:
    step = definition.steps[place.position] if place.position < len(definition.steps) else None
    if not isinstance(step, InputStep):
        if inputs:
            at = f"step '{step.name}'" if step else "its end"
            raise InvalidValue(f"the task stands at {at}, which asks for no inputs", field="inputs", value=inputs)
        return place
    if inputs is None:
        if place.answers is None and task.status == TaskStatus.SUSPENDED:
            raise InvalidValue(f"step '{step.name}' asks for inputs: give them", field="inputs", value=None)
        return place
    answers = clean_answers(step.form, inputs)
    return replace(place, answers=answers)

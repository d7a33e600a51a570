"""Whether a task may start or go on: what the code of its workflow says about inputs, people and the moment."""

from collections.abc import Mapping
from typing import Any

import structlog

from orchestrator_site.common.errors import Conflict, Forbidden, InvalidFields, InvalidValue, Refused
from workflows.engine import StartRequest, State, WorkflowDefinition
from workflows.engine.errors import FormCodeError, InvalidFormInputs, InvalidInputs
from workflows.engine.state import validate_inputs
from workflows.input_forms import validate_form
from workflows.registry import WorkflowCodeError, get_definition

log = structlog.get_logger(__name__)


class NotAuthorized(Forbidden):
    """The code of the workflow does not let this user do it."""


class FormBroken(Conflict):
    """The code of a form fails, so that nobody can tell whether inputs are good; the message says how."""


class StartRefused(Refused):
    """The `run_predicate` of the workflow refuses a start; the message is its reason."""


def find_definition(workflow_name: str) -> WorkflowDefinition | None:
    """Return the code of a workflow; None where this process does not have it: workers may."""
    try:
        return get_definition(workflow_name)
    except WorkflowCodeError:
        return None


def clean_inputs(workflow_name: str, inputs: Mapping[str, Any]) -> State:
    """Return the inputs of a task as its first state is to hold them.

    Raises:
        InvalidValue: They use a key that every task sets itself, or hold what cannot be stored.
        InvalidFields: They do not satisfy the form of the workflow; each field is named.
        FormBroken: The code of that form failed.
    """
    try:
        validate_inputs(inputs)
    except InvalidInputs as error:
        raise InvalidValue(str(error), field="inputs", value=dict(inputs)) from error
    definition = find_definition(workflow_name)
    if definition is None or definition.initial_input_form is None:
        return dict(inputs)
    return clean_answers(definition.initial_input_form, inputs)


def clean_answers(form: type[Any], answers: Mapping[str, Any]) -> State:
    """Return answers to a form as JSON.

    Raises:
        InvalidFields: They do not satisfy it; each field is named.
        FormBroken: The code of the form failed.
    """
    try:
        return validate_form(form=form, inputs=answers)
    except FormCodeError as error:
        raise FormBroken(str(error)) from error
    except InvalidFormInputs as error:
        errors = {f"inputs.{name}" if name else "inputs": found for name, found in error.errors.items()}
        values = {f"inputs.{name}": value for name, value in answers.items()} | {"inputs": dict(answers)}
        raise InvalidFields(str(error), errors=errors, values=values) from error


def check_predicate(definition: WorkflowDefinition | None, *, inputs: State, actor: str) -> None:
    """Ask the workflow whether a task may start now.

    Raises:
        StartRefused: It may not. A predicate that fails refuses too: nobody knows what it would have said.
    """
    if definition is None or definition.run_predicate is None:
        return
    request = StartRequest(workflow_name=definition.name, inputs=inputs, actor=actor)
    try:
        reason = definition.run_predicate(request)
    except Exception as error:  # user code: anything may come out of it
        log.exception("run_predicate_failed", workflow=definition.name)
        raise StartRefused(f"the run_predicate of '{definition.name}' failed: {type(error).__name__}") from error
    if reason:
        raise StartRefused(reason)


def check_may_start(definition: WorkflowDefinition | None, user: Any) -> None:
    """Ask the workflow whether a user may start a task of it; None for a user is the system itself.

    Raises:
        NotAuthorized: The user may not.
    """
    if definition is not None:
        _check(definition, definition.authorize_callback, user, verb="start")


def check_may_resume(definition: WorkflowDefinition | None, user: Any) -> None:
    """Ask the workflow whether a user may resume a task of it; where it says nothing of that, who may start one.

    Raises:
        NotAuthorized: The user may not.
    """
    if definition is not None:
        _check(definition, definition.retry_auth_callback or definition.authorize_callback, user, verb="resume")


def _check(definition: WorkflowDefinition, callback: Any, user: Any, *, verb: str) -> None:
    if user is None or callback is None:
        return
    try:
        is_authorized = callback(user)
    except Exception:  # user code: whatever it fails with, it has not said yes
        log.exception("authorize_callback_failed", workflow=definition.name)
        is_authorized = False
    if not is_authorized:
        raise NotAuthorized(f"User is not authorized to {verb} '{definition.name}'")

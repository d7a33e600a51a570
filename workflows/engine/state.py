"""The state that steps hand on: a JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from workflows.engine.errors import InvalidInputs, WorkflowError

State = dict[str, Any]

# What every first state holds besides the inputs.
RESERVED_KEYS = ("task_id", "workflow_name", "workflow_target", "reporter")


def first_state(
    inputs: Mapping[str, Any], *, task_id: str, workflow_name: str, workflow_target: str, reporter: str
) -> State:
    """Return the state that the first step gets: the inputs, and what names the task."""
    return {
        **inputs,
        "task_id": task_id,
        "workflow_name": workflow_name,
        "workflow_target": workflow_target,
        "reporter": reporter,
    }


def validate_inputs(inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that no task can start with.

    Raises:
        InvalidInputs: They use a key that every task sets itself, or hold what cannot be stored.
    """
    for key in inputs:
        if not isinstance(key, str):
            raise InvalidInputs(f"the inputs have the key {key!r}; keys are strings")
        if key in RESERVED_KEYS:
            raise InvalidInputs(f"'{key}' is set by the task itself; give the input another name")
    try:
        to_storable_json(dict(inputs))
    except (TypeError, ValueError) as error:
        raise InvalidInputs(f"the inputs cannot be stored: {error}") from error


def merge_state(state: State, update: object, *, step_name: str) -> State:
    """Return `state` with what a step returned merged in, as it will read back from the database.

    The update goes through JSON, so that the next step sees the same values (a tuple as a list) whether it runs right
    away or, after its process died, in another one.

    Raises:
        WorkflowError: The step returned neither a dict nor None, or a value that is not JSON; the key is named.
    """
    if update is None:
        return state
    if not isinstance(update, Mapping):
        raise WorkflowError(f"step '{step_name}' returned {type(update).__name__}; return a dict or None")
    fresh: State = {}
    for key, value in update.items():
        if not isinstance(key, str):
            raise WorkflowError(f"step '{step_name}' returned the key {key!r}; keys are strings")
        try:
            fresh[key] = json.loads(to_storable_json(value))
        except (TypeError, ValueError) as error:
            raise WorkflowError(f"step '{step_name}' returned '{key}', which is not JSON: {error}") from error
    return {**state, **fresh}


def to_storable_json(value: object) -> str:
    """Return a value as JSON text that both databases can store.

    Raises:
        TypeError, ValueError: It is not JSON, or holds a character that PostgreSQL cannot store in `jsonb`: NUL or
            half of a surrogate pair (PostgreSQL manual, 8.14 JSON Types).
    """
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("it holds the character NUL")
    text.encode()  # half of a surrogate pair has no encoding
    return text

"""The state that steps hand on: a JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from workflows.engine.errors import WorkflowError

State = dict[str, Any]


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

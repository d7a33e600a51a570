"""A part of the state, found by a path of keys, that steps take for all of it."""

from workflows.engine.errors import WorkflowError
from workflows.engine.state import State

Path = tuple[str, ...]


def focus(state: State, path: Path) -> State:
    """Return what lies under the path; an empty object where nothing does yet.

    Raises:
        WorkflowError: What lies there is no object.
    """
    for depth, key in enumerate(path, start=1):
        part = state.get(key, {})
        if not isinstance(part, dict):
            raise WorkflowError(f"focussteps('{'.'.join(path[:depth])}') needs an object there, not {part!r:.100}")
        state = part
    return state


def merge_focused(state: State, path: Path, part: State) -> State:
    """Return the state with `part` in the place of what lies under the path."""
    if not path:
        return part
    key, *rest = path
    return {**state, key: merge_focused(focus(state, (key,)), tuple(rest), part)}

"""What is different between two states, by example and for any two of them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.state_diff import MAX_DEPTH, Change, Kind, Path, diff_states, say_path

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, width=16)
    | st.text("ab.[]", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), inner, max_size=3),
    max_leaves=12,
)
STATES = st.dictionaries(st.text("abc", max_size=2), JSON, max_size=4)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({}, {"a": 1}, [Change(("a",), Kind.ADDED, new=1)]),
        ({"a": None}, {}, [Change(("a",), Kind.REMOVED, old=None)]),
        ({"a": 1}, {"a": 2}, [Change(("a",), Kind.CHANGED, 1, 2)]),
        ({"a": 1}, {"a": True}, [Change(("a",), Kind.CHANGED, 1, True)]),
        ({"a": {}}, {"a": []}, [Change(("a",), Kind.CHANGED, {}, [])]),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, [Change(("a", "b", 0, "c"), Kind.CHANGED, 1, 2)]),
        ({"a": [1, 2, 3]}, {"a": [1]}, [Change(("a", 1), Kind.REMOVED, old=2), Change(("a", 2), Kind.REMOVED, old=3)]),
        ({"a": [1]}, {"a": [1, 2]}, [Change(("a", 1), Kind.ADDED, new=2)]),
        ({"b": 1, "a": 1}, {"c": 1}, None),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, []),
    ],
)
def test_what_is_different_is_told_by_its_path(
    old: dict[str, Any], new: dict[str, Any], changes: list[Change] | None
) -> None:
    found = diff_states(old, new)
    assert not found.has_more
    if changes is None:
        assert [(each.path, each.kind) for each in found.changes] == [
            (("a",), Kind.REMOVED),
            (("b",), Kind.REMOVED),
            (("c",), Kind.ADDED),
        ]
    else:
        assert list(found.changes) == changes


@given(old=STATES, new=STATES)
def test_the_changes_done_to_the_old_state_give_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = repr(old)
    assert repr_of(apply_changes(old, diff_states(old, new, max_changes=10_000).changes)) == repr_of(new)
    assert repr(old) == before, "the old state is left alone"


@given(old=STATES, new=STATES, limit=st.integers(0, 5))
def test_there_are_never_more_changes_than_were_asked_for(old: dict[str, Any], new: dict[str, Any], limit: int) -> None:
    whole, found = diff_states(old, new, max_changes=10_000), diff_states(old, new, max_changes=limit)
    assert list(found.changes) == list(whole.changes)[:limit]
    assert found.has_more == (len(whole.changes) > limit)


@given(state=STATES)
def test_a_state_is_not_different_from_itself(state: dict[str, Any]) -> None:
    assert not diff_states(state, state).changes


def test_what_lies_very_deep_is_compared_as_a_whole() -> None:
    old, new = nested(1), nested(2)
    [change] = diff_states(old, new).changes
    assert len(change.path) == MAX_DEPTH


def nested(value: int) -> dict[str, Any]:
    state: dict[str, Any] = {"a": value}
    for _ in range(200):
        state = {"a": state}
    return state


@pytest.mark.parametrize(
    ("path", "said"), [(("devices", 0, "name"), "devices[0].name"), (("a",), "a"), (("a", 1, 2), "a[1][2]")]
)
def test_a_path_is_said_as_people_write_it(path: tuple[str | int, ...], said: str) -> None:
    assert say_path(path) == said


def repr_of(value: Any) -> Any:
    """Return a value in which `true` and `1` differ, whatever the order of keys is."""
    if isinstance(value, dict):
        return {key: repr_of(value[key]) for key in value}
    if isinstance(value, list):
        return [repr_of(each) for each in value]
    return (isinstance(value, bool), value)


def apply_changes(old: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return the old state with changes done to it; with all of them it is the new one."""
    state: Any = deepcopy(dict(old))
    for change in changes:
        if change.kind is not Kind.REMOVED:
            _put(_walk(state, change.path[:-1]), change.path[-1], deepcopy(change.new))
    # From the end, so that the places of a list are still those that the changes name.
    for change in reversed(changes):
        if change.kind is Kind.REMOVED:
            del _walk(state, change.path[:-1])[change.path[-1]]
    result: dict[str, Any] = state
    return result


def _walk(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(container: Any, step: str | int, value: Any) -> None:
    if isinstance(container, list) and step == len(container):
        container.append(value)
    else:
        container[step] = value

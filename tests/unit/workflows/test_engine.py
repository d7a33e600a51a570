"""Running one step: what it is given, what becomes of what it returns."""

import ast
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import workflows.engine
from workflows.engine import (
    Complete,
    Failed,
    Outcome,
    Step,
    Success,
    WorkflowError,
    done,
    init,
    step,
)
from workflows.engine.state import merge_state


def make_step(function: Any, name: str = "Look it up") -> Step:
    return step(name)(function)


def state_after(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Success), outcome
    return outcome.state


def failure(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_parameters_are_filled_with_the_state_keys_of_their_name() -> None:
    @step("Add")
    def add(left: int, *, right: int) -> dict[str, int]:
        return {"sum": left - right}

    assert state_after(add.run({"right": 3, "left": 10, "unused": 0}))["sum"] == 7


def test_a_default_is_used_only_when_the_state_has_no_such_key() -> None:
    @step("Count")
    def count(times: int | None = 5) -> dict[str, int | None]:
        return {"counted": times}

    assert state_after(count.run({}))["counted"] == 5
    assert state_after(count.run({"times": 2}))["counted"] == 2
    assert state_after(count.run({"times": None}))["counted"] is None


def test_a_missing_key_fails_the_step_and_is_named_with_those_there_are() -> None:
    outcome = failure(make_step(lambda node: node).run({"zone": 1, "area": 2}))
    assert outcome.error_class == "WorkflowError"
    assert outcome.message == ("step 'Look it up' needs 'node', which is not in the state (area, zone)")


def test_the_parameter_called_state_gets_the_whole_state() -> None:
    outcome = make_step(lambda state, a: {"seen": state, "a": a}).run({"a": 1, "b": 2})
    assert state_after(outcome) == {"a": 1, "b": 2, "seen": {"a": 1, "b": 2}}


def test_the_whole_state_wins_over_a_key_called_state() -> None:
    assert state_after(make_step(lambda state: {"seen": state}).run({"state": 1}))["seen"] == {"state": 1}


def test_what_a_step_does_to_the_whole_state_leaks_nowhere() -> None:
    def spoil(state: dict[str, Any]) -> None:
        state["nodes"].append("b")
        state["new"] = 1

    given = {"nodes": ["a"]}
    assert state_after(make_step(spoil).run(given)) == {"nodes": ["a"]}
    assert given == {"nodes": ["a"]}


def test_what_a_step_does_to_one_value_leaks_nowhere() -> None:
    given = {"nodes": {"a": [1]}}
    outcome = make_step(lambda nodes: nodes["a"].append(2)).run(given)
    assert state_after(outcome) == {"nodes": {"a": [1]}}
    assert given == {"nodes": {"a": [1]}}


def test_a_result_is_merged_over_the_state_and_the_given_one_stays() -> None:
    given = {"kept": 1, "replaced": 1}
    outcome = make_step(lambda: {"replaced": 2, "new": 3}).run(given)
    assert state_after(outcome) == {"kept": 1, "replaced": 2, "new": 3}
    assert given == {"kept": 1, "replaced": 1}


def test_a_failed_step_leaves_the_state_as_it_was() -> None:
    def spoil_and_fail(nodes: list[int]) -> None:
        nodes.append(2)
        raise KeyError("gone")

    given = {"nodes": [1]}
    assert failure(make_step(spoil_and_fail).run(given)).error_class == "KeyError"
    assert given == {"nodes": [1]}


def test_returning_none_changes_nothing() -> None:
    assert state_after(make_step(lambda: None).run({"a": 1})) == {"a": 1}


@pytest.mark.parametrize(("returned", "kind"), [(False, "bool"), ([], "list"), ("yes", "str"), (0, "int")])
def test_returning_anything_but_a_dict_is_a_failure_that_says_so(returned: object, kind: str) -> None:
    outcome = failure(make_step(lambda: returned).run({}))
    assert outcome.message == f"step 'Look it up' returned {kind}; return a dict or None"


def test_the_next_step_sees_what_the_database_would_give_back() -> None:
    returned = {"pair": (1, 2), "by_number": {1: "one"}, "deep": [{"pair": (3,)}]}
    merged = merge_state({}, returned, step_name="x")
    assert merged == {"pair": [1, 2], "by_number": {"1": "one"}, "deep": [{"pair": [3]}]}


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
        {1, 2},
        b"bytes",
        object(),
        float("nan"),
        [float("inf")],
        {"deep": {(1, 2): "no key of JSON"}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_not_json_fails_the_step_and_its_key_is_named(value: object) -> None:
    outcome = failure(make_step(lambda: {"fine": 1, "culprit": value}).run({"before": 1}))
    assert outcome.error_class == "WorkflowError"
    assert "step 'Look it up' returned 'culprit', which is not JSON: " in outcome.message


def test_a_value_that_contains_itself_fails_the_step_and_its_key_is_named() -> None:
    loop: list[object] = []
    loop.append(loop)
    outcome = failure(make_step(lambda: {"loop": loop}).run({}))
    assert "'loop'" in outcome.message


def test_a_key_that_is_no_string_is_refused() -> None:
    with pytest.raises(WorkflowError, match=r"returned the key 1; keys are strings"):
        merge_state({}, {1: "one"}, step_name="x")


def test_only_done_completes_a_task() -> None:
    assert done[0].run({"a": 1}) == Complete({"a": 1})
    assert init[0].run({"a": 1}) == Success({"a": 1})


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_process_is_not_taken_for_a_failed_step(signal: type[BaseException]) -> None:
    def stop() -> None:
        raise signal

    with pytest.raises(signal):
        make_step(stop).run({})


def test_a_step_can_be_called_like_the_function_it_is() -> None:
    assert make_step(lambda a, b=2: a + b)(1) == 3
    assert make_step(lambda a, b=2: a + b)(1, b=1) == 2


def _positional_only(a: int, /) -> None: ...


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (lambda *nodes: nodes, r"\*nodes"),
        (lambda **options: options, r"\*\*options"),
        (_positional_only, "a: int"),
    ],
)
def test_parameters_that_no_key_can_fill_are_refused_at_definition(function: Any, shown: str) -> None:
    with pytest.raises(WorkflowError, match=rf"step 'x' takes '{shown}'"):
        step("x")(function)


def test_the_engine_imports_neither_django_nor_anything_that_reads_a_clock() -> None:
    allowed = {
        "collections",
        "copy",
        "dataclasses",
        "difflib",
        "enum",
        "hashlib",
        "http",
        "inspect",
        "json",
        "traceback",
    }
    for path in Path(workflows.engine.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None
                names = [node.module]
            else:
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                own = name.startswith("workflows.engine")
                assert own or name.split(".")[0] in {*allowed, "typing"}, f"{path.name}: {name}"

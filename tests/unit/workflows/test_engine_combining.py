"""Steps made of steps: under conditions, in groups, on a part of the state, and all of these inside one another."""

from collections.abc import Callable
from typing import Any

import pytest

from workflows.engine import (
    Abort,
    AwaitCallback,
    Failed,
    Given,
    Outcome,
    Skipped,
    State,
    Step,
    StepList,
    Success,
    Suspend,
    Waiting,
    WorkflowError,
    abort,
    begin,
    callback_step,
    conditional,
    done,
    focussteps,
    init,
    inputstep,
    retrystep,
    step,
    step_group,
)


class ReasonForm:
    """Stands for a Django form."""


def count(name: str = "Count") -> Step:
    return step(name)(lambda counted=0: {"counted": counted + 1})


def call_out() -> StepList:
    asking = step("Ask")(lambda callback_route: {"asked": callback_route})
    return callback_step("NSO", asking, step("Look")(lambda callback_result: {"seen": callback_result}))


def state_after(outcome: Outcome) -> State:
    assert isinstance(outcome, Success), outcome
    return outcome.state


def run_all(steps: StepList, state: State) -> tuple[list[str], State]:
    """Run steps one after the other; return what each ended in, and the state at the end."""
    ended = []
    for each in steps:
        outcome = each.run(state)
        assert isinstance(outcome, Success | Skipped)
        ended.append(type(outcome).__name__)
        state = outcome.state
    return ended, state


class TestConditional:
    def test_a_step_runs_where_the_condition_holds_and_is_skipped_where_not(self) -> None:
        [each] = conditional(lambda state: state["is_dirty"])(count())
        assert state_after(each.run({"is_dirty": True})) == {"is_dirty": True, "counted": 1}
        assert each.run({"is_dirty": False}) == Skipped({"is_dirty": False})

    def test_it_is_asked_before_each_step_with_the_state_as_it_is_then(self) -> None:
        steps = conditional(lambda state: state.get("counted", 0) < 2)(count() >> count() >> count())
        assert run_all(steps, {}) == (["Success", "Success", "Skipped"], {"counted": 2})

    def test_it_can_do_nothing_to_the_state(self) -> None:
        def spoil(state: State) -> bool:
            state["nodes"].clear()
            return True

        state = {"nodes": ["a"]}
        [each] = conditional(spoil)(step("Look")(lambda nodes: {"seen": nodes}))
        assert state_after(each.run(state)) == {"nodes": ["a"], "seen": ["a"]}

    def test_whatever_is_true_will_do(self) -> None:
        [each] = conditional(lambda state: state.get("nodes"))(count())  # type: ignore[arg-type,return-value]
        assert isinstance(each.run({"nodes": [1]}), Success)
        assert isinstance(each.run({"nodes": []}), Skipped)

    def test_one_that_fails_fails_the_step(self) -> None:
        [each] = conditional(lambda state: state["is_dirty"])(count())
        outcome = each.run({})
        assert isinstance(outcome, Failed)
        assert outcome.reason == "KeyError: 'is_dirty'"

    def test_of_two_conditions_the_outer_one_is_asked_first_and_both_have_to_hold(self) -> None:
        asked: list[str] = []

        def ask(name: str) -> Callable[[State], bool]:
            def holds(state: State) -> bool:
                asked.append(name)
                return bool(state[name])

            return holds

        [each] = conditional(ask("outer"))(conditional(ask("inner"))(count()))
        for outer, inner, order in ((True, True, ["outer", "inner"]), (True, False, ["outer", "inner"])):
            assert isinstance(each.run({"outer": outer, "inner": inner}), Success) is inner
            assert asked == order
            asked.clear()
        assert isinstance(each.run({"outer": False, "inner": True}), Skipped)
        assert asked == ["outer"]

    def test_a_step_that_asks_or_calls_out_or_aborts_does_so_only_where_it_holds(self) -> None:
        wrap = conditional(lambda state: state["is_dirty"])
        [asking] = wrap(inputstep("Ask", form=ReasonForm)(lambda: None))
        [_, awaiting, _], [aborting] = wrap(call_out()), wrap(abort)
        for each, outcome in ((asking, Suspend), (awaiting, AwaitCallback), (aborting, Abort)):
            assert isinstance(each.run({"is_dirty": True}), outcome)
            assert each.run({"is_dirty": False}, Given(answers={})) == Skipped({"is_dirty": False})

    def test_the_steps_themselves_stay_as_they_were(self) -> None:
        plain = count()
        conditional(lambda state: False)(plain)
        step_group("Group", plain)
        focussteps("part")(plain)
        assert (plain.name, state_after(plain.run({}))) == ("Count", {"counted": 1})


class TestGroup:
    def test_steps_are_recorded_under_the_names_of_the_groups_around_them(self) -> None:
        inner = step_group("Inner", count("A") >> count("B"))
        outer = step_group("Outer", inner >> count("C") >> call_out())
        assert [each.name for each in outer] == [
            "Outer: Inner: A",
            "Outer: Inner: B",
            "Outer: C",
            "Outer: NSO: Ask",
            "Outer: NSO: Await callback",
            "Outer: NSO: Look",
        ]

    def test_conditions_and_parts_of_the_state_add_nothing_to_a_name(self) -> None:
        wrapped = conditional(lambda state: True)(focussteps("part")(step_group("Group", count())))
        assert [each.name for each in wrapped] == ["Group: Count"]

    def test_kinds_stay_what_they_are(self) -> None:
        asking = inputstep("Ask", form=ReasonForm)(lambda: None)
        retried = retrystep("Try", max_attempts=2)(lambda: None)
        grouped_asking, grouped_retried, grouped_abort = step_group("Group", asking >> retried >> abort)
        assert grouped_asking.run({}) == Suspend({})
        assert getattr(grouped_asking, "form", None) is ReasonForm
        assert grouped_retried.retrying == retried.retrying
        assert grouped_abort.run({}) == Abort({})

    def test_an_empty_list_is_an_empty_group(self) -> None:
        assert list(step_group("Group", begin)) == []


class TestFocus:
    def test_steps_read_and_write_what_lies_under_the_key(self) -> None:
        steps = focussteps("port")(count() >> count() >> step("Look")(lambda state: {"seen": sorted(state)}))
        state = {"counted": 40, "port": {"id": 7, "counted": 1}}
        after = {"counted": 40, "port": {"id": 7, "counted": 3, "seen": ["counted", "id"]}}
        assert run_all(steps, state) == (["Success"] * 3, after)
        assert state == {"counted": 40, "port": {"id": 7, "counted": 1}}

    def test_an_object_is_made_where_there_is_none(self) -> None:
        [each] = focussteps("port")(count())
        assert state_after(each.run({"a": 1})) == {"a": 1, "port": {"counted": 1}}

    def test_a_part_of_a_part(self) -> None:
        [each] = focussteps("device")(focussteps("port")(count()))
        state = {"device": {"id": 1, "port": {"id": 2}}, "port": {"id": 3}}
        expected = {"device": {"id": 1, "port": {"id": 2, "counted": 1}}, "port": {"id": 3}}
        assert state_after(each.run(state)) == expected

    @pytest.mark.parametrize("value", [None, 7, "text", [{}]])
    def test_what_is_no_object_fails_the_step_and_is_named(self, value: object) -> None:
        [each] = focussteps("device")(focussteps("port")(count()))
        for state, path in (({"device": value}, "device"), ({"device": {"port": value}}, "device.port")):
            outcome = each.run(state)
            assert isinstance(outcome, Failed)
            assert outcome.message == f"focussteps('{path}') needs an object there, not {value!r}"

    def test_a_key_that_is_missing_there_is_named_with_those_that_there_are(self) -> None:
        [each] = focussteps("port")(step("Look")(lambda site: None))
        outcome = each.run({"site": 1, "port": {"id": 7}})
        assert isinstance(outcome, Failed)
        assert outcome.message == "step 'Look' needs 'site', which is not in the state (id)"

    def test_a_condition_inside_sees_the_part_and_one_outside_the_whole(self) -> None:
        [inside] = focussteps("port")(conditional(lambda state: sorted(state) == ["id"])(count()))
        [outside] = conditional(lambda state: sorted(state) == ["port"])(focussteps("port")(count()))
        for each in (inside, outside):
            assert isinstance(each.run({"port": {"id": 1}}), Success)
        assert isinstance(inside.run({"port": {}}), Skipped)
        assert isinstance(outside.run({"port": {}, "id": 1}), Skipped)

    def test_answers_and_results_go_where_the_step_looks(self) -> None:
        [asking] = focussteps("port")(inputstep("Ask", form=ReasonForm)(lambda reason: {"heard": reason}))
        assert asking.run({"port": {"id": 7}}) == Suspend({"port": {"id": 7}})
        answered = state_after(asking.run({"port": {"id": 7}}, Given(answers={"reason": "late"})))
        assert answered == {"port": {"id": 7, "reason": "late", "heard": "late"}}
        action, awaiting, looking = focussteps("port")(call_out())
        state = state_after(action.run({}, Given(callback_route="/path")))
        state = state_after(awaiting.run(state, Given(callback={"result": "fine"})))
        assert state_after(looking.run(state)) == {
            "port": {"asked": "/path", "callback_result": "fine", "seen": "fine"},
        }


def test_all_of_them_inside_one_another() -> None:
    flaky = retrystep("Flaky", max_attempts=2)(lambda counted: 1 / counted)
    [each] = step_group(
        "Outer",
        conditional(lambda state: state["port"]["is_dirty"])(
            focussteps("port")(step_group("Inner", conditional(lambda state: "counted" in state)(flaky)))
        ),
    )
    assert each.name == "Outer: Inner: Flaky"
    assert isinstance(each.run({"port": {"is_dirty": False, "counted": 0}}), Skipped)
    assert isinstance(each.run({"port": {"is_dirty": True}}), Skipped)
    failed = each.run({"port": {"is_dirty": True, "counted": 0}})
    assert isinstance(failed, Failed)
    assert isinstance(each.after_failure(failed, failures=1), Waiting)
    assert each.after_failure(failed, failures=2) is failed


@pytest.mark.parametrize(
    ("wrap", "user"),
    [
        (conditional(lambda state: True), "conditional"),
        (lambda steps: step_group("Group", steps), "step_group 'Group'"),
        (focussteps("port"), "focussteps 'port'"),
    ],
    ids=["conditional", "step_group", "focussteps"],
)
class TestWhatIsRefused:
    @pytest.mark.parametrize("steps", [None, "Count", [count()], lambda: None], ids=lambda value: type(value).__name__)
    def test_only_steps_and_lists_of_them_are_wrapped(self, wrap: Any, user: str, steps: Any) -> None:
        with pytest.raises(WorkflowError, match=f"{user} takes a step or a list of steps, not"):
            wrap(steps)

    @pytest.mark.parametrize("steps", [done, done[0], init >> done], ids=repr)
    def test_done_stands_at_the_end_of_a_workflow_only(self, wrap: Any, user: str, steps: Any) -> None:
        with pytest.raises(WorkflowError, match=f"{user} holds 'done', which stands at the end of a workflow only"):
            wrap(steps)

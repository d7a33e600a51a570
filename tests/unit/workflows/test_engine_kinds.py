"""Kinds of steps: retried ones, those that ask people, those that ask other systems, and the one that aborts."""

from typing import Any

import pytest

from workflows.engine import (
    Abort,
    AwaitCallback,
    Backoff,
    Complete,
    Failed,
    Given,
    Outcome,
    Step,
    StepList,
    Success,
    Suspend,
    Waiting,
    WorkflowError,
    abort,
    callback_step,
    done,
    inputstep,
    retrystep,
    step,
)
from workflows.engine.outcomes import failed_by
from workflows.engine.timing import MAX_SECONDS

FAILED = failed_by(ValueError("no such node"))


class ReasonForm:
    """Stands for a Django form: the engine only hands it on."""


def waits(retried: Step, failures: int) -> float | None:
    """Return the longest wait after so many failures; None if the task has failed."""
    outcome = retried.after_failure(FAILED, failures=failures)
    if isinstance(outcome, Failed):
        assert outcome is FAILED
        return None
    assert outcome == Waiting(FAILED, outcome.longest_seconds)
    return outcome.longest_seconds


def state_after(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Success), outcome
    return outcome.state


class TestRetrying:
    def test_the_wait_doubles_from_ten_seconds_to_an_hour_and_never_ends_by_itself(self) -> None:
        retried = retrystep("Call NSO")(lambda: None)
        expected = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
        assert [waits(retried, failures) for failures in range(1, 12)] == expected
        assert waits(retried, 10**6) == 3600

    def test_the_backoff_given_is_the_one_used(self) -> None:
        retried = retrystep("Call NSO", backoff=Backoff(first_seconds=0.5, longest_seconds=3))(lambda: None)
        assert [waits(retried, failures) for failures in range(1, 5)] == [0.5, 1, 2, 3]

    def test_a_backoff_of_nothing_tries_again_at_once(self) -> None:
        assert Backoff(first_seconds=0, longest_seconds=0).limit_seconds(7) == 0

    @pytest.mark.parametrize("max_attempts", [1, 2, 5])
    def test_it_fails_for_good_with_the_last_attempt_it_has(self, max_attempts: int) -> None:
        retried = retrystep("Call NSO", max_attempts=max_attempts)(lambda: None)
        given_up = [waits(retried, failures) is None for failures in range(1, max_attempts + 2)]
        assert given_up == [False] * (max_attempts - 1) + [True, True]

    def test_any_other_step_fails_at_once(self) -> None:
        assert step("Call NSO")(lambda: None).after_failure(FAILED, failures=1) is FAILED

    def test_it_runs_like_any_step(self) -> None:
        retried = retrystep("Add", atomic=True, timeout_seconds=3)(lambda left: {"sum": left + 1})
        assert state_after(retried.run({"left": 1})) == {"left": 1, "sum": 2}
        assert (retried.is_atomic, retried.timeout_seconds) == (True, 3)

    @pytest.mark.parametrize("max_attempts", [0, -1, True, False])
    def test_a_number_of_attempts_that_cannot_be_is_refused(self, max_attempts: int) -> None:
        with pytest.raises(WorkflowError, match=f"retrystep 'Call NSO' has max_attempts {max_attempts}; give 1"):
            retrystep("Call NSO", max_attempts=max_attempts)

    @pytest.mark.parametrize(
        ("first", "longest"), [(-1, 5), (6, 5), (0, float("inf")), (1, MAX_SECONDS + 1), (float("nan"), 5)]
    )
    def test_a_backoff_that_cannot_be_is_refused(self, first: float, longest: float) -> None:
        with pytest.raises(WorkflowError, match=f"not from {first} to {longest}"):
            Backoff(first_seconds=first, longest_seconds=longest)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), MAX_SECONDS + 1])
class TestTimeLimits:
    def test_one_that_nothing_could_keep_is_refused_for_every_kind_of_step(self, seconds: float) -> None:
        for kind in (
            step("Look", timeout_seconds=seconds),
            retrystep("Look", timeout_seconds=seconds),
            inputstep("Look", form=ReasonForm, timeout_seconds=seconds),
        ):
            with pytest.raises(WorkflowError, match=f"step 'Look' has timeout_seconds {seconds}; give a number"):
                kind(lambda: None)

    def test_one_for_an_answer_is_refused(self, seconds: float) -> None:
        ask, look = step("Ask")(lambda callback_route: None), step("Look")(lambda: None)
        with pytest.raises(WorkflowError, match=f"callback_step 'NSO' has timeout_seconds {seconds}; give a number"):
            callback_step("NSO", ask, look, timeout_seconds=seconds)


class TestAsking:
    def test_it_suspends_until_there_are_answers_without_calling_its_function(self) -> None:
        asking = inputstep("Ask", form=ReasonForm)(lambda: pytest.fail("called without answers"))
        assert asking.run({"site": 1}) == Suspend({"site": 1})
        assert asking.form is ReasonForm

    def test_its_function_gets_the_answers_among_the_keys_of_the_state(self) -> None:
        @inputstep("Ask", form=ReasonForm)
        def ask(reason: str, site: int, state: dict[str, Any]) -> dict[str, Any]:
            return {"said": [reason, site, state]}

        given = Given(answers={"reason": "late", "site": 2})
        answered = {"reason": "late", "site": 2}
        assert state_after(ask.run({"site": 1}, given)) == {**answered, "said": ["late", 2, answered]}

    def test_an_empty_answer_is_an_answer(self) -> None:
        assert state_after(inputstep("Ask", form=ReasonForm)(lambda: None).run({"a": 1}, Given(answers={}))) == {"a": 1}

    def test_a_failure_of_its_function_leaves_the_state_without_the_answers(self) -> None:
        state = {"site": 1}
        failed = inputstep("Ask", form=ReasonForm)(lambda: 1 / 0).run(state, Given(answers={"reason": "late"}))
        assert isinstance(failed, Failed)
        assert state == {"site": 1}


def _ask(site: int, callback_route: str, state: dict[str, Any]) -> dict[str, Any]:
    return {"asked": [site, callback_route, sorted(state)]}


def call_out(**options: Any) -> StepList:
    look = step("Look")(lambda callback_result: {"seen": callback_result})
    return callback_step("NSO", step("Ask")(_ask), look, **options)


class TestCallingOut:
    def test_it_is_three_steps_under_its_name(self) -> None:
        assert [each.name for each in call_out()] == ["NSO: Ask", "NSO: Await callback", "NSO: Look"]

    def test_the_action_gets_the_route_as_an_argument_only(self) -> None:
        after = state_after(call_out()[0].run({"site": 1}, Given(callback_route="/path")))
        assert after == {"site": 1, "asked": [1, "/path", ["site"]]}

    def test_the_route_wins_over_a_key_of_the_state_with_its_name(self) -> None:
        after = state_after(call_out()[0].run({"site": 1, "callback_route": "old"}, Given(callback_route="/path")))
        assert after["asked"][1] == "/path"
        assert after["callback_route"] == "old"

    def test_the_argument_has_the_name_that_was_chosen(self) -> None:
        action = step("Ask")(lambda answer_to: {"told": answer_to})
        steps = callback_step("NSO", action, step("Look")(lambda: None), callback_route_key="answer_to")
        assert state_after(steps[0].run({}, Given(callback_route="/path"))) == {"told": "/path"}

    def test_an_action_keeps_what_it_was_made_with(self) -> None:
        action = retrystep("Ask", max_attempts=2, atomic=True, timeout_seconds=4)(_ask)
        asking = callback_step("NSO", action, step("Look")(lambda: None), timeout_seconds=60)[0]
        assert (asking.is_atomic, asking.timeout_seconds, asking.retrying) == (True, 4, action.retrying)

    def test_it_waits_for_the_answer_as_long_as_it_was_told(self) -> None:
        assert call_out(timeout_seconds=60)[1].run({"site": 1}) == AwaitCallback({"site": 1}, 60)
        assert call_out()[1].run({"site": 1}) == AwaitCallback({"site": 1}, None)

    @pytest.mark.parametrize("result", [{"ok": [1]}, "fine", 0, None, []])
    def test_the_answer_is_in_the_state_for_the_steps_after_it(self, result: object) -> None:
        _, awaiting, looking = call_out()
        after = state_after(awaiting.run({"site": 1}, Given(callback={"result": result})))
        assert after == {"site": 1, "callback_result": result}
        assert state_after(looking.run(after))["seen"] == result

    def test_an_answer_that_is_there_counts_although_the_time_has_run_out(self) -> None:
        awaiting = call_out(timeout_seconds=1)[1]
        assert (
            state_after(awaiting.run({}, Given(callback={"result": 1}, is_callback_late=True)))["callback_result"] == 1
        )

    @pytest.mark.parametrize(("seconds", "said"), [(1.5, "within 1.5 s"), (None, "in time")])
    def test_no_answer_in_time_fails_and_says_how_long_it_waited(self, seconds: float | None, said: str) -> None:
        outcome = call_out(timeout_seconds=seconds)[1].run({}, Given(is_callback_late=True))
        assert isinstance(outcome, Failed)
        assert outcome.reason == f"CallbackTimeout: nobody called back {said}"

    def test_it_fails_where_nobody_was_asked(self) -> None:
        outcome = call_out()[1].run({}, Given(is_callback_open=False))
        assert isinstance(outcome, Failed)
        assert outcome.reason.startswith("NothingAsked: no step before it has asked for an answer")

    def test_an_action_that_does_not_take_the_route_is_refused(self) -> None:
        with pytest.raises(
            WorkflowError, match=r"callback_step 'NSO': 'Ask' does not take 'callback_route', so nobody"
        ):
            callback_step("NSO", step("Ask")(lambda state: None), step("Look")(lambda: None))

    @pytest.mark.parametrize(
        "part", [None, "Ask", inputstep("Ask", form=ReasonForm)(lambda: None), done, done[0], abort[0]], ids=repr
    )
    def test_only_plain_and_retried_steps_are_parts(self, part: Any) -> None:
        look = step("Look")(lambda: None)
        for parts in ((part, look), (step("Ask")(_ask), part)):
            with pytest.raises(WorkflowError, match=r"callback_step 'NSO' takes steps made by @step or @retrystep"):
                callback_step("NSO", *parts)


class TestEnding:
    def test_abort_ends_the_task_with_the_state_as_it_is(self) -> None:
        assert abort[0].run({"site": 1}) == Abort({"site": 1})
        assert not abort[0].is_last

    def test_done_completes_it(self) -> None:
        assert done[0].run({"site": 1}) == Complete({"site": 1})

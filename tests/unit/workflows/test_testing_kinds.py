"""Running workflows in tests whose steps wait: for answers, for other systems, to be tried again."""

from typing import Any

import pytest

from workflows.engine import (
    State,
    StepList,
    WorkflowDefinition,
    WorkflowError,
    abort,
    callback_step,
    conditional,
    done,
    init,
    inputstep,
    retrystep,
    step,
    step_group,
)
from workflows.engine import workflow as define_workflow
from workflows.testing import (
    CALLBACK_ROUTE,
    AnswerError,
    WorkflowResult,
    assert_completed,
    assert_failed,
    assert_status,
    resume_workflow,
    run_workflow,
)


class ReasonForm:
    """Stands for a Django form: nothing asks it."""


@inputstep("Ask", form=ReasonForm)
def ask(reason: str) -> State:
    return {"heard": reason.upper()}


@step("Order")
def order(callback_route: str) -> State:
    return {"told": callback_route}


@step("Look")
def look(callback_result: Any) -> State:
    return {"seen": callback_result}


def define(steps: StepList) -> WorkflowDefinition:
    @define_workflow("Order a line")
    def task_order() -> StepList:
        return init >> steps >> done

    assert isinstance(task_order, WorkflowDefinition)
    return task_order


ASKING = define(step_group("Checks", ask))
CALLING = define(step_group("Line", callback_step("NSO", order, look)))


def flaky(*, max_attempts: int | None, failures: int) -> WorkflowDefinition:
    calls = []

    @retrystep("Flaky", max_attempts=max_attempts)
    def act() -> State:
        calls.append(1)
        if len(calls) <= failures:
            raise ConnectionError(f"call {len(calls)}")
        return {"calls": len(calls)}

    return define(StepList([act]))


def recorded(result: WorkflowResult) -> list[tuple[str, str]]:
    return [(each.name, each.status) for each in result.steps[1:]]


class TestAsking:
    def test_a_run_is_suspended_at_the_step_until_it_has_answers(self) -> None:
        suspended = run_workflow(ASKING)
        assert_status(suspended, "suspended")
        assert (suspended.failure, suspended.failed_reason, suspended.position) == (None, "", 1)
        result = resume_workflow(suspended, answers={"Checks: Ask": {"reason": "late"}})
        assert_completed(result)
        assert (result.state["reason"], result.state["heard"]) == ("late", "LATE")
        assert recorded(result) == [("Checks: Ask", "suspend"), ("Checks: Ask", "success"), ("Done", "complete")]
        assert recorded(suspended) == [("Checks: Ask", "suspend")]

    def test_it_does_not_stop_where_the_answers_are_given_at_once(self) -> None:
        result = run_workflow(ASKING, answers={"Checks: Ask": {"reason": "late"}})
        assert recorded(result) == [("Checks: Ask", "success"), ("Done", "complete")]

    def test_answers_stay_after_a_failure_of_the_step_and_others_come_in_their_place(self) -> None:
        failed = run_workflow(ASKING, answers={"Checks: Ask": {"reason": 7}})
        assert_failed(failed, match="AttributeError")
        assert_failed(resume_workflow(failed), match="AttributeError")
        again = resume_workflow(failed, answers={"Checks: Ask": {"reason": "ill"}})
        assert again.state["heard"] == "ILL"

    def test_they_are_read_back_as_json_and_no_step_can_change_them(self) -> None:
        def spoil(reason: list[Any]) -> State:
            reason.append(1)
            return {"heard": reason}

        given: Any = {"Checks: Ask": {"reason": ("late",)}}
        result = run_workflow(ASKING, answers=given, stubs={"Checks: Ask": spoil})
        assert (result.state["heard"], result.state["reason"]) == (["late", 1], ["late"])
        assert given == {"Checks: Ask": {"reason": ("late",)}}

    def test_no_answers_are_no_reason_to_go_on(self) -> None:
        with pytest.raises(AnswerError, match=r"'Checks: Ask' asks for answers: give answers=\{'Checks: Ask': \{…\}\}"):
            resume_workflow(run_workflow(ASKING))

    @pytest.mark.parametrize(
        ("answers", "message"),
        [
            ({"Check: Ask": {}}, "nothing in 'task_order' is 'Check: Ask': did you mean 'Checks: Ask'?"),
            ({"xyz": {}}, "nothing in 'task_order' is 'xyz'; the steps that ask for answers are Checks: Ask"),
            ({"Start": {}}, "nothing in 'task_order' is 'Start'"),
            ({"Checks: Ask": "late"}, "the answers to 'Checks: Ask' are 'late'; give a dict: field → answer"),
            ({"Checks: Ask": {"reason": object()}}, "what is given for 'Checks: Ask' cannot be stored: "),
            ({"Checks: Ask": {"reason": "\0"}}, "what is given for 'Checks: Ask' cannot be stored: "),
        ],
    )
    def test_what_is_no_answer_to_a_step_is_refused(self, answers: Any, message: str) -> None:
        with pytest.raises(AnswerError) as refused:
            run_workflow(ASKING, answers=answers)
        assert str(refused.value).startswith(message)

    def test_a_stub_runs_in_place_of_the_function_and_the_step_still_asks(self) -> None:
        suspended = run_workflow(ASKING, stubs={"Checks: Ask": lambda reason: {"heard": f"stub {reason}"}})
        assert_status(suspended, "suspended")
        assert resume_workflow(suspended, answers={"Checks: Ask": {"reason": "a"}}).state["heard"] == "stub a"


class TestCallingOut:
    def test_a_run_awaits_the_answer_of_another_system(self) -> None:
        awaiting = run_workflow(CALLING)
        assert_status(awaiting, "awaiting_callback")
        assert awaiting.state["told"] == CALLBACK_ROUTE
        assert "callback_route" not in awaiting.state
        result = resume_workflow(awaiting, callbacks={"Line: NSO": {"ok": [1]}})
        assert_completed(result)
        assert (result.state["callback_result"], result.state["seen"]) == ({"ok": [1]}, {"ok": [1]})
        assert recorded(result) == [
            ("Line: NSO: Order", "success"),
            ("Line: NSO: Await callback", "awaiting_callback"),
            ("Line: NSO: Await callback", "success"),
            ("Line: NSO: Look", "success"),
            ("Done", "complete"),
        ]

    @pytest.mark.parametrize("given", [None, 0, "fine", [1, {"a": None}]])
    def test_it_does_not_stop_where_the_answer_is_given_at_once(self, given: Any) -> None:
        result = run_workflow(CALLING, callbacks={"Line: NSO": given})
        assert_completed(result)
        assert result.state["seen"] == given

    def test_the_path_is_the_same_on_every_run_and_visibly_no_real_one(self) -> None:
        assert run_workflow(CALLING, task_id="17").state["told"] == CALLBACK_ROUTE
        assert "not-a-token" in CALLBACK_ROUTE

    def test_a_stub_for_the_action_gets_the_path_too(self) -> None:
        stub: Any = {"Line: NSO: Order": lambda callback_route: {"told": callback_route.upper()}}
        assert run_workflow(CALLING, stubs=stub).state["told"] == CALLBACK_ROUTE.upper()

    def test_no_answer_is_no_reason_to_go_on(self) -> None:
        with pytest.raises(AnswerError, match=r"'Line: NSO' awaits a callback: give callbacks=\{'Line: NSO': …\}"):
            resume_workflow(run_workflow(CALLING))

    @pytest.mark.parametrize(
        ("callbacks", "message"),
        [
            ({"NSO": 1}, "nothing in 'task_order' is 'NSO'; its callback steps are Line: NSO"),
            ({"Line: NSO: Await callback": 1}, "nothing in 'task_order' is 'Line: NSO: Await callback'"),
            ({"Line: NSO": object()}, "what is given for 'Line: NSO' cannot be stored: "),
        ],
    )
    def test_what_is_no_answer_to_a_callback_step_is_refused(self, callbacks: Any, message: str) -> None:
        with pytest.raises(AnswerError) as refused:
            run_workflow(CALLING, callbacks=callbacks)
        assert str(refused.value).startswith(message)

    def test_a_workflow_that_calls_nobody_says_so(self) -> None:
        with pytest.raises(AnswerError, match="nothing in 'task_order' is 'NSO'; its callback steps: none"):
            run_workflow(ASKING, callbacks={"NSO": 1})

    def test_where_the_action_was_skipped_nobody_was_asked(self) -> None:
        action, awaiting, looking = callback_step("NSO", order, look)
        skipped = define(conditional(lambda state: False)(action) >> awaiting >> looking)
        assert_failed(run_workflow(skipped, callbacks={}), match="NSO: Await callback: NothingAsked")


class TestRetrying:
    def test_a_run_waits_and_tries_again_when_it_is_resumed(self) -> None:
        waiting = run_workflow(flaky(max_attempts=None, failures=2))
        assert_status(waiting, "waiting")
        assert waiting.failed_reason == "Flaky: ConnectionError: call 1"
        assert waiting.failure is not None
        twice = resume_workflow(waiting)
        assert (twice.status, twice.failed_reason) == ("waiting", "Flaky: ConnectionError: call 2")
        result = resume_workflow(twice)
        assert (result.status, result.state["calls"], result.failure) == ("completed", 3, None)

    def test_it_gives_up_with_the_last_attempt_and_begins_to_count_anew_when_it_is_resumed(self) -> None:
        result = run_workflow(flaky(max_attempts=2, failures=9))
        statuses = [result.status]
        for _ in range(4):
            result = resume_workflow(result)
            statuses.append(result.status)
        assert statuses == ["waiting", "api_unavailable", "waiting", "api_unavailable", "waiting"]
        assert [status for _, status in recorded(result)] == ["waiting", "failed", "waiting", "failed", "waiting"]

    def test_failures_of_another_step_do_not_count(self) -> None:
        first, second = (retrystep(name, max_attempts=2)(lambda name=name: {}[name]) for name in ("First", "Second"))
        waiting = run_workflow(define(first >> second))
        again = resume_workflow(waiting, stubs={"First": {}})
        assert (again.status, recorded(again)[-1]) == ("waiting", ("Second", "waiting"))

    def test_a_stub_that_fails_is_retried_as_the_step_is(self) -> None:
        waiting = run_workflow(flaky(max_attempts=2, failures=0), stubs={"Flaky": lambda: 1 / 0})
        assert_status(waiting, "waiting")
        assert_failed(resume_workflow(waiting), match="ZeroDivisionError")


class TestEndingEarly:
    ABORTING = define(conditional(lambda state: state["is_wrong"])(abort) >> ask)

    def test_a_workflow_may_abort_its_own_task(self) -> None:
        result = run_workflow(self.ABORTING, state={"is_wrong": True})
        assert_status(result, "aborted")
        assert (result.failure, result.failed_reason) == (None, "Abort: the workflow ended it here")
        with pytest.raises(WorkflowError, match="'task_order' is aborted: there is no step to go on at"):
            resume_workflow(result)

    def test_a_skipped_step_is_kept_as_one(self) -> None:
        result = run_workflow(self.ABORTING, state={"is_wrong": False}, answers={"Ask": {"reason": "a"}})
        assert recorded(result) == [("Abort", "skipped"), ("Ask", "success"), ("Done", "complete")]


class TestAsserting:
    def test_a_run_that_waits_has_neither_completed_nor_failed_and_its_place_is_shown(self) -> None:
        suspended = run_workflow(ASKING)
        with pytest.raises(AssertionError) as failed:
            assert_completed(suspended)
        assert str(failed.value).startswith(
            "'task_order' is suspended, not completed. It stands at the step 'Checks: Ask'; its state: {"
        )
        with pytest.raises(AssertionError, match=r"'task_order' is suspended; no step failed for good. It stands at"):
            assert_failed(suspended)

    def test_a_step_that_is_to_be_tried_again_has_not_failed_and_its_traceback_is_shown(self) -> None:
        waiting = run_workflow(flaky(max_attempts=None, failures=1))
        with pytest.raises(
            AssertionError, match=r"is waiting; no step failed for good. The step 'Flaky' failed"
        ) as seen:
            assert_failed(waiting)
        assert "Traceback (most recent call last):" in str(seen.value)

    def test_a_completed_run_is_not_suspended(self) -> None:
        result = run_workflow(ASKING, answers={"Checks: Ask": {"reason": "a"}})
        with pytest.raises(AssertionError, match=r"^'task_order' is completed, not suspended$"):
            assert_status(result, "suspended")

    def test_a_status_that_no_run_comes_to_is_refused(self) -> None:
        with pytest.raises(WorkflowError, match=r"no run is 'suspend': did you mean 'suspended'?"):
            assert_status(run_workflow(ASKING), "suspend")

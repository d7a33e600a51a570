"""Steps that are left out, and workflows that end their own tasks."""

from itertools import count as count_up

import pytest

from tasks.callbacks import CallbackRefused, answer_callback
from tasks.models import Task, TaskStatus
from tasks.services import abort_task, resume_task
from tasks.states import IllegalTransition
from tests.integration.tasks.calling_out import Supplier, awaiting
from tests.integration.tasks.support import Clock, Network, assert_status, claim_due, last_state, recorded, run_due
from tests.support.factories import make_step, make_task, make_workflow
from workflows.engine import State, Step, abort, conditional, focussteps, retrystep, step, step_group

pytestmark = pytest.mark.django_db


def count(name: str = "Count", *, atomic: bool = False) -> Step:
    return step(name, atomic=atomic)(lambda counted=0: {"counted": counted + 1})


class TestSkipping:
    def test_a_step_whose_condition_does_not_hold_is_recorded_as_skipped_and_the_task_goes_on(
        self, clock: Clock
    ) -> None:
        steps = conditional(lambda state: state["is_dirty"])(count("Clean") >> count("Check"))
        task = run_due(clock, make_task(make_workflow(*steps, count()), inputs={"is_dirty": False}))
        assert_status(task, TaskStatus.COMPLETED)
        assert recorded(task)[1:] == [
            ("Clean", "skipped"),
            ("Check", "skipped"),
            ("Count", "success"),
            ("Done", "complete"),
        ]
        assert (task.position, last_state(task)) == (5, {"is_dirty": False, "counted": 1})

    def test_it_is_asked_before_each_step_with_what_the_one_before_left(self, clock: Clock) -> None:
        steps = conditional(lambda state: state.get("counted", 0) < 2)(count("A") >> count("B") >> count("C"))
        task = run_due(clock, make_task(make_workflow(*steps)))
        assert [status for _, status in recorded(task)] == ["success", "success", "success", "skipped", "complete"]

    @pytest.mark.parametrize("atomic", [False, True])
    def test_one_that_fails_fails_the_step_and_is_asked_again_when_the_task_is_resumed(
        self, clock: Clock, atomic: bool
    ) -> None:
        asked: list[bool] = []

        def ask(state: State) -> bool:
            asked.append(True)
            return len(asked) > 1 or bool(state["no such key"])

        task = run_due(clock, make_task(make_workflow(*conditional(ask)(count(atomic=atomic)))))
        assert (task.status, task.failed_reason) == (TaskStatus.FAILED, "Count: KeyError: 'no such key'")
        resume_task(task_id=task.pk, actor="ada")
        task = run_due(clock, task)
        assert (task.status, last_state(task)) == (TaskStatus.COMPLETED, {"counted": 1})

    def test_a_retried_step_may_be_skipped_when_it_would_be_tried_again(self, clock: Clock) -> None:
        network = Network(ConnectionError("nso:8080"))
        flaky = retrystep("Flaky")(lambda: network.call("Flaky"))
        task = run_due(clock, make_task(make_workflow(*conditional(lambda state: not network.calls)(flaky))))
        assert_status(task, TaskStatus.WAITING)
        clock.now = task.available_at or clock.now
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert (task.failed_reason, recorded(task)[1:3]) == ("", [("Flaky", "waiting"), ("Flaky", "skipped")])

    def test_the_state_goes_on_from_a_skipped_step_in_another_worker_too(self, clock: Clock) -> None:
        steps = conditional(lambda state: False)(count("Skipped"))
        task = make_task(make_workflow(count("First"), *steps, count("Second")))
        looks = count_up(1)
        task = run_due(clock, task, is_stopping=lambda: next(looks) > 3)
        assert (task.status, task.position) == (TaskStatus.RESUMED, 3)
        assert last_state(run_due(clock, task, worker="w2")) == {"counted": 2}


class TestAbortingItself:
    def test_the_task_ends_as_aborted_and_says_that_its_workflow_did_that(self, clock: Clock) -> None:
        network = Network()
        steps = conditional(lambda state: state["is_wrong"])(step_group("Check", abort))
        later = make_step("Later", lambda: network.call("Later"))
        task = run_due(clock, make_task(make_workflow(count(), *steps, later), inputs={"is_wrong": True}))
        assert_status(task, TaskStatus.ABORTED)
        assert task.failed_reason == "Check: Abort: the workflow ended it here"
        assert (task.finished_at, task.lease_expires_at, network.calls) == (clock.now, None, [])
        assert recorded(task)[1:] == [("Count", "success"), ("Check: Abort", "abort")]
        assert last_state(task)["counted"] == 1
        with pytest.raises(IllegalTransition, match="a task that is aborted cannot become resumed"):
            resume_task(task_id=task.pk, actor="ada")

    def test_it_goes_on_where_the_condition_does_not_hold(self, clock: Clock) -> None:
        steps = focussteps("port")(conditional(lambda state: state["is_wrong"])(abort))
        task = run_due(clock, make_task(make_workflow(*steps), inputs={"port": {"is_wrong": False}}))
        assert_status(task, TaskStatus.COMPLETED)
        assert recorded(task)[1] == ("Abort", "skipped")

    def test_somebody_who_asked_for_the_same_meanwhile_changes_nothing(self, clock: Clock) -> None:
        ask = make_step("Ask", lambda: None)
        task = make_task(make_workflow(ask, *abort))
        looks = count_up(1)

        def ask_before_the_last_step() -> bool:
            if next(looks) == 3:
                abort_task(task_id=task.pk, actor="ada")
            return False

        task = run_due(clock, task, is_stopping=ask_before_the_last_step)
        assert (task.status, task.failed_reason) == (TaskStatus.ABORTED, "Abort: the workflow ended it here")


class TestBeingAborted:
    def test_a_task_that_is_to_be_tried_again_ends_before_that(self, clock: Clock) -> None:
        def fail_and_ask() -> None:
            abort_task(task_id=Task.objects.get().pk, actor="ada")
            raise ConnectionError("nso:8080")

        task = run_due(clock, make_task(make_workflow(retrystep("Flaky")(fail_and_ask))))
        assert (task.status, task.available_at) == (TaskStatus.ABORTED, None)
        assert task.failed_reason == "aborted before its next step"
        assert recorded(task)[-1] == ("Flaky", "waiting")
        clock.let_pass(10**6)
        assert claim_due(clock) is None

    def test_a_task_that_would_await_an_answer_awaits_none(self, clock: Clock) -> None:
        def ask_for_abort(token: str) -> None:
            abort_task(task_id=Task.objects.get().pk, actor="ada")

        supplier = Supplier(ask_for_abort)
        with pytest.raises(AssertionError, match="aborted before its next step"):
            awaiting(clock, supplier)
        task = Task.objects.get()
        assert recorded(task)[-1] == ("Line: Order", "success")
        with pytest.raises(CallbackRefused, match="the task is aborted: it awaits nothing"):
            answer_callback(task_id=task.pk, token=supplier.token, result=1)

"""Steps with a time limit, which is looked at when they end."""

import pytest

from tasks.models import TaskStatus
from tasks.services import resume_task
from tests.integration.tasks.support import Clock, assert_status, recorded, run_due
from tests.support.factories import make_step, make_task, make_workflow
from workflows.engine import State, Step, conditional, step
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


def make_slow(clock: Clock, seconds: float, *, atomic: bool = False, error: Exception | None = None) -> Step:
    @step("Slow", atomic=atomic, timeout_seconds=5)
    def slow() -> State:
        Workflow.objects.create(name="written", target="SYSTEM", is_task=True)
        clock.let_pass(seconds)
        if error is not None:
            raise error
        return {"is_slow": True}

    return slow


def was_written() -> bool:
    return Workflow.objects.filter(name="written").exists()


@pytest.mark.parametrize("atomic", [False, True])
def test_a_step_that_took_too_long_has_failed_with_the_state_before_it(clock: Clock, atomic: bool) -> None:
    task = run_due(clock, make_task(make_workflow(make_slow(clock, 5.1, atomic=atomic))))
    assert_status(task, TaskStatus.FAILED)
    assert task.failed_reason == "Slow: StepTimeout: the step took 5.1 s; its timeout_seconds is 5"
    assert (task.position, recorded(task)) == (1, [("Start", "success"), ("Slow", "failed")])
    assert "is_slow" not in task.steps.get(name="Slow").state
    assert was_written() is not atomic


@pytest.mark.parametrize("atomic", [False, True])
def test_a_step_that_took_as_long_as_it_may_has_passed(clock: Clock, atomic: bool) -> None:
    task = run_due(clock, make_task(make_workflow(make_slow(clock, 5, atomic=atomic))))
    assert_status(task, TaskStatus.COMPLETED)
    assert was_written()


def test_an_error_of_its_own_counts_more_than_the_time_it_took(clock: Clock) -> None:
    task = run_due(clock, make_task(make_workflow(make_slow(clock, 60, error=ConnectionError("nso:8080")))))
    assert_status(task, TaskStatus.API_UNAVAILABLE)
    assert task.failed_reason == "Slow: ConnectionError: nso:8080"


def test_a_step_without_a_limit_may_take_any_time(clock: Clock) -> None:
    unlimited = make_step("Slow", lambda: clock.let_pass(10**6))
    assert_status(run_due(clock, make_task(make_workflow(unlimited))), TaskStatus.COMPLETED)


def test_a_condition_that_takes_long_and_does_not_hold_makes_no_failure(clock: Clock) -> None:
    def ponder(state: State) -> bool:
        clock.let_pass(60)
        return False

    task = run_due(clock, make_task(make_workflow(*conditional(ponder)(make_slow(clock, 1)))))
    assert_status(task, TaskStatus.COMPLETED)
    assert recorded(task)[1] == ("Slow", "skipped")


def test_a_task_can_be_resumed_at_it(clock: Clock) -> None:
    durations = [9.0, 1.0]
    slow = step("Slow", timeout_seconds=5)(lambda: clock.let_pass(durations.pop(0)))
    task = run_due(clock, make_task(make_workflow(slow)))
    assert_status(task, TaskStatus.FAILED)
    resume_task(task_id=task.pk, actor="ada")
    assert_status(run_due(clock, task), TaskStatus.COMPLETED)

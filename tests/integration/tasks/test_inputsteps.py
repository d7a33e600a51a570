"""Steps that ask people: what is refused changes nothing, and what was answered is kept until the step has passed."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms

from orchestrator_site.common.errors import InvalidFields, InvalidValue
from tasks.models import Task, TaskStatus
from tasks.queue import claim_orphaned
from tasks.runner import run_claimed
from tasks.services import abort_task, resume_task
from tests.integration.tasks.support import Clock, assert_status, claim_due, fresh, last_state, recorded, run_due
from tests.support.factories import LEASE_SECONDS, make_lease, make_step, make_task, make_workflow
from workflows.engine import Step, conditional, focussteps, inputstep, step_group

pytestmark = pytest.mark.django_db

ANSWERS = {"reason": "late", "ports": 2}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=10)
    ports = forms.IntegerField(min_value=1)


def make_asking(function: Callable[..., Any] = lambda reason, ports: {"heard": [reason, ports]}) -> Step:
    return inputstep("Ask", form=ReasonForm)(function)


def suspended(clock: Clock, *steps: Step) -> Task:
    task = run_due(clock, make_task(make_workflow(*steps)))
    assert_status(task, TaskStatus.SUSPENDED)
    return task


def columns(task: Task) -> dict[str, Any]:
    return {**Task.objects.filter(pk=task.pk).values().get()}


class TestSuspending:
    def test_a_task_is_suspended_before_the_step_until_somebody_answers(self, clock: Clock) -> None:
        task = suspended(clock, make_asking())
        assert recorded(task) == [("Start", "success"), ("Ask", "suspend")]
        assert (task.position, task.available_at, task.finished_at, task.failed_reason) == (1, None, None, "")
        clock.let_pass(10**6)
        assert claim_due(clock) is None

    def test_right_answers_put_it_on_the_queue_and_it_goes_on_with_them(self, clock: Clock) -> None:
        task = suspended(clock, make_asking(), make_step("Look", lambda reason: {"seen": reason}))
        resumed = resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        assert (resumed.status, resumed.answers, resumed.version) == (TaskStatus.RESUMED, ANSWERS, task.version + 1)
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert last_state(task) == {**ANSWERS, "heard": ["late", 2], "seen": "late"}
        assert recorded(task)[1:3] == [("Ask", "suspend"), ("Ask", "success")]

    def test_it_may_be_aborted_instead(self, clock: Clock) -> None:
        task = suspended(clock, make_asking())
        assert_status(abort_task(task_id=task.pk, actor="ada"), TaskStatus.ABORTED)


class TestWrongAnswers:
    @pytest.mark.parametrize(
        ("inputs", "fields"),
        [
            ({"reason": "late"}, {"inputs.ports"}),
            ({"ports": 0, "reason": "far too long a reason"}, {"inputs.ports", "inputs.reason"}),
            ({**ANSWERS, "colour": "red"}, {"inputs.colour"}),
            ({}, {"inputs.ports", "inputs.reason"}),
        ],
    )
    def test_they_are_refused_field_by_field_and_change_nothing(
        self, clock: Clock, inputs: dict[str, Any], fields: set[str]
    ) -> None:
        task = suspended(clock, make_asking())
        before = columns(task)
        with pytest.raises(InvalidFields) as refused:
            resume_task(task_id=task.pk, actor="ada", inputs=inputs)
        assert set(refused.value.errors) == fields
        assert columns(task) == before
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_no_answers_are_refused_and_change_nothing(self, clock: Clock) -> None:
        task = suspended(clock, make_asking())
        before = columns(task)
        with pytest.raises(InvalidValue, match="step 'Ask' asks for inputs: give them"):
            resume_task(task_id=task.pk, actor="ada")
        assert columns(task) == before

    def test_answers_to_a_step_that_asks_nothing_are_refused(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_step("Fail", lambda: 1 / 0))))
        with pytest.raises(InvalidValue, match="the task stands at step 'Fail', which asks for no inputs"):
            resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        assert_status(resume_task(task_id=task.pk, actor="ada", inputs={}), TaskStatus.RESUMED)


class TestKeepingAnswers:
    def test_they_survive_a_failure_of_the_step_and_are_used_again(self, clock: Clock) -> None:
        heard = []

        def hear(reason: str) -> None:
            heard.append(reason)
            if len(heard) == 1:
                raise ConnectionError("nso:8080")

        task = suspended(clock, make_asking(hear))
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        task = run_due(clock, task)
        assert (task.status, task.answers) == (TaskStatus.API_UNAVAILABLE, ANSWERS)
        resume_task(task_id=task.pk, actor="ada")
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert heard == ["late", "late"]

    def test_others_may_be_given_after_a_failure(self, clock: Clock) -> None:
        task = suspended(clock, make_asking(lambda ports: {"each": 10 // (ports - 1)}))
        resume_task(task_id=task.pk, actor="ada", inputs={**ANSWERS, "ports": 1})
        assert_status(run_due(clock, task), TaskStatus.FAILED)
        resume_task(task_id=task.pk, actor="ada", inputs={**ANSWERS, "ports": 3})
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert last_state(task)["each"] == 5

    def test_they_survive_the_death_of_the_worker_that_had_them(self, clock: Clock) -> None:
        task = suspended(clock, make_asking())
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        assert claim_due(clock, worker="dies") is not None
        clock.let_pass(2 * LEASE_SECONDS)
        [taken] = claim_orphaned(make_lease(now=clock.now), limit=1)
        run_claimed(taken, clock=clock)
        assert_status(fresh(task), TaskStatus.COMPLETED)

    def test_they_survive_a_worker_that_gives_the_task_back(self, clock: Clock) -> None:
        task = suspended(clock, make_asking())
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        given_back = run_due(clock, task, is_stopping=lambda: True)
        assert (given_back.status, given_back.answers) == (TaskStatus.RESUMED, ANSWERS)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_they_are_gone_once_the_step_has_passed_and_the_next_one_asks_for_its_own(self, clock: Clock) -> None:
        asking = [inputstep(name, form=ReasonForm)(lambda: None) for name in ("First", "Second")]
        task = suspended(clock, *asking)
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        task = run_due(clock, task)
        assert (task.status, task.position, task.answers) == (TaskStatus.SUSPENDED, 2, None)
        assert recorded(task)[1:] == [("First", "suspend"), ("First", "success"), ("Second", "suspend")]

    def test_they_are_gone_when_the_step_is_skipped_after_all(self, clock: Clock) -> None:
        is_asked = [True, False]
        task = suspended(clock, *conditional(lambda state: is_asked.pop(0))(make_asking()))
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        task = run_due(clock, task)
        assert (task.status, task.answers) == (TaskStatus.COMPLETED, None)
        assert last_state(task) == {}


def test_a_step_in_a_group_on_a_part_of_the_state_asks_as_any_other(clock: Clock) -> None:
    steps = step_group("Checks", conditional(lambda state: True)(focussteps("site")(make_asking())))
    task = suspended(clock, *steps)
    assert recorded(task)[-1] == ("Checks: Ask", "suspend")
    resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
    task = run_due(clock, task)
    assert last_state(task) == {"site": {**ANSWERS, "heard": ["late", 2]}}

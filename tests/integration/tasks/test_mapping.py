"""Tasks that go on in another list of steps than the one that they have run by."""

import pytest
from django import forms

from orchestrator_site.common.errors import InvalidFields, InvalidValue
from tasks.models import TaskStatus
from tasks.queue import claim_orphaned
from tasks.runner import run_claimed
from tasks.services import resume_task
from tests.integration.tasks.deploying import (
    ANSWERS,
    OLD,
    Deployment,
    OtherReasonForm,
    ReasonForm,
    assert_completed,
    columns,
)
from tests.integration.tasks.support import Clock, assert_status, run_due
from tests.support.factories import LEASE_SECONDS, make_lease, make_step, make_task, make_workflow, register_code

pytestmark = pytest.mark.django_db


class TestOnAnotherList:
    @pytest.mark.parametrize("form", [ReasonForm, OtherReasonForm])
    def test_answers_that_were_given_are_kept_if_the_step_asks_the_same_there(
        self, clock: Clock, form: type[forms.Form]
    ) -> None:
        deployment = Deployment("suspended", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS)
        deployment.form = form
        deployment.deploy("X A B2 C D", aliases={"B": "B2"})
        task = run_due(clock, task)
        if form is ReasonForm:
            assert_status(task, TaskStatus.COMPLETED)
            assert_completed(deployment, task, ran="B2 C D", revision=1)
        else:
            assert (task.status, task.position, task.answers) == (TaskStatus.SUSPENDED, 3, None)

    def test_a_worker_that_dies_there_before_it_has_recorded_a_step_leaves_the_task_at_its_place(
        self, clock: Clock
    ) -> None:
        deployment = Deployment("given back", clock)
        deployment.deploy(OLD)
        task = deployment.stop()

        def die() -> None:
            raise SystemExit

        dying = [make_step(name, die if name == "B" else lambda: None) for name in ["X", "A", "B", "C", "D"]]
        register_code("task_deployed", dying, step_aliases={"B": "B"})
        with pytest.raises(SystemExit):
            run_due(clock, task)
        deployment.deploy("X A B C D", aliases={"B": "B"})
        clock.let_pass(2 * LEASE_SECONDS)
        [taken] = claim_orphaned(make_lease(now=clock.now), limit=1)
        run_claimed(taken, clock=clock)
        assert_completed(deployment, task, ran="B C D", revision=1)

    @pytest.mark.django_db(transaction=True)
    def test_the_list_is_written_down_although_the_first_choice_of_a_person_was_refused(self, clock: Clock) -> None:
        deployment = Deployment("suspended", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        deployment.deploy("X A B C D")
        with pytest.raises(InvalidFields):
            resume_task(task_id=task.pk, actor="ada", inputs={"reason": ""}, resume_at="B")
        deployment.resume_at(task, "B")
        assert_completed(deployment, task, ran="B C D", revision=1)

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("Z", "no step of 'task_deployed' has the name 'Z'; its steps are Start, X, A, B, Fork, E, E, Done"),
            ("Fork 2", "no step of 'task_deployed' has the name 'Fork 2': did you mean 'Fork'?"),
            ("E", "2 steps of 'task_deployed' have the name 'E'"),
        ],
    )
    def test_a_step_that_cannot_be_chosen_is_refused(self, clock: Clock, name: str, message: str) -> None:
        deployment = Deployment("failed", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        deployment.deploy("X A B Fork E E")
        before = columns(task)
        with pytest.raises(InvalidValue) as refused:
            resume_task(task_id=task.pk, actor="ada", resume_at=name)
        assert str(refused.value).startswith(message)
        assert columns(task) == before

    def test_a_task_of_which_no_step_has_run_has_none_to_choose(self, clock: Clock) -> None:
        task = make_task(make_workflow(name="task_deployed"), status=TaskStatus.FAILED)
        with pytest.raises(InvalidValue, match="none of its steps has run yet: resume it without resume_at"):
            resume_task(task_id=task.pk, actor="ada", resume_at="Done")

    def test_the_step_at_which_it_stands_may_be_chosen_although_nothing_has_changed(self, clock: Clock) -> None:
        deployment = Deployment("failed", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        deployment.resume_at(task, "B")
        assert_completed(deployment, task, ran="B C D", revision=0)

    def test_an_earlier_step_may_be_chosen_although_nothing_has_changed(self, clock: Clock) -> None:
        deployment = Deployment("failed", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        deployment.resume_at(task, "A")
        assert_completed(deployment, task, ran="A B C D", revision=1)

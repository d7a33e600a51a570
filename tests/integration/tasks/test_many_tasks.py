"""Deleting a task, and resuming many: each for itself, and what is left as it is says why."""

from typing import Any

import pytest
from django import forms

from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.models import ENDED, Task, TaskCallback, TaskStatus, TaskStep
from tasks.selectors import TaskNotFound
from tasks.services import Resumption, TaskNotEnded, delete_task, resume_tasks
from tests.integration.tasks.support import Clock, run_due
from tests.support.database import heard_channels
from tests.support.factories import make_callback, make_step, make_task, make_task_step, make_workflow, register_code
from workflows.engine import inputstep

pytestmark = pytest.mark.django_db


class ReasonForm(forms.Form):
    reason = forms.CharField()


def counts() -> tuple[int, int, int]:
    return Task.objects.count(), TaskStep.objects.count(), TaskCallback.objects.count()


class TestDeleting:
    @pytest.mark.parametrize("status", ENDED)
    def test_one_that_has_ended_goes_with_all_that_belongs_to_it(self, status: TaskStatus) -> None:
        task, other = make_task(status=status), make_task(status=status)
        for each in (task, other):
            make_task_step(each)
            make_callback(each)
        gone = delete_task(task_id=task.pk, actor="ada")
        assert (gone.pk, gone.status) == (task.pk, status)
        assert counts() == (1, 1, 1)
        assert Task.objects.get() == other

    @pytest.mark.parametrize("status", sorted(set(TaskStatus) - set(ENDED)))
    def test_any_other_stays_and_its_status_is_named(self, status: TaskStatus) -> None:
        task = make_task(status=status)
        with pytest.raises(TaskNotEnded, match=f"a task that is {status} cannot be deleted: abort it first"):
            delete_task(task_id=task.pk, actor="ada")
        assert Task.objects.get().status == status

    def test_one_that_there_is_not_is_not_found(self) -> None:
        task = make_task(status=TaskStatus.FAILED)
        delete_task(task_id=task.pk, actor="ada")
        with pytest.raises(TaskNotFound):
            delete_task(task_id=task.pk, actor="ada")


def problems(results: list[Resumption]) -> list[str]:
    return [each.problem for each in results]


class TestResumingMany:
    def test_those_that_can_go_on_do_and_the_others_say_why_not(self, clock: Clock) -> None:
        failing = make_workflow(make_step("Fail", lambda: 1 / 0))
        asking = make_workflow(inputstep("Ask", form=ReasonForm)(lambda: None))
        changed = make_workflow(make_step("Fail", lambda: 1 / 0))
        tasks = [run_due(clock, make_task(each)) for each in (failing, asking, changed)]
        tasks += [make_task(failing, status=status) for status in (TaskStatus.COMPLETED, TaskStatus.RUNNING)]
        tasks.append(make_task(failing, status=TaskStatus.WAITING, available_at=clock.now))
        register_code(changed.name, [make_step("Other", lambda: None)])
        results = resume_tasks(tasks=Task.objects.all(), actor="ada")
        assert [each.task_id for each in results] == [task.pk for task in tasks]
        said = problems(results)
        assert said[0] == said[5] == ""
        assert said[1] == "step 'Ask' asks for inputs: give them"
        assert said[2].startswith("its steps were changed; choose the step at which it is to go on (resume_at)")
        assert said[3].startswith("a task that is completed cannot become resumed")
        assert said[4].startswith("a task that is running cannot become resumed")
        statuses = [Task.objects.get(pk=task.pk).status for task in tasks]
        assert statuses == [
            TaskStatus.RESUMED,
            TaskStatus.SUSPENDED,
            TaskStatus.FAILED,
            TaskStatus.COMPLETED,
            TaskStatus.RUNNING,
            TaskStatus.RESUMED,
        ]

    def test_a_person_who_may_not_resume_one_may_resume_the_others(self) -> None:
        names = {"authorize_callback": lambda user: user == "ada"}
        closed, opened = make_workflow(options=names), make_workflow()
        for each in (closed, opened):
            make_task(each, status=TaskStatus.FAILED)
        bob: Any = "bob"
        said = problems(resume_tasks(tasks=Task.objects.all(), actor="bob", user=bob))
        assert said == [f"User is not authorized to resume '{closed.name}'", ""]

    def test_only_those_that_were_asked_for_are_touched(self) -> None:
        wanted, other = make_task(status=TaskStatus.FAILED), make_task(status=TaskStatus.FAILED)
        with heard_channels() as heard:
            resume_tasks(tasks=Task.objects.filter(pk=wanted.pk), actor="ada")
        assert heard == [TASKS_ENQUEUED]
        assert Task.objects.get(pk=other.pk).status == TaskStatus.FAILED

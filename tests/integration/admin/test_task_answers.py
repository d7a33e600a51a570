"""Answering the form of the step at which a task stands, from its page."""

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Task, TaskStatus
from tasks.queue import claim_queued
from tasks.runner import run_claimed
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read, read_messages, verb_url
from tests.support.factories import NOW, make_lease, make_step, make_task, make_workflow, register_code
from workflows.engine import inputstep
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS

MODEL = "tasks_task"


class ApprovalForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=20)
    is_sure = forms.BooleanField(required=False)
    at = forms.DateTimeField(required=False)


@inputstep("Approve", form=ApprovalForm)
def approve(reason: str) -> dict[str, Any]:
    if reason == "break":
        raise ValueError("broken")
    return {"approved": reason.upper()}


def make_suspended(workflow: Workflow | None = None) -> Task:
    """Return a task that has run up to the step that asks."""
    task = make_task(workflow or make_workflow(approve))
    return run(task)


def run(task: Task) -> Task:
    """Have a worker run a task that is on the queue."""
    Task.objects.filter(pk=task.pk).update(available_at=NOW)
    [claim] = claim_queued(make_lease(), limit=1)
    run_claimed(claim, clock=lambda: NOW)
    task.refresh_from_db()
    return task


@pytest.fixture
def task(db: None) -> Task:
    task = make_suspended()
    assert task.status == TaskStatus.SUSPENDED
    return task


def answer_url(task: Task) -> str:
    return verb_url(MODEL, "answer", task.pk)


def test_a_suspended_task_shows_the_form_of_its_step_and_no_plain_resume(root: Client, task: Task) -> None:
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "“Approve” asks" in page
    assert 'name="answers-reason" maxlength="20"' in page
    assert "Why" in page
    assert f'action="{answer_url(task)}"' in page
    assert "Answer and resume" in page
    for verb in ("resume", "retry"):
        assert verb_url(MODEL, verb, task.pk) not in page
    assert "asks for answers" in page, "the label of the step"


def test_answers_resume_the_task(root: Client, task: Task) -> None:
    sent = {"answers-reason": "good", "answers-is_sure": "on", "answers-at": "2027-03-01T10:00"}
    answer = root.post(answer_url(task), sent, follow=True)
    assert "on the queue again" in read_messages(answer)
    task.refresh_from_db()
    assert task.status == TaskStatus.RESUMED
    assert task.answers == {"reason": "good", "is_sure": True, "at": "2027-03-01T10:00:00Z"}
    assert "Answer and resume" in read(root.get(f"/admin/tasks/task/{task.pk}/history/"))
    assert run(task).status == TaskStatus.COMPLETED
    last = task.steps.last()
    assert last is not None
    assert last.state["approved"] == "GOOD"


def test_errors_stand_at_their_fields_on_the_page_of_the_task(root: Client, task: Task) -> None:
    answer = root.post(answer_url(task), {"answers-reason": "x" * 21, "answers-at": "soon"})
    page = read(answer)
    errors = answer.context["answer"].form.errors
    assert errors.keys() == {"reason", "at"}
    assert errors["reason"][0] in page
    assert "x" * 21 in page, "what was typed stays"
    assert 'id="steps"' in page, "and so does the rest of the page"
    task.refresh_from_db()
    assert (task.status, task.version) == (TaskStatus.SUSPENDED, 2)


def test_answers_are_refused_without_the_permission_and_the_form_is_not_there(login: Login, task: Task) -> None:
    viewer = login("tasks.view_task", "tasks.abort_task", "tasks.start_task")
    assert "asks</h2>" not in read(viewer.get(page_url(MODEL, task.pk)))
    assert viewer.post(answer_url(task), {"answers-reason": "good"}).status_code == 403
    task.refresh_from_db()
    assert task.status == TaskStatus.SUSPENDED


def test_whom_the_workflow_does_not_let_resume_sees_no_form_and_is_refused(login: Login, db: None) -> None:
    options = {"retry_auth_callback": lambda user: user.username == "root"}
    task = make_suspended(make_workflow(approve, options=options))
    operator = login("tasks.view_task", "tasks.resume_task")
    assert "asks</h2>" not in read(operator.get(page_url(MODEL, task.pk)))
    answer = operator.post(answer_url(task), {"answers-reason": "good"}, follow=True)
    assert "User is not authorized to resume" in read_messages(answer)
    task.refresh_from_db()
    assert task.status == TaskStatus.SUSPENDED
    User.objects.create_superuser("root")
    client = Client()
    client.force_login(User.objects.get(username="root"))
    assert "asks</h2>" in read(client.get(page_url(MODEL, task.pk)))


def test_answers_that_come_too_late_are_told_and_change_nothing(root: Client, task: Task) -> None:
    root.post(answer_url(task), {"answers-reason": "first"})
    answer = root.post(answer_url(task), {"answers-reason": "second"}, follow=True)
    assert "the task is resumed, and asks for nothing" in read_messages(answer)
    task.refresh_from_db()
    assert task.answers is not None
    assert task.answers["reason"] == "first"


def test_a_task_that_asks_for_nothing_takes_no_answers(root: Client, db: None) -> None:
    task = make_task(make_workflow(), status=TaskStatus.FAILED)
    answer = root.post(answer_url(task), {"answers-reason": "good"}, follow=True)
    assert "the task is failed, and asks for nothing" in read_messages(answer)
    assert root.get(answer_url(task)).status_code == 405


def test_a_task_that_failed_with_its_answers_shows_them_to_be_changed(root: Client, task: Task) -> None:
    root.post(answer_url(task), {"answers-reason": "break", "answers-at": "2027-03-01T10:00"})
    assert run(task).status == TaskStatus.FAILED
    page = read(root.get(page_url(MODEL, task.pk)))
    assert 'value="break"' in page
    assert 'value="2027-03-01T10:00:00"' in page
    assert verb_url(MODEL, "retry", task.pk) in page, "with the answers that it has"
    root.post(answer_url(task), {"answers-reason": "mended"})
    assert run(task).status == TaskStatus.COMPLETED


def test_a_suspended_task_without_code_here_says_so(root: Client, task: Task) -> None:
    del ALL_WORKFLOWS[task.workflow.name]
    page = read(root.get(page_url(MODEL, task.pk)))
    assert f"The code of {task.workflow} is not on this web server" in page
    assert verb_url(MODEL, "resume", task.pk) not in page


def test_a_form_that_cannot_be_made_is_told(root: Client, db: None) -> None:
    is_broken = False

    class MoodyForm(forms.Form):
        reason = forms.CharField()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if is_broken:
                raise RuntimeError("not <now>")
            super().__init__(*args, **kwargs)

    asking = inputstep("Approve", form=MoodyForm)(lambda reason: {"approved": reason})
    task = make_suspended(make_workflow(asking))
    is_broken = True
    assert "its form MoodyForm cannot be shown: RuntimeError: not <now>" in read(root.get(page_url(MODEL, task.pk)))
    answer = root.post(answer_url(task), {"answers-reason": "good"}, follow=True)
    assert "not <now>" in read_messages(answer)


def test_a_task_whose_step_has_moved_by_an_alias_is_answered(root: Client, db: None) -> None:
    task = make_suspended()
    moved = approve.named("Approve it")
    steps = [make_step("Look first", lambda: None), moved]
    register_code(task.workflow.name, steps, step_aliases={"Approve": "Approve it"})
    assert "“Approve it” asks" in read(root.get(page_url(MODEL, task.pk)))
    root.post(answer_url(task), {"answers-reason": "good"})
    assert run(task).status == TaskStatus.COMPLETED
    assert [(step.name, step.revision) for step in task.steps.all()][-2:] == [("Approve it", 1), ("Done", 1)]


class FileForm(forms.Form):
    plan = forms.FileField()


def test_a_form_that_no_inputs_can_have_is_told_and_nothing_is_offered(root: Client, task: Task) -> None:
    register_code(task.workflow.name, [inputstep("Approve", form=FileForm)(lambda plan: None)])
    for status in (TaskStatus.SUSPENDED, TaskStatus.FAILED, TaskStatus.AWAITING_CALLBACK):
        Task.objects.update(status=status)
        page = read(root.get(page_url(MODEL, task.pk)))
        assert "takes a file" in page
        for verb in ("resume", "retry", "answer"):
            assert verb_url(MODEL, verb, task.pk) not in page
            answer = root.post(verb_url(MODEL, verb, task.pk), follow=True)
            assert "takes a file" in read_messages(answer) or "asks for nothing" in read_messages(answer)
    Task.objects.update(status=TaskStatus.RUNNING, lease_expires_at=NOW, step_started_at=NOW)
    assert "<strong>Approve</strong>" in read(root.get(page_url(MODEL, task.pk)))


class FailingForm(forms.Form):
    reason = forms.CharField()

    def clean(self) -> dict[str, Any]:
        raise RuntimeError("cannot <look>")


def test_a_form_that_fails_while_it_cleans_is_told_above_what_was_typed(root: Client, db: None) -> None:
    task = make_suspended(make_workflow(inputstep("Approve", form=FailingForm)(lambda reason: None)))
    answer = root.post(answer_url(task), {"answers-reason": "good"})
    assert "cannot <look>" in answer.context["answer"].form.non_field_errors()[0]
    assert "cannot <look>" not in answer.content.decode()
    assert 'value="good"' in read(answer)

"""Deleting a task, resuming many, and what the code of a workflow says of that."""

from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.admin import TaskAdmin
from tasks.models import ENDED, Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read, read_messages, verb_url
from tests.integration.admin.test_task_answers import make_suspended
from tests.support.factories import make_task, make_task_step, make_workflow
from workflows.models import Workflow

MODEL = "tasks_task"


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly")


def delete_url(pk: UUID) -> str:
    return reverse("admin:tasks_task_delete", args=[pk])


@pytest.mark.parametrize("status", TaskStatus.values)
def test_only_a_task_that_has_ended_can_be_deleted(root: Client, workflow: Workflow, status: TaskStatus) -> None:
    task = make_task(workflow, status=TaskStatus(status))
    has_ended = status in ENDED
    assert (f'href="{delete_url(task.pk)}"' in read(root.get(page_url(MODEL, task.pk)))) == has_ended
    assert root.post(delete_url(task.pk), {"post": "yes"}).status_code == (302 if has_ended else 403)
    assert Task.objects.exists() != has_ended


def test_a_deletion_asks_first_and_is_in_the_history_of_the_site(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    make_task_step(task)
    page = read(root.get(delete_url(task.pk)))
    assert f"Task {task} of task_nightly, with its steps" in page
    assert Task.objects.exists()
    answer = root.post(delete_url(task.pk), {"post": "yes"}, follow=True)
    assert answer.request["PATH_INFO"] == list_url(MODEL)
    assert str(task.pk) in read(root.get("/admin/"))


def test_deleting_needs_its_permission(login: Login, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    operator = login("tasks.view_task", "tasks.abort_task", "tasks.resume_task")
    assert delete_url(task.pk) not in read(operator.get(page_url(MODEL, task.pk)))
    assert operator.post(delete_url(task.pk), {"post": "yes"}).status_code == 403
    User.objects.all().delete()
    operator = login("tasks.view_task", "tasks.delete_task")
    assert delete_url(task.pk) in read(operator.get(page_url(MODEL, task.pk)))
    assert operator.post(delete_url(task.pk), {"post": "yes"}).status_code == 302
    assert not Task.objects.exists()


def test_a_task_that_is_resumed_while_one_confirms_is_kept(
    root: Client, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    real = TaskAdmin.get_deleted_objects

    def resume_meanwhile(*arguments: object) -> object:
        Task.objects.update(status=TaskStatus.RESUMED, available_at=task.created_at)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(TaskAdmin, "get_deleted_objects", resume_meanwhile)
    answer = root.post(delete_url(task.pk), {"post": "yes"}, follow=True)
    assert "Delete: a task that is resumed cannot be deleted: abort it first" in read_messages(answer)
    assert Task.objects.exists()
    assert not LogEntry.objects.exists(), "what was not done is not in the history"


def resume_many(client: Client, tasks: list[Task]) -> str:
    chosen = {"action": "resume_selected", "_selected_action": [task.pk for task in tasks]}
    return read_messages(client.post(list_url(MODEL), chosen, follow=True))


def test_selected_tasks_are_resumed_and_each_that_stays_says_why(root: Client, workflow: Workflow) -> None:
    failed = [make_task(workflow, status=TaskStatus.FAILED) for _ in range(2)]
    done, suspended = make_task(workflow, status=TaskStatus.COMPLETED), make_suspended()
    left = make_task(workflow, status=TaskStatus.FAILED)
    told = resume_many(root, [*failed, done, suspended])
    assert "2 of 4 tasks are on the queue again." in told
    assert f'href="{page_url(MODEL, done.pk)}">task_nightly</a>: a task that is completed cannot become resumed' in told
    assert f'href="{page_url(MODEL, suspended.pk)}">{suspended.workflow}</a>: step &#x27;Approve&#x27; asks' in told
    statuses = {task.pk: task.status for task in Task.objects.all()}
    assert [statuses[task.pk] for task in failed] == [TaskStatus.RESUMED] * 2
    assert statuses[left.pk] == TaskStatus.FAILED
    assert "Resume" in read(root.get(f"/admin/tasks/task/{failed[0].pk}/history/"))


def test_only_what_stays_is_told_when_nothing_is_resumed(root: Client, workflow: Workflow) -> None:
    told = resume_many(root, [make_task(workflow, status=TaskStatus.ABORTED)])
    assert "on the queue again" not in told
    assert "a task that is aborted cannot become resumed" in told


def test_resuming_many_needs_the_permission_and_asks_each_workflow(login: Login, db: None) -> None:
    closed = make_workflow(options={"authorize_callback": lambda user: False})
    task, other = make_task(closed, status=TaskStatus.FAILED), make_task(status=TaskStatus.FAILED)
    viewer = login("tasks.view_task")
    assert "Resume the selected tasks" not in read(viewer.get(list_url(MODEL)))
    resume_many(viewer, [task, other])
    assert set(Task.objects.values_list("status", flat=True)) == {TaskStatus.FAILED}
    User.objects.all().delete()
    operator = login("tasks.view_task", "tasks.resume_task")
    assert "Resume the selected tasks" in read(operator.get(list_url(MODEL)))
    assert "User is not authorized to resume" in resume_many(operator, [task, other])
    other.refresh_from_db()
    task.refresh_from_db()
    assert (task.status, other.status) == (TaskStatus.FAILED, TaskStatus.RESUMED)


def test_a_verb_that_the_workflow_does_not_allow_is_absent_and_refused(login: Login, db: None) -> None:
    closed = make_workflow(options={"authorize_callback": lambda user: True, "retry_auth_callback": lambda user: False})
    task = make_task(closed, status=TaskStatus.FAILED)
    operator = login("tasks.view_task", "tasks.resume_task", "tasks.abort_task")
    page = read(operator.get(page_url(MODEL, task.pk)))
    assert verb_url(MODEL, "retry", task.pk) not in page
    assert verb_url(MODEL, "abort", task.pk) in page
    answer = operator.post(verb_url(MODEL, "retry", task.pk), follow=True)
    assert f"User is not authorized to resume '{closed}'" in read_messages(answer)
    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED

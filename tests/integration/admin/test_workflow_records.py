"""Workflows in the admin: how their tasks ended, which schedules and products they have, and their description."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from orchestrator_site.common.clock import database_now
from tasks.models import TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read, read_messages, start_url, verb_url
from tests.support.factories import make_product, make_schedule, make_task, make_workflow
from workflows.engine import Target
from workflows.models import Workflow

MODEL = "workflows_workflow"
SECOND = timedelta(seconds=1)


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly", description="Nightly <sync>\nof all")


def add_tasks(workflow: Workflow, *statuses: TaskStatus) -> None:
    """Store tasks that ended one after another a minute ago, and took two seconds each."""
    for number, status in enumerate(statuses):
        end = database_now() - timedelta(minutes=2) + number * SECOND
        make_task(workflow, status=status, now=end, started_at=end - 2 * SECOND, finished_at=end)


def row_of(client: Client, workflow: Workflow) -> str:
    page = " ".join(read(client.get(list_url(MODEL))).split())
    [row] = [row for row in page.split("<tbody")[1:] if page_url(MODEL, workflow.pk) in row]
    return row


def page_of(client: Client, workflow: Workflow) -> str:
    return " ".join(read(client.get(page_url(MODEL, workflow.pk))).split())


def test_list_and_page_tell_how_the_tasks_of_a_workflow_ended(root: Client, workflow: Workflow) -> None:
    add_tasks(workflow, TaskStatus.FAILED, TaskStatus.COMPLETED, TaskStatus.COMPLETED, TaskStatus.ABORTED)
    for shown in (row_of(root, workflow), page_of(root, workflow)):
        assert "min ago" in shown or "s ago" in shown
        assert "67 % (2 of 3)" in shown
        assert "2.000 s · 2.000 s" in strip_tags(shown)
        assert 'role="img" aria-label="The latest 4 tasks: 1 aborted, 1 failed, 2 completed"' in shown


def test_a_workflow_that_never_succeeded_says_so(root: Client, workflow: Workflow) -> None:
    assert ">never<" in row_of(root, workflow)
    add_tasks(workflow, TaskStatus.FAILED)
    assert ">never<" in row_of(root, workflow)
    assert "0 % (0 of 1)" in row_of(root, workflow)


def test_the_page_shows_its_latest_tasks_and_leads_to_all_of_them(root: Client, workflow: Workflow) -> None:
    add_tasks(workflow, TaskStatus.COMPLETED)
    task = make_task(workflow, status=TaskStatus.FAILED, failed_reason="<gone>\nmore")
    page = page_of(root, workflow)
    assert page_url("tasks_task", task.pk) in page
    assert "<gone></span></td>" in page
    assert f'href="{list_url("tasks_task")}?workflow_name=task_nightly"' in page
    assert "<gone>" not in root.get(page_url(MODEL, workflow.pk)).content.decode()


def test_the_schedules_that_run_it_are_counted_and_shown(root: Client, workflow: Workflow) -> None:
    for name in ("By day", "By night"):
        make_schedule(workflow, name=name)
    other = make_schedule(name="Other")
    link = f"{list_url('schedules_schedule')}?workflow_name=task_nightly"
    assert f'href="{link}">2</a>' in row_of(root, workflow)
    page = page_of(root, workflow)
    assert page.index("By day") < page.index("By night")
    assert page_url("schedules_schedule", other.pk) not in page
    found = root.get(link).context["cl"].result_list
    assert {schedule.name for schedule in found} == {"By day", "By night"}


def test_the_products_that_it_is_tied_to_are_shown(root: Client, db: None) -> None:
    workflow = make_workflow(name="modify_port", target=Target.MODIFY)
    product = make_product(workflow, name="Port")
    assert page_url("workflows_product", product.pk) in page_of(root, workflow)
    assert "Start a task of it" not in page_of(root, workflow), "what is no task is not started here"


def test_nothing_is_shown_that_one_may_not_see(login: Login, workflow: Workflow) -> None:
    make_schedule(workflow, name="By night")
    add_tasks(workflow, TaskStatus.COMPLETED)
    viewer = login("workflows.view_workflow")
    for shown in (row_of(viewer, workflow), page_of(viewer, workflow)):
        for hidden in ("% (", "By night", "schedule/?workflow_name", "/admin/tasks/task/", "latest"):
            assert hidden not in shown
    page = page_of(viewer, workflow)
    assert "Change the description" not in page
    assert start_url(workflow) not in page


def test_a_description_is_changed_by_whoever_may(login: Login, workflow: Workflow) -> None:
    editor = login("workflows.view_workflow", "workflows.change_workflow")
    url = verb_url(MODEL, "describe", workflow.pk)
    assert f'href="{url}"' in page_of(editor, workflow)
    form = read(editor.get(url))
    assert "Nightly <sync>\nof all</textarea>" in form
    sent = {"description": " Every\r\nnight ", "seen": "Nightly <sync>\r\nof all"}
    answer = editor.post(url, sent, follow=True)
    assert read_messages(answer) == "The description is changed."
    assert answer.request["PATH_INFO"] == page_url(MODEL, workflow.pk)
    workflow.refresh_from_db()
    assert workflow.description == "Every\nnight"
    assert "Change the description" in read(editor.get(f"/admin/workflows/workflow/{workflow.pk}/history/"))


def test_a_description_that_somebody_else_changed_meanwhile_stays(root: Client, workflow: Workflow) -> None:
    Workflow.objects.filter(pk=workflow.pk).update(description="Theirs")
    answer = root.post(verb_url(MODEL, "describe", workflow.pk), {"description": "Mine", "seen": "Nightly"})
    page = read(answer)
    assert "somebody else has changed it meanwhile, to “Theirs”." in page
    assert "Mine" in page
    assert Workflow.objects.get(pk=workflow.pk).description == "Theirs"


@pytest.mark.parametrize(("text", "message"), [("x" * 2_001, "at most 2000 characters"), (None, "was deleted")])
def test_a_description_that_cannot_be_stored_is_refused(
    root: Client, workflow: Workflow, text: str | None, message: str
) -> None:
    if text is None:
        Workflow.objects.filter(pk=workflow.pk).update(deleted_at=database_now())
    sent = {"description": text or "New", "seen": workflow.description}
    assert message in read(root.post(verb_url(MODEL, "describe", workflow.pk), sent))
    workflow.refresh_from_db()
    assert workflow.description == "Nightly <sync>\nof all"


def test_a_description_is_not_changed_without_the_permission(login: Login, workflow: Workflow) -> None:
    viewer = login("workflows.view_workflow")
    url = verb_url(MODEL, "describe", workflow.pk)
    assert viewer.get(url).status_code == 403
    assert viewer.post(url, {"description": "x", "seen": workflow.description}).status_code == 403
    workflow.refresh_from_db()
    assert workflow.description.startswith("Nightly")


def test_deleted_workflows_are_marked_where_they_are_asked_for(root: Client, workflow: Workflow) -> None:
    assert ">registered<" not in row_of(root, workflow)
    Workflow.objects.filter(pk=workflow.pk).update(deleted_at=database_now())
    assert ">deleted<" in read(root.get(list_url(MODEL), {"registered": "deleted"}))

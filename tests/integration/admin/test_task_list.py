"""The list of tasks: where each is, what can be done to it from there, its filters, and how it keeps itself fresh."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orchestrator_site.common.clock import database_now
from tasks.deploys import save_version, version_of
from tasks.models import Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, read, read_messages, verb_url
from tests.integration.admin.test_task_answers import approve, make_suspended
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_schedule, make_step, make_task, make_task_step, make_workflow
from workflows.engine import step
from workflows.models import Workflow
from workflows.registry import get_definition

MODEL = "tasks_task"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(step("Take long", timeout_seconds=60)(lambda: None), name="task_slow")


def make_running(workflow: Workflow, *, since: timedelta, **fields: Any) -> Task:
    now = database_now()
    return make_task(workflow, status=TaskStatus.RUNNING, now=now, position=1, step_started_at=now - since, **fields)


def row_of(client: Client, task: Task, query: dict[str, str] | None = None) -> str:
    """Return the row of a task, as the page has it."""
    page = " ".join(read(client.get(list_url(MODEL), query or {})).split())
    [row] = [row for row in page.split("<tbody")[1:] if str(task.pk) in row]
    return row


def found_by(client: Client, query: dict[str, str]) -> set[Task]:
    return set(client.get(list_url(MODEL), query).context["cl"].result_list)


@pytest.mark.parametrize(("minutes", "is_overdue"), [(5, True), (0, False)])
def test_a_running_task_shows_its_step_for_how_long_and_whether_that_is_too_long(
    root: Client, workflow: Workflow, minutes: int, is_overdue: bool
) -> None:
    row = row_of(root, make_running(workflow, since=minutes * MINUTE))
    assert "Take long, for " in row
    assert ("overdue" in row) == is_overdue
    assert ("Take long, for 5 min" in row) == is_overdue


def test_a_suspended_task_shows_since_when_it_waits_and_leads_to_its_question(root: Client, db: None) -> None:
    task = make_suspended(make_workflow(approve))
    row = row_of(root, task)
    assert "Approve, for " in row
    assert f'href="/admin/tasks/task/{task.pk}/change/#answer"' in row


def test_without_the_code_a_step_is_named_by_the_list_that_the_task_runs_by(
    root: Client, django_capture_on_commit_callbacks: Any, workflow: Workflow
) -> None:
    version = version_of(get_definition(workflow.name))
    with django_capture_on_commit_callbacks(execute=True):
        save_version(version)
    other = make_workflow(name="task_other", has_code=False)
    row = row_of(root, make_running(other, since=5 * MINUTE, steps_version=version.id))
    assert "Take long, for 5 min" in row
    assert "overdue" not in row


def test_a_failed_task_shows_the_first_line_of_its_reason(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED, failed_reason="ValueError: <gone>\nand a table")
    row = row_of(root, task)
    assert "ValueError: <gone>" in row
    assert "and a table" not in row


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        (TaskStatus.FAILED, {"retry", "abort"}),
        (TaskStatus.WAITING, {"retry", "abort"}),
        (TaskStatus.AWAITING_CALLBACK, {"resume", "abort"}),
        (TaskStatus.RUNNING, {"abort"}),
        (TaskStatus.SUSPENDED, {"abort"}),
        (TaskStatus.COMPLETED, set()),
        (TaskStatus.ABORTED, set()),
    ],
)
def test_a_row_offers_what_its_status_and_the_permissions_allow(
    root: Client, login: Login, workflow: Workflow, status: TaskStatus, verbs: set[str]
) -> None:
    row = row_of(root, make_task(workflow, status=status))
    task = Task.objects.get()
    assert {
        verb for verb in ("resume", "retry", "abort") if f'formaction="{verb_url(MODEL, verb, task.pk)}?' in row
    } == verbs
    assert "formaction" not in row_of(login("tasks.view_task"), task)


def test_a_task_whose_steps_were_changed_is_not_retried_from_the_list(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED, steps_version="f" * 32)
    row = row_of(root, task)
    assert "/retry/" not in row
    assert "/abort/" in row


def test_a_button_of_the_list_leads_back_to_where_it_was(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    there = f"{list_url(MODEL)}?status=failed&q=slow"
    row = row_of(root, task, {"status": "failed", "q": "slow"})
    button = row.split('formaction="')[1].split('"')[0]
    answer = root.post(button, {"action": "", "csrfmiddlewaretoken": "x"})
    assert (answer.status_code, answer["Location"]) == (302, there)
    assert "on the queue again" in read_messages(root.get(there))
    assert Task.objects.get().status == TaskStatus.RESUMED


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/api/docs", "javascript:1"])
def test_a_button_leads_to_none_but_our_own_pages(root: Client, workflow: Workflow, back: str) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    answer = root.post(f"{verb_url(MODEL, 'abort', task.pk)}?back={back}")
    assert answer["Location"] == reverse("admin:tasks_task_change", args=[task.pk])


def test_a_button_of_the_list_is_refused_without_the_permission_or_the_token(login: Login, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    viewer = login("tasks.view_task")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root"))
    for client in (viewer, strict):
        for verb in ("retry", "abort"):
            assert client.post(f"{verb_url(MODEL, verb, task.pk)}?back=/admin/").status_code == 403
    assert Task.objects.get().status == TaskStatus.FAILED


def test_filters_have_the_words_and_the_values_of_the_api(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow)
    failed = make_task(workflow, status=TaskStatus.FAILED, schedule_id=schedule.pk)
    other = make_task(status=TaskStatus.API_UNAVAILABLE)
    assert found_by(root, {"status": "failed"}) == {failed}
    assert found_by(root, {"status": "api_unavailable"}) == {other}
    assert found_by(root, {"workflow_name": "task_slow"}) == {failed}
    assert found_by(root, {"schedule_id": str(schedule.pk)}) == {failed}
    assert found_by(root, {"status": "none"}) == set()


def test_tasks_that_want_attention_are_found(root: Client, workflow: Workflow) -> None:
    now = database_now()
    failed = {
        make_task(workflow, status=status, finished_at=now - timedelta(hours=23))
        for status in (TaskStatus.FAILED, TaskStatus.API_UNAVAILABLE, TaskStatus.INCONSISTENT_DATA)
    }
    make_task(workflow, status=TaskStatus.FAILED, finished_at=now - timedelta(hours=25))
    make_task(workflow, status=TaskStatus.COMPLETED, finished_at=now)
    asked = make_task(workflow, status=TaskStatus.SUSPENDED)
    overdue, _ = make_running(workflow, since=5 * MINUTE), make_running(workflow, since=0 * MINUTE)
    stuck, _ = make_task(workflow, now=now - 6 * MINUTE), make_task(workflow, now=now - 4 * MINUTE)
    assert found_by(root, {"attention": "failed"}) == failed
    assert found_by(root, {"attention": "people"}) == {asked}
    assert found_by(root, {"attention": "hangs"}) == {overdue, stuck}
    assert len(found_by(root, {"attention": "nonsense"})) == 10


def test_the_name_of_a_schedule_finds_its_tasks(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow, name="Every night")
    task = make_task(workflow, schedule_id=schedule.pk)
    make_task()
    assert found_by(root, {"q": "every NIGHT"}) == {task}
    assert found_by(root, {"q": "task_slow"}) == {task}


def test_the_table_alone_is_answered_to_whoever_keeps_it_fresh(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow)
    page = read(root.get(list_url(MODEL), {"status": "created"}))
    assert f'data-live="5" hx-get="{list_url(MODEL)}?status=created"' in page
    part = read(root.get(list_url(MODEL), {"status": "created"}, headers={"HX-Request": "true"})).strip()
    assert part.startswith('<div id="live-results" data-live="5"')
    assert str(task.pk) in part
    assert "<html" not in part


def test_a_page_of_tasks_asks_for_their_whereabouts_with_two_statements(root: Client, workflow: Workflow) -> None:
    def statements() -> int:
        with recorded_statements() as found:
            read(root.get(list_url(MODEL)))
        return len(found)

    def add() -> None:
        make_running(workflow, since=MINUTE)
        waiting = make_task(workflow, status=TaskStatus.SUSPENDED, position=1)
        make_task_step(waiting)
        unknown = make_workflow(make_step("Other", lambda: None))
        make_task(unknown, status=TaskStatus.SUSPENDED, steps_version="f" * 32, schedule_id=make_schedule(unknown).pk)

    add()
    statements()
    of_one = statements()
    for _ in range(9):
        add()
    assert statements() <= of_one <= 10


def test_a_waiting_task_says_when_it_is_tried_again(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.WAITING, available_at=NOW, position=1)
    row = row_of(root, task)
    assert "tried again" in row
    assert "2027-03-01 09:00:00 UTC" in row

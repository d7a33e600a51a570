"""Who may do what in the admin: each verb has its permission, and no page offers more than the user may."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from schedules.models import Schedule
from tasks.models import Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, list_url, page_url, read, shown, start_url, typed, verb_url
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.support.factories import make_product, make_schedule, make_subscription, make_task, make_workflow

VIEW = (
    "schedules.view_schedule",
    "schedules.view_firing",
    "tasks.view_task",
    "workflows.view_workflow",
    "workflows.view_product",
    "workflows.view_subscription",
)
MODELS = (
    "schedules_schedule",
    "schedules_firing",
    "tasks_task",
    "workflows_workflow",
    "workflows_product",
    "workflows_subscription",
)
ENGINE_MODELS = ("tasks_enginefreeze", "tasks_workerprocess", "schedules_schedulerprocess")
LIBRARY_MODELS = (
    "auth_user",
    "auth_group",
    "knox_authtoken",
    "django_apscheduler_djangojob",
    "django_apscheduler_djangojobexecution",
)


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(make_workflow(name="task_nightly"))


@pytest.fixture
def task(schedule: Schedule) -> Task:
    return make_task(schedule.workflow, status=TaskStatus.FAILED)


def test_a_viewer_sees_every_page_and_no_button(login: Login, schedule: Schedule, task: Task) -> None:
    viewer = login(*VIEW)
    subscription = make_subscription()
    rows = (schedule, make_firing(schedule), task, schedule.workflow, subscription.product, subscription)
    for model, row in zip(MODELS, rows, strict=True):
        assert "result_list" in read(viewer.get(list_url(model)))
        page = read(viewer.get(page_url(model, row.pk)))
        posts = page.count('method="post"')
        assert 'aria-label="Actions"' not in page
        for button in (
            ">Run now<",
            ">Resume<",
            ">Retry",
            ">Abort<",
            "Delete task",
            "Delete schedule",
            'name="_save"',
            "Start a task of it",
        ):
            assert button not in page, (model, button)
        assert posts == page.count('<form id="logout-form" method="post"') + 1, "the form of the page itself"


@pytest.mark.parametrize(
    ("permission", "verb"),
    [("schedules.run_schedule", "run"), ("tasks.resume_task", "retry"), ("tasks.abort_task", "abort")],
)
def test_a_verb_is_refused_without_its_permission_and_done_with_it(
    login: Login, schedule: Schedule, task: Task, permission: str, verb: str
) -> None:
    model, row = ("schedules_schedule", schedule) if verb == "run" else ("tasks_task", task)
    all_others = {"schedules.run_schedule", "schedules.change_schedule", "tasks.resume_task", "tasks.abort_task"}
    operator = login(*VIEW, *(all_others - {permission}))
    url = verb_url(model, verb, row.pk)
    assert f'action="{url}"' not in read(operator.get(page_url(model, row.pk)))
    assert operator.post(url).status_code == 403
    assert Task.objects.get().status == TaskStatus.FAILED
    User.objects.all().delete()
    allowed = login(*VIEW, permission)
    assert f'action="{url}"' in read(allowed.get(page_url(model, row.pk)))
    assert allowed.post(url).status_code == 302
    assert [each.status for each in Task.objects.all()] != [TaskStatus.FAILED]


def test_writing_schedules_is_refused_without_the_permission(login: Login, schedule: Schedule) -> None:
    viewer = login(*VIEW)
    assert viewer.post(add_url("schedules_schedule"), typed(interval_hours="1")).status_code == 403
    assert viewer.post(page_url("schedules_schedule", schedule.pk), {"name": "x", "version": "1"}).status_code == 403
    assert viewer.post(f"/admin/schedules/schedule/{schedule.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [schedule.pk], "post": "yes"}
    viewer.post(list_url("schedules_schedule"), chosen)
    assert [(each.name, each.version) for each in Schedule.objects.all()] == [("Nightly", 1)]


def test_starting_a_task_is_refused_without_the_permission(login: Login, schedule: Schedule) -> None:
    viewer = login(*VIEW, "tasks.add_task")
    assert viewer.get(add_url("tasks_task")).status_code == 403
    assert viewer.get(start_url(schedule.workflow)).status_code == 403
    answer = viewer.post(start_url(schedule.workflow), {"inputs": ""})
    assert (answer.status_code, Task.objects.count()) == (403, 0)


def test_the_change_permission_alone_is_enough_to_change(login: Login, schedule: Schedule) -> None:
    operator = login("schedules.change_schedule")
    sent = {**shown(operator, schedule), "name": "Renamed"}
    assert operator.post(page_url("schedules_schedule", schedule.pk), sent).status_code == 302
    assert Schedule.objects.get().updated_by == "operator"


READ_ONLY: dict[str, Callable[[], Model]] = {
    "schedules_firing": lambda: make_firing(make_schedule()),
    "workflows_workflow": make_workflow,
    "workflows_product": make_product,
    "workflows_subscription": make_subscription,
}


@pytest.mark.parametrize("model", READ_ONLY)
def test_nobody_writes_what_is_read_only(root: Client, model: str) -> None:
    row = READ_ONLY[model]()
    assert root.get(add_url(model)).status_code == 403
    assert root.post(add_url(model), {}).status_code == 403
    assert root.post(page_url(model, row.pk), {}).status_code == 403
    assert root.post(reverse(f"admin:{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_nobody_changes_a_task_past_its_verbs_or_deletes_many(root: Client, task: Task) -> None:
    assert root.post(page_url("tasks_task", task.pk), {"status": "completed"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [task.pk], "post": "yes"}
    root.post(list_url("tasks_task"), chosen)
    assert Task.objects.get().status == TaskStatus.FAILED


def test_a_verb_needs_the_token_against_forged_requests(root: Client, schedule: Schedule) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post(verb_url("schedules_schedule", "run", schedule.pk)).status_code == 403
    assert not Task.objects.exists()


def test_a_verb_is_not_done_by_following_a_link(root: Client, schedule: Schedule) -> None:
    assert root.get(verb_url("schedules_schedule", "run", schedule.pk)).status_code == 405
    assert not Task.objects.exists()


@pytest.mark.parametrize("model", [*MODELS, *ENGINE_MODELS, *LIBRARY_MODELS])
def test_anonymous_and_people_without_permission_see_nothing(client: Client, login: Login, model: str) -> None:
    answer = client.get(list_url(model))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
    assert login().get(list_url(model)).status_code == 403


def test_the_sidebar_shows_what_one_may_see(login: Login, db: None) -> None:
    page = read(login("tasks.view_task").get("/admin/"))
    assert list_url("tasks_task") in page
    for model in {*MODELS, *ENGINE_MODELS, *LIBRARY_MODELS} - {"tasks_task"}:
        assert list_url(model) not in page


def test_whoever_may_abort_but_not_view_is_told_on_a_page_that_is_open_to_them(login: Login, task: Task) -> None:
    operator = login("tasks.abort_task")
    answer = operator.post(verb_url("tasks_task", "abort", task.pk), follow=True)
    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/admin/")
    assert "The task is aborted." in read(answer)


def test_a_login_at_the_login_page_itself_leads_to_the_first_page(client: Client, db: None) -> None:
    User.objects.create_superuser("root", password="secret")
    answer = client.post("/admin/login/", {"username": "root", "password": "secret"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")

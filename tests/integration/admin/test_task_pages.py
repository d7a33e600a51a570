from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import Firing
from schedules.running import run_schedule_now
from schedules.services import delete_schedule
from tasks.models import StepStatus, Task, TaskStatus
from tasks.runner import run_claimed
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import errors_of, list_url, page_url, read, read_messages, start_url, verb_url
from tests.support.factories import (
    SECOND,
    make_claim,
    make_schedule,
    make_step,
    make_task,
    make_task_step,
    make_workflow,
)
from workflows.models import Workflow

MODEL = "tasks_task"


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly", description="Nightly")


def break_down() -> None:
    raise ValueError("<device> is away")


def test_the_list_shows_status_times_and_reason(root: Client, workflow: Workflow) -> None:
    make_task(workflow, status=TaskStatus.FAILED, failed_reason="ValueError: <device> is away")
    page = read(root.get(list_url(MODEL)))
    for shown in ("task_nightly", ">failed<", "2027-03-01 09:00:00 UTC", "ValueError: <device> is away", "0.000 s"):
        assert shown in page


@pytest.mark.parametrize("by", ["workflow", "task", "schedule", "status", "other"])
def test_the_list_is_searched_and_filtered(root: Client, workflow: Workflow, by: str) -> None:
    schedule = make_schedule(workflow)
    task = make_task(workflow, status=TaskStatus.FAILED, schedule_id=schedule.pk)
    make_task()
    query = {
        "workflow": {"q": "NIGHTLY"},
        "task": {"q": f" {task.pk} "},
        "schedule": {"q": schedule.pk.hex},
        "status": {"status__exact": "failed", "workflow__id__exact": str(workflow.pk)},
        "other": {"q": "x"},
    }[by]
    found = list(root.get(list_url(MODEL), query).context["cl"].result_list)
    assert found == ([] if by == "other" else [task])


@pytest.mark.parametrize(("since", "found"), [("hour", 1), ("today", 1), ("week", 2), ("month", 3), ("bad", 3)])
def test_the_list_is_filtered_by_time(root: Client, workflow: Workflow, since: str, found: int) -> None:
    now = database_now()
    for days in (0, 6, 29):
        make_task(workflow, now=now - timedelta(days=days))
    assert len(root.get(list_url(MODEL), {"since": since}).context["cl"].result_list) == found


def test_the_page_shows_each_step_with_its_state(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.COMPLETED, inputs={"region": "north"})
    make_task_step(task, state={"devices": ["<a>"], "region": "north"})
    page = read(root.get(page_url(MODEL, task.pk)))
    assert '{\n  "devices": [\n    "<a>"\n  ],\n  "region": "north"\n}' in page
    assert "1. Start" in page
    assert "2027-03-01 09:00:00 UTC</span></time> · 1.000 s</span>" in page


def test_a_failed_step_shows_error_and_traceback_readably(root: Client) -> None:
    task = make_task(make_workflow(make_step("Ask the device", break_down)))
    run_claimed(make_claim(task), clock=lambda: task.created_at + SECOND)
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "ValueError: <device> is away" in page
    assert 'File "' in page
    assert "in break_down\n" in page, "the traceback has its line breaks"
    assert "State before it" in page


def test_no_step_shows_markup_from_its_state(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, inputs={"a": "<script>1</script>"}, failed_reason="<b>x</b>")
    make_task_step(task, name="<i>S</i>", state={"<u>": "<script>"}, error={"class": "<s>", "message": "<em>"})
    page = root.get(page_url(MODEL, task.pk)).content.decode()
    for markup in ("<script>1", "<b>x", "<i>S", "<u>", "<s>", "<em>"):
        assert markup not in page


def test_only_the_latest_of_very_many_steps_are_shown(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow)
    for attempt in range(101):
        make_task_step(task, attempt=attempt, status=StepStatus.WAITING, name=f"Try {attempt}")
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "The last 100;" in page
    assert "Try 0<" not in page
    assert page.index("Try 1<") < page.index("Try 100<")


def test_the_page_links_to_schedule_and_firing(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow, name="Every night")
    task = run_schedule_now(schedule=schedule, actor="root")
    page = read(root.get(page_url(MODEL, task.pk)))
    assert f'href="{page_url("schedules_schedule", schedule.pk)}">Every night</a>' in page
    assert page_url("schedules_firing", Firing.objects.get().pk) in page
    delete_schedule(schedule_id=schedule.pk, actor="root")
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "(deleted)" in page
    assert page_url("schedules_firing", Firing.objects.get(task_id=task.pk).pk) in page
    assert "(deleted)" in read(root.get(list_url(MODEL)))


def test_a_task_is_started_by_hand(login: Login, workflow: Workflow) -> None:
    operator = login("tasks.start_task", "tasks.view_task", "workflows.view_workflow")
    page = read(operator.get(page_url("workflows_workflow", workflow.pk)))
    link = start_url(workflow)
    assert link in page
    assert 'name="inputs"' in read(operator.get(link))
    answer = operator.post(link, {"inputs": '{"region": "north"}'}, follow=True)
    task = Task.objects.get()
    assert (task.workflow, task.inputs, task.reporter) == (workflow, {"region": "north"}, "operator")
    assert answer.request["PATH_INFO"] == page_url(MODEL, task.pk)
    assert "is on the queue" in read_messages(answer)


def test_inputs_that_cannot_be_started_with_are_refused_at_their_field(root: Client, workflow: Workflow) -> None:
    text = '{"reporter": "me"}'
    answer = root.post(start_url(workflow), {"inputs": text})
    assert "'reporter' is set by the task itself" in errors_of(answer)["inputs"][0]
    assert text in read(answer)
    assert not Task.objects.exists()


def test_a_workflow_that_cannot_start_has_no_link_to_start_it(root: Client, workflow: Workflow) -> None:
    Workflow.objects.update(deleted_at=database_now())
    page = read(root.get(page_url("workflows_workflow", workflow.pk)))
    assert "Start a task of it" not in page
    assert "was deleted" in page


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        (TaskStatus.CREATED, {"abort"}),
        (TaskStatus.RUNNING, {"abort"}),
        (TaskStatus.FAILED, {"retry", "abort"}),
        (TaskStatus.INCONSISTENT_DATA, {"retry", "abort"}),
        (TaskStatus.WAITING, {"retry", "abort"}),
        (TaskStatus.SUSPENDED, {"resume", "abort"}),
        (TaskStatus.AWAITING_CALLBACK, {"resume", "abort"}),
        (TaskStatus.COMPLETED, set()),
        (TaskStatus.ABORTED, set()),
    ],
)
def test_buttons_are_those_that_the_status_allows(
    root: Client, workflow: Workflow, status: TaskStatus, verbs: set[str]
) -> None:
    task = make_task(workflow, status=status)
    page = read(root.get(page_url(MODEL, task.pk)))
    assert {
        verb for verb in ("resume", "retry", "abort") if f'action="{verb_url(MODEL, verb, task.pk)}"' in page
    } == verbs


def test_a_failed_task_is_retried(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED)
    answer = root.post(verb_url(MODEL, "retry", task.pk), follow=True)
    assert "on the queue again" in read_messages(answer)
    history = read(root.get(f"/admin/tasks/task/{task.pk}/history/"))
    assert "Retry from the failed step" in history
    assert "root" in history
    task.refresh_from_db()
    assert task.status == TaskStatus.RESUMED


@pytest.mark.parametrize(
    ("status", "message", "after"),
    [
        (TaskStatus.FAILED, "The task is aborted.", TaskStatus.ABORTED),
        (TaskStatus.RUNNING, "It ends before its next step.", TaskStatus.RUNNING),
    ],
)
def test_a_task_is_aborted(
    root: Client, workflow: Workflow, status: TaskStatus, message: str, after: TaskStatus
) -> None:
    task = make_task(workflow, status=status)
    assert read_messages(root.post(verb_url(MODEL, "abort", task.pk), follow=True)) == message
    task.refresh_from_db()
    assert task.status == after
    assert (task.abort_requested_at is None) == (status != TaskStatus.RUNNING)


@pytest.mark.parametrize("verb", ["resume", "abort"])
def test_an_illegal_move_is_told_and_changes_nothing(root: Client, workflow: Workflow, verb: str) -> None:
    task = make_task(workflow, status=TaskStatus.COMPLETED)
    answer = root.post(verb_url(MODEL, verb, task.pk), follow=True)
    assert f"{verb.title()}: a task that is completed cannot become" in read_messages(answer)
    task.refresh_from_db()
    assert (task.status, task.version) == (TaskStatus.COMPLETED, 1)


def test_somebody_who_may_start_but_not_view_is_not_sent_to_a_page_that_is_refused(
    login: Login, workflow: Workflow
) -> None:
    operator = login("tasks.start_task")
    answer = operator.post(start_url(workflow), {"inputs": ""}, follow=True)
    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/admin/")
    task = Task.objects.get()
    assert page_url(MODEL, task.pk) not in read_messages(answer), "nor by a link"
    assert User.objects.get().username == task.reporter

"""The steps of a task as a line in time: what each changed, what runs, what is to come, and how it keeps fresh."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from tasks.models import StepStatus, Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read, verb_url
from tests.integration.admin.test_task_answers import approve, make_suspended
from tests.support.factories import NOW, SECOND, make_schedule, make_step, make_task, make_task_step, make_workflow
from workflows.models import Workflow

MODEL = "tasks_task"


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(make_step("Ask", lambda: None), make_step("Tell", lambda: None))


def page_of(client: Client, task: Task, **query: str) -> str:
    return " ".join(read(client.get(page_url(MODEL, task.pk), query)).split())


def part_of(client: Client, task: Task, **query: str) -> Any:
    return client.get(page_url(MODEL, task.pk), query, headers={"HX-Request": "true"})


def step_of(page: str, name: str) -> str:
    return page.split(f'data-step="{name}"')[1].split("</article>", maxsplit=1)[0]


def changes_in(article: str) -> list[tuple[str, str]]:
    """Return what is shown of the changes: of which kind, and of which path."""
    items = article.split("data-change=")[1:]
    return [(item.split('"')[1], item.split("<code>")[1].split("</code>")[0]) for item in items]


def test_each_step_shows_what_it_changed_in_the_state(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.COMPLETED, position=4)
    states = [
        {"region": "north", "gone": 1},
        {"region": "south", "devices": [{"name": "<ams>", "ok": True}]},
        {"region": "south", "devices": [{"name": "<ams>", "ok": False}]},
        {"region": "south", "devices": [{"name": "<ams>", "ok": False}]},
    ]
    for position, (name, state) in enumerate(zip(("Start", "Ask", "Tell", "Done"), states, strict=True)):
        make_task_step(task, position=position, name=name, state=state)
    page = page_of(root, task)
    assert changes_in(step_of(page, "Start")) == [("added", "gone"), ("added", "region")]
    asked = step_of(page, "Ask")
    assert changes_in(asked) == [("added", "devices"), ("removed", "gone"), ("changed", "region")]
    assert '<del>"north"</del>' in asked
    assert '<ins>"south"</ins>' in asked
    assert changes_in(step_of(page, "Tell")) == [("changed", "devices[0].ok")]
    assert "of the state" not in step_of(page, "Done")
    assert "<ams>" not in root.get(page_url(MODEL, task.pk)).content.decode()


def test_a_step_that_failed_changed_nothing_and_the_next_attempt_is_compared_with_what_was_before(
    root: Client, workflow: Workflow
) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED, position=2)
    make_task_step(task, status=StepStatus.WAITING, state={"a": 1})
    make_task_step(task, attempt=2, state={"a": 1})
    make_task_step(task, position=1, name="Ask", status=StepStatus.WAITING, state={"a": 1})
    make_task_step(task, position=1, name="Ask", attempt=2, state={"a": 2})
    start, _, first, second = re.split(r'<article[^>]* class="task-step"', page_of(root, task))[1:5]
    assert changes_in(start) == changes_in(first) == []
    assert changes_in(second) == [("changed", "a")]
    assert "attempt 2" in second


def test_long_values_are_shortened_and_many_changes_counted(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow)
    make_task_step(task, state={"text": "x" * 10_000})
    make_task_step(task, position=1, name="Ask", state={f"key{number:03}": number for number in range(60)})
    page = page_of(root, task)
    start = step_of(page, "Start")
    changes = start.split('<ul class="task-changes">')[1].split("</ul>")[0]
    assert f'"{"x" * 79}…</ins>' in changes
    assert len(changes) < 6_000
    assert "More than 50 changes of the state" in step_of(page, "Ask")
    assert len(changes_in(step_of(page, "Ask"))) == 50


def test_the_step_that_runs_and_those_to_come_stand_at_the_end(root: Client, workflow: Workflow) -> None:
    since = database_now() - timedelta(seconds=90)
    task = make_task(workflow, status=TaskStatus.RUNNING, position=1, step_started_at=since)
    make_task_step(task)
    page = page_of(root, task)
    names = [part.split('"')[0] for part in page.split('data-step-to-come="')[1:]]
    assert names == ["Ask", "Tell", "Done"]
    running, *others = [part.split("</li>")[0] for part in page.split("data-step-to-come=")[1:]]
    assert "running" in running
    assert "1 min 3" in running
    assert all("to come" in other for other in others)


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (TaskStatus.CREATED, ["Ask", "Tell", "Done"]),
        (TaskStatus.FAILED, ["Tell", "Done"]),
        (TaskStatus.SUSPENDED, ["Tell", "Done"]),
        (TaskStatus.ABORTED, []),
        (TaskStatus.COMPLETED, []),
    ],
)
def test_a_step_that_is_recorded_is_not_to_come(
    root: Client, workflow: Workflow, status: TaskStatus, names: list[str]
) -> None:
    page = page_of(root, make_task(workflow, status=status, position=1))
    assert [part.split('"')[0] for part in page.split('data-step-to-come="')[1:]] == names


def test_a_gap_between_steps_and_how_long_each_took_are_shown(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow)
    make_task_step(task)
    make_task_step(task, position=1, name="Ask", started_at=NOW + 91 * SECOND, completed_at=NOW + 95 * SECOND)
    page = page_of(root, task)
    assert '<p class="task-gap">1 min 30 s later</p>' in page
    assert '<rect width="25%"' in step_of(page, "Start")
    assert '<rect width="100%"' in step_of(page, "Ask")


@pytest.mark.parametrize(("status", "is_live"), [(TaskStatus.CREATED, True), (TaskStatus.FAILED, False)])
def test_a_page_keeps_itself_fresh_until_the_task_has_ended(
    root: Client, workflow: Workflow, status: TaskStatus, is_live: bool
) -> None:
    task = make_task(workflow, status=status)
    assert ("data-live=" in page_of(root, task)) == is_live
    for part, start in (("head", '<section id="task-head"'), ("steps", '<section id="steps"')):
        text = read(part_of(root, task, part=part)).strip()
        assert text.startswith(start)
        assert "<html" not in text
        assert ("data-live=" in text) == is_live
    assert "<html" in read(part_of(root, task, part="nonsense"))


def test_the_page_is_loaded_anew_when_a_question_comes_or_goes(root: Client, db: None) -> None:
    task = make_suspended(make_workflow(approve))
    assert "asks=1" in page_of(root, task)
    assert "HX-Refresh" not in part_of(root, task, part="head", asks="1")
    assert part_of(root, task, part="head", asks="0")["HX-Refresh"] == "true"
    Task.objects.update(status=TaskStatus.RESUMED, available_at=NOW)
    assert part_of(root, task, part="head", asks="1")["HX-Refresh"] == "true"
    assert "HX-Refresh" not in part_of(root, task, part="steps")


def test_the_failed_step_is_named_by_the_button_that_tries_it_again(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED, position=1)
    page = page_of(root, task)
    assert "Retry from “Ask”" in page
    assert f'action="{verb_url(MODEL, "retry", task.pk)}"' in page


def test_the_question_of_a_suspended_task_stands_above_its_steps(root: Client, db: None) -> None:
    page = page_of(root, make_suspended(make_workflow(approve)))
    assert page.index('id="task-head"') < page.index('id="answer"') < page.index('id="steps"')


def test_the_tasks_of_a_schedule_lead_to_one_another_and_to_why_they_ran(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow)
    first, second, third = (make_task(workflow, schedule_id=schedule.pk, scheduled_for=NOW) for _ in range(3))
    make_task(workflow)
    page = page_of(root, second)
    assert f'href="{page_url(MODEL, first.pk)}">Previous task<' in page
    assert f'href="{page_url(MODEL, third.pk)}">Next task<' in page
    assert f'href="/admin/schedules/schedule/{schedule.pk}/explain/?at=2027-03-01T09%3A00%3A00%2B00%3A00"' in page
    assert f'href="{page_url(MODEL, second.pk)}">Previous task<' in page_of(root, third)
    assert f'href="{page_url(MODEL, second.pk)}">Next task<' in page_of(root, first)
    assert "Previous task" not in page_of(root, first)
    assert "Next task" not in page_of(root, third)


def test_why_a_task_hangs_on_the_queue_is_said(root: Client, workflow: Workflow) -> None:
    task = make_task(workflow, now=database_now() - timedelta(minutes=6))
    assert "no worker is alive" in page_of(root, task)
    assert "no worker is alive" not in page_of(root, make_task(workflow, now=database_now()))


def test_whoever_may_only_look_sees_all_of_it_and_no_button(login: Login, workflow: Workflow) -> None:
    task = make_task(workflow, status=TaskStatus.FAILED, failed_reason="gone", position=1)
    make_task_step(task, state={"a": 1})
    page = page_of(login("tasks.view_task"), task)
    for shown in ("gone", "1 change of the state", "State after it", "Tell"):
        assert shown in page
    for hidden in ("Run again", "Retry", "Abort"):
        assert hidden not in page

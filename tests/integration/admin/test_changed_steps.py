"""A task whose steps were changed: both lists, and the choice of the step at which it goes on."""

from collections.abc import Iterable
from typing import Any

import pytest
from django import forms
from django.test import Client

from tasks.models import Task, TaskStatus
from tasks.runner import run_claimed
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read, read_messages, verb_url
from tests.integration.admin.test_task_answers import answer_url, make_suspended, run
from tests.support.factories import SECOND, make_claim, make_step, make_task, make_workflow, register_code
from workflows.engine import Step, inputstep

MODEL = "tasks_task"


class SiteForm(forms.Form):
    site = forms.CharField()


class RoomForm(forms.Form):
    site = forms.CharField()
    room = forms.IntegerField()


def break_down() -> None:
    raise ValueError("down")


def step_named(name: str, function: Any = lambda: None) -> Step:
    return make_step(name, function)


@pytest.fixture
def task(db: None) -> Task:
    """Return a task that failed at its third step, "Break down"."""
    task = make_task(make_workflow(step_named("Look"), step_named("Break down", break_down)))
    run_claimed(make_claim(task), clock=lambda: task.created_at + SECOND)
    task.refresh_from_db()
    assert (task.status, task.position) == (TaskStatus.FAILED, 2)
    return task


def change_steps(task: Task, steps: Iterable[Step]) -> None:
    register_code(task.workflow.name, steps)


def place_url(task: Task) -> str:
    return verb_url(MODEL, "place", task.pk)


def choices_on(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('type="radio" name="resume_at" value="')[1:]]


def test_both_lists_and_the_choice_are_shown_and_no_plain_resume(root: Client, task: Task) -> None:
    assert 'id="lists"' not in read(root.get(page_url(MODEL, task.pk)))
    change_steps(task, [step_named("Look <twice>"), step_named("Mend"), step_named("Mend"), step_named("Check")])
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "The steps of the workflow were changed" in page
    table = " ".join(page.split('class="admin-lists"')[1].split("</table>")[0].split())
    rows = [row for row in table.split("<tr")[2:] if "Look" in row or "Break down" in row or "Check" in row]
    assert "Look <twice>" in rows[0]
    assert "another step" in rows[0]
    assert "→</span> Break down" in rows[1]
    assert "new" in rows[2]
    assert choices_on(page) == ["Start", "Look <twice>", "Check", "Done"], "a name that two steps have says nothing"
    for verb in ("resume", "retry"):
        assert verb_url(MODEL, verb, task.pk) not in page


def test_resuming_without_a_choice_is_refused(root: Client, task: Task) -> None:
    change_steps(task, [step_named("Mend")])
    answer = root.post(verb_url(MODEL, "retry", task.pk), follow=True)
    told = read_messages(answer)
    assert "its steps were changed; choose the step at which it is to go on" in told
    assert "the code has" not in told, "the lists are on the page"
    assert "choose one first" in read_messages(root.post(place_url(task), follow=True))
    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED


def test_the_task_goes_on_at_the_chosen_step(root: Client, task: Task) -> None:
    change_steps(task, [step_named("Mend"), step_named("Check")])
    answer = root.post(place_url(task), {"resume_at": "Check"}, follow=True)
    assert "goes on at “Check”" in read_messages(answer)
    assert "Check" in read(root.get(f"/admin/tasks/task/{task.pk}/history/"))
    assert run(task).status == TaskStatus.COMPLETED
    assert [step.name for step in task.steps.all()] == ["Start", "Look", "Break down", "Check", "Done"]
    assert "by an earlier list of steps" in read(root.get(page_url(MODEL, task.pk)))


def test_a_step_that_is_not_there_is_told_with_the_nearest(root: Client, task: Task) -> None:
    change_steps(task, [step_named("Mend")])
    answer = root.post(place_url(task), {"resume_at": "Mendd"}, follow=True)
    assert "did you mean 'Mend'" in read_messages(answer)


def test_a_step_that_asks_is_answered_first(root: Client, task: Task) -> None:
    change_steps(task, [inputstep("Where", form=SiteForm)(lambda site: {"at": site})])
    answer = root.post(place_url(task), {"resume_at": "Where"})
    assert answer.status_code == 302
    page = read(root.get(answer["Location"]))
    assert "“Where” asks" in page
    url = f"{answer_url(task)}?resume_at=Where"
    assert f'action="{url}"' in page
    refused = root.post(url, {"answers-site": ""})
    assert f'action="{url}"' in read(refused), "the choice is not forgotten"
    assert refused.context["answer"].form.errors.keys() == {"site"}
    root.post(url, {"answers-site": "north"})
    assert run(task).status == TaskStatus.COMPLETED
    assert [(step.name, step.status) for step in task.steps.all()][-2:] == [("Where", "success"), ("Done", "complete")]


def test_a_suspended_task_whose_form_was_changed_asks_the_new_one_where_it_is_told_to(root: Client, db: None) -> None:
    task = make_suspended(make_workflow(inputstep("Where", form=SiteForm)(lambda site: {"at": site})))
    change_steps(task, [inputstep("Where", form=RoomForm)(lambda site, room: {"at": f"{site} {room}"})])
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "asks another form" in page
    assert "asks</h2>" not in page, "nobody has said that it goes on there"
    url = f"{answer_url(task)}?resume_at=Where"
    root.post(url, {"answers-site": "north", "answers-room": "7"})
    assert run(task).status == TaskStatus.COMPLETED
    last = task.steps.last()
    assert last is not None
    assert last.state["at"] == "north 7"


def test_a_viewer_sees_the_lists_and_no_choice(login: Login, task: Task) -> None:
    change_steps(task, [step_named("Mend")])
    viewer = login("tasks.view_task")
    page = read(viewer.get(page_url(MODEL, task.pk)))
    assert "The code has now" in page
    assert choices_on(page) == []
    assert place_url(task) not in page
    assert viewer.post(place_url(task), {"resume_at": "Mend"}).status_code == 403
    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED


def test_the_reason_of_a_task_that_stopped_for_it_shows_the_lists_once(root: Client, task: Task) -> None:
    change_steps(task, [step_named("Mend")])
    reason = "its steps were changed; choose the step (resume_at)\n\n  the task ran by | the code has"
    Task.objects.update(status=TaskStatus.INCONSISTENT_DATA, failed_reason=reason)
    page = read(root.get(page_url(MODEL, task.pk)))
    assert "its steps were changed; choose the step (resume_at)" in page
    assert "the task ran by | the code has" not in page
    Task.objects.update(failed_reason="two lines\nof a reason", steps_version="")
    assert "two lines\nof a reason" in read(root.get(page_url(MODEL, task.pk)))


def test_a_list_that_was_never_written_down_leaves_only_the_present_one(root: Client, task: Task) -> None:
    Task.objects.update(steps_version="f" * 32)
    page = read(root.get(page_url(MODEL, task.pk)))
    assert choices_on(page) == ["Start", "Look", "Break down", "Done"]

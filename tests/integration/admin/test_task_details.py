"""What the page of a task says of how it stands, and of its steps."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from tasks.callbacks import report_progress
from tasks.models import StepStatus, Task, TaskCallback, TaskStatus
from tasks.queue import claim_queued
from tasks.runner import run_claimed
from tests.integration.admin.support import list_url, page_url, read
from tests.support.factories import NOW, make_lease, make_step, make_task, make_task_step, make_workflow
from workflows.engine import Backoff, Step, callback_step, retrystep, step, step_group
from workflows.registry import ALL_WORKFLOWS

MODEL = "tasks_task"


def page_of(client: Client, task: Task) -> str:
    return " ".join(read(client.get(page_url(MODEL, task.pk))).split())


def run(task: Task) -> Task:
    [claim] = claim_queued(make_lease(), limit=1)
    run_claimed(claim, clock=lambda: NOW)
    task.refresh_from_db()
    return task


def fail() -> None:
    raise ValueError("no")


def test_a_task_that_waits_says_when_it_is_tried_again(root: Client, db: None) -> None:
    flaky = retrystep("Ask", backoff=Backoff(first_seconds=0, longest_seconds=0))(fail)
    task = run(make_task(make_workflow(flaky)))
    assert task.status == TaskStatus.WAITING
    page = page_of(root, task)
    assert re.search(r"Tried again<.{0,400}2027-03-01 09:00:00 UTC", page)
    assert "failed, tried again later" in page
    assert "Awaits a callback since" not in page


@pytest.mark.parametrize(("timeout_seconds", "until"), [(60, "2027-03-01 09:01:00 UTC"), (None, "as long as it takes")])
def test_a_task_that_awaits_a_callback_says_since_when_until_when_and_how_far_it_is(
    root: Client, db: None, timeout_seconds: float | None, until: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.callbacks.database_now", lambda: NOW)
    routes: list[str] = []

    @step("Order")
    def order(callback_route: str) -> None:
        routes.append(callback_route)

    steps = callback_step("Shop", order, make_step("Look", lambda: None), timeout_seconds=timeout_seconds)
    task = run(make_task(make_workflow(*steps)))
    assert task.status == TaskStatus.AWAITING_CALLBACK
    page = page_of(root, task)
    assert re.search(r"Awaits a callback since.{0,400}2027-03-01 09:00:00 UTC", page)
    assert until in page
    token = routes[0].rsplit("/", 1)[1]
    report_progress(task_id=task.pk, token=token, progress={"percent": "<40>"})
    page = page_of(root, task)
    assert '"percent": "<40>"' in page
    assert "<40>" not in root.get(page_url(MODEL, task.pk)).content.decode()
    assert token not in page
    assert TaskCallback.objects.get().token_hash not in page
    assert "awaiting callback" in page
    assert "awaiting callback" in read(root.get(list_url(MODEL)))


def make_running(*steps: Step, since: timedelta, **fields: Any) -> Task:
    """Return a task that has been in its second step for a time."""
    now = database_now()
    task = make_task(make_workflow(*steps), status=TaskStatus.RUNNING, now=now, position=1, **fields)
    Task.objects.filter(pk=task.pk).update(step_started_at=now - since)
    return task


@pytest.mark.parametrize(("timeout_seconds", "is_overdue"), [(60, True), (3600, False), (None, False)])
def test_a_running_task_says_which_step_runs_and_whether_it_is_overdue(
    root: Client, db: None, timeout_seconds: float | None, is_overdue: bool
) -> None:
    slow = step("Take <long>", timeout_seconds=timeout_seconds)(lambda: None)
    task = make_running(slow, since=timedelta(minutes=5))
    page = page_of(root, task)
    assert "<strong>Take <long></strong> · 2 of 3" in page
    assert re.search(r"for 5 min \d s, since 20", page)
    assert ("overdue" in page, "it may take 60 s" in page) == (is_overdue, is_overdue)
    assert "<long>" not in root.get(page_url(MODEL, task.pk)).content.decode()


def test_without_the_code_the_step_is_known_by_the_list_it_runs_by_and_is_never_overdue(root: Client, db: None) -> None:
    slow = step("Take long", timeout_seconds=1)(lambda: None)
    task = run(make_task(make_workflow(slow)))
    Task.objects.update(
        status=TaskStatus.RUNNING,
        position=1,
        finished_at=None,
        lease_expires_at=NOW,
        step_started_at=database_now() - timedelta(minutes=5),
    )
    assert "overdue" in page_of(root, task)
    del ALL_WORKFLOWS[task.workflow.name]
    page = page_of(root, task)
    assert "<strong>Take long</strong>" in page
    assert "overdue" not in page
    Task.objects.update(steps_version="f" * 32)
    assert "<strong>Take long</strong>" not in page_of(root, task)


def test_a_task_that_does_not_run_says_nothing_of_a_running_step(root: Client, db: None) -> None:
    task = make_task(status=TaskStatus.FAILED)
    page = page_of(root, task)
    for shown in (", since ", "Tried again", "Awaits a callback since", "Latest progress"):
        assert shown not in page


@pytest.mark.parametrize(
    ("status", "label", "colour"),
    [
        (StepStatus.SUCCESS, "success", "good"),
        (StepStatus.COMPLETE, "complete", "good"),
        (StepStatus.SKIPPED, "skipped", "quiet"),
        (StepStatus.SUSPEND, "asks for answers", "odd"),
        (StepStatus.WAITING, "failed, tried again later", "odd"),
        (StepStatus.AWAITING_CALLBACK, "awaits a callback", "busy"),
        (StepStatus.FAILED, "failed", "bad"),
        (StepStatus.ABORT, "aborts the task", "bad"),
    ],
)
def test_every_status_of_a_step_has_a_label_an_icon_and_a_colour(
    root: Client, db: None, status: StepStatus, label: str, colour: str
) -> None:
    task = make_task()
    make_task_step(task, status=status, name="The step")
    article = page_of(root, task).split('data-step="The step"')[1].split("</header>")[0]
    assert f'<span class="admin-mark-{colour}">{label}</span>' in article
    assert f'<span class="task-marker admin-mark-{colour}">' in article, "with an icon"


def test_steps_of_a_group_are_shown_under_its_name(root: Client, db: None) -> None:
    inner = step_group("Inner", make_step("Cable", lambda: None))
    task = run(make_task(make_workflow(*step_group("Install", inner))))
    page = page_of(root, task)
    assert 'data-step="Install: Inner: Cable"' in page
    group = '<span class="admin-step-group">{}:</span>'.format
    assert f"<strong>2. {group('Install')} {group('Inner')} Cable</strong>" in page


@pytest.mark.parametrize(("status", "which"), [(StepStatus.SUCCESS, "after"), (StepStatus.SUSPEND, "before")])
def test_the_state_is_the_one_after_a_step_that_passed(root: Client, db: None, status: StepStatus, which: str) -> None:
    task = make_task()
    make_task_step(task, status=status)
    assert f"State {which} it" in page_of(root, task)

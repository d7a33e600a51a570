import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orchestrator_site.common.clock import database_now
from schedules.services import ScheduleDraft, create_schedule, run_schedule_now
from tasks.models import Task
from tasks.queue import Lease, claim_task
from tasks.runner import run_claimed
from workflows.selectors import get_task_workflow

PAGES = ("workflows_workflow", "tasks_task", "schedules_schedule", "schedules_firing")


@pytest.fixture
def admin_pages(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def finished_task(db: None) -> Task:
    draft = ScheduleDraft(name="Nightly sync", trigger="cron", trigger_kwargs={"hour": 1})
    workflow = get_task_workflow(name="task_sync_from")
    schedule = create_schedule(draft=draft, workflow=workflow, actor="root")
    task = run_schedule_now(schedule=schedule, actor="root")
    claim = claim_task(Lease("worker", database_now(), 30), task_id=task.pk)
    assert claim is not None
    run_claimed(claim, clock=database_now)
    return task


@pytest.mark.parametrize("page", PAGES)
def test_list_shows_rows(admin_pages: Client, finished_task: Task, page: str) -> None:
    answer = admin_pages.get(reverse(f"admin:{page}_changelist"))
    assert answer.status_code == 200
    assert b"result_list" in answer.content


def test_task_page_shows_its_steps(admin_pages: Client, finished_task: Task) -> None:
    page = admin_pages.get(reverse("admin:tasks_task_change", args=[finished_task.pk])).content.decode()
    assert all(step in page for step in ("Start", "NSO calls", "Done"))


@pytest.mark.parametrize("page", PAGES)
def test_nobody_adds_a_row_past_the_services(admin_pages: Client, page: str) -> None:
    assert admin_pages.get(reverse(f"admin:{page}_add")).status_code == 403


def test_stored_jobs_of_the_library_have_no_page_that_runs_them(admin_pages: Client, db: None) -> None:
    assert admin_pages.get("/admin/django_apscheduler/djangojob/").status_code == 404


def test_anonymous_is_sent_to_the_login(client: Client, db: None) -> None:
    answer = client.get(reverse("admin:schedules_schedule_changelist"))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]

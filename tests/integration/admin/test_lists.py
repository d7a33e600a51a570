"""What the lists cost: the same statements for one row and for sixty, and no count of a big table."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from knox.models import AuthToken

from orchestrator_site.common.admin import pages
from schedules.processes import see_process
from tasks.models import EngineFreeze, TaskStatus, WorkerProcess
from tests.integration.admin.support import add_url, list_url, page_url, read
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.integration.admin.test_task_answers import approve, make_suspended
from tests.support.database import recorded_statements
from tests.support.factories import (
    NOW,
    make_product,
    make_schedule,
    make_step,
    make_subscription,
    make_task,
    make_task_step,
    make_workflow,
    register_code,
)
from workflows.engine import Target

MANY = 60
# Session and user, whether the engine is frozen, the rows, their count, and what the rows and the filters need.
MOST_STATEMENTS = 8


def add_schedule(number: int) -> None:
    make_schedule(make_workflow(), name=f"Schedule {number}")


def add_firing(number: int) -> None:
    make_firing(make_schedule(name=f"Schedule {number}"), task_id=make_task().pk)


def add_task(number: int) -> None:
    make_task(status=TaskStatus.FAILED, schedule_id=make_schedule(name=f"Schedule {number}").pk)


def add_workflow(number: int) -> None:
    make_workflow(name=f"task_{number}", has_code=False)


def add_product(number: int) -> None:
    make_product(*[make_workflow(target=Target.MODIFY, has_code=False) for _ in range(2)], name=f"Product {number}")


def add_subscription(number: int) -> None:
    make_subscription(make_product(name=f"Product {number}"), out_of_sync_reason="down")


def add_freeze(number: int) -> None:
    ended = {"ended_at": NOW, "ended_by": "root", "in_force": None}
    EngineFreeze.objects.create(started_at=NOW, started_by="root", reason=f"Upgrade {number}", **ended)


def add_worker(number: int) -> None:
    versions = {f"task_{number}": "f" * 32}
    fields = {"host": "host", "pid": 1, "started_at": NOW, "last_seen_at": NOW, "versions": versions}
    WorkerProcess.objects.create(id=f"host:{number}", **fields)


def add_scheduler(number: int) -> None:
    see_process(name=f"host:{number}", now=NOW, last_tick_at=None, firings_per_minute=0)


def add_user(number: int) -> None:
    User.objects.create(username=f"user-{number}").groups.add(Group.objects.create(name=f"group-{number}"))


def add_token(number: int) -> None:
    AuthToken.objects.create(User.objects.create(username=f"robot-{number}"))


def add_execution(number: int) -> None:
    job = DjangoJob.objects.create(id=f"job-{number}", next_run_time=NOW, job_state=b"")
    DjangoJobExecution.objects.create(job=job, status=DjangoJobExecution.SUCCESS, run_time=NOW)


LISTS: dict[str, Callable[[int], None]] = {
    "schedules_schedule": add_schedule,
    "schedules_firing": add_firing,
    "tasks_task": add_task,
    "tasks_enginefreeze": add_freeze,
    "tasks_workerprocess": add_worker,
    "schedules_schedulerprocess": add_scheduler,
    "workflows_workflow": add_workflow,
    "workflows_product": add_product,
    "workflows_subscription": add_subscription,
    "auth_user": add_user,
    "auth_group": add_user,
    "knox_authtoken": add_token,
    "django_apscheduler_djangojob": add_execution,
    "django_apscheduler_djangojobexecution": add_execution,
}


def statements_of(client: Client, model: str) -> list[str]:
    with recorded_statements() as statements:
        page = read(client.get(list_url(model)))
    assert "result_list" in page
    return statements


@pytest.mark.parametrize("model", LISTS)
def test_a_list_of_many_rows_needs_the_statements_of_one(root: Client, model: str) -> None:
    LISTS[model](0)
    statements_of(root, model)
    of_one = statements_of(root, model)
    for number in range(1, MANY):
        LISTS[model](number)
    of_many = statements_of(root, model)
    assert len(of_many) <= len(of_one) <= MOST_STATEMENTS, "\n".join(of_many)


def test_the_page_of_a_task_with_many_steps_needs_the_statements_of_one(root: Client) -> None:
    task = make_task()
    make_task_step(task)
    url = page_url("tasks_task", task.pk)
    root.get(url)
    with recorded_statements() as of_one:
        root.get(url)
    for attempt in range(2, MANY):
        make_task_step(task, attempt=attempt, status="waiting")
    with recorded_statements() as of_many:
        root.get(url)
    assert len(of_many) <= len(of_one) <= 10, "\n".join(of_many)


def test_the_page_of_a_task_that_can_go_on_asks_little_more(root: Client) -> None:
    task = make_suspended(make_workflow(approve))
    url = page_url("tasks_task", task.pk)
    root.get(url)
    with recorded_statements() as of_a_form:
        assert "“Approve” asks" in read(root.get(url))
    register_code(task.workflow.name, [make_step(f"Step {number}", lambda: None) for number in range(MANY)])
    with recorded_statements() as of_two_lists:
        assert "Step 59" in read(root.get(url))
    assert len(of_a_form) <= 8, "\n".join(of_a_form)
    assert len(of_two_lists) <= len(of_a_form) + 4, "\n".join(of_two_lists)


def test_a_count_stops_at_its_bound_and_the_list_says_that_there_are_more(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MAX_COUNTED", 100)
    workflow = make_workflow()
    for _ in range(100):
        make_task(workflow)
    page = read(root.get(list_url("tasks_task")))
    assert "100" in page
    assert "and more" not in page
    make_task(workflow)
    with recorded_statements() as statements:
        page = read(root.get(list_url("tasks_task")))
    assert "and more: search or filter" in page
    counts = [statement for statement in statements if "COUNT(" in statement]
    assert counts
    assert all("LIMIT 101" in statement for statement in counts)
    last = root.get(list_url("tasks_task"), {"p": 2})
    assert len(last.context["cl"].result_list) == 50
    assert root.get(list_url("tasks_task"), {"p": 3}).status_code == 302, "there is no third page"


def test_filters_count_nothing_even_when_asked_to(root: Client) -> None:
    make_task()
    with recorded_statements() as statements:
        page = read(root.get(list_url("tasks_task"), {"_facets": "True"}))
    assert "Show counts" not in page
    assert len(statements) <= MOST_STATEMENTS
    assert all("LIMIT" in statement for statement in statements if "COUNT(" in statement)


def test_pages_hold_each_row_once(root: Client) -> None:
    workflow = make_workflow()
    made = [make_schedule(workflow, name="The same") for _ in range(MANY)]
    found = []
    for number in (1, 2):
        found += root.get(list_url("schedules_schedule"), {"p": number}).context["cl"].result_list
    assert sorted(row.pk for row in found) == sorted(row.pk for row in made)


@pytest.mark.parametrize("way", ["1", "-1"])
def test_schedules_are_sorted_by_name_and_by_next_run(root: Client, way: str) -> None:
    for number in (2, 1, 3):
        make_schedule(name=f"Schedule {number}", next_run_at=NOW + timedelta(hours=number))
    for column in ("1", "4"):
        order = way.replace("1", column)
        rows = root.get(list_url("schedules_schedule"), {"o": order}).context["cl"].result_list
        names = [row.name for row in rows]
        assert names == sorted(names, reverse=way == "-1")


@pytest.mark.parametrize("query", ["late_by_ms=abc", "late_by_ms=1%00", "q=%00", "outcome__in=%00", "schedule_id=x"])
def test_an_address_that_asks_for_what_cannot_be_leads_to_the_list(root: Client, query: str) -> None:
    answer = root.get(f"{list_url('schedules_firing')}?{query}", follow=True)
    assert (answer.status_code, answer.redirect_chain != []) == (200, True)


@pytest.mark.parametrize("name", ["workflow_name", "status", "attention", "q"])
def test_no_filter_of_tasks_hands_the_database_what_it_does_not_take(root: Client, name: str) -> None:
    assert root.get(f"{list_url('tasks_task')}?{name}=a%00b", follow=True).status_code == 200


def test_the_search_for_a_workflow_to_start_takes_any_text(root: Client, shipped_workflows: None) -> None:
    answer = root.get(add_url("tasks_task"), {"q": "clean_up\0"})
    assert "task_clean_up_tasks" in read(answer)


@pytest.mark.parametrize("search", ["failed_reason__regex=.*", "reporter__icontains=a", "reporter__startswith=a"])
def test_an_address_searches_no_column(root: Client, search: str) -> None:
    assert root.get(f"{list_url('tasks_task')}?{search}").status_code == 400


@pytest.mark.parametrize("lookup", ["digest", "digest__gte", "digest__startswith"])
def test_no_address_tells_the_digest_of_a_token(root: Client, lookup: str) -> None:
    assert root.get(f"{list_url('knox_authtoken')}?{lookup}=a").status_code == 400

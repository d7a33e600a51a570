"""What every page of the admin costs over 10,000 schedules, 100,000 tasks and 100,000 firings."""

import pytest
from django.contrib import admin
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule
from tasks.models import Task
from tests.integration.admin.test_lists import LISTS
from tests.support.admin_pages import AdminPage, find_pages
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, make_schedule, make_workflow
from tests.support.many_rows import store_many

SCHEDULES = 10_000
# By the last part of its name, session and user included: what the frame and the rows of the page need.
OF_KIND = {"changelist": 6, "history": 6, "change": 5, "delete": 6}
OF_ANY_OTHER = 5
BOUNDS = {
    "index": 25,
    "admin-forecast": 10,
    "auth_user_changelist": 7,
    "auth_user_change": 8,
    "auth_user_delete": 9,
    "auth_group_change": 6,
    "tasks_task_changelist": 7,
    "schedules_schedule_changelist": 8,
    "schedules_schedule_change": 10,
    "schedules_schedule_firings": 10,
    # it reads all that a decision can depend on, and what was planned around
    "schedules_schedule_explain": 16,
    "workflows_release_changelist": 17,
    "workflows_workflow_changelist": 7,
    "workflows_workflow_change": 9,
}


def bound_of(name: str) -> int:
    """Return how many statements a page may take: a new one as many as others of its kind."""
    return BOUNDS.get(name, OF_KIND.get(name.rpartition("_")[2], OF_ANY_OTHER))


def statements_of(client: Client, pages: list[AdminPage]) -> dict[str, list[str]]:
    """Return the statements of each page, when what is the same for all of them is known."""
    found = {}
    for page in pages:
        with recorded_statements() as statements:
            answer = client.get(page.path)
        assert answer.status_code == 200, page
        found[page.name] = statements
    return found


@pytest.mark.timeout(180)
def test_no_page_costs_more_over_many_rows_than_over_few(root: Client) -> None:
    for number, add_one in enumerate(LISTS.values()):
        add_one(number)
    make_schedule(name="In an hour", next_run_at=database_now() + HOUR)
    pages = find_pages(root)
    of_few = statements_of(root, pages)
    lists = {f"{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry}
    assert lists <= of_few.keys()

    store_many(make_workflow(), schedules=SCHEDULES)
    assert Schedule.objects.count() > SCHEDULES
    assert Task.objects.count() > 10 * SCHEDULES
    of_many = statements_of(root, pages)

    too_many = {
        f"{name}: {len(statements)}, and {len(of_few[name])} over few rows": statements
        for name, statements in of_many.items()
        if len(statements) > len(of_few[name]) or len(statements) > bound_of(name)
    }
    assert not too_many, "\n".join(line for name, rows in too_many.items() for line in (f"{name}:", *rows))

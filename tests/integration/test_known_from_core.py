"""What people who know orchestrator-core do first, in the order in which its documentation tells it."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.core.management import call_command
from django_apscheduler.models import DjangoJob
from rest_framework.test import APIClient

from schedules.decorated.registry import DECORATED
from schedules.decorated.rows import store_function
from schedules.models import Schedule
from schedules.scheduler import scheduler
from tasks.models import Task, TaskStatus
from tests.integration.api.support import make_client, make_user
from tests.support.factories import make_schedule
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

TABLE = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ id                                   ┃ name                        ┃ source    ┃ next run time             ┃ trigger                     ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ 5feb3845-08aa-497e-a475-a4fff8b9aa5f │ Task Resume Workflows       │ API       │ 2026-02-11 13:21:09+00:00 │ interval[1:00:00]           │
│ 6a00c713-d8e5-46df-9e37-18790c3412ac │ Task Validate Subscriptions │ API       │ 2026-02-12 00:10:00+00:00 │ cron[hour='0', minute='10'] │
│ import-some-workflow                 │ Import Some Workflow        │ decorator │ 2026-02-12 12:00:00+00:00 │ cron[hour='12']             │
└──────────────────────────────────────┴─────────────────────────────┴───────────┴───────────────────────────┴─────────────────────────────┘
"""  # noqa: E501  # as wide as it is


@pytest.fixture
def client() -> APIClient:
    return make_client(make_user(is_superuser=True))


def manage(*arguments: str) -> str:
    output = StringIO()
    call_command("scheduler", *arguments, stdout=output)
    return output.getvalue()


def test_the_table_has_schedules_and_functions_by_next_run() -> None:
    make_schedule(
        id=UUID("6a00c713-d8e5-46df-9e37-18790c3412ac"),
        name="Task Validate Subscriptions",
        trigger="cron",
        trigger_kwargs={"hour": 0, "minute": 10},
        next_run_at=datetime(2026, 2, 12, 0, 10, tzinfo=UTC),
    )
    make_schedule(
        id=UUID("5feb3845-08aa-497e-a475-a4fff8b9aa5f"),
        name="Task Resume Workflows",
        next_run_at=datetime(2026, 2, 11, 13, 21, 9, tzinfo=UTC),
    )
    with mock.patch.dict(DECORATED, clear=True):
        scheduler.scheduled_job("cron", id="import-some-workflow", name="Import Some Workflow", hour=12)(lambda: None)
        store_function(DECORATED["import-some-workflow"], now=datetime(2026, 2, 11, 13, tzinfo=UTC))
        shown = manage("show-schedule")
    title, _, table = shown.partition("\n")
    assert (title.strip(), table) == ("Scheduled Tasks", TABLE)
    assert DjangoJob.objects.count() == 1


@pytest.mark.usefixtures("shipped_workflows")
def test_a_schedule_lives_from_its_post_to_its_delete(client: APIClient) -> None:
    workflow = Workflow.objects.get(name="task_validate_products")
    body = {
        "name": "Nightly Product Validation",
        "workflow_name": workflow.name,
        "workflow_id": str(workflow.pk),
        "trigger": "interval",
        "trigger_kwargs": {"hours": 12},
    }
    created = client.post("/api/schedules", body)
    assert (created.status_code, created.json()["status"]) == (201, "CREATED")

    # "The job id can be found via the GraphQL API or directly in the database."
    found = ask_graphql(client, 'scheduledTasks(filterBy: [{field: "name", value: "nightly product"}])')
    [listed] = found["page"]
    schedule_id = created.json()["schedule_id"]
    assert listed["id"] == schedule_id == str(Schedule.objects.get().pk)
    assert (listed["workflowId"], listed["trigger"]) == (str(workflow.pk), "interval[12:00:00]")

    change = {
        "schedule_id": schedule_id,
        "name": "Updated Nightly Cleanup",
        "trigger": "interval",
        "trigger_kwargs": {"hours": 24},
    }
    changed = client.put("/api/schedules", change)
    assert (changed.status_code, changed.json()["status"]) == (200, "UPDATED")
    assert "Updated Nightly Cleanup" in manage("show-schedule")
    assert "interval[1 day, 0:00:00]" in manage("show-schedule")

    assert manage("force", schedule_id) == f"Running Task [{schedule_id}] now...\nTask executed successfully.\n"
    task = Task.objects.get()
    assert (task.status, str(task.schedule_id)) == (TaskStatus.COMPLETED, schedule_id)

    deleted = client.delete("/api/schedules", {"workflow_id": str(workflow.pk), "schedule_id": schedule_id})
    assert (deleted.status_code, deleted.json()["status"]) == (200, "DELETED")
    assert ask_graphql(client, "scheduledTasks")["page"] == []


@pytest.mark.usefixtures("shipped_workflows")
def test_the_task_of_the_documentation_is_there_to_be_started(client: APIClient) -> None:
    started = client.post("/api/tasks", {"workflow_name": "task_sync_from"})
    assert started.status_code == 201
    names = client.get("/api/translations/en-GB").json()["workflows"]
    assert names["task_sync_from"] == "Verify and NSO sync"


@pytest.mark.parametrize("command", ["run", "show-schedule", "force", "load-initial-schedule"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("scheduler", command, "--help")
    assert end.value.code == 0
    assert f"scheduler {command}" in capsys.readouterr().out


def ask_graphql(client: APIClient, field: str) -> Any:
    query = f"{{ {field} {{ page {{ id workflowId name nextRunTime trigger }} }} }}"
    answer = client.post("/api/graphql", json.dumps({"query": query}), content_type="application/json").json()
    assert "errors" not in answer
    [found] = answer["data"].values()
    return found

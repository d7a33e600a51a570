"""The page about the GraphQL API: every query on it is asked, and has the answer that stands below it."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from graphql import build_schema
from rest_framework.test import APIClient

from orchestrator_site.common.graphql import limits, lists
from schedules.models import Schedule, ScheduleState
from tasks.models import StepStatus, TaskStatus
from tests.integration.api.support import store_firing
from tests.integration.graphql.support import PATH, PERMISSIONS
from tests.support.factories import HOUR, make_schedule, make_task, make_task_step
from workflows.models import Workflow

PAGE = (settings.BASE_DIR / "docs" / "graphql.md").read_text()
EXAMPLES = re.findall(r"```graphql\n(.*?)```\s*```json\n(.*?)```", PAGE, re.DOTALL)
SCHEDULE = UUID("5feb3845-08aa-497e-a475-a4fff8b9aa5f")
NEXT = datetime(2026, 2, 11, 13, 21, 9, tzinfo=UTC)


@pytest.fixture
def documented_rows(shipped_workflows: None) -> None:
    """Store what the page shows."""
    Workflow.objects.exclude(name__in=["task_resume_workflows", "task_validate_products"]).exclude(
        name="task_validate_subscriptions"
    ).delete()
    resume = Workflow.objects.get(name="task_resume_workflows")
    schedule = make_schedule(resume, id=SCHEDULE, name="Task Resume Workflows", next_run_at=NEXT)
    daily = [("subscriptions", {"hour": 0, "minute": 10}), ("products", {"hour": 2, "minute": 30})]
    for (what, pattern), key in zip(daily, ("6a00c713-d8e5-46df-9e37-18790c3412ac", None), strict=True):
        make_schedule(
            Workflow.objects.get(name=f"task_validate_{what}"),
            name=f"Task Validate {what.title()}",
            trigger="cron",
            trigger_kwargs=pattern,
            next_run_at=datetime(2026, 2, 12, pattern["hour"], pattern["minute"], tzinfo=UTC),
            **({"id": UUID(key)} if key else {}),
        )
    since, until = NEXT - HOUR, datetime(2099, 2, 12, tzinfo=UTC)
    Schedule.objects.filter(name="Task Validate Products").update(
        state=ScheduleState.PAUSED,
        paused_at=since,
        paused_by="ada",
        pause_reason="Products are being cleaned up",
        paused_until=until,
        next_run_at=until + timedelta(hours=2, minutes=30),
    )
    task = make_task(resume, status=TaskStatus.COMPLETED, schedule_id=SCHEDULE, scheduled_for=NEXT - HOUR)
    make_task_step(task)
    make_task_step(task, position=1, name="Done", status=StepStatus.COMPLETE)
    reason = "ada changed the trigger before this instant was fired"
    store_firing(schedule, scheduled_for=NEXT - timedelta(hours=2), outcome="missed", reason=reason)
    store_firing(schedule, scheduled_for=NEXT - HOUR, task_id=task.pk)


def test_no_example_is_left_out() -> None:
    assert len(EXAMPLES) == PAGE.count("```graphql") == PAGE.count("```json") >= 5


@pytest.mark.usefixtures("documented_rows")
@pytest.mark.parametrize(("query", "answer"), EXAMPLES)
def test_the_examples_have_the_answers_that_are_shown(client: APIClient, query: str, answer: str) -> None:
    variables = {"schedule": str(SCHEDULE)} if "$schedule" in query else {}
    response = client.post(PATH, {"query": query, "variables": variables})
    assert response.status_code == 200
    assert response.json() == json.loads(answer)


@pytest.mark.usefixtures("documented_rows")
def test_the_command_asks_something(client: APIClient) -> None:
    [body] = re.findall(r"-d '(.*?)'", PAGE)
    answer = client.post(PATH, json.loads(body)).json()
    assert len(answer["data"]["scheduledTasks"]["page"]) == 3


@pytest.mark.parametrize(("root", "permission"), PERMISSIONS.items())
def test_the_permissions_are_those_of_the_table(root: str, permission: str) -> None:
    assert f"| `{root}` | `{permission}` |" in PAGE


def test_the_limits_are_those_of_the_table() -> None:
    bounds = [
        limits.MAX_TOKENS,
        limits.MAX_DEPTH,
        limits.MAX_FIELDS,
        limits.MAX_LISTS,
        limits.MAX_DEFINITIONS,
        limits.MAX_DIRECTIVES,
        limits.MAX_COST,
        f"{lists.MAX_FILTERS}; {lists.MAX_SORTS}",
        lists.MAX_PART_CHARACTERS,
    ]
    table = PAGE.partition("## Limits")[2]
    shown = re.findall(r"^\| [^|]+ \| ([\d,; ]+) \|$", table, re.MULTILINE)
    assert shown == [each if isinstance(each, str) else f"{each:,}" for each in bounds]
    assert f"{lists.DEFAULT_FIRST}, at most {lists.MAX_FIRST:,}." in PAGE


def test_the_schema_can_be_written_down_for_clients(tmp_path: Path) -> None:
    call_command("graphql_schema", out=str(tmp_path / "schema.graphql"), stdout=StringIO())
    written = (tmp_path / "schema.graphql").read_text()
    assert build_schema(written).query_type is not None
    assert "scheduledTasks(" in written

"""What the tests of the REST API share: clients, bodies, and looking at what is stored."""

from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection
from knox.models import AuthToken
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, Schedule
from schedules.services import ScheduleDraft, create_schedule
from tests.support.factories import make_workflow
from workflows.models import Workflow

OUR_APPS = ("workflows", "tasks", "schedules", "idempotency")
UNKNOWN_ID = "0196f2a0-0000-7000-8000-000000000000"


def make_user(*permissions: str, username: str = "ada", is_superuser: bool = False) -> User:
    """Store a user with permissions such as `tasks.view_task`, and no password."""
    user = User.objects.create_user(username, is_superuser=is_superuser)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def make_client(user: User) -> APIClient:
    """Return a client that sends a new token of the user."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(user)[1]}")
    return client


def post_with_key(client: APIClient, path: str, body: Any = None, *, key: str = "key-1") -> Any:
    return client.post(path, body, HTTP_IDEMPOTENCY_KEY=key)


def schedule_body(workflow: Workflow | None = None, **changes: Any) -> dict[str, Any]:
    """Return a body that creates a schedule; a change to `...` leaves the key out."""
    body: dict[str, Any] = {
        "name": "Nightly sync",
        "workflow_name": (workflow or make_workflow()).name,
        "trigger": "interval",
        "trigger_kwargs": {"hours": 12},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not ...}


def store_schedule(workflow: Workflow | None = None, **fields: Any) -> Schedule:
    """Create a schedule that runs every hour, as the service does."""
    draft = ScheduleDraft(**{"name": "Nightly", "trigger": "interval", "trigger_kwargs": {"hours": 1}, **fields})
    return create_schedule(draft=draft, workflow=workflow or make_workflow(), actor="a test")


def store_firing(schedule: Schedule, **fields: Any) -> Firing:
    now = database_now()
    due_at = fields.get("scheduled_for", now)
    defaults = {"scheduled_for": now, "due_at": due_at, "decided_at": now, "lateness_ms": 7, "outcome": "started"}
    return Firing.objects.create(schedule_id=schedule.pk, schedule_name=schedule.name, **{**defaults, **fields})


def stored_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return all that our tables hold, as the database gives it: models would cost more than what is looked at."""
    rows = {}
    with connection.cursor() as cursor:
        for table, key in _our_tables():
            cursor.execute(f"SELECT * FROM {table} ORDER BY {key}")
            rows[table] = cursor.fetchall()
    return rows


@cache
def _our_tables() -> list[tuple[str, str]]:
    """Return each table, and the column of its primary key."""
    models = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]
    return [(model._meta.db_table, str(model._meta.pk.attname)) for model in models]


def read_problem(response: Any, status: int) -> dict[str, Any]:
    """Return the body of an error after looking at its shape (RFC 9457)."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    assert problem["detail"]
    for error in problem.get("errors", []):
        assert set(error) == {"field", "value", "detail"}
        assert error["field"]
        assert error["detail"]
    return problem


def fields_at_fault(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem.get("errors", [])]


def read_moment(text: str) -> datetime:
    """Return a moment of an answer, which has to be written in UTC."""
    assert text.endswith("Z"), text
    return datetime.fromisoformat(text)

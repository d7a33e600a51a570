"""Who may do what: nobody without a name, and with one exactly what each permission says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.crypto import get_random_string
from knox.models import AuthToken
from rest_framework.test import APIClient

from schedules.models import Schedule
from tasks.models import TaskStatus
from tests.integration.api.support import (
    make_client,
    make_user,
    read_problem,
    schedule_body,
    store_schedule,
    stored_rows,
)
from tests.support.factories import make_task, make_workflow

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Route:
    """A method on a path; names in it are those of what `Things` holds. `also` is needed for what its body asks for."""

    method: str
    path: str
    permission: str
    status: int = 200
    body: str | None = None
    also: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


ROUTES = [
    Route("GET", "/api/schedules", "schedules.view_schedule"),
    Route("POST", "/api/schedules", "schedules.add_schedule", 201, body="create"),
    Route("PUT", "/api/schedules", "schedules.change_schedule", body="put"),
    Route("DELETE", "/api/schedules", "schedules.delete_schedule", body="delete"),
    Route("POST", "/api/schedules/preview", "schedules.view_schedule", body="preview"),
    Route("GET", "/api/schedules/{schedule}", "schedules.view_schedule"),
    Route("GET", "/api/schedules/{schedule}/next", "schedules.view_schedule"),
    Route("GET", "/api/schedules/{schedule}/explain", "schedules.view_schedule"),
    Route("PATCH", "/api/schedules/{schedule}", "schedules.change_schedule", body="patch"),
    Route("DELETE", "/api/schedules/{schedule}", "schedules.delete_schedule"),
    Route("POST", "/api/schedules/{schedule}/pause", "schedules.pause_schedule", body="pause"),
    Route("POST", "/api/schedules/{schedule}/run", "schedules.run_schedule", 202),
    Route("POST", "/api/schedules/{schedule}/backfill", "schedules.run_schedule", 202, body="backfill"),
    Route("POST", "/api/schedules/bulk", "schedules.view_schedule", body="bulk", also="schedules.run_schedule"),
    Route("POST", "/api/schedules/{schedule}/resume", "schedules.pause_schedule"),
    Route("GET", "/api/schedules/{schedule}/firings", "schedules.view_firing"),
    Route("GET", "/api/forecast", "schedules.view_schedule"),
    Route("GET", "/api/firings", "schedules.view_firing"),
    Route("GET", "/api/schedulers", "schedules.view_schedulerprocess"),
    Route("GET", "/api/tasks", "tasks.view_task"),
    Route("POST", "/api/tasks", "tasks.start_task", 201, body="start"),
    Route("GET", "/api/tasks/{task}", "tasks.view_task"),
    Route("POST", "/api/tasks/{task}/resume", "tasks.resume_task", 202),
    Route("DELETE", "/api/tasks/{task}", "tasks.delete_task"),
    Route("POST", "/api/tasks/{task}/retry", "tasks.resume_task", 202),
    Route("POST", "/api/tasks/{task}/abort", "tasks.abort_task", 202),
    Route("POST", "/api/tasks/resume", "tasks.resume_task"),
    Route("GET", "/api/engine", "tasks.view_task"),
    Route("POST", "/api/engine/freeze", "tasks.freeze_engine", body="freeze"),
    Route("POST", "/api/engine/unfreeze", "tasks.freeze_engine"),
    Route("GET", "/api/workflows", "workflows.view_workflow"),
    Route("GET", "/api/workflows/{workflow}/form", "workflows.view_workflow"),
    Route("GET", "/api/translations/{language}", "workflows.view_workflow"),
]
# Whoever has their address may use these: test_callbacks_api.py says how.
OF_THE_ADDRESS = {
    ("POST", "api/tasks/(?P<task_id>)/callback/(?P<token>)"),
    ("POST", "api/tasks/(?P<task_id>)/callback/(?P<token>)/progress"),
}
PERMISSIONS = {route.permission for route in ROUTES}
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=str)


class Things:
    """What the routes work on, and how to ask for one of them."""

    def __init__(self) -> None:
        self.schedule = store_schedule()
        self.task = make_task(status=TaskStatus.FAILED)
        self.bodies: dict[str | None, Any] = {
            None: None,
            "create": schedule_body(),
            "preview": {"trigger": "interval", "trigger_kwargs": {"hours": 1}},
            "put": {"schedule_id": str(self.schedule.pk), "name": "New"},
            "patch": {"name": "New"},
            "delete": {"schedule_id": str(self.schedule.pk)},
            "start": {"workflow_name": make_workflow().name},
            "pause": {"reason": "Maintenance"},
            "backfill": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"},
            "bulk": {"ids": [str(self.schedule.pk)], "action": "run"},
            "freeze": {"reason": "Maintenance"},
        }

    def path_of(self, route: Route) -> str:
        workflow = self.task.workflow.name
        return route.path.format(schedule=self.schedule.pk, task=self.task.pk, workflow=workflow, language="en-GB")

    def ask(self, client: APIClient, route: Route, slash: str = "") -> Any:
        path = self.path_of(route) + slash
        return getattr(client, route.method.lower())(path, self.bodies[route.body])


@pytest.fixture
def things(db: None) -> Things:
    return Things()


def routes_in_urls(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the method and the pattern of everything that REST views answer."""
    for each in patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes_in_urls(each.url_patterns, pattern)
        elif isinstance(each, URLPattern) and pattern.startswith("api/"):
            view = each.callback.view_class  # type: ignore[attr-defined]  # as_view() sets it
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view, method):
                    yield method.upper(), pattern.replace("[^/]+", "").replace("^", "").replace("/?$", "")


def test_the_table_has_every_route() -> None:
    names = {"schedule": "schedule_id", "task": "task_id", "workflow": "name", "language": "language"}
    groups = {word: f"(?P<{name}>)" for word, name in names.items()}
    in_table = {(route.method, route.path[1:].format(**groups)) for route in ROUTES}
    assert in_table | OF_THE_ADDRESS == set(routes_in_urls(get_resolver().url_patterns))


class TestAnonymous:
    @EVERY_ROUTE
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_nobody_is_let_in_and_nothing_is_written(self, things: Things, route: Route, slash: str) -> None:
        before = stored_rows()
        answer = things.ask(APIClient(), route, slash)
        read_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert stored_rows() == before

    @EVERY_ROUTE
    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
    def test_no_method_of_any_route_answers(self, things: Things, method: str, route: Route) -> None:
        answer = getattr(APIClient(), method)(things.path_of(route))
        read_problem(answer, 401)

    def test_what_does_not_exist_is_not_told(self, things: Things) -> None:
        read_problem(APIClient().get("/api/schedules/nothing"), 401)


class TestPermissions:
    @EVERY_ROUTE
    def test_without_any_the_missing_one_is_named(self, things: Things, route: Route) -> None:
        before = stored_rows()
        problem = read_problem(things.ask(make_client(make_user()), route), 403)
        assert problem["detail"] == f"ada needs the permission '{route.permission}' for {route.method}"
        assert stored_rows() == before

    @EVERY_ROUTE
    def test_the_one_it_needs_is_enough(self, things: Things, route: Route) -> None:
        needed = [route.permission, *([route.also] if route.also else [])]
        answer = things.ask(make_client(make_user(*needed)), route)
        assert answer.status_code == route.status, answer.content

    @EVERY_ROUTE
    def test_all_others_together_are_not(self, things: Things, route: Route) -> None:
        before = stored_rows()
        client = make_client(make_user(*(PERMISSIONS - {route.permission})))
        assert f"'{route.permission}'" in read_problem(things.ask(client, route), 403)["detail"]
        assert stored_rows() == before

    def test_head_asks_for_what_get_asks_for(self, things: Things) -> None:
        viewer = make_client(make_user("schedules.view_schedule"))
        assert viewer.head("/api/schedules").status_code == 200
        assert viewer.head("/api/tasks").status_code == 403

    def test_whoever_writes_is_recorded(self, things: Things) -> None:
        client = make_client(make_user("schedules.add_schedule", username="grace"))
        schedule_id = client.post("/api/schedules", schedule_body()).json()["schedule_id"]
        schedule = Schedule.objects.get(pk=schedule_id)
        assert (schedule.created_by, schedule.updated_by) == ("grace", "grace")

    def test_a_permission_of_a_group_counts(self, things: Things) -> None:
        user = make_user()
        group = user.groups.create(name="Viewers")
        group.permissions.set(make_user("tasks.view_task", username="other").user_permissions.all())
        assert make_client(user).get("/api/tasks").status_code == 200


class TestTokens:
    @pytest.fixture
    def viewer(self, db: None) -> User:
        return make_user("tasks.view_task")

    @staticmethod
    def status_with(header: str) -> int:
        answer = APIClient().get("/api/tasks", HTTP_AUTHORIZATION=header)
        if answer.status_code != 200:
            read_problem(answer, answer.status_code)
        return answer.status_code

    def test_a_token_lets_its_user_in(self, viewer: User) -> None:
        assert self.status_with(f"Bearer {AuthToken.objects.create(viewer)[1]}") == 200

    def test_an_expired_one_does_not(self, viewer: User) -> None:
        assert self.status_with(f"Bearer {AuthToken.objects.create(viewer, expiry=timedelta(hours=1))[1]}") == 200
        assert self.status_with(f"Bearer {AuthToken.objects.create(viewer, expiry=timedelta(seconds=-1))[1]}") == 401

    def test_one_that_was_taken_back_does_not(self, viewer: User) -> None:
        stored, token = AuthToken.objects.create(viewer)
        stored.delete()
        assert self.status_with(f"Bearer {token}") == 401

    def test_that_of_an_inactive_user_does_not(self, viewer: User) -> None:
        token = AuthToken.objects.create(viewer)[1]
        User.objects.update(is_active=False)
        assert self.status_with(f"Bearer {token}") == 401

    def test_only_a_hash_is_stored_and_the_hash_is_no_token(self, viewer: User) -> None:
        token = AuthToken.objects.create(viewer)[1]
        [stored] = AuthToken.objects.values()
        assert all(token not in str(value) for value in stored.values())
        assert self.status_with(f"Bearer {stored['digest']}") == 401

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer a b",
            f"Bearer {'0' * 64}",
            "Bearer \xff",  # a byte that is not UTF-8
            "Bearer \xc3\xa9",
            "Bearer \x00",
            "Bearer %s",
            "Token {token}",
            "Basic YWRhOnNlY3JldA==",
            "{token}",
            "Bearer {token}0",
            "Bearer {short}",
            "Bearer {short}\xe9",
        ],
    )
    def test_what_is_no_token_is_a_401(self, viewer: User, header: str) -> None:
        token = AuthToken.objects.create(viewer)[1]
        assert self.status_with(header.format(token=token, short=token[:-1])) == 401


class TestSessions:
    @pytest.fixture
    def browser(self, db: None) -> APIClient:
        """Return a client of somebody who is logged in, as in the admin."""
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(make_user("schedules.view_schedule", "schedules.add_schedule"))
        return client

    def test_reading_needs_no_more_than_the_login(self, browser: APIClient) -> None:
        assert browser.get("/api/schedules").status_code == 200

    def test_writing_without_the_csrf_token_is_refused(self, browser: APIClient) -> None:
        body = schedule_body()
        before = stored_rows()
        assert "CSRF" in read_problem(browser.post("/api/schedules", body), 403)["detail"]
        assert stored_rows() == before

    def test_writing_with_it_works(self, browser: APIClient) -> None:
        secret = get_random_string(32)
        browser.cookies["csrftoken"] = secret
        answer = browser.post("/api/schedules", schedule_body(), HTTP_X_CSRFTOKEN=secret)
        assert answer.status_code == 201

    def test_permissions_count_as_with_a_token(self, browser: APIClient) -> None:
        assert "'tasks.view_task'" in read_problem(browser.get("/api/tasks"), 403)["detail"]

    def test_the_session_of_an_inactive_user_is_over(self, browser: APIClient) -> None:
        User.objects.update(is_active=False)
        read_problem(browser.get("/api/schedules"), 401)

    def test_a_token_needs_no_csrf_token(self, db: None) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(make_user('tasks.start_task'))[1]}")
        assert client.post("/api/tasks", {"workflow_name": make_workflow().name}).status_code == 201

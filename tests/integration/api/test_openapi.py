"""The OpenAPI document says what the API does: every route, every body, every answer."""

import copy
import json
import re
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient
from rest_framework.views import APIView

from orchestrator_site.common.clock import database_now
from orchestrator_site.openapi_views import describe_api
from schedules.processes import see_process
from tasks.models import TaskStatus
from tests.integration.api.openapi import (
    METHODS,
    Operation,
    assert_described,
    errors_of,
    find_operation,
    operations,
    resolve,
    response_examples,
)
from tests.integration.api.support import UNKNOWN_ID, make_client, make_user, store_firing, store_schedule
from tests.support.factories import (
    HOUR,
    NOW,
    make_paused_schedule,
    make_schedule,
    make_step,
    make_task,
    make_task_step,
    make_workflow,
    register_code,
    run_until_it_stops,
)
from tests.support.stopped_tasks import (
    Approval,
    approve,
    make_awaiting_task,
    make_suspended_task,
    make_waiting_task,
)

pytestmark = pytest.mark.django_db

# What stands below /api/ and is not described: GraphQL describes itself, and a page is no part of the API.
NOT_DESCRIBED = {"/api/graphql", "/api/docs"}
NO_WORKFLOW = {"name": "x", "workflow_name": "task_nothing", "trigger": "cron", "trigger_kwargs": {"hour": 1}}
OF_EVERY_LIST = {"page", "page_size", "count"}
OF_OTHERS = {
    "/api/schedules/{schedule_id}/next": {"from", "n"},
    "/api/schedules/{schedule_id}/explain": {"at"},
    "/api/forecast": {"from", "to"},
}
# Whoever has their address may ask for them.
OF_THE_ADDRESS = {"/api/tasks/{task_id}/callback/{token}", "/api/tasks/{task_id}/callback/{token}/progress"}
UNKNOWN = {
    "schedule_id": UNKNOWN_ID,
    "task_id": UNKNOWN_ID,
    "language": "xx",
    "name": "task_nothing",
    "token": "no-such-token",
}


def api_routes() -> dict[str, type[APIView] | None]:
    """Return the view class of every route below /api/, by its path as the document spells it."""
    found: dict[str, type[APIView] | None] = {}

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            text = prefix + str(pattern.pattern).removeprefix("^")
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, text)
            elif text.startswith("/api/"):
                path = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", text.removesuffix("/?$"))
                found[path] = getattr(pattern.callback, "cls", None)

    walk(get_resolver().url_patterns, "/")
    return found


def described(operation: Operation) -> str:
    return str(operation)


def make_ready(operation: Operation, example: str) -> dict[str, str]:
    """Store what an example works on, and return what its path and its body name."""
    schedule = store_schedule()
    known = {"schedule_id": str(schedule.pk), "workflow_id": str(schedule.workflow.pk)}
    if operation.path in OF_THE_ADDRESS:
        task, path = make_awaiting_task()
        return {**known, "task_id": str(task.pk), "token": path.rpartition("/")[2]}
    if example == "WithAnswers":
        return {**known, "task_id": str(make_suspended_task().pk)}
    if example == "AtAStep":
        task = run_until_it_stops(make_task(make_workflow(make_step("Sync", fail))))
        register_code(task.workflow.name, [make_step("NSO calls", fail)])
        return {**known, "task_id": str(task.pk)}
    return {**known, "task_id": str(make_task(status=TaskStatus.FAILED).pk)}


def fail() -> None:
    raise ValueError("no route")


class TestRoutes:
    def test_every_route_is_described_once(self) -> None:
        assert set(describe_api()["paths"]) == set(api_routes()) - NOT_DESCRIBED

    def test_every_method_of_a_view_is_described_and_no_other(self) -> None:
        for path, view in api_routes().items():
            if path not in NOT_DESCRIBED:
                assert view is not None
                supported = {method for method in METHODS if hasattr(view, method)}
                assert set(describe_api()["paths"][path]) == supported, path

    def test_each_operation_names_the_permission_that_the_view_asks_for(self) -> None:
        for operation in operations():
            view = api_routes()[operation.path]
            assert operation.permission == getattr(view, "permissions", {}).get(operation.method.upper(), "")

    @pytest.mark.parametrize("operation", operations(), ids=described)
    def test_it_reads_well(self, operation: Operation) -> None:
        body = operation.body
        assert body["summary"][0].isupper()
        assert body["tags"][0] in {tag["name"] for tag in describe_api()["tags"]}
        assert body["security"] == ([] if operation.path in OF_THE_ADDRESS else [{"token": []}, {"session": []}])
        for each in operation.parameters("path"):
            assert each["schema"] == (
                {"type": "string", "format": "uuid"} if each["name"].endswith("_id") else {"type": "string"}
            )

    def test_operation_ids_are_unique_words(self) -> None:
        names = [operation.body["operationId"] for operation in operations()]
        assert len(set(names)) == len(names)
        assert all(name.islower() and name.isidentifier() for name in names)

    def test_the_document_is_valid_and_was_made_without_a_warning(self) -> None:
        call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


class TestBodies:
    @pytest.mark.parametrize("operation", [each for each in operations() if each.request_schema], ids=described)
    def test_every_example_fits_its_schema(self, operation: Operation) -> None:
        assert operation.request_schema is not None
        assert operation.request_examples()
        for name, value in operation.request_examples().items():
            assert errors_of(value, operation.request_schema) == [], name

    def test_every_method_that_reads_a_body_says_so(self) -> None:
        with_body = {str(each) for each in operations() if each.request_schema}
        writing = {str(each) for each in operations() if each.method in {"post", "put", "patch"}}
        assert with_body == {*writing, "DELETE /api/schedules"}

    def test_a_body_has_no_keys_but_those_described(self, client: APIClient) -> None:
        for operation in operations():
            if operation.request_schema and operation.path not in OF_THE_ADDRESS:
                assert resolve(operation.request_schema)["additionalProperties"] is False
                path = operation.path.format(**UNKNOWN)
                answer = getattr(client, operation.method)(path, {"surprise": 1})
                assert answer.status_code == 400, operation
                assert "surprise" in answer.json()["detail"]
                assert_described(operation, answer)

    @pytest.mark.parametrize(
        ("operation", "example"),
        [(each, name) for each in operations() for name in each.request_examples()],
        ids=str,
    )
    def test_the_api_accepts_every_example(
        self, client: APIClient, shipped_workflows: None, operation: Operation, example: str
    ) -> None:
        # The ids are those of some other installation.
        ours = make_ready(operation, example)
        body = copy.deepcopy(operation.request_examples()[example])
        body |= {key: ours[key] for key in body if key in ours}
        place = "schedule_id" if operation.path.startswith("/api/schedules") else "task_id"
        body |= {"ids": [ours[place]]} if "ids" in body else {}
        answer = getattr(client, operation.method)(operation.path.format(**ours), body)
        assert 200 <= answer.status_code < 300, answer.content
        assert_described(operation, answer)


class TestAnswers:
    @pytest.mark.parametrize(
        ("value", "schema"),
        [(value, schema) for _, value, schema in response_examples()],
        ids=[name for name, _, _ in response_examples()],
    )
    def test_every_example_fits_its_schema(self, value: Any, schema: dict[str, Any]) -> None:
        assert errors_of(value, schema) == []

    def test_every_answer_to_get_is_described(self, client: APIClient) -> None:
        schedule = store_schedule()
        store_schedule(trigger="date", trigger_kwargs={"run_date": "2099-01-01T00:00:00Z"})
        make_schedule(next_run_at=None)
        make_paused_schedule()
        store_firing(schedule)
        store_firing(schedule, outcome="coalesced", cause="manual", reason="no scheduler was alive", count=None)
        see_process(name="node-1:1", now=NOW, last_tick_at=None, firings_per_minute=0)
        for status in TaskStatus:
            task = make_task(status=status, schedule_id=schedule.pk, scheduled_for=schedule.created_at)
        make_task_step(task, status="failed", error={"class": "ValueError", "message": "x", "traceback": "y"})
        make_task_step(task, position=1)
        workflow = make_workflow(approve, description="What it does", options={"initial_input_form": Approval})
        ids = {"schedule_id": schedule.pk, "task_id": task.pk, "language": "en-GB", "name": workflow.name}
        counted: dict[str, str | int] = {"count": "true", "page_size": 1}
        for operation in operations():
            if operation.method == "get" and operation.path != "/api/schema":
                answer = client.get(operation.path.format(**ids))
                assert answer.status_code == 200, operation
                assert_described(operation, answer)
                if "results" in answer.json():
                    assert answer.json()["results"], operation
                    assert_described(operation, client.get(operation.path.format(**ids), counted))

    def test_a_task_is_described_wherever_it_stands(self, client: APIClient) -> None:
        operation = find_operation("get", "/api/tasks/{task_id}")
        awaiting, path = make_awaiting_task()
        client.post(f"{path}/progress", {"percent": 40})
        for task in (make_suspended_task(), awaiting, make_waiting_task(), make_task(status=TaskStatus.RUNNING)):
            answer = client.get(operation.path.format(task_id=task.pk))
            assert answer.json()["current_step"] is not None
            assert_described(operation, answer)

    def test_the_engine_is_described_frozen_and_not(self, client: APIClient) -> None:
        for verb, is_frozen in (("freeze", True), ("unfreeze", False)):
            answer = client.post(f"/api/engine/{verb}", {"reason": "Maintenance"} if is_frozen else {})
            assert_described(find_operation("post", f"/api/engine/{verb}"), answer)
            shown = client.get("/api/engine")
            assert shown.json() == answer.json()
            assert shown.json()["is_frozen"] is is_frozen
            assert_described(find_operation("get", "/api/engine"), shown)

    @pytest.mark.parametrize("operation", operations(), ids=described)
    def test_refusals_are_described(self, client: APIClient, operation: Operation) -> None:
        path = operation.path.format(**UNKNOWN)
        if operation.path not in OF_THE_ADDRESS:
            anonymous = getattr(APIClient(), operation.method)(path)
            assert anonymous.status_code == 401
            assert_described(operation, anonymous)
        if operation.permission:
            refused = getattr(make_client(make_user()), operation.method)(path)
            assert refused.status_code == 403
            assert_described(operation, refused)
        if operation.parameters("path"):
            body = next(iter(operation.request_examples().values()), None)
            missing = getattr(client, operation.method)(path, body)
            assert missing.status_code == 404
            assert_described(operation, missing)
        if operation.request_schema:
            for content_type, content, status in [
                ("text/plain", "x", 415), ("application/json", "{", 400), ("application/json", " " * 1_000_001, 413),
            ]:  # fmt: skip
                answer: Any = client.generic(operation.method.upper(), path, content, content_type=content_type)
                assert answer.status_code == status
                assert_described(operation, answer)

    @pytest.mark.parametrize("action", ["resume", "retry", "abort"])
    def test_a_task_that_cannot_move_is_described(self, client: APIClient, action: str) -> None:
        task = make_task(status=TaskStatus.COMPLETED)
        answer = client.post(f"/api/tasks/{task.pk}/{action}")
        assert answer.status_code == 409
        operation = find_operation("post", f"/api/tasks/{{task_id}}/{action}")
        assert_described(operation, answer)
        assert conflicts_shown_of(operation)["Conflict"] == answer.json()

    @pytest.mark.parametrize("action", ["pause", "resume"])
    def test_a_schedule_that_can_be_neither_paused_nor_resumed_is_described(
        self, client: APIClient, action: str
    ) -> None:
        finished = make_schedule(next_run_at=None)
        answer = client.post(f"/api/schedules/{finished.pk}/{action}", {"reason": "x"} if action == "pause" else {})
        assert answer.status_code == 409
        operation = find_operation("post", f"/api/schedules/{{schedule_id}}/{action}")
        assert_described(operation, answer)
        assert conflicts_shown_of(operation)["Conflict"] == answer.json()

    @pytest.mark.parametrize(
        ("status", "options"),
        [
            (400, {"initial_input_form": Approval}),
            (403, {"authorize_callback": lambda user: False}),
            (409, {"initial_input_form": dict}),
            (412, {"run_predicate": lambda request: "not now"}),
        ],
    )
    def test_what_a_workflow_refuses_is_described(
        self, client: APIClient, status: int, options: dict[str, Any]
    ) -> None:
        answer = client.post("/api/tasks", {"workflow_name": make_workflow(options=options).name})
        assert answer.status_code == status
        assert_described(find_operation("post", "/api/tasks"), answer)

    @pytest.mark.parametrize("verb", ["run", "backfill"])
    @pytest.mark.parametrize(
        ("status", "options"),
        [
            (400, {"initial_input_form": Approval}),
            (403, {"authorize_callback": lambda user: False}),
            (409, {"initial_input_form": dict}),
            (412, {"run_predicate": lambda request: "not now"}),
        ],
    )
    def test_what_a_workflow_refuses_to_a_schedule_is_described(
        self, client: APIClient, verb: str, status: int, options: dict[str, Any]
    ) -> None:
        schedule = make_schedule(make_workflow(options=options))
        body = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"} if verb == "backfill" else {}
        answer = client.post(f"/api/schedules/{schedule.pk}/{verb}", body)
        assert answer.status_code == status
        assert_described(find_operation("post", f"/api/schedules/{{schedule_id}}/{verb}"), answer)

    def test_answers_that_a_form_refuses_are_described(self, client: APIClient) -> None:
        answer = client.post(f"/api/tasks/{make_suspended_task().pk}/resume", {"inputs": {}})
        assert answer.status_code == 400
        assert_described(find_operation("post", "/api/tasks/{task_id}/resume"), answer)

    @pytest.mark.parametrize("action", ["resume", "retry"])
    def test_a_task_whose_steps_were_changed_is_described(self, client: APIClient, action: str) -> None:
        task = run_until_it_stops(make_task(make_workflow(make_step("Sync", fail))))
        register_code(task.workflow.name, [make_step("NSO calls", fail)])
        answer = client.post(f"/api/tasks/{task.pk}/{action}")
        assert answer.status_code == 409
        operation = find_operation("post", f"/api/tasks/{{task_id}}/{action}")
        assert_described(operation, answer)
        assert conflicts_shown_of(operation)["StepsChanged"] == answer.json()

    def test_a_task_that_cannot_be_deleted_is_described(self, client: APIClient) -> None:
        answer = client.delete(f"/api/tasks/{make_suspended_task().pk}")
        assert answer.status_code == 409
        operation = find_operation("delete", "/api/tasks/{task_id}")
        assert_described(operation, answer)
        assert conflicts_shown_of(operation)["Conflict"] == answer.json()

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("post", "/api/schedules", NO_WORKFLOW),
            ("put", "/api/schedules", {"schedule_id": UNKNOWN_ID}),
            ("delete", "/api/schedules", {"schedule_id": UNKNOWN_ID}),
            ("post", "/api/tasks", {"workflow_name": "task_nothing"}),
        ],
        ids=str,
    )  # fmt: skip
    def test_a_name_or_id_in_a_body_that_nothing_has_is_described(
        self, client: APIClient, method: str, path: str, body: dict[str, Any]
    ) -> None:
        answer = getattr(client, method)(path, body)
        assert answer.status_code == 404
        assert_described(find_operation(method, path), answer)


def conflicts_shown_of(operation: Operation) -> dict[str, Any]:
    """Return what its examples of a 409 say, by their names."""
    examples = operation.response(409)["content"]["application/problem+json"]["examples"]
    return {name: each["value"] for name, each in examples.items()}


class TestParameters:
    @pytest.mark.parametrize("operation", [each for each in operations() if each.parameters("query")], ids=described)
    def test_every_parameter_is_known_and_its_values_are_bounded_as_described(
        self, client: APIClient, operation: Operation
    ) -> None:
        path = operation.path.format(schedule_id=store_schedule().pk)
        names = {each["name"] for each in operation.parameters("query")}
        assert names >= OF_OTHERS.get(operation.path, OF_EVERY_LIST)
        for each in operation.parameters("query"):
            for value, status in example_values(each["schema"]):
                answer = client.get(path, {each["name"]: value})
                is_no_moment = each["name"] in {"from", "at"} and value == "anything"
                expected = 400 if is_no_moment else status
                assert answer.status_code == expected, (each["name"], value)
                assert_described(operation, answer)

    @pytest.mark.parametrize("operation", [each for each in operations() if each.parameters("query")], ids=described)
    def test_none_is_left_out(self, client: APIClient, operation: Operation) -> None:
        path = operation.path.format(schedule_id=store_schedule().pk)
        [error] = client.get(path, {"zzz": "1"}).json()["errors"]
        known = error["detail"].partition("; known are ")[2].split(", ")
        assert {each["name"] for each in operation.parameters("query")} == set(known)


def example_values(schema: dict[str, Any]) -> list[tuple[str, int]]:
    """Return values of a parameter, good and bad, with the status that answers them."""
    match schema:
        case {"format": "date-time"}:  # the forecast looks no further ahead than a month
            return [((database_now() + HOUR).isoformat(), 200), ("2027-03-01T18:00:00", 400), ("x", 400)]
        case {"format": "uuid"}:
            return [(UNKNOWN_ID, 200), ("x", 400)]
        case {"enum": values} | {"type": "array", "items": {"enum": values}}:
            many = [(",".join(values), 200)] if schema.get("type") == "array" else []
            return [*((value, 200) for value in values), *many, ("surprise", 400)]
        case {"type": "integer", "minimum": low}:
            high = schema.get("maximum")
            ends = [] if high is None else [(str(high), 200), (str(high + 1), 400)]
            return [(str(low), 200), (str(low - 1), 400), *ends, ("x", 400)]
        case {"type": "boolean"}:
            return [("true", 200), ("false", 200), ("maybe", 400)]
    return [("anything", 200)]


class TestServing:
    def test_it_is_json_unless_asked_otherwise(self, client: APIClient) -> None:
        for path in ("/api/schema", "/api/schema/"):
            answer = client.get(path)
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.json() == json.loads(json.dumps(describe_api()))
            assert answer.json()["openapi"].startswith("3.1")

    def test_it_is_yaml_to_whom_prefers_that(self, client: APIClient) -> None:
        answer = client.get("/api/schema", HTTP_ACCEPT="application/yaml")
        assert answer.headers["Content-Type"].startswith("application/yaml")
        assert yaml.safe_load(answer.content) == json.loads(json.dumps(describe_api()))

    @pytest.mark.parametrize("accept", ["*/*", "application/yaml", "text/html"])
    def test_nobody_sees_it_without_a_token_or_a_session(self, accept: str) -> None:
        answer: Any = APIClient().get("/api/schema", HTTP_ACCEPT=accept)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code == (406 if accept == "text/html" else 401)

    def test_a_user_without_permissions_may_read_it(self) -> None:
        assert make_client(make_user()).get("/api/schema").status_code == 200

    def test_the_page_sends_a_stranger_to_the_login(self) -> None:
        answer = Client().get("/api/docs")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/admin/login/?next=/api/docs"

    @pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
    def test_the_page_loads_nothing_from_elsewhere_under_the_strict_policy(self, path: str) -> None:
        browser = Client()
        browser.force_login(make_user())
        answer = browser.get(path)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self';" in f"{policy};"
        page = answer.content.decode()
        assert "//" not in page.replace("<!DOCTYPE html>", "")
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "api-docs/page.js"):
            [url] = [part.split('"')[0] for part in page.split('="') if part.split('"')[0].endswith(name)]
            file = browser.get(url)
            file.close()
            assert file.status_code == 200, url

"""Every error has one shape, problem details (RFC 9457), wherever it comes from."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.integration.api.support import UNKNOWN_ID, read_problem, schedule_body, store_schedule, stored_rows
from tests.support.factories import make_task

pytestmark = pytest.mark.django_db


class TestShape:
    def test_an_error_names_field_value_and_what_would_be_right(self, client: APIClient) -> None:
        problem = read_problem(client.post("/api/schedules", schedule_body(trigger_kwargs={"hour": 12})), 400)
        detail = "unknown argument 'hour' of trigger 'interval': did you mean 'hours'?"
        assert problem == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": detail,
            "errors": [{"field": "trigger_kwargs.hour", "value": 12, "detail": detail}],
        }

    def test_every_field_at_fault_is_named_at_once(self, client: APIClient) -> None:
        body = {"nam": "x", "workflow_name": 5, "workflow_id": "x", "trigger": None, "trigger_kwargs": []}
        problem = read_problem(client.post("/api/schedules", body), 400)
        values = {error["field"]: error["value"] for error in problem["errors"]}
        assert values == {**body, "name": None}
        assert all(error["detail"] in problem["detail"] for error in problem["errors"])

    def test_a_place_in_a_list_is_named_with_its_value(self, client: APIClient) -> None:
        problem = read_problem(client.post("/api/schedules", schedule_body(user_inputs=[{"a": 1}, 5, {}, "x"])), 400)
        named = [(error["field"], error["value"]) for error in problem["errors"]]
        assert named == [("user_inputs[1]", 5), ("user_inputs[3]", "x")]

    def test_a_long_value_is_cut(self, client: APIClient) -> None:
        problem = read_problem(client.post("/api/schedules", schedule_body(name="x" * 10_000)), 400)
        [error] = problem["errors"]
        assert error["value"] == "x" * 200 + "…"

    def test_other_objects_than_the_body_have_no_field(self, client: APIClient) -> None:
        problem = read_problem(client.post(f"/api/tasks/{make_task().pk}/resume"), 409)
        assert problem["title"] == "Conflict"
        assert "errors" not in problem

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*;q=0.8"])
    def test_it_does_not_depend_on_what_is_accepted(self, client: APIClient, accept: str) -> None:
        read_problem(client.get(f"/api/schedules/{UNKNOWN_ID}", HTTP_ACCEPT=accept), 404)


class TestOutsideOfTheViews:
    @pytest.mark.parametrize(
        "path", ["/api/", "/api/nothing", "/api/schedules//", "/api/schedules/x/y", "/api/tasks/x/resume/y"]
    )
    @pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
    def test_below_api_a_404_is_a_problem(self, path: str, method: str) -> None:
        problem = read_problem(getattr(APIClient(), method)(path), 404)
        assert path in problem["detail"]

    def test_elsewhere_it_is_a_page(self) -> None:
        answer = Client().get("/nothing")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_a_host_that_is_not_ours_is_a_problem(self, client: APIClient) -> None:
        read_problem(client.get("/api/schedules", HTTP_HOST="evil.example"), 400)

    def test_a_failure_nobody_expected_is_a_500_without_its_inside(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError("the inside")

        monkeypatch.setattr("schedules.views.list_schedules", fail)
        client.raise_request_exception = False
        problem = read_problem(client.get("/api/schedules"), 500)
        assert "inside" not in problem["detail"]


class TestProtocol:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("patch", "/api/schedules", "GET, POST, PUT, DELETE"),
            ("post", "/api/schedules/{schedule}", "GET, PATCH, DELETE"),
            ("put", "/api/schedules/{schedule}", "GET, PATCH, DELETE"),
            ("post", "/api/schedules/{schedule}/firings", "GET"),
            ("post", "/api/firings", "GET"),
            ("delete", "/api/firings", "GET"),
            ("put", "/api/tasks", "GET, POST"),
            ("patch", "/api/tasks/{task}", "GET, DELETE"),
            ("get", "/api/tasks/resume", "POST"),
            ("get", "/api/tasks/{task}/resume", "POST"),
            ("get", "/api/tasks/{task}/retry", "POST"),
            ("put", "/api/tasks/{task}/abort", "POST"),
            ("get", "/api/tasks/{task}/callback/x", "POST"),
            ("put", "/api/tasks/{task}/callback/x/progress", "POST"),
            ("post", "/api/engine", "GET"),
            ("get", "/api/engine/freeze", "POST"),
            ("delete", "/api/engine/unfreeze", "POST"),
            ("post", "/api/workflows/x/form", "GET"),
            ("post", "/api/workflows", "GET"),
            ("trace", "/api/workflows", "GET"),
        ],
    )
    def test_a_method_that_is_not_there_is_a_405(self, client: APIClient, method: str, path: str, allowed: str) -> None:
        path = path.format(schedule=store_schedule().pk, task=make_task().pk)
        before = stored_rows()
        answer = getattr(client, method)(path)
        problem = read_problem(answer, 405)
        assert method.upper() in problem["detail"]
        assert set(allowed.split(", ")) == set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"}
        assert stored_rows() == before

    @pytest.mark.parametrize(
        "content_type",
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml", "x"],
    )
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/api/schedules"), ("PUT", "/api/schedules"), ("POST", "/api/tasks")]
    )
    def test_a_body_of_another_type_is_a_415(
        self, client: APIClient, method: str, path: str, content_type: str
    ) -> None:
        before = stored_rows()
        answer: Any = client.generic(method, path, "name=x", content_type=content_type)
        problem = read_problem(answer, 415)
        assert content_type.split(";", maxsplit=1)[0] in problem["detail"]
        assert stored_rows() == before

    def test_an_answer_of_another_type_is_a_406(self, client: APIClient) -> None:
        read_problem(client.get("/api/schedules", HTTP_ACCEPT="text/html"), 406)

    @pytest.mark.parametrize("charset", ["zlib", "rot13", "hex", "utf-16", "undefined"])
    def test_a_charset_that_json_does_not_have_is_a_400(self, client: APIClient, charset: str) -> None:
        answer: Any = client.generic(
            "POST", "/api/schedules", "{}", content_type=f"application/json; charset={charset}"
        )
        read_problem(answer, 400)

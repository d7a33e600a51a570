"""`/api/graphql` as HTTP: who may ask, what bodies are taken, and how errors are told."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from orchestrator_site.common.graphql import lists
from tests.integration.api.support import fields_at_fault, make_client, make_user, read_problem, store_schedule
from tests.integration.graphql.support import PATH, PERMISSIONS, ROOTS, messages, post

pytestmark = pytest.mark.django_db

QUERY = "{ scheduledTasks { page { name } } }"
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def session(db: None) -> Client:
    """Return a client with a session, which has to send a CSRF token as any browser does."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    return client


class TestWhoMayAsk:
    def test_nobody_without_a_token_or_a_session(self) -> None:
        read_problem(APIClient().post(PATH, {"query": "{ __typename }"}), 401)

    def test_a_wrong_token_is_refused(self) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        read_problem(client.post(PATH, {"query": "{ __typename }"}), 401)

    def test_a_token_needs_no_csrf_token(self) -> None:
        user = make_user(is_superuser=True)
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(user)[1]}")
        assert post(client, QUERY)["data"] == {"scheduledTasks": {"page": []}}

    def test_a_session_needs_one(self, session: Client) -> None:
        body = {"query": QUERY}
        refused = session.post(PATH, body, content_type="application/json")
        assert "CSRF" in read_problem(refused, 403)["detail"]
        session.get(PATH, headers=AS_BROWSER)
        token = session.cookies["csrftoken"].value
        answer = session.post(PATH, body, content_type="application/json", headers={"X-CSRFToken": token})
        assert answer.json() == {"data": {"scheduledTasks": {"page": []}}}

    @pytest.mark.parametrize("root", ROOTS)
    def test_each_list_needs_its_own_permission_and_names_it(self, root: str) -> None:
        query = "{ __typename " + " ".join(f"{each} {{ pageInfo {{ hasPreviousPage }} }}" for each in ROOTS) + " }"
        answer = post(make_client(make_user(PERMISSIONS[root])), query)
        assert answer["data"] == {"__typename": "Query"} | dict.fromkeys(ROOTS) | {
            root: {"pageInfo": {"hasPreviousPage": False}}
        }
        others = [each for each in ROOTS if each != root]
        assert messages(answer) == [f"ada needs the permission '{PERMISSIONS[each]}' for '{each}'" for each in others]
        assert [error["path"] for error in answer["errors"]] == [[each] for each in others]


class TestBodies:
    @pytest.mark.parametrize("path", ["/api/graphql", "/api/graphql/"])
    def test_both_paths_answer(self, client: APIClient, path: str) -> None:
        assert client.post(path, {"query": "{ __typename }"}).json() == {"data": {"__typename": "Query"}}

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["query"]),
            ({"query": None}, ["query"]),
            ({"query": 1}, ["query"]),
            ({"query": ""}, ["query"]),
            ({"query": QUERY, "variables": []}, ["variables"]),
            ({"query": QUERY, "variables": "{}"}, ["variables"]),
            ({"query": QUERY, "operationName": 1}, ["operationName"]),
            ({"query": QUERY, "extensions": {}}, ["extensions"]),
            ({"query": QUERY, "operation_name": "x"}, ["operation_name"]),
            ([{"query": QUERY}], ["body"]),
        ],
    )
    def test_a_body_that_is_no_query_is_a_problem_that_names_the_key(
        self, client: APIClient, body: Any, fields: list[str]
    ) -> None:
        assert fields_at_fault(read_problem(client.post(PATH, body), 400)) == fields

    def test_an_unknown_key_is_told_what_was_meant(self, client: APIClient) -> None:
        problem = read_problem(client.post(PATH, {"query": QUERY, "operationname": "x"}), 400)
        assert "did you mean 'operationName'?" in problem["detail"]

    def test_other_formats_and_bodies_that_are_too_large_are_refused(self, client: APIClient) -> None:
        read_problem(client.post(PATH, QUERY, content_type="application/graphql"), 415)
        read_problem(client.post(PATH, {"query": "#" * 1_000_000}), 413)

    def test_null_is_as_good_as_left_out(self, client: APIClient) -> None:
        post(client, QUERY, variables=None, operationName=None)
        post(client, QUERY, variables={}, operationName="")

    def test_the_operation_is_chosen_by_its_name(self, client: APIClient) -> None:
        both = "query a { x: __typename } query b { y: __typename }"
        assert post(client, both, operationName="b")["data"] == {"y": "Query"}
        for name in (None, "c"):
            answer = post(client, both, operationName=name, status=400)
            assert set(answer) == {"errors"}
            assert "operation" in messages(answer)[0]


class TestErrors:
    @pytest.mark.parametrize(
        ("query", "phrase"),
        [
            ("{ scheduledTasks { page { name }", "Syntax Error: Expected Name, found <EOF>."),
            ("{ scheduledTask { page { name } } }", "Did you mean 'scheduledTasks'"),
            ("{ scheduledTasks { page } }", "must have a selection of subfields"),
            ("{ scheduledTasks(first: true) { page { name } } }", "Int cannot represent non-integer value: true"),
            ("query ($n: Int!) { scheduledTasks(first: $n) { page { name } } }", "'$n' of required type 'Int!'"),
            ("mutation { deleteSchedule }", "not configured to execute mutation"),
            ("subscription { scheduledTasks { page { name } } }", "not configured to execute subscription"),
            ('{ scheduledTasks(filterBy: {field: "\\uD83D", value: ""}) { page { name } } }', "Syntax Error: Invalid"),
        ],
    )
    def test_what_cannot_be_executed_is_a_400_that_says_where(self, client: APIClient, query: str, phrase: str) -> None:
        answer = post(client, query, status=400)
        assert set(answer) == {"errors"}
        assert phrase in messages(answer)[0]
        assert answer["errors"][0]["locations"]

    def test_lines_are_counted_as_they_were_sent(self, client: APIClient) -> None:
        answer = post(client, "\n\n  { nothing }", status=400)
        assert answer["errors"][0]["locations"] == [{"line": 3, "column": 5}]

    def test_a_server_that_fails_tells_nothing_and_logs_all(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*_args: Any, **_options: Any) -> None:
            raise RuntimeError("a secret")

        store_schedule()
        monkeypatch.setattr(lists, "in_order", fail)
        query = '{ scheduledTasks(sortBy: [{field: "name"}]) { page { name } } workflows { page { id } } }'
        answer = post(client, query)
        assert answer["data"]["scheduledTasks"] is None
        assert answer["data"]["workflows"]["page"]
        assert messages(answer) == ["the server failed here; its log says why"]
        assert "secret" not in str(answer)
        [event] = [record.msg for record in caplog.records if record.levelname == "ERROR"]
        assert isinstance(event, dict)
        assert (event["event"], str(event["exc_info"])) == ("graphql_field_failed", "a secret")
        assert event["exc_info"].__traceback__ is not None


class TestThePage:
    def test_a_browser_that_is_not_logged_in_goes_to_the_login(self) -> None:
        response = Client().get(PATH, headers=AS_BROWSER)
        assert (response.status_code, response.headers["Location"]) == (302, f"/admin/login/?next={PATH}")

    def test_one_that_is_gets_it_with_a_policy_of_its_own(self, session: Client) -> None:
        response = session.get(PATH, headers=AS_BROWSER)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/html")
        policy, strict = (
            set(each.headers["Content-Security-Policy"].split("; "))
            for each in (response, session.get("/api/workflows"))
        )
        assert policy - strict == {"font-src 'self' data:", "style-src 'self' 'unsafe-inline'"}
        assert strict - policy == {"font-src 'self'", "style-src 'self'"}
        assert b"://" not in response.content

    def test_other_clients_are_told_to_post(self, client: APIClient) -> None:
        problem = read_problem(client.get(PATH, headers={"Accept": "application/json"}), 405)
        assert "POST" in problem["detail"]
        for method in ("put", "patch", "delete"):
            read_problem(getattr(client, method)(PATH, {}), 405)

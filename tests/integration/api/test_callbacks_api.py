"""`/api/tasks/{id}/callback/{token}`: the address is all that it takes, one answer counts, and nothing else changes."""

import io
import json
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import resolve
from rest_framework.test import APIClient

from orchestrator_site.common import logs
from orchestrator_site.common.parsers import MAX_BODY_BYTES
from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.callback_views import CallbackProgressView, CallbackView
from tasks.callbacks import ROUTE
from tasks.models import ENDED, Task, TaskCallback, TaskStatus
from tasks.services import abort_task, resume_task
from tests.integration.api.support import UNKNOWN_ID, make_client, make_user, read_problem, stored_rows
from tests.support.database import heard_channels, in_thread
from tests.support.factories import NOW, make_step, make_task, make_workflow, run_until_it_stops
from tests.support.stopped_tasks import make_awaiting_task
from workflows.engine import Backoff, callback_step, retrystep

pytestmark = pytest.mark.django_db

VERBS = pytest.mark.parametrize("verb", ["", "/progress"], ids=["answer", "progress"])


@pytest.fixture
def client() -> APIClient:
    """Return a client without any user."""
    return APIClient(enforce_csrf_checks=True)


def last_state(task: Task) -> dict[str, Any]:
    step = task.steps.order_by("id").last()
    assert step is not None
    state: dict[str, Any] = step.state
    return state


class TestAnswering:
    @pytest.mark.parametrize(
        ("verb", "view"), [("", CallbackView), ("/", CallbackView), ("/progress", CallbackProgressView)]
    )
    def test_the_path_that_tasks_give_away_leads_here(self, verb: str, view: type) -> None:
        found = resolve(ROUTE.format(task_id=UNKNOWN_ID, token="a_token-1") + verb)
        assert found.func.view_class is view  # type: ignore[attr-defined]  # as_view() sets it
        assert found.kwargs == {"task_id": UNKNOWN_ID, "token": "a_token-1"}

    @pytest.mark.parametrize("value", [{"ok": [1, {}]}, [], "done", "", 0, 1.5, True, False, None], ids=json.dumps)
    def test_the_task_goes_on_with_any_json_value(self, client: APIClient, value: Any) -> None:
        task, path = make_awaiting_task()
        answer: Any = client.generic("POST", path, json.dumps(value), content_type="application/json")
        assert (answer.status_code, answer.json()) == (200, {"task_id": str(task.pk), "status": "resumed"})
        done = run_until_it_stops(Task.objects.get())
        assert done.status == TaskStatus.COMPLETED
        assert last_state(done)["answer"] == last_state(done)["callback_result"] == value

    def test_the_workers_are_woken(self, client: APIClient) -> None:
        _, path = make_awaiting_task()
        with heard_channels() as heard:
            client.post(path, {})
        assert heard == [TASKS_ENQUEUED]

    def test_progress_is_kept_and_the_task_waits_on(self, client: APIClient) -> None:
        task, path = make_awaiting_task(timeout_seconds=60)
        before = Task.objects.values().get()
        for percent in (10, 40):
            answer = client.post(f"{path}/progress/", {"percent": percent})
            assert (answer.status_code, answer.json()["status"]) == (200, "awaiting_callback")
        assert Task.objects.values().get() == before
        callback = TaskCallback.objects.get()
        assert (callback.progress, callback.answered_at) == ({"percent": 40}, None)
        assert callback.progressed_at is not None
        assert client.post(path, "done").json()["task_id"] == str(task.pk)


class TestWhoMay:
    @VERBS
    def test_no_user_is_asked_for(self, client: APIClient, verb: str) -> None:
        assert client.post(make_awaiting_task()[1] + verb, {}).status_code == 200

    @VERBS
    @pytest.mark.parametrize("header", ["Bearer wrong", "Bearer \xff", "Basic YTpi", "nonsense"])
    def test_a_wrong_token_of_a_user_is_not_looked_at(self, client: APIClient, verb: str, header: str) -> None:
        answer = client.post(make_awaiting_task()[1] + verb, {}, HTTP_AUTHORIZATION=header)
        assert answer.status_code == 200

    @VERBS
    def test_a_session_needs_no_csrf_token(self, verb: str) -> None:
        browser = APIClient(enforce_csrf_checks=True)
        browser.force_login(make_user())
        assert browser.post(make_awaiting_task()[1] + verb, {}).status_code == 200

    @VERBS
    def test_a_user_who_may_everything_may_nothing_without_the_token(self, verb: str) -> None:
        task, _ = make_awaiting_task()
        before = stored_rows()
        root = make_client(make_user(is_superuser=True))
        read_problem(root.post(ROUTE.format(task_id=task.pk, token="guessed") + verb, {}), 404)
        assert stored_rows() == before


class TestWhatDoesNotCount:
    @VERBS
    def test_a_wrong_token_a_wrong_task_and_one_without_callbacks_are_told_alike(
        self, client: APIClient, verb: str
    ) -> None:
        task, path = make_awaiting_task()
        token = path.rpartition("/")[2]
        other, _ = make_awaiting_task()
        without_callbacks = make_task()
        before = stored_rows()
        answers = {
            client.post(ROUTE.format(task_id=task_id, token=given) + verb, {"mine": True}).content
            for task_id, given in [
                (task.pk, "x"),
                (task.pk, token[:-1]),
                (task.pk, token.swapcase()),
                (task.pk, f"{token}="),
                (task.pk, "é" * 43),
                (task.pk, "%00"),
                (other.pk, token),
                (without_callbacks.pk, token),
                (UNKNOWN_ID, token),
                ("latest", token),
            ]
        }
        assert len(answers) == 1
        assert json.loads(answers.pop())["status"] == 404
        assert stored_rows() == before

    @VERBS
    def test_one_that_was_answered_takes_no_other_answer(self, client: APIClient, verb: str) -> None:
        _, path = make_awaiting_task()
        client.post(path, {"first": True})
        before = stored_rows()
        problem = read_problem(client.post(path + verb, {"second": True}), 409)
        assert "was answered already" in problem["detail"]
        assert stored_rows() == before
        done = run_until_it_stops(Task.objects.get())
        assert last_state(done)["answer"] == {"first": True}
        read_problem(client.post(path + verb, {"third": True}), 409)

    @VERBS
    def test_one_that_has_expired_takes_none(self, client: APIClient, verb: str) -> None:
        _, path = make_awaiting_task(timeout_seconds=60, now=NOW.replace(year=2020))
        before = stored_rows()
        problem = read_problem(client.post(path + verb, {}), 409)
        assert problem["detail"] == "this callback has expired, at 2020-03-01 09:01:00Z"
        assert stored_rows() == before

    @VERBS
    def test_one_that_a_later_attempt_has_replaced_is_not_there(self, client: APIClient, verb: str) -> None:
        paths: list[str] = []

        @retrystep("Ask", backoff=Backoff(first_seconds=0))
        def ask(callback_route: str) -> None:
            paths.append(callback_route)
            if len(paths) == 1:
                raise ConnectionError("the answer to the request was lost")

        steps = callback_step("Order", ask, make_step("Look", lambda callback_result: None))
        task = run_until_it_stops(make_task(make_workflow(*steps)))
        assert run_until_it_stops(task).status == TaskStatus.AWAITING_CALLBACK
        before = stored_rows()
        read_problem(client.post(paths[0] + verb, {}), 404)
        assert stored_rows() == before
        assert client.post(paths[1] + verb, {}).status_code == 200

    @VERBS
    def test_one_of_a_task_that_was_put_back_takes_none(self, client: APIClient, verb: str) -> None:
        task, path = make_awaiting_task()
        resume_task(task_id=task.pk, actor="a test", resume_at="Order: Ask")
        before = stored_rows()
        problem = read_problem(client.post(path + verb, {}), 409)
        assert problem["detail"] == "the task has gone on without this callback"
        assert stored_rows() == before

    @VERBS
    def test_one_of_an_aborted_task_takes_none(self, client: APIClient, verb: str) -> None:
        task, path = make_awaiting_task()
        abort_task(task_id=task.pk, actor="a test")
        before = stored_rows()
        assert read_problem(client.post(path + verb, {}), 409)["detail"] == "the task is aborted: it awaits nothing"
        assert stored_rows() == before

    @VERBS
    @pytest.mark.parametrize(
        ("content", "status", "phrase"),
        [
            ("", 400, "the body is empty; give a JSON value such as {}"),
            ("{", 400, "JSON parse error"),
            ("NaN", 400, "JSON parse error"),
            ("1e999", 400, "out of range"),
            ('"\\u0000"', 400, "the body cannot be stored"),
            ('"\\ud800"', 400, "surrogate"),
            ("[" * 101 + "]" * 101, 400, "nested too deeply"),
            (f'"{"x" * MAX_BODY_BYTES}"', 413, str(MAX_BODY_BYTES)),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_a_body_that_cannot_be_one_leaves_the_only_answer_to_another(
        self, client: APIClient, verb: str, content: str, status: int, phrase: str
    ) -> None:
        _, path = make_awaiting_task()
        before = stored_rows()
        answer: Any = client.generic("POST", path + verb, content, content_type="application/json")
        assert phrase in read_problem(answer, status)["detail"]
        assert stored_rows() == before
        assert client.post(path + verb, {}).status_code == 200

    @VERBS
    @pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
    def test_so_does_one_that_is_no_json(self, client: APIClient, verb: str, content_type: str) -> None:
        _, path = make_awaiting_task()
        before = stored_rows()
        answer: Any = client.generic("POST", path + verb, "done=1", content_type=content_type)
        assert "Unsupported media type" in read_problem(answer, 415)["detail"]
        assert stored_rows() == before

    def test_a_body_as_long_as_allowed_is_taken(self, client: APIClient) -> None:
        _, path = make_awaiting_task()
        content: Any = f'"{"x" * (MAX_BODY_BYTES - 2)}"'
        assert client.generic("POST", path, content, content_type="application/json").status_code == 200

    @VERBS
    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
    def test_only_post_is_there(self, client: APIClient, verb: str, method: str) -> None:
        _, path = make_awaiting_task()
        before = stored_rows()
        assert getattr(client, method)(path + verb).status_code == 405
        assert stored_rows() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("attempt", range(5))
def test_of_answers_at_the_same_time_exactly_one_counts(attempt: int) -> None:
    _, path = make_awaiting_task()

    def answer(number: int) -> int:
        return APIClient().post(path, {"number": number}).status_code

    with in_thread(lambda: answer(0)) as first, in_thread(lambda: answer(1)) as second:
        codes = [first.result(), second.result()]
    assert sorted(codes) == [200, 409]
    done = run_until_it_stops(Task.objects.get())
    assert (done.status, last_state(done)["answer"]) == (TaskStatus.COMPLETED, {"number": codes.index(200)})
    assert done.status in ENDED


class TestLogs:
    @pytest.fixture(params=["json", "console"])
    def written(self, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
        """Log everything, and return what is written."""
        stream = io.StringIO()
        before = structlog.get_config()
        config = logs.configure(level="DEBUG", line_format=request.param)
        config["handlers"]["stderr"]["stream"] = stream
        config["loggers"]["django.request"]["level"] = "DEBUG"
        logging.config.dictConfig(config)
        yield stream
        structlog.contextvars.clear_contextvars()
        structlog.configure(**before)
        logging.config.dictConfig(settings.LOGGING)

    def test_no_line_tells_a_token(self, written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
        _, path = make_awaiting_task()
        token = path.rpartition("/")[2]
        client = Client(raise_request_exception=False)
        elsewhere = [path.replace("tasks", "x"), path.replace("/callback/", "/callback//"), f"/nothing?next={path}"]
        paths = [
            *(f"{path}{end}" for end in ("/progress", "", "", "x", "/", "/nothing")),
            *elsewhere,
            f"/nothing?next={path.replace('/', '%2F')}",
        ]
        codes = [client.post(each, "{}", content_type="application/json").status_code for each in paths]
        assert codes == [200, 200, 409, 404, 409, 404, 404, 404, 404, 404]
        assert client.get(path).status_code == 405
        assert client.get(path, headers={"host": "evil.example"}).status_code == 400

        def fail(**_: Any) -> None:
            raise RuntimeError(f"the inside of {path}")

        monkeypatch.setattr("tasks.callback_views.answer_callback", fail)
        assert client.post(path, "{}", content_type="application/json").status_code == 500
        text = written.getvalue()
        assert token not in text
        assert text.count("the inside of ") >= 1
        assert text.count(f"/callback/{logs.MASK}") >= len(paths)

    def test_nor_does_the_answer_to_a_path_that_leads_nowhere(self, client: APIClient) -> None:
        _, path = make_awaiting_task()
        problem = read_problem(client.post(f"{path}/nothing", {}), 404)
        assert path.rpartition("/")[2] not in json.dumps(problem)

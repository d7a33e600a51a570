"""`Idempotency-Key`: a request that is sent again is not done again, and gets the answer that it got."""

import inspect
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.idempotency import services
from orchestrator_site.common.idempotency.models import IdempotencyKey
from orchestrator_site.common.idempotency.views import answer_once
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED
from schedules import views
from schedules.models import Schedule
from tasks.freezing import unfreeze_engine
from tasks.models import EngineFreeze, Task, TaskStatus
from tests.integration.api.support import (
    fields_at_fault,
    make_client,
    make_user,
    post_with_key,
    read_problem,
    schedule_body,
    stored_rows,
)
from tests.support.database import heard_channels, recorded_statements
from tests.support.factories import make_task, make_workflow
from workflows.engine import StartRequest

pytestmark = pytest.mark.django_db

SCHEDULES = "/api/schedules"
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
DAY = timedelta(hours=24)


def make_older(age: timedelta) -> None:
    """Have the one key that is stored be so old."""
    [row] = IdempotencyKey.objects.all()
    IdempotencyKey.objects.update(created_at=row.created_at - age)


class TestTheSameRequest:
    def test_it_is_done_once_and_answered_alike(self, client: APIClient) -> None:
        body = schedule_body()
        first = post_with_key(client, SCHEDULES, body)
        before = stored_rows()
        again = post_with_key(client, SCHEDULES, body)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers[REPLAYED] == "true"
        assert REPLAYED not in first.headers
        assert stored_rows() == before
        assert Schedule.objects.count() == 1

    def test_another_key_is_another_request(self, client: APIClient) -> None:
        body = schedule_body()
        for key in ("key-1", "key-2"):
            assert REPLAYED not in post_with_key(client, SCHEDULES, body, key=key).headers
        assert Schedule.objects.count() == 2

    def test_how_the_body_is_written_makes_no_difference(self, client: APIClient) -> None:
        body = schedule_body()
        first = post_with_key(client, SCHEDULES, body)
        spaced = json.dumps(dict(reversed(body.items())), indent=3)
        again: Any = client.generic(
            "POST", f"{SCHEDULES}/", spaced, content_type="application/json", HTTP_IDEMPOTENCY_KEY="key-1"
        )
        assert again.headers[REPLAYED] == "true"
        assert again.content == first.content

    def test_the_first_answer_counts_whatever_has_come_of_it_since(self, client: APIClient) -> None:
        first = post_with_key(client, "/api/engine/freeze", {"reason": "Maintenance"})
        unfreeze_engine(actor="somebody else")
        again = post_with_key(client, "/api/engine/freeze", {"reason": "Maintenance"})
        assert again.content == first.content
        assert again.json()["is_frozen"] is True
        assert not EngineFreeze.objects.filter(in_force=True).exists()

    def test_the_schedulers_are_woken_by_the_first_alone(self, client: APIClient) -> None:
        body = schedule_body()
        with heard_channels() as first:
            post_with_key(client, SCHEDULES, body)
        with heard_channels() as again:
            post_with_key(client, SCHEDULES, body)
        assert (first, again) == ([SCHEDULES_CHANGED], [])

    def test_text_of_any_language_and_numbers_of_any_size_come_back_as_they_were(self, client: APIClient) -> None:
        body = schedule_body(inputs={"b": 'Zürich \u2028 \\ "', "a": [1e16, 0.1, 10**30, -0.0, None, True]})
        first, again = (post_with_key(client, SCHEDULES, body) for _ in range(2))
        assert again.headers[REPLAYED] == "true"
        assert again.content == first.content

    def test_whoever_may_not_do_it_any_more_gets_no_answer_to_it(self) -> None:
        user = make_user("tasks.freeze_engine")
        client = make_client(user)
        assert post_with_key(client, "/api/engine/unfreeze").status_code == 200
        user.user_permissions.clear()
        read_problem(post_with_key(client, "/api/engine/unfreeze"), 403)

    def test_many_are_resumed_each_by_itself_as_without_a_key(self, client: APIClient) -> None:
        failed, running = make_task(status=TaskStatus.FAILED), make_task(status=TaskStatus.RUNNING)
        body = {"ids": [str(failed.pk), str(running.pk)]}
        first, again = (post_with_key(client, "/api/tasks/resume", body) for _ in range(2))
        assert [each["resumed"] for each in again.json()["results"]] == [True, False]
        assert again.content == first.content
        failed.refresh_from_db()
        assert (failed.status, failed.version) == (TaskStatus.RESUMED, 2)


class TestAnotherRequest:
    def test_another_body_is_refused(self, client: APIClient) -> None:
        body = schedule_body()
        post_with_key(client, SCHEDULES, body)
        before = stored_rows()
        problem = read_problem(post_with_key(client, SCHEDULES, {**body, "name": "Another"}), 422)
        said = "the key was used for another body; take a new one"
        assert problem["detail"] == said
        assert problem["errors"] == [{"field": HEADER, "value": "key-1", "detail": said}]
        assert stored_rows() == before

    @pytest.mark.parametrize("path", ["/api/engine/unfreeze", "/api/tasks/%00/abort", f"/api/tasks/{'x' * 300}/abort"])
    def test_another_path_is_refused(self, client: APIClient, path: str) -> None:
        task = make_task(status=TaskStatus.FAILED)
        post_with_key(client, f"/api/tasks/{task.pk}/abort")
        problem = read_problem(post_with_key(client, path), 422)
        assert problem["detail"] == f"the key was used for POST /api/tasks/{task.pk}/abort; take a new one"

    def test_the_same_key_of_another_user_is_another_one(self, client: APIClient) -> None:
        body = schedule_body()
        other = make_client(make_user("schedules.add_schedule", username="grace"))
        answers = [post_with_key(each, SCHEDULES, body) for each in (client, other)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert sorted(Schedule.objects.values_list("created_by", flat=True)) == ["grace", "root"]
        assert IdempotencyKey.objects.count() == 2

    def test_the_keys_of_a_user_go_with_the_user(self, client: APIClient) -> None:
        post_with_key(client, "/api/engine/unfreeze")
        User.objects.get(username="root").delete()
        assert not IdempotencyKey.objects.exists()


class TestWhatIsRefused:
    def test_it_writes_nothing_and_the_corrected_request_may_use_the_key(self, client: APIClient) -> None:
        before = stored_rows()
        for body, status in [
            (schedule_body(make_workflow(name="task_one"), trigger="crn"), 400),
            (schedule_body(workflow_name="task_nothing"), 404),
        ]:
            read_problem(post_with_key(client, SCHEDULES, body), status)
        assert stored_rows()[IdempotencyKey._meta.db_table] == before[IdempotencyKey._meta.db_table] == []
        assert post_with_key(client, SCHEDULES, schedule_body(workflow_name="task_one")).status_code == 201

    @pytest.mark.parametrize(("content", "status"), [("{", 400), ("[]", 400), (" " * 1_000_001, 413)])
    def test_a_body_that_cannot_be_read_is_no_request(self, client: APIClient, content: str, status: int) -> None:
        answer: Any = client.generic(
            "POST", SCHEDULES, content, content_type="application/json", HTTP_IDEMPOTENCY_KEY="key-1"
        )
        read_problem(answer, status)
        assert not IdempotencyKey.objects.exists()

    def test_who_may_not_leaves_no_key(self) -> None:
        read_problem(post_with_key(APIClient(), SCHEDULES, {}), 401)
        read_problem(post_with_key(make_client(make_user()), SCHEDULES, {}), 403)
        assert not IdempotencyKey.objects.exists()

    def test_a_handler_that_fails_after_it_has_written_leaves_neither(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = schedule_body()
        client.raise_request_exception = False
        with monkeypatch.context() as patch:
            patch.setattr(views, "get_schedule", lambda schedule_id: 1 / 0)
            assert post_with_key(client, SCHEDULES, body).status_code == 500
            assert not Schedule.objects.exists()
            assert not IdempotencyKey.objects.exists()
        assert post_with_key(client, SCHEDULES, body).status_code == 201
        assert Schedule.objects.count() == 1

    def test_what_a_handler_answers_as_an_error_is_undone(self) -> None:
        user = make_user()

        class Refusing(APIView):
            permission_classes = []

            @answer_once
            def post(self, request: Request) -> Response:
                make_task()
                return Response({}, status=409)

        request = APIRequestFactory().post("/api/nothing", {}, HTTP_IDEMPOTENCY_KEY="key-1")
        force_authenticate(request, user)
        assert Refusing.as_view()(request).status_code == 409
        assert not Task.objects.exists()
        assert not IdempotencyKey.objects.exists()

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "é", "\x7f", "x" * 256], ids=ascii)
    def test_what_is_no_key_is_named(self, client: APIClient, key: str) -> None:
        before = stored_rows()
        problem = read_problem(post_with_key(client, "/api/engine/freeze", {"reason": "x"}, key=key), 400)
        assert fields_at_fault(problem) == [HEADER]
        assert problem["detail"] == "give 1 to 255 visible ASCII characters, such as a UUID"
        assert stored_rows() == before

    @pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a,b"])
    def test_any_visible_characters_are_a_key(self, client: APIClient, key: str) -> None:
        for is_replayed in (False, True):
            answer = post_with_key(client, "/api/engine/unfreeze", key=key)
            assert answer.status_code == 200
            assert (REPLAYED in answer.headers) is is_replayed


class TestExpiry:
    def test_a_key_counts_for_a_day(self, client: APIClient) -> None:
        body = schedule_body()
        first = post_with_key(client, SCHEDULES, body)
        make_older(DAY - timedelta(minutes=1))
        assert post_with_key(client, SCHEDULES, body).content == first.content

    def test_then_it_is_free_for_any_request(self, client: APIClient) -> None:
        post_with_key(client, SCHEDULES, schedule_body())
        make_older(DAY)
        for is_replayed in (False, True):
            answer = post_with_key(client, "/api/engine/unfreeze")
            assert answer.status_code == 200
            assert (REPLAYED in answer.headers) is is_replayed
        assert IdempotencyKey.objects.count() == 1

    def test_a_new_key_removes_some_that_have_expired(self, client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "MAX_FORGOTTEN", 2)
        user = User.objects.get(username="root")
        for key, age in (("older", 3 * DAY), ("old", 2 * DAY), ("oldest", 4 * DAY), ("young", DAY / 2)):
            IdempotencyKey.objects.create(user=user, key=key, created_at=database_now() - age, status_code=200)
        post_with_key(client, "/api/engine/unfreeze", key="new")
        assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"old", "young", "new"}


class TestAuthorsCode:
    def test_a_predicate_that_refuses_leaves_the_key_free(self, client: APIClient) -> None:
        reasons = ["not now", None]
        workflow = make_workflow(options={"run_predicate": lambda request: reasons.pop(0)})
        body = {"workflow_name": workflow.name}
        read_problem(post_with_key(client, "/api/tasks", body), 412)
        answers = [post_with_key(client, "/api/tasks", body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert (REPLAYED in answers[1].headers, reasons) == (True, [])

    def test_what_it_wrote_is_undone_when_the_request_is_refused(self, client: APIClient) -> None:
        def write_and_refuse(request: StartRequest) -> str:
            make_task()
            return "not now"

        workflow = make_workflow(options={"run_predicate": write_and_refuse})
        before = stored_rows()
        read_problem(post_with_key(client, "/api/tasks", {"workflow_name": workflow.name}), 412)
        assert stored_rows()[Task._meta.db_table] == before[Task._meta.db_table] == []

    def test_a_statement_of_it_that_fails_refuses(self, client: APIClient) -> None:
        def break_a_constraint(request: StartRequest) -> None:
            Task.objects.create(pk=make_task().pk)

        workflow = make_workflow(options={"run_predicate": break_a_constraint})
        problem = read_problem(post_with_key(client, "/api/tasks", {"workflow_name": workflow.name}), 412)
        assert problem["detail"].endswith(f"failed: {IntegrityError.__name__}")
        assert not Task.objects.exists()


class TestWithoutAKey:
    def test_not_one_statement_more_is_asked(self, client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        body = schedule_body()
        client.post(SCHEDULES, body)  # what is read once a process has been read
        with recorded_statements() as with_it:
            client.post(SCHEDULES, body)
        monkeypatch.setattr(views.SchedulesView, "post", inspect.unwrap(views.SchedulesView.post))
        with recorded_statements() as without:
            client.post(SCHEDULES, body)
        assert len(with_it) == len(without) > 0

    def test_nothing_is_stored_and_each_is_done(self, client: APIClient) -> None:
        body = schedule_body()
        for _ in range(2):
            assert client.post(SCHEDULES, body).status_code == 201
        assert not IdempotencyKey.objects.exists()
        assert Schedule.objects.count() == 2

"""What a task's answer says of where it stands: the step, the form, the callback, when it is tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from tasks.models import StepsVersion, Task, TaskCallback, TaskStatus
from tests.integration.api.support import read_moment
from tests.support.database import recorded_statements
from tests.support.factories import (
    NOW,
    make_callback,
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
from workflows.engine import inputstep, step
from workflows.registry import ALL_WORKFLOWS

pytestmark = pytest.mark.django_db

STANDING = (TaskStatus.RUNNING, TaskStatus.SUSPENDED, TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK)


def shown(client: APIClient, task: Task) -> dict[str, Any]:
    answer = client.get(f"/api/tasks/{task.pk}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def listed(client: APIClient) -> dict[str, dict[str, Any]]:
    """Return the tasks of the list by their ids."""
    return {each["task_id"]: each for each in client.get("/api/tasks").json()["results"]}


@step("Slow", timeout_seconds=60)
def slow() -> None:
    pass


class TestCurrentStep:
    def test_a_running_task_is_at_the_step_that_it_has_begun(self, client: APIClient) -> None:
        begun_at = database_now()
        task = make_task(make_workflow(slow), status=TaskStatus.RUNNING, position=1, step_started_at=begun_at)
        assert shown(client, task)["current_step"] == {
            "name": "Slow",
            "position": 1,
            "started_at": begun_at.isoformat().replace("+00:00", "Z"),
            "timeout_seconds": 60.0,
            "is_overdue": False,
        }

    @pytest.mark.parametrize(("seconds", "is_overdue"), [(30, False), (90, True)])
    def test_it_is_overdue_when_it_takes_longer_than_it_may(
        self, client: APIClient, seconds: int, is_overdue: bool
    ) -> None:
        begun_at = database_now() - timedelta(seconds=seconds)
        workflow = make_workflow(slow, make_step("Any time", lambda: None))
        task = make_task(workflow, status=TaskStatus.RUNNING, position=1, step_started_at=begun_at)
        other = make_task(workflow, status=TaskStatus.RUNNING, position=2, step_started_at=begun_at)
        assert shown(client, task)["current_step"]["is_overdue"] is is_overdue
        assert shown(client, other)["current_step"]["timeout_seconds"] is None
        assert shown(client, other)["current_step"]["is_overdue"] is False

    def test_a_suspended_one_is_at_the_step_that_asks_and_a_person_is_never_overdue(self, client: APIClient) -> None:
        task = make_suspended_task()
        step = {"name": "Approve", "position": 1, "started_at": None, "timeout_seconds": None, "is_overdue": False}
        assert shown(client, task)["current_step"] == step
        asking = inputstep("Approve", form=Approval, timeout_seconds=1)(lambda reason: None)
        task = run_until_it_stops(make_task(make_workflow(asking)))
        assert shown(client, task)["current_step"] == {**step, "timeout_seconds": 1.0}

    @pytest.mark.parametrize(("year", "is_overdue"), [(2020, True), (2099, False)])
    def test_one_that_awaits_a_callback_is_overdue_when_it_has_expired(
        self, client: APIClient, year: int, is_overdue: bool
    ) -> None:
        task, _ = make_awaiting_task(timeout_seconds=90, now=NOW.replace(year=year))
        assert shown(client, task)["current_step"] == {
            "name": "Order: Await callback",
            "position": 2,
            "started_at": None,
            "timeout_seconds": 90.0,
            "is_overdue": is_overdue,
        }

    def test_one_that_waits_is_at_the_step_that_is_tried_again(self, client: APIClient) -> None:
        task = make_waiting_task()
        assert task.available_at is not None
        answer = shown(client, task)
        assert answer["current_step"]["name"] == "Call"
        assert read_moment(answer["retry_at"]) == task.available_at

    @pytest.mark.parametrize("status", [status for status in TaskStatus if status not in STANDING])
    def test_one_that_is_queued_or_has_ended_is_at_none(self, client: APIClient, status: TaskStatus) -> None:
        answer = shown(client, make_task(make_workflow(slow), status=status, position=1))
        assert (answer["current_step"], answer["retry_at"]) == (None, None)

    @pytest.mark.parametrize("status", STANDING)
    def test_nothing_is_said_where_the_code_is_not_there(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(make_workflow(has_code=False), status=status)
        assert shown(client, task)["current_step"] is None

    def test_nor_where_it_has_another_version_of_its_steps(self, client: APIClient) -> None:
        task = make_suspended_task()
        ran_by = task.steps_version
        assert shown(client, task)["steps_version"] == ran_by == StepsVersion.objects.get().pk
        register_code(task.workflow.name, [slow, approve])
        answer = shown(client, task)
        assert (answer["current_step"], answer["steps_version"], answer["revision"]) == (None, ran_by, 0)

    @pytest.mark.parametrize("status", STANDING)
    def test_nor_where_one_of_its_forms_cannot_be_used(self, client: APIClient, status: TaskStatus) -> None:
        broken = inputstep("Ask", form=dict)(lambda: None)
        task = make_task(make_workflow(broken), status=status, position=1)
        answer = shown(client, task)
        assert (answer["current_step"], answer["form"]) == (None, None)
        assert listed(client)[str(task.pk)]["current_step"] is None

    def test_nor_where_it_has_fewer_steps(self, client: APIClient) -> None:
        assert shown(client, make_task(status=TaskStatus.RUNNING, position=9))["current_step"] is None

    def test_the_list_says_the_same(self, client: APIClient) -> None:
        tasks = [make_suspended_task(), make_awaiting_task()[0], make_waiting_task(), make_task()]
        rows = listed(client)
        for task in tasks:
            alone = shown(client, task)
            assert {key: alone.pop(key) for key in ("form", "callback")}
            assert rows[str(task.pk)] == alone


class TestForm:
    def test_a_suspended_task_shows_what_it_asks(self, client: APIClient) -> None:
        task = make_suspended_task()
        form = shown(client, task)["form"]
        assert (form["type"], form["title"]) == ("object", "Approval")
        [step] = client.get(f"/api/workflows/{task.workflow.name}/form").json()["steps"]
        assert form == step["schema"]

    def test_it_is_that_of_the_step_at_which_it_would_go_on(self, client: APIClient) -> None:
        task = make_suspended_task()
        named = inputstep("Agree", form=Approval)(lambda reason: None)
        register_code(task.workflow.name, [slow, named], step_aliases={"Approve": "Agree"})
        assert shown(client, task)["form"]["title"] == "Approval"
        register_code(task.workflow.name, [slow, named])
        assert shown(client, task)["form"] is None

    @pytest.mark.parametrize("status", TaskStatus)
    def test_nobody_else_is_asked(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(make_workflow(approve), status=status, position=1)
        assert (shown(client, task)["form"] is not None) == (status == TaskStatus.SUSPENDED)

    def test_nothing_is_shown_where_the_form_fails(self, client: APIClient) -> None:
        class Moody(Approval):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                raise LookupError("no such site")

        task = make_task(
            make_workflow(inputstep("Ask", form=Moody)(lambda: None)), status=TaskStatus.SUSPENDED, position=1
        )
        answer = shown(client, task)
        assert (answer["current_step"]["name"], answer["form"]) == ("Ask", None)

    def test_nothing_is_shown_where_the_code_is_not_there(self, client: APIClient) -> None:
        task = make_suspended_task()
        ALL_WORKFLOWS.pop(task.workflow.name)
        assert shown(client, task)["form"] is None


class TestCallback:
    def test_what_is_awaited_is_shown_without_its_secret(self, client: APIClient) -> None:
        task, path = make_awaiting_task(timeout_seconds=60)
        client.post(f"{path}/progress", {"percent": 40})
        answer = client.get(f"/api/tasks/{task.pk}")
        callback = answer.json()["callback"]
        row = TaskCallback.objects.get()
        assert set(callback) == {"created_at", "expires_at", "answered_at", "progress", "progressed_at"}
        assert (callback["progress"], callback["answered_at"]) == ({"percent": 40}, None)
        assert read_moment(callback["created_at"]) == NOW
        assert read_moment(callback["expires_at"]) == NOW + timedelta(seconds=60)
        assert read_moment(callback["progressed_at"]) == row.progressed_at
        for secret in (path, path.rpartition("/")[2], row.token_hash):
            assert secret not in answer.content.decode() + client.get("/api/tasks").content.decode()

    def test_one_that_was_answered_says_when(self, client: APIClient) -> None:
        task, path = make_awaiting_task()
        client.post(path, {"secret": "of the state alone"})
        assert shown(client, task)["callback"]["answered_at"] is not None
        assert "of the state alone" not in str(shown(client, task)["callback"])

    def test_of_several_the_last_is_shown(self, client: APIClient) -> None:
        task = make_task(status=TaskStatus.AWAITING_CALLBACK)
        for revision, position in [(0, 2), (1, 5), (1, 2), (0, 9)]:
            make_callback(task, revision=revision, position=position, progress=[revision, position])
        make_callback(make_task(status=TaskStatus.AWAITING_CALLBACK), revision=9, position=9)
        assert shown(client, task)["callback"]["progress"] == [1, 5]

    def test_a_task_without_any_has_none(self, client: APIClient) -> None:
        assert shown(client, make_task())["callback"] is None


class TestStatements:
    def test_the_list_asks_once_for_tasks_steps_and_the_time_whatever_they_are(self, client: APIClient) -> None:
        counts = []
        for _ in range(2):
            for status in STANDING:
                for number in range(3):
                    make_task_step(make_task(make_workflow(slow), status=status, steps_version=f"other {number}"))
                    make_task_step(make_task(make_workflow(slow), status=status))
            with recorded_statements() as statements:
                assert len(listed(client)) >= 24
            counts.append(len([each for each in statements if "knox" not in each and "auth_" not in each]))
        assert counts == [3 if connection.vendor == "postgresql" else 2] * 2, "\n".join(statements)

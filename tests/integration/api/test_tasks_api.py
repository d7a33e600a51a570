"""`/api/tasks`: start by hand, look, resume, abort."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from tasks.models import StepStatus, Task, TaskStatus
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    read_moment,
    read_problem,
    store_schedule,
    stored_rows,
)
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_task, make_task_step, make_workflow
from workflows.engine import Target

pytestmark = pytest.mark.django_db

PATHS = ["/api/tasks", "/api/tasks/"]
KEYS = {
    "task_id",
    "workflow_name",
    "status",
    "inputs",
    "reporter",
    "schedule_id",
    "scheduled_for",
    "created_at",
    "started_at",
    "finished_at",
    "failed_reason",
    "attempt",
    "abort_requested_at",
    "retry_at",
    "version",
    "revision",
    "steps_version",
    "current_step",
    "steps",
}
OF_ONE_ALONE = {"form", "callback"}

RESUMABLE = [
    TaskStatus.FAILED,
    TaskStatus.API_UNAVAILABLE,
    TaskStatus.INCONSISTENT_DATA,
    TaskStatus.SUSPENDED,
    TaskStatus.WAITING,
    TaskStatus.AWAITING_CALLBACK,
]
NOT_RESUMABLE = [status for status in TaskStatus if status not in RESUMABLE]
ENDED_FOR_GOOD = [TaskStatus.COMPLETED, TaskStatus.ABORTED]
IDLE = [status for status in TaskStatus if status not in {*ENDED_FOR_GOOD, TaskStatus.RUNNING}]


def one(task: Task, action: str = "") -> str:
    return f"/api/tasks/{task.pk}{action}"


class TestStarting:
    @pytest.mark.parametrize("path", PATHS)
    def test_a_task_is_stored_on_the_queue(self, client: APIClient, path: str) -> None:
        workflow = make_workflow()
        answer = client.post(path, {"workflow_name": workflow.name, "inputs": {"node": "nl-1"}})
        assert answer.status_code == 201
        [task] = Task.objects.all()
        assert (task.workflow, task.status, task.reporter) == (workflow, TaskStatus.CREATED, "root")
        assert task.inputs == {"node": "nl-1"}
        assert task.available_at is not None
        shown = answer.json()
        assert set(shown) == KEYS | OF_ONE_ALONE
        assert (shown["task_id"], shown["workflow_name"]) == (str(task.pk), workflow.name)
        assert (shown["status"], shown["inputs"], shown["steps"]) == ("created", {"node": "nl-1"}, [])
        assert (shown["schedule_id"], shown["scheduled_for"], shown["started_at"]) == (None, None, None)

    def test_location_leads_to_the_task(self, client: APIClient) -> None:
        answer = client.post("/api/tasks", {"workflow_name": make_workflow().name})
        assert client.get(answer.headers["Location"]).json() == answer.json()

    def test_inputs_may_be_left_out(self, client: APIClient) -> None:
        assert client.post("/api/tasks", {"workflow_name": make_workflow().name}).json()["inputs"] == {}

    def test_an_unknown_workflow_is_a_404(self, client: APIClient) -> None:
        problem = read_problem(client.post("/api/tasks", {"workflow_name": "task_sink_from"}), 404)
        assert problem["detail"] == "Task does not exist"
        assert [(error["field"], error["value"]) for error in problem["errors"]] == [
            ("workflow_name", "task_sink_from")
        ]
        assert not Task.objects.exists()

    def test_a_workflow_that_is_no_task_is_refused(self, client: APIClient) -> None:
        workflow = make_workflow(target=Target.CREATE)
        problem = read_problem(client.post("/api/tasks", {"workflow_name": workflow.name}), 400)
        assert "CREATE" in problem["detail"]
        assert fields_at_fault(problem) == ["workflow_name"]
        assert not Task.objects.exists()


class TestShowing:
    def test_a_task_is_shown_with_its_steps_in_the_order_of_execution(self, client: APIClient) -> None:
        schedule_id = uuid4()
        task = make_task(status=TaskStatus.FAILED, schedule_id=schedule_id, scheduled_for=NOW, failed_reason="no route")
        error = {"class": "ValueError", "message": "no route"}
        make_task_step(task, name="Start", state={"node": "nl-1"})
        make_task_step(task, name="Configure", position=1, status=StepStatus.FAILED, error=error)
        make_task_step(task, name="Configure", position=1, attempt=2)
        shown = client.get(one(task)).json()
        assert set(shown) == KEYS | OF_ONE_ALONE
        assert (shown["status"], shown["failed_reason"]) == ("failed", "no route")
        assert shown["schedule_id"] == str(schedule_id)
        for key in ("scheduled_for", "created_at", "started_at", "finished_at"):
            assert read_moment(shown[key]) == NOW
        steps = [(step["name"], step["status"], step["attempt"]) for step in shown["steps"]]
        assert steps == [("Start", "success", 1), ("Configure", "failed", 1), ("Configure", "success", 2)]
        assert (shown["steps"][0]["state"], shown["steps"][0]["error"]) == ({"node": "nl-1"}, None)
        assert shown["steps"][1]["error"] == error
        assert set(shown["steps"][0]) == {"name", "status", "attempt", "started_at", "completed_at", "state", "error"}

    @pytest.mark.parametrize("path", PATHS)
    def test_the_newest_is_listed_first(self, client: APIClient, path: str) -> None:
        ids = [str(make_task().pk) for _ in range(3)]
        assert [each["task_id"] for each in client.get(path).json()["results"]] == ids[::-1]

    def test_thirty_take_as_many_statements_as_three(self, client: APIClient) -> None:
        counts = []
        for size in (3, 27):
            for _ in range(size):
                task = make_task(status=TaskStatus.COMPLETED)
                for position in range(3):
                    make_task_step(task, position=position)
            with recorded_statements() as statements:
                listed = client.get("/api/tasks").json()["results"]
            counts.append(len(statements))
        assert len(listed) == 30
        assert all(len(each["steps"]) == 3 for each in listed)
        assert counts[0] == counts[1]

    def test_filters_narrow_the_list(self, client: APIClient) -> None:
        schedule = store_schedule()
        planned = make_task(schedule.workflow, schedule_id=schedule.pk)
        failed = make_task(schedule.workflow, status=TaskStatus.FAILED)
        other = make_task()
        listed = {
            query: [each["task_id"] for each in client.get(f"/api/tasks?{query}").json()["results"]]
            for query in (
                f"schedule_id={schedule.pk}",
                f"workflow_name={schedule.workflow.name}",
                f"workflow_name={schedule.workflow.name}&status=failed",
                "status=created",
                "status=running",
                f"schedule_id={UNKNOWN_ID}",
            )
        }
        assert list(listed.values()) == [
            [str(planned.pk)],
            [str(failed.pk), str(planned.pk)],
            [str(failed.pk)],
            [str(other.pk), str(planned.pk)],
            [],
            [],
        ]

    @pytest.mark.parametrize("wrong", [UNKNOWN_ID, "newest", "1"])
    @pytest.mark.parametrize(
        ("method", "action"),
        [("get", ""), ("delete", ""), ("post", "/resume"), ("post", "/retry"), ("post", "/abort")],
    )
    def test_an_unknown_one_is_a_404(self, client: APIClient, method: str, action: str, wrong: str) -> None:
        problem = read_problem(getattr(client, method)(f"/api/tasks/{wrong}{action}"), 404)
        assert problem["detail"].startswith("Task does not exist")
        assert [(error["field"], error["value"]) for error in problem["errors"]] == [("task_id", wrong)]


class TestResuming:
    @pytest.mark.parametrize("action", ["/resume", "/resume/"])
    @pytest.mark.parametrize("body", [None, {}])
    def test_no_body_is_needed(self, client: APIClient, action: str, body: dict[str, Any] | None) -> None:
        task = make_task(status=TaskStatus.FAILED)
        assert client.post(one(task, action), body).status_code == 202

    @pytest.mark.parametrize("status", RESUMABLE)
    def test_a_task_that_stopped_is_queued_again(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        answer = client.post(one(task, "/resume"))
        assert answer.status_code == 202
        assert answer.json()["status"] == "resumed"
        assert client.get(answer.headers["Location"]).json() == answer.json()
        task.refresh_from_db()
        assert task.status == TaskStatus.RESUMED
        assert task.available_at is not None
        assert task.version == 2

    @pytest.mark.parametrize("status", NOT_RESUMABLE)
    def test_any_other_is_a_409_that_names_both_states(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        before = stored_rows()
        problem = read_problem(client.post(one(task, "/resume")), 409)
        assert f"is {status} cannot become resumed" in problem["detail"]
        assert "resumed" not in problem["detail"].split("it can become")[1], "it says that what it refuses is possible"
        assert stored_rows() == before


class TestAborting:
    @pytest.mark.parametrize("action", ["/abort", "/abort/"])
    def test_both_paths_work(self, client: APIClient, action: str) -> None:
        assert client.post(one(make_task(), action)).status_code == 202

    @pytest.mark.parametrize("status", IDLE)
    def test_an_idle_task_ends_at_once(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        answer = client.post(one(task, "/abort"))
        assert answer.status_code == 202
        assert (answer.json()["status"], answer.json()["failed_reason"]) == ("aborted", "aborted by root")
        assert answer.json()["finished_at"] is not None
        assert client.get(answer.headers["Location"]).json() == answer.json()

    def test_a_running_task_is_asked_to_end(self, client: APIClient) -> None:
        task = make_task(status=TaskStatus.RUNNING)
        answer = client.post(one(task, "/abort"))
        assert answer.status_code == 202
        assert answer.json()["status"] == "running"
        assert answer.json()["abort_requested_at"] is not None

    @pytest.mark.parametrize("status", ENDED_FOR_GOOD)
    def test_one_that_has_ended_is_a_409_that_names_both_states(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        before = stored_rows()
        problem = read_problem(client.post(one(task, "/abort")), 409)
        assert f"is {status} cannot become aborted" in problem["detail"]
        assert stored_rows() == before

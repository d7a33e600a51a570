"""Starting and resuming over REST: what the code of a workflow has to say, answers, changed steps, many at once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks import views
from tasks.models import Task, TaskStatus
from tasks.states import RETRYABLE
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    make_client,
    make_user,
    read_problem,
    stored_rows,
)
from tests.support.database import heard_channels
from tests.support.factories import (
    make_step,
    make_task,
    make_workflow,
    register_code,
    run_until_it_stops,
)
from tests.support.stopped_tasks import Approval, make_suspended_task, make_waiting_task
from workflows.engine import StartRequest, inputstep

pytestmark = pytest.mark.django_db

NOT_RETRYABLE = [status for status in TaskStatus if status not in RETRYABLE]


def one(task: Task, action: str = "") -> str:
    return f"/api/tasks/{task.pk}{action}"


def fail() -> None:
    raise ValueError("no route")


def make_changed_task() -> Task:
    """Store a task that failed at the step `Sync`, which its workflow does not have any more."""
    task = run_until_it_stops(make_task(make_workflow(make_step("Sync", fail))))
    register_code(task.workflow.name, [make_step("NSO calls", lambda: None)])
    return task


class TestStarting:
    def test_inputs_that_the_form_refuses_are_named_one_by_one(self, client: APIClient) -> None:
        workflow = make_workflow(options={"initial_input_form": Approval})
        before = stored_rows()
        body = {"workflow_name": workflow.name, "inputs": {"reason": "x" * 41, "count": "many"}}
        problem = read_problem(client.post("/api/tasks", body), 400)
        assert {error["field"]: error["value"] for error in problem["errors"]} == {
            "inputs.reason": "x" * 41,
            "inputs.count": "many",
        }
        assert stored_rows() == before

    def test_a_missing_one_is_named(self, client: APIClient) -> None:
        workflow = make_workflow(options={"initial_input_form": Approval})
        problem = read_problem(client.post("/api/tasks", {"workflow_name": workflow.name}), 400)
        assert fields_at_fault(problem) == ["inputs.reason"]

    def test_what_the_form_makes_of_them_is_stored(self, client: APIClient) -> None:
        workflow = make_workflow(options={"initial_input_form": Approval})
        body = {"workflow_name": workflow.name, "inputs": {"reason": " why ", "count": "3"}}
        answer = client.post("/api/tasks", body)
        assert answer.status_code == 201, answer.content
        assert answer.json()["inputs"] == {"reason": "why", "count": 3}

    def test_a_form_that_cannot_be_used_is_a_409(self, client: APIClient) -> None:
        workflow = make_workflow(options={"initial_input_form": dict})
        before = stored_rows()
        problem = read_problem(client.post("/api/tasks", {"workflow_name": workflow.name}), 409)
        assert "is no form class" in problem["detail"]
        assert stored_rows() == before

    def test_a_user_whom_the_workflow_does_not_let_is_told_so(self) -> None:
        asked: list[User] = []

        def only_grace(user: User) -> bool:
            asked.append(user)
            return user.username == "grace"

        workflow = make_workflow(options={"authorize_callback": only_grace})
        body = {"workflow_name": workflow.name}
        ada, grace = (make_user("tasks.start_task", username=name) for name in ("ada", "grace"))
        before = stored_rows()
        problem = read_problem(make_client(ada).post("/api/tasks", body), 403)
        assert problem["detail"] == f"User is not authorized to start '{workflow.name}'"
        assert stored_rows() == before
        assert make_client(grace).post("/api/tasks", body).status_code == 201
        assert asked == [ada, grace]

    def test_a_start_that_the_workflow_refuses_is_a_412_with_its_reason(self, client: APIClient) -> None:
        def refuse(request: StartRequest) -> str:
            return f"not now, {request.actor}: {request.inputs}"

        workflow = make_workflow(options={"run_predicate": refuse})
        before = stored_rows()
        body = {"workflow_name": workflow.name, "inputs": {"node": "nl-1"}}
        problem = read_problem(client.post("/api/tasks", body), 412)
        assert problem["detail"] == "not now, root: {'node': 'nl-1'}"
        assert stored_rows() == before


@pytest.mark.parametrize("action", ["/resume", "/retry"])
class TestResumingAndRetrying:
    def test_who_may_is_for_the_workflow_to_say(self, client: APIClient, action: str) -> None:
        task = make_task(
            make_workflow(options={"retry_auth_callback": lambda user: user.username != "root"}),
            status=TaskStatus.FAILED,
        )
        before = stored_rows()
        problem = read_problem(client.post(one(task, action)), 403)
        assert problem["detail"] == f"User is not authorized to resume '{task.workflow.name}'"
        assert stored_rows() == before
        assert make_client(make_user("tasks.resume_task")).post(one(task, action)).status_code == 202

    def test_changed_steps_are_a_409_that_shows_both_lists(self, client: APIClient, action: str) -> None:
        task = make_changed_task()
        before = stored_rows()
        problem = read_problem(client.post(one(task, action)), 409)
        assert "choose the step at which it is to go on (resume_at)" in problem["detail"]
        assert [line.strip("→ ").split() for line in problem["detail"].splitlines()[-4:]] == [
            ["the", "task", "ran", "by", "|", "the", "code", "has"],
            ["Start", "|", "Start"],
            ["Sync", "|", "NSO", "calls"],
            ["Done", "|", "Done"],
        ]
        assert stored_rows() == before

    def test_whoever_names_the_step_resumes_it_there(self, client: APIClient, action: str) -> None:
        task = make_changed_task()
        answer = client.post(one(task, action), {"resume_at": "NSO calls"})
        assert answer.status_code == 202
        assert (answer.json()["status"], answer.json()["revision"]) == ("resumed", 1)
        assert run_until_it_stops(Task.objects.get()).status == TaskStatus.COMPLETED

    def test_a_form_that_cannot_be_used_is_a_409(self, client: APIClient, action: str) -> None:
        task = make_task(make_workflow(inputstep("Ask", form=dict)(lambda: None)), status=TaskStatus.FAILED)
        before = stored_rows()
        bodies: list[dict[str, Any]] = [{}, {"resume_at": "Ask"}, {"inputs": {}}]
        for body in bodies:
            problem = read_problem(client.post(one(task, action), body), 409)
            assert "a form of workflow" in problem["detail"]
            assert "is no form class" in problem["detail"]
        assert stored_rows() == before

    def test_the_workers_are_woken(self, client: APIClient, action: str) -> None:
        with heard_channels() as heard:
            client.post(one(make_task(status=TaskStatus.FAILED), action))
        assert heard == [TASKS_ENQUEUED]


class TestAnswering:
    def test_a_suspended_task_wants_answers(self, client: APIClient) -> None:
        task = make_suspended_task()
        before = stored_rows()
        problem = read_problem(client.post(one(task, "/resume")), 400)
        assert problem["detail"] == "step 'Approve' asks for inputs: give them"
        assert fields_at_fault(problem) == ["inputs"]
        assert stored_rows() == before

    def test_those_that_the_form_refuses_are_named_and_leave_it_suspended(self, client: APIClient) -> None:
        task = make_suspended_task()
        before = stored_rows()
        problem = read_problem(client.post(one(task, "/resume"), {"inputs": {"reason": "", "count": "x"}}), 400)
        assert set(fields_at_fault(problem)) == {"inputs.reason", "inputs.count"}
        assert stored_rows() == before

    def test_those_that_it_takes_let_the_task_go_on(self, client: APIClient) -> None:
        task = make_suspended_task()
        answer = client.post(one(task, "/resume"), {"inputs": {"reason": "why"}})
        assert (answer.status_code, answer.json()["status"], answer.json()["form"]) == (202, "resumed", None)
        done = run_until_it_stops(Task.objects.get())
        assert done.status == TaskStatus.COMPLETED
        assert done.steps.order_by("id").last().state["approved_because"] == "why"  # type: ignore[union-attr]

    def test_they_are_for_the_step_that_an_alias_leads_to(self, client: APIClient) -> None:
        task = make_suspended_task()
        agree = inputstep("Agree", form=Approval)(lambda reason: {"agreed_because": reason})
        before = make_step("New", lambda: {"new": True})
        register_code(task.workflow.name, [before, agree], step_aliases={"Approve": "Agree"})
        assert fields_at_fault(read_problem(client.post(one(task, "/resume")), 400)) == ["inputs"]
        assert client.post(one(task, "/resume"), {"inputs": {"reason": "why"}}).status_code == 202
        done = run_until_it_stops(Task.objects.get())
        assert (done.status, done.revision) == (TaskStatus.COMPLETED, 1)
        state = done.steps.order_by("id").last().state  # type: ignore[union-attr]
        assert (state["agreed_because"], "new" in state) == ("why", False)


class TestRetrying:
    @pytest.mark.parametrize("status", RETRYABLE)
    def test_a_task_that_failed_or_waits_is_queued_again(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        answer = client.post(one(task, "/retry/"))
        assert (answer.status_code, answer.json()["status"]) == (202, "resumed")
        assert client.get(answer.headers["Location"]).json() == answer.json()

    def test_one_that_waits_does_so_no_longer(self, client: APIClient) -> None:
        task = make_waiting_task()
        answer = client.post(one(task, "/retry"))
        assert answer.json()["retry_at"] is None
        assert run_until_it_stops(Task.objects.get()).attempt == 2

    @pytest.mark.parametrize("status", NOT_RETRYABLE)
    def test_any_other_is_a_409_that_names_its_status(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        before = stored_rows()
        problem = read_problem(client.post(one(task, "/retry")), 409)
        assert problem["detail"].startswith(
            f"a task that is {status} cannot be retried; one that is api_unavailable, failed, inconsistent_data or"
            " waiting can"
        )
        assert ("resume it, with answers" in problem["detail"]) == (status == TaskStatus.SUSPENDED)
        assert stored_rows() == before


class TestDeleting:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_what_it_was_is_answered(self, client: APIClient, slash: str) -> None:
        task = run_until_it_stops(make_task(make_workflow(make_step("Sync", lambda: None))))
        shown = client.get(one(task)).json()
        answer = client.delete(one(task, slash))
        assert (answer.status_code, answer.json()) == (200, shown)
        assert not Task.objects.exists()
        read_problem(client.get(one(task)), 404)

    @pytest.mark.parametrize(
        "status",
        [status for status in TaskStatus if status not in {*RETRYABLE, TaskStatus.COMPLETED, TaskStatus.ABORTED}]
        + [TaskStatus.WAITING],
    )
    def test_one_that_has_not_ended_is_a_409(self, client: APIClient, status: TaskStatus) -> None:
        task = make_task(status=status)
        before = stored_rows()
        problem = read_problem(client.delete(one(task)), 409)
        assert problem["detail"] == f"a task that is {status} cannot be deleted: abort it first"
        assert stored_rows() == before


class TestMany:
    """`POST /api/tasks/resume`."""

    @staticmethod
    def resume(client: APIClient, **body: Any) -> dict[str, Any]:
        answer = client.post("/api/tasks/resume", body)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_all_that_failed_are_resumed_the_oldest_first_and_nothing_else(self, client: APIClient, slash: str) -> None:
        failed = [make_task(status=TaskStatus.FAILED) for _ in range(3)]
        others = [make_task(status=status) for status in TaskStatus if status != TaskStatus.FAILED]
        before = {row["id"]: row for row in Task.objects.filter(pk__in=[each.pk for each in others]).values()}
        answer = client.post(f"/api/tasks/resume{slash}")
        results = [{"task_id": str(each.pk), "resumed": True, "problem": ""} for each in failed]
        assert answer.json() == {"dry_run": False, "truncated": False, "results": results}
        assert set(Task.objects.filter(pk__in=[each.pk for each in failed]).values_list("status", flat=True)) == {
            TaskStatus.RESUMED
        }
        assert {row["id"]: row for row in Task.objects.filter(pk__in=before).values()} == before

    @pytest.mark.parametrize("status", RETRYABLE)
    def test_a_status_and_a_workflow_narrow_it(self, client: APIClient, status: TaskStatus) -> None:
        wanted = make_task(status=status)
        make_task(status=status)
        make_task(wanted.workflow, status=TaskStatus.COMPLETED)
        found = self.resume(client, status=status, workflow_name=wanted.workflow.name)
        assert [each["task_id"] for each in found["results"]] == [str(wanted.pk)]
        assert Task.objects.filter(status=TaskStatus.RESUMED).get() == wanted

    def test_one_that_cannot_go_on_does_not_stop_the_others(self, client: APIClient) -> None:
        first, changed = make_task(status=TaskStatus.FAILED), make_changed_task()
        last = make_task(status=TaskStatus.FAILED)
        results = self.resume(client)["results"]
        assert [each["resumed"] for each in results] == [True, False, True]
        assert results[1]["problem"].startswith("its steps were changed")
        statuses = {task.pk: Task.objects.get(pk=task.pk).status for task in (first, changed, last)}
        assert list(statuses.values()) == ["resumed", "failed", "resumed"]

    def test_ids_are_answered_in_their_order_each_once_and_unknown_ones_too(self, client: APIClient) -> None:
        suspended, waiting = make_suspended_task(), make_task(status=TaskStatus.WAITING)
        running, failed = make_task(status=TaskStatus.RUNNING), make_task(status=TaskStatus.FAILED)
        ids = [str(task.pk) for task in (failed, suspended, running, waiting, failed)]
        results = self.resume(client, ids=[UNKNOWN_ID, *ids])["results"]
        assert [(each["task_id"], each["resumed"]) for each in results] == [
            (UNKNOWN_ID, False),
            (ids[0], True),
            (ids[1], False),
            (ids[2], False),
            (ids[3], True),
        ]
        problems = [each["problem"] for each in results]
        assert problems[0] == "Task does not exist"
        assert problems[2] == "step 'Approve' asks for inputs: give them"
        assert problems[3].startswith("a task that is running cannot become resumed")

    def test_whom_a_workflow_does_not_let_is_told_so_for_its_tasks_alone(self, client: APIClient) -> None:
        options = {"authorize_callback": lambda user: False}
        refused = make_task(make_workflow(options=options), status=TaskStatus.FAILED)
        make_task(status=TaskStatus.FAILED)
        results = self.resume(client)["results"]
        assert results[0]["problem"] == f"User is not authorized to resume '{refused.workflow.name}'"
        assert [each["resumed"] for each in results] == [False, True]

    def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(self, client: APIClient) -> None:
        make_task(status=TaskStatus.FAILED)
        make_changed_task()
        renamed = make_changed_task()
        register_code(
            renamed.workflow.name,
            [make_step("Before", lambda: None), make_step("NSO calls", lambda: None)],
            step_aliases={"Sync": "NSO calls"},
        )
        before = stored_rows()
        with heard_channels() as heard:
            dry = self.resume(client, dry_run=True)
        assert (dry["dry_run"], [each["resumed"] for each in dry["results"]]) == (True, [True, False, True])
        assert stored_rows() == before
        assert heard == []
        assert self.resume(client)["results"] == dry["results"]

    def test_more_than_are_resumed_at_once_are_left_for_the_next_time(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(views, "MAX_RESUMED", 2)
        for _ in range(5):
            make_task(status=TaskStatus.FAILED)
        answers = [self.resume(client) for _ in range(3)]
        assert [(len(each["results"]), each["truncated"]) for each in answers] == [(2, True), (2, True), (1, False)]

    def test_nothing_to_resume_is_no_error(self, client: APIClient) -> None:
        assert self.resume(client, workflow_name="task_nothing")["results"] == []

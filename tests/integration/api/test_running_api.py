"""`/api/schedules/{id}/run` and `/backfill`: tasks that somebody asks for, and what refuses them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringCause, Schedule
from tasks.freezing import freeze_engine
from tasks.models import Task, TaskStatus
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    make_client,
    make_user,
    read_problem,
    store_schedule,
    stored_rows,
)
from tests.support.factories import HOUR, make_paused_schedule, make_schedule, make_task, make_workflow
from tests.support.stopped_tasks import Approval

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T06:00:00+01:00"}


def run(client: APIClient, schedule: Schedule, body: dict[str, Any] | None = None, slash: str = "") -> Any:
    return client.post(f"/api/schedules/{schedule.pk}/run{slash}", body or {})


def backfill(client: APIClient, schedule: Schedule, **body: Any) -> Any:
    return client.post(f"/api/schedules/{schedule.pk}/backfill", {**DAY, **body})


def hourly(**fields: Any) -> Schedule:
    """Store a schedule that has run every hour since START, as far as its trigger goes."""
    kwargs = {"hours": 1, "start_date": START.isoformat()}
    return store_schedule(trigger_kwargs=kwargs, **fields)


class TestRunning:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_the_answer_is_the_task_and_its_address(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule(inputs={"node": "nl-1"})
        before = Schedule.objects.values().get()
        answer = run(client, schedule, {"reason": "To see"}, slash)
        assert answer.status_code == 202
        shown = client.get(answer.headers["Location"])
        assert shown.json() == answer.json()
        task = answer.json()
        assert (task["status"], task["reporter"], task["schedule_id"]) == ("created", "root", str(schedule.pk))
        assert task["inputs"] == {"node": "nl-1"}
        firing = Firing.objects.get()
        assert (firing.cause, str(firing.task_id)) == (FiringCause.MANUAL, task["task_id"])
        assert firing.reason == "run by root: To see"
        assert Schedule.objects.values().get() == before

    def test_inputs_take_the_place_of_the_schedules(self, client: APIClient) -> None:
        schedule = store_schedule(inputs={"node": "nl-1"})
        assert run(client, schedule, {"inputs": {"site": "ams"}}).json()["inputs"] == {"site": "ams"}
        assert run(client, schedule, {"inputs": {}}).json()["inputs"] == {}
        assert Schedule.objects.get().inputs == {"node": "nl-1"}

    def test_a_paused_and_a_finished_one_run_too(self, client: APIClient) -> None:
        for schedule in (make_paused_schedule(), make_schedule(next_run_at=None)):
            assert run(client, schedule).status_code == 202

    def test_a_task_before_it_keeps_it_waiting(self, client: APIClient) -> None:
        schedule = store_schedule()
        make_task(schedule.workflow, status=TaskStatus.SUSPENDED, concurrency_key=schedule.pk)
        assert run(client, schedule).status_code == 202
        assert Firing.objects.get().outcome == "queued"

    def test_inputs_that_the_form_refuses_are_a_400_that_names_them(self, client: APIClient) -> None:
        schedule = make_schedule(make_workflow(options={"initial_input_form": Approval}))
        before = stored_rows()
        problem = read_problem(run(client, schedule, {"inputs": {"reason": ""}}), 400)
        assert fields_at_fault(problem) == ["inputs.reason"]
        assert stored_rows() == before


class TestRefusals:
    @pytest.mark.parametrize("ask", [run, backfill])
    def test_a_frozen_engine_is_a_409_without_the_right(self, client: APIClient, ask: Any) -> None:
        schedule = hourly()
        freeze_engine(reason="Maintenance", actor="ada")
        ada = make_client(make_user("schedules.run_schedule"))
        before = stored_rows()
        assert "frozen by ada" in read_problem(ask(ada, schedule), 409)["detail"]
        assert stored_rows() == before
        grace = make_client(make_user("schedules.run_schedule", "schedules.run_while_frozen", username="grace"))
        assert ask(grace, schedule).status_code == 202
        assert all(task.may_run_frozen for task in Task.objects.all())

    @pytest.mark.parametrize("ask", [run, backfill])
    @pytest.mark.parametrize(
        ("status", "options", "detail"),
        [
            (403, {"authorize_callback": lambda user: False}, "User is not authorized to start"),
            (412, {"run_predicate": lambda request: "not now"}, "not now"),
        ],
    )
    def test_a_workflow_may_refuse(
        self, client: APIClient, ask: Any, status: int, options: dict[str, Any], detail: str
    ) -> None:
        schedule = make_schedule(make_workflow(options=options))
        before = stored_rows()
        assert detail in read_problem(ask(client, schedule), status)["detail"]
        assert stored_rows() == before

    @pytest.mark.parametrize("ask", [run, backfill])
    def test_a_deleted_workflow_is_a_409(self, client: APIClient, ask: Any) -> None:
        schedule = make_schedule(make_workflow(deleted_at=database_now()))
        assert "was deleted" in read_problem(ask(client, schedule), 409)["detail"]

    @pytest.mark.parametrize("verb", ["run", "backfill"])
    @pytest.mark.parametrize("wrong", [UNKNOWN_ID, "nightly-sync"])
    def test_an_unknown_one_is_a_404(self, client: APIClient, verb: str, wrong: str) -> None:
        body = DAY if verb == "backfill" else {}
        problem = read_problem(client.post(f"/api/schedules/{wrong}/{verb}", body), 404)
        assert fields_at_fault(problem) == ["schedule_id"]


class TestBackfilling:
    def test_each_instant_has_a_task_and_a_row_of_the_ledger(self, client: APIClient) -> None:
        schedule = hourly()
        answer = backfill(client, schedule)
        assert answer.status_code == 202
        body = answer.json()
        assert (body["dry_run"], body["truncated"], body["count"]) == (False, False, 5)
        assert [each["scheduled_for"] for each in body["results"]] == [
            f"2026-03-01T{hour:02}:00:00Z" for hour in range(5)
        ]
        assert [each["outcome"] for each in body["results"]] == ["started", *["queued"] * 4]
        assert body["results"][0]["reason"] == "backfill by root"
        for each in body["results"]:
            firing = Firing.objects.get(pk=each["firing_id"])
            assert (firing.cause, firing.outcome) == (FiringCause.BACKFILL, each["outcome"])
            assert str(firing.task_id) == each["task_id"]
            assert client.get(f"/api/tasks/{each['task_id']}").json()["scheduled_for"] == each["scheduled_for"]

    def test_a_dry_run_says_the_same_and_writes_nothing(self, client: APIClient) -> None:
        schedule = hourly()
        before = stored_rows()
        answer = backfill(client, schedule, dry_run=True)
        assert (answer.status_code, answer.json()["dry_run"]) == (200, True)
        assert stored_rows() == before
        expected = [
            {**each, "task_id": None, "firing_id": None} for each in backfill(client, schedule).json()["results"]
        ]
        assert answer.json()["results"] == expected

    def test_more_than_the_limit_are_told(self, client: APIClient) -> None:
        body = backfill(client, hourly(), limit=2).json()
        assert (body["truncated"], body["count"], len(body["results"])) == (True, 2, 2)

    def test_what_has_been_run_is_left_out_unless_all_are_wanted(self, client: APIClient) -> None:
        schedule = hourly()
        backfill(client, schedule, to="2026-03-01T02:00:00Z")
        assert backfill(client, schedule, dry_run=True).json()["count"] == 3
        assert backfill(client, schedule, dry_run=True, only="all").json()["count"] == 5

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"to": "2099-03-01T00:00:00Z"}, "to"),
            ({"from": (START + 6 * HOUR).isoformat()}, "from"),
        ],
    )
    def test_a_stretch_that_cannot_be_is_a_400(self, client: APIClient, body: dict[str, Any], field: str) -> None:
        before = stored_rows()
        problem = read_problem(backfill(client, hourly(), **body), 400)
        assert fields_at_fault(problem) == [field]
        assert Task.objects.count() == len(before[Task._meta.db_table])

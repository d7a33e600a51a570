"""`/api/schedules`: what a client of the older API sends works, and what the answer says is stored."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleWorkflow
from schedules.rules import POLICIES
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    read_moment,
    read_problem,
    schedule_body,
    store_firing,
    store_schedule,
    stored_rows,
)
from tests.support.database import recorded_statements
from tests.support.factories import make_task, make_workflow
from workflows.engine import Target

pytestmark = pytest.mark.django_db

PATHS = ["/api/schedules", "/api/schedules/"]

# The three bodies of the reference document ("The schedule API"), as they stand there.
REFERENCE_POST = {
    "name": "Nightly Product Validation",
    "workflow_name": "validate_products",
    "workflow_id": "e96cc6bb-9494-4ac1-a572-050988487ee1",
    "trigger": "interval",
    "trigger_kwargs": {"hours": 12},
}
REFERENCE_PUT = {
    "schedule_id": "c1b6e5e3-d9f0-48f2-bc65-3c9c33fcf561",
    "name": "Updated Nightly Cleanup",
    "trigger": "interval",
    "trigger_kwargs": {"hours": 24},
}
REFERENCE_DELETE = {
    "workflow_id": "b67d4ca7-19fb-4b83-a022-34c6322fb5f1",
    "schedule_id": "1fe43a96-b0f4-4c89-b9b7-87db14bbd8d3",
}

KEYS = {
    "schedule_id",
    "name",
    "workflow_name",
    "workflow_id",
    "trigger",
    "trigger_kwargs",
    "summary",
    "timezone",
    "dst_gap",
    "dst_fold",
    "on_missing_day",
    "spread_seconds",
    "inputs",
    "state",
    "state_reason",
    "state_since",
    "paused_at",
    "paused_by",
    "pause_reason",
    "paused_until",
    "next_run_at",
    *POLICIES,
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
}

DEFAULTS = {
    "misfire_policy": "run_once",
    "misfire_window_seconds": 86_400,
    "max_catchup_runs": 10,
    "overlap_policy": "skip",
    "concurrency_key": "schedule",
    "resume_policy": "skip",
    "pause_after_failures": None,
}
OTHERS = {
    "misfire_policy": "run_all",
    "misfire_window_seconds": 0,
    "max_catchup_runs": 1_000,
    "overlap_policy": "cancel_running",
    "concurrency_key": "workflow",
    "resume_policy": "run_once",
    "pause_after_failures": 100,
}


def one(schedule: Schedule, slash: str = "") -> str:
    return f"/api/schedules/{schedule.pk}{slash}"


@pytest.mark.parametrize("path", PATHS)
class TestReferenceDocument:
    def test_the_example_post_creates_a_schedule(self, client: APIClient, path: str) -> None:
        make_workflow(name="validate_products", id=UUID(REFERENCE_POST["workflow_id"]))  # type: ignore[arg-type]
        answer = client.post(path, REFERENCE_POST)
        assert answer.status_code == 201
        assert answer.json().items() >= REFERENCE_POST.items()
        assert answer.json()["status"] == "CREATED"
        assert "created" in answer.json()["message"]

    def test_the_example_put_changes_the_schedule(self, client: APIClient, path: str) -> None:
        schedule = store_with_id(REFERENCE_PUT["schedule_id"])
        answer = client.put(path, REFERENCE_PUT)
        assert answer.status_code == 200
        assert answer.json().items() >= REFERENCE_PUT.items()
        assert answer.json()["status"] == "UPDATED"
        assert "updated" in answer.json()["message"]
        schedule.refresh_from_db()
        assert (schedule.name, schedule.trigger_kwargs) == ("Updated Nightly Cleanup", {"hours": 24})

    def test_the_example_delete_deletes_the_schedule(self, client: APIClient, path: str) -> None:
        workflow = make_workflow(id=UUID(REFERENCE_DELETE["workflow_id"]))
        store_with_id(REFERENCE_DELETE["schedule_id"], workflow=workflow)
        answer = client.delete(path, REFERENCE_DELETE)
        assert answer.status_code == 200
        assert answer.json().items() >= REFERENCE_DELETE.items()
        assert answer.json()["status"] == "DELETED"
        assert "deleted" in answer.json()["message"]
        assert not Schedule.objects.exists()
        assert not ScheduleWorkflow.objects.exists()


def store_with_id(schedule_id: Any, **fields: Any) -> Schedule:
    """Store a schedule under an id that was chosen beforehand."""
    made = store_schedule(**fields)
    workflow = made.workflow
    made.delete()
    made.pk = UUID(schedule_id)
    made.save(force_insert=True)
    ScheduleWorkflow.objects.create(schedule=made, workflow=workflow)
    return Schedule.objects.get(pk=made.pk)


class TestCreating:
    def test_201_means_that_it_is_stored_and_will_fire(self, client: APIClient) -> None:
        workflow = make_workflow()
        before = database_now()
        answer = client.post("/api/schedules", schedule_body(workflow)).json()
        [row] = Schedule.objects.all()
        assert str(row.pk) == answer["schedule_id"]
        assert ScheduleWorkflow.objects.get().schedule == row
        assert ScheduleWorkflow.objects.get().workflow == workflow
        assert row.next_run_at is not None
        assert row.next_run_at == read_moment(answer["next_run_at"])
        assert row.next_run_at >= before + timedelta(hours=12)
        assert row.next_run_at > database_now()

    def test_the_answer_is_the_whole_schedule(self, client: APIClient) -> None:
        workflow = make_workflow()
        answer = client.post("/api/schedules", schedule_body(workflow, inputs={"node": "nl-1"})).json()
        assert set(answer) == KEYS | {"warnings", "message", "status"}
        assert (answer["summary"], answer["warnings"]) == ("Every 12 hours", [])
        assert (answer["dst_gap"], answer["dst_fold"], answer["on_missing_day"]) == ("run_after", "first", "skip")
        assert answer["spread_seconds"] == 0
        assert answer["workflow_name"] == workflow.name
        assert answer["workflow_id"] == str(workflow.pk)
        assert (answer["state"], answer["state_reason"], answer["version"]) == ("active", "", 1)
        assert (answer["created_by"], answer["updated_by"]) == ("root", "root")
        assert {name: answer[name] for name in POLICIES} == DEFAULTS
        assert answer["inputs"] == {"node": "nl-1"}

    @pytest.mark.parametrize("path", PATHS)
    def test_location_leads_to_the_schedule(self, client: APIClient, path: str) -> None:
        answer = client.post(path, schedule_body())
        shown = client.get(answer.headers["Location"])
        assert shown.status_code == 200
        assert shown.json().items() <= answer.json().items()

    @pytest.mark.parametrize("keys", [("workflow_name",), ("workflow_id",), ("workflow_name", "workflow_id")])
    def test_the_workflow_may_be_named_by_name_or_id_or_both(self, client: APIClient, keys: tuple[str, ...]) -> None:
        workflow = make_workflow()
        named = {"workflow_name": workflow.name, "workflow_id": str(workflow.pk)}
        body = schedule_body(workflow, workflow_name=...) | {key: named[key] for key in keys}
        answer = client.post("/api/schedules", body)
        assert answer.status_code == 201
        assert answer.json()["workflow_id"] == str(workflow.pk)

    @pytest.mark.parametrize(
        ("trigger", "kwargs"),
        [
            ("interval", {"weeks": 1, "days": 1, "hours": 1, "minutes": 1, "seconds": 1.5}),
            ("interval", {"seconds": 1}),
            ("interval", {"hours": 1, "start_date": "2020-01-01", "end_date": "2099-01-01T00:00:00+02:00"}),
            ("cron", {"hour": 0, "minute": 10}),
            ("cron", {"day_of_week": "mon-fri", "hour": "*/2"}),
            ("cron", {"day": "last"}),
            ("date", {"run_date": "2099-03-28T02:30:00"}),
        ],
    )
    def test_each_kind_of_trigger_is_stored_as_it_was_sent(
        self, client: APIClient, trigger: str, kwargs: dict[str, Any]
    ) -> None:
        body = schedule_body(trigger=trigger, trigger_kwargs=kwargs)
        answer = client.post("/api/schedules", body).json()
        assert (answer["trigger"], answer["trigger_kwargs"]) == (trigger, kwargs)
        assert read_moment(answer["next_run_at"]) > database_now()

    def test_a_start_in_the_past_does_not_fire_into_the_past(self, client: APIClient) -> None:
        kwargs = {"days": 1, "start_date": "2020-01-01T06:00:00"}
        answer = client.post("/api/schedules", schedule_body(trigger_kwargs=kwargs)).json()
        now, first = database_now(), read_moment(answer["next_run_at"])
        assert now < first <= now + timedelta(days=1)
        assert (first.hour, first.minute, first.second) == (6, 0, 0)
        assert not Firing.objects.exists()

    @pytest.mark.parametrize("policies", [DEFAULTS, OTHERS, {"misfire_window_seconds": None}])
    def test_policies_are_stored_as_they_are_given(self, client: APIClient, policies: dict[str, Any]) -> None:
        answer = client.post("/api/schedules", schedule_body(**policies))
        assert answer.status_code == 201
        stored = Schedule.objects.values(*POLICIES).get()
        assert {name: answer.json()[name] for name in POLICIES} == stored == {**DEFAULTS, **policies}

    def test_two_schedules_may_have_the_same_name(self, client: APIClient) -> None:
        body = schedule_body()
        first, second = (client.post("/api/schedules", body).json()["schedule_id"] for _ in range(2))
        assert first != second


class TestZones:
    def test_the_default_is_that_of_the_installation(self, client: APIClient) -> None:
        assert client.post("/api/schedules", schedule_body()).json()["timezone"] == "UTC"

    def test_a_zone_is_stored_and_used(self, client: APIClient) -> None:
        kwargs = {"hour": 1, "minute": 0}
        body = schedule_body(trigger="cron", trigger_kwargs=kwargs, timezone="Asia/Tokyo")  # no DST: always UTC+9
        answer = client.post("/api/schedules", body).json()
        assert answer["timezone"] == "Asia/Tokyo"
        assert read_moment(answer["next_run_at"]).hour == 16

    @pytest.mark.parametrize("outer", [{}, {"timezone": "Asia/Tokyo"}])
    def test_a_zone_among_the_arguments_is_moved_out_of_them(self, client: APIClient, outer: dict[str, Any]) -> None:
        kwargs = {"hour": 1, "minute": 0, "timezone": "Asia/Tokyo"}
        answer = client.post("/api/schedules", schedule_body(trigger="cron", trigger_kwargs=kwargs, **outer)).json()
        assert answer["timezone"] == "Asia/Tokyo"
        assert answer["trigger_kwargs"] == {"hour": 1, "minute": 0}
        assert read_moment(answer["next_run_at"]).hour == 16

    def test_two_zones_that_differ_are_refused(self, client: APIClient) -> None:
        kwargs = {"hour": 1, "timezone": "Asia/Tokyo"}
        body = schedule_body(trigger="cron", trigger_kwargs=kwargs, timezone="Europe/Amsterdam")
        problem = read_problem(client.post("/api/schedules", body), 400)
        assert "'Europe/Amsterdam'" in problem["detail"]
        assert "'Asia/Tokyo'" in problem["detail"]

    def test_moments_are_answered_in_utc(self, client: APIClient) -> None:
        body = schedule_body(timezone="America/New_York")
        answer = client.post("/api/schedules", body).json()
        for key in ("next_run_at", "state_since", "created_at", "updated_at"):
            read_moment(answer[key])


class TestInputs:
    def test_user_inputs_are_merged_and_the_last_one_counts(self, client: APIClient) -> None:
        body = schedule_body(user_inputs=[{"node": "nl-1", "dry_run": True}, {}, {"node": "nl-2"}])
        answer = client.post("/api/schedules", body)
        assert answer.status_code == 201
        assert answer.json()["inputs"] == {"node": "nl-2", "dry_run": True}
        assert Schedule.objects.get().inputs == {"node": "nl-2", "dry_run": True}

    def test_no_user_inputs_are_no_inputs(self, client: APIClient) -> None:
        assert client.post("/api/schedules", schedule_body(user_inputs=[])).json()["inputs"] == {}


class TestWorkflows:
    @pytest.mark.parametrize("named", [{"workflow_name": "task_sink_from"}, {"workflow_id": UNKNOWN_ID}])
    def test_an_unknown_one_is_a_404(self, client: APIClient, named: dict[str, str]) -> None:
        body = schedule_body(workflow_name=...) | named
        problem = read_problem(client.post("/api/schedules", body), 404)
        assert problem["detail"] == "Task does not exist"
        [(field, value)] = named.items()
        assert [(error["field"], error["value"]) for error in problem["errors"]] == [(field, value)]
        assert not Schedule.objects.exists()

    def test_a_deleted_one_is_a_404(self, client: APIClient) -> None:
        workflow = make_workflow(deleted_at=database_now())
        problem = read_problem(client.post("/api/schedules", schedule_body(workflow)), 404)
        assert problem["detail"] == "Task does not exist"

    def test_name_and_id_of_different_ones_are_refused(self, client: APIClient) -> None:
        one, other = make_workflow(), make_workflow()
        problem = read_problem(client.post("/api/schedules", schedule_body(one, workflow_id=str(other.pk))), 400)
        assert one.name in problem["detail"]
        assert other.name in problem["detail"]
        assert fields_at_fault(problem) == ["workflow_id"]
        assert not Schedule.objects.exists()

    def test_one_that_is_no_task_is_refused(self, client: APIClient) -> None:
        workflow = make_workflow(target=Target.MODIFY)
        problem = read_problem(client.post("/api/schedules", schedule_body(workflow)), 400)
        assert "MODIFY" in problem["detail"]
        assert "SYSTEM" in problem["detail"]
        assert fields_at_fault(problem) == ["workflow_name"]
        assert not Schedule.objects.exists()


class TestShowing:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_one_is_shown_whole(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule()
        answer = client.get(one(schedule, slash))
        assert answer.status_code == 200
        assert set(answer.json()) == KEYS | {"warnings"}

    @pytest.mark.parametrize("path", PATHS)
    def test_all_are_listed_by_name(self, client: APIClient, path: str) -> None:
        for name in ("b", "c", "a"):
            store_schedule(name=name)
        listed = client.get(path).json()
        assert set(listed) == {"next", "previous", "results"}
        assert [each["name"] for each in listed["results"]] == ["a", "b", "c"]
        assert all(set(each) == KEYS for each in listed["results"])

    def test_a_finished_one_has_no_next_run(self, client: APIClient) -> None:
        schedule = store_schedule()
        Schedule.objects.update(state="finished", next_run_at=None)
        answer = client.get(one(schedule)).json()
        assert (answer["state"], answer["next_run_at"]) == ("finished", None)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("name=NIGHT", ["Nightly"]),
            ("trigger=cron", ["Cron"]),
            ("state=active", ["Cron", "Nightly"]),
            ("state=broken", []),
            ("workflow_name=task_one", ["Nightly"]),
            ("workflow_name=task_on", []),
            ("trigger=cron&name=night", []),
            ("name=", ["Cron", "Nightly"]),
        ],
    )
    def test_filters_narrow_the_list(self, client: APIClient, query: str, names: list[str]) -> None:
        store_schedule(make_workflow(name="task_one"), name="Nightly")
        store_schedule(name="Cron", trigger="cron", trigger_kwargs={"hour": 1})
        assert [each["name"] for each in client.get(f"/api/schedules?{query}").json()["results"]] == names

    def test_thirty_take_as_many_statements_as_three(self, client: APIClient) -> None:
        counts = []
        for size in (3, 27):
            for _ in range(size):
                store_schedule()
            with recorded_statements() as statements:
                assert client.get("/api/schedules").status_code == 200
            counts.append(len(statements))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize("wrong", [UNKNOWN_ID, "nightly-sync", "1"])
    @pytest.mark.parametrize("method", ["get", "patch", "delete"])
    def test_an_unknown_one_is_a_404(self, client: APIClient, method: str, wrong: str) -> None:
        problem = read_problem(getattr(client, method)(f"/api/schedules/{wrong}"), 404)
        assert problem["detail"].startswith("Schedule does not exist")
        assert [(error["field"], error["value"]) for error in problem["errors"]] == [("schedule_id", wrong)]


class TestPutting:
    def test_a_name_alone_leaves_the_rest(self, client: APIClient) -> None:
        schedule = store_schedule(inputs={"node": "nl-1"}, timezone="Asia/Tokyo")
        before = client.get(one(schedule)).json()
        after = client.put("/api/schedules", {"schedule_id": str(schedule.pk), "name": "New"}).json()
        changed = {key for key, value in before.items() if after[key] != value}
        assert changed == {"name", "version", "updated_at", "updated_by"}
        assert (after["name"], after["version"], after["updated_by"]) == ("New", 2, "root")

    def test_a_new_trigger_counts_from_now(self, client: APIClient) -> None:
        schedule = store_schedule(inputs={"node": "nl-1"}, timezone="Asia/Tokyo")
        before = client.get(one(schedule)).json()
        asked_at = database_now()
        body = {"schedule_id": str(schedule.pk), "trigger": "interval", "trigger_kwargs": {"days": 2}}
        after = client.put("/api/schedules", body).json()
        changed = {key for key, value in before.items() if after[key] != value}
        assert changed == {
            *("trigger_kwargs", "summary", "next_run_at", "state_since"),
            *("version", "updated_at", "updated_by"),
        }
        next_run_at = read_moment(after["next_run_at"])
        assert asked_at + timedelta(days=2) <= next_run_at <= database_now() + timedelta(days=2)
        assert Schedule.objects.get().next_run_at == next_run_at

    def test_a_new_trigger_does_not_fire_into_the_past(self, client: APIClient) -> None:
        schedule = store_schedule()
        Schedule.objects.update(planned_through=database_now() - timedelta(hours=3))
        body = {"schedule_id": str(schedule.pk), "trigger": "cron", "trigger_kwargs": {"minute": "*"}}
        answer = client.put("/api/schedules", body).json()
        assert read_moment(answer["next_run_at"]) > read_moment(answer["updated_at"])

    def test_arguments_alone_belong_to_the_trigger_it_has(self, client: APIClient) -> None:
        schedule = store_schedule()
        body = {"schedule_id": str(schedule.pk), "trigger_kwargs": {"minutes": 5}}
        answer = client.put("/api/schedules", body).json()
        assert (answer["trigger"], answer["trigger_kwargs"]) == ("interval", {"minutes": 5})

    def test_the_trigger_it_has_needs_no_arguments(self, client: APIClient) -> None:
        schedule = store_schedule()
        answer = client.put("/api/schedules", {"schedule_id": str(schedule.pk), "trigger": "interval"})
        assert answer.status_code == 200
        assert read_moment(answer.json()["next_run_at"]) == schedule.next_run_at

    def test_another_kind_of_trigger_needs_its_arguments(self, client: APIClient) -> None:
        schedule = store_schedule()
        before = stored_rows()
        body = {"schedule_id": str(schedule.pk), "trigger": "cron"}
        problem = read_problem(client.put("/api/schedules", body), 400)
        assert problem["detail"] == "a new trigger 'cron' needs its trigger_kwargs"
        assert fields_at_fault(problem) == ["trigger_kwargs"]
        assert stored_rows() == before

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("workflow_name", "task_sync_from"),
            ("workflow_id", UNKNOWN_ID),
            ("timezone", "UTC"),
            ("inputs", {}),
            ("user_inputs", []),
            *DEFAULTS.items(),
            ("state", "active"),
            ("next_run_at", "2099-01-01T00:00:00Z"),
            ("version", 1),
        ],
    )
    def test_any_other_key_is_refused_by_name(self, client: APIClient, key: str, value: Any) -> None:
        schedule = store_schedule()
        before = stored_rows()
        body = {"schedule_id": str(schedule.pk), "name": "New", key: value}
        problem = read_problem(client.put("/api/schedules", body), 400)
        assert [(error["field"], error["value"]) for error in problem["errors"]] == [(key, value)]
        assert "unknown key" in problem["detail"]
        assert stored_rows() == before

    def test_a_trigger_that_never_fires_changes_nothing(self, client: APIClient) -> None:
        schedule = store_schedule()
        before = stored_rows()
        kwargs = {"run_date": "2020-01-01"}
        body = {"schedule_id": str(schedule.pk), "name": "New", "trigger": "date", "trigger_kwargs": kwargs}
        assert "never_fires" in read_problem(client.put("/api/schedules", body), 400)["detail"]
        assert stored_rows() == before

    def test_an_unknown_schedule_is_a_404(self, client: APIClient) -> None:
        problem = read_problem(client.put("/api/schedules", {"schedule_id": UNKNOWN_ID, "name": "New"}), 404)
        assert problem["detail"] == "Schedule does not exist"
        assert fields_at_fault(problem) == ["schedule_id"]

    def test_what_was_due_under_the_old_trigger_is_recorded_as_missed(self, client: APIClient) -> None:
        schedule = store_schedule()
        due = database_now() - timedelta(minutes=5)
        Schedule.objects.update(
            next_run_at=due, planned_through=due - timedelta(hours=1), grid_start_at=due - timedelta(hours=1)
        )
        body = {"schedule_id": str(schedule.pk), "trigger": "interval", "trigger_kwargs": {"hours": 2}}
        answer = client.put("/api/schedules", body).json()
        [firing] = Firing.objects.all()
        assert (firing.scheduled_for, firing.outcome) == (due, FiringOutcome.MISSED)
        assert "root" in firing.reason
        assert read_moment(answer["next_run_at"]) > database_now()


class TestPatching:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_what_is_named_changes_and_nothing_else(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule()
        before = client.get(one(schedule)).json()
        answer = client.patch(one(schedule, slash), {"inputs": {"node": "nl-2"}})
        assert answer.status_code == 200
        changed = {key for key, value in before.items() if answer.json()[key] != value}
        assert changed == {"inputs", "version", "updated_at", "updated_by"}
        assert answer.json()["status"] == "UPDATED"

    @pytest.mark.parametrize(("key", "value"), OTHERS.items())
    def test_a_policy_changes_alone_and_moves_nothing(self, client: APIClient, key: str, value: Any) -> None:
        schedule = store_schedule()
        before = client.get(one(schedule)).json()
        answer = client.patch(one(schedule), {key: value}).json()
        changed = {name for name, old in before.items() if answer[name] != old}
        assert changed == {key, "version", "updated_at", "updated_by"}
        assert answer[key] == getattr(Schedule.objects.get(), key) == value

    @pytest.mark.parametrize("key", ["misfire_window_seconds", "pause_after_failures"])
    def test_null_takes_a_limit_away(self, client: APIClient, key: str) -> None:
        schedule = store_schedule(policies=OTHERS)
        answer = client.patch(one(schedule), {key: None}).json()
        assert {name: answer[name] for name in POLICIES} == {**OTHERS, key: None}
        assert getattr(Schedule.objects.get(), key) is None

    def test_a_new_zone_moves_the_next_run(self, client: APIClient) -> None:
        schedule = store_schedule(trigger="cron", trigger_kwargs={"hour": 1, "minute": 0})
        answer = client.patch(one(schedule), {"timezone": "Asia/Tokyo"}).json()
        assert answer["timezone"] == "Asia/Tokyo"
        assert read_moment(answer["next_run_at"]).hour == 16

    def test_new_arguments_keep_the_zone(self, client: APIClient) -> None:
        schedule = store_schedule(trigger="cron", trigger_kwargs={"hour": 1}, timezone="Asia/Tokyo")
        answer = client.patch(one(schedule), {"trigger_kwargs": {"hour": 2, "minute": 0}}).json()
        assert answer["timezone"] == "Asia/Tokyo"
        assert read_moment(answer["next_run_at"]).hour == 17

    def test_user_inputs_are_merged(self, client: APIClient) -> None:
        schedule = store_schedule(inputs={"old": 1})
        answer = client.patch(one(schedule), {"user_inputs": [{"a": 1}, {"b": 2}]}).json()
        assert answer["inputs"] == {"a": 1, "b": 2}

    def test_another_kind_of_trigger_needs_its_arguments(self, client: APIClient) -> None:
        schedule = store_schedule()
        problem = read_problem(client.patch(one(schedule), {"trigger": "cron"}), 400)
        assert fields_at_fault(problem) == ["trigger_kwargs"]

    @pytest.mark.parametrize("key", ["schedule_id", "workflow_id", "workflow_name", "next_run_at"])
    def test_what_cannot_change_is_refused_by_name(self, client: APIClient, key: str) -> None:
        schedule = store_schedule()
        before = stored_rows()
        problem = read_problem(client.patch(one(schedule), {"name": "New", key: UNKNOWN_ID}), 400)
        assert fields_at_fault(problem) == [key]
        assert stored_rows() == before


class TestDeleting:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_the_answer_is_what_was_deleted(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule()
        before = client.get("/api/schedules").json()["results"][0]
        answer = client.delete(one(schedule, slash))
        assert answer.status_code == 200
        assert answer.json().items() >= before.items()
        assert answer.json()["status"] == "DELETED"
        assert client.get(one(schedule)).status_code == 404

    @pytest.mark.parametrize("path", PATHS)
    def test_the_workflow_id_may_be_left_out(self, client: APIClient, path: str) -> None:
        schedule = store_schedule()
        assert client.delete(path, {"schedule_id": str(schedule.pk)}).status_code == 200
        assert not Schedule.objects.exists()

    def test_another_workflow_id_is_refused(self, client: APIClient) -> None:
        schedule, other = store_schedule(), make_workflow()
        before = stored_rows()
        body = {"schedule_id": str(schedule.pk), "workflow_id": str(other.pk)}
        problem = read_problem(client.delete("/api/schedules", body), 400)
        assert fields_at_fault(problem) == ["workflow_id"]
        assert str(schedule.workflow.pk) in problem["detail"]
        assert str(other.pk) in problem["detail"]
        assert stored_rows() == before

    def test_a_second_time_is_a_404(self, client: APIClient) -> None:
        body = {"schedule_id": str(store_schedule().pk)}
        client.delete("/api/schedules", body)
        problem = read_problem(client.delete("/api/schedules", body), 404)
        assert problem["detail"] == "Schedule does not exist"

    def test_firings_and_tasks_stay(self, client: APIClient) -> None:
        schedule = store_schedule(name="Nightly")
        task = make_task(schedule.workflow, schedule_id=schedule.pk)
        firing = store_firing(schedule, task_id=task.pk)
        client.delete(one(schedule))
        [shown] = client.get(f"/api/firings?schedule_id={schedule.pk}").json()["results"]
        assert (shown["firing_id"], shown["schedule_name"]) == (str(firing.pk), "Nightly")
        assert (shown["schedule_id"], shown["task_id"]) == (str(schedule.pk), str(task.pk))
        assert client.get(f"/api/tasks/{task.pk}").json()["schedule_id"] == str(schedule.pk)

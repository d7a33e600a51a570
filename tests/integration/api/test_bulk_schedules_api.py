"""`POST /api/schedules/bulk`: each by itself, and for each it is told what came of it."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules import bulk_actions
from schedules.models import Firing, Schedule, ScheduleState
from tasks.models import Task
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    make_client,
    make_user,
    read_problem,
    store_schedule,
    stored_rows,
)
from tests.support.factories import make_paused_schedule, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

PATH = "/api/schedules/bulk"
REASON = "Maintenance"


def ask(client: APIClient, *schedules: Schedule, **body: Any) -> list[dict[str, Any]]:
    """Return the results for these schedules, or for those of a filter."""
    ids = {"ids": [str(each.pk) for each in schedules]} if schedules else {}
    answer = client.post(PATH, {**ids, **body})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["action"], answer.json()["dry_run"]) == (body["action"], body.get("dry_run", False))
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def statuses(results: list[dict[str, Any]]) -> dict[str, str]:
    return {each["name"]: each["status"] for each in results}


def one_of_each() -> list[Schedule]:
    """Store schedules of which each has something else come of it."""
    return [
        store_schedule(name="active"),
        make_paused_schedule(name="paused"),
        make_schedule(name="finished", next_run_at=None),
        store_schedule(make_workflow(options={"run_predicate": lambda request: "not now"}), name="unwilling"),
    ]


EXPECTED = {
    "pause": {"active": "done", "paused": "unchanged", "finished": "refused", "unwilling": "done"},
    "resume": {"active": "unchanged", "paused": "done", "finished": "refused", "unwilling": "unchanged"},
    "run": {"active": "done", "paused": "done", "finished": "done", "unwilling": "refused"},
    "delete": {"active": "done", "paused": "done", "finished": "done", "unwilling": "done"},
}


def body_of(action: str) -> dict[str, Any]:
    return {"action": action, **({"reason": REASON} if action == "pause" else {})}


@pytest.mark.parametrize("action", EXPECTED)
class TestEveryAction:
    def test_one_that_refuses_does_not_stop_the_others(self, client: APIClient, action: str) -> None:
        schedules = one_of_each()
        results = ask(client, *schedules, **body_of(action))
        assert [each["schedule_id"] for each in results] == [str(each.pk) for each in schedules]
        assert statuses(results) == EXPECTED[action]
        assert all((each["detail"] == "") is (each["status"] == "done") for each in results)
        started = [each["name"] for each in results if each["task_id"]]
        assert started == (["active", "paused", "finished"] if action == "run" else [])

    def test_a_dry_run_says_the_same_and_writes_nothing(self, client: APIClient, action: str) -> None:
        schedules = one_of_each()
        before = stored_rows()
        dry = ask(client, *schedules, **body_of(action), dry_run=True)
        assert stored_rows() == before
        real = ask(client, *schedules, **body_of(action))
        assert dry == [{**each, "task_id": None} for each in real]
        assert stored_rows() != before

    def test_what_a_dry_run_logs_says_that_it_is_one(
        self, client: APIClient, action: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        schedules = [store_schedule(), make_paused_schedule(until=database_now() + timedelta(days=1))]
        caplog.clear()
        ask(client, *schedules, **body_of(action), dry_run=True)
        facts = [record.msg for record in caplog.records if record.name.startswith("schedules.")]
        assert facts
        assert all(isinstance(fact, dict) and fact["dry_run"] is True for fact in facts)

    def test_an_unknown_one_is_told_and_a_double_is_taken_once(self, client: APIClient, action: str) -> None:
        schedule = store_schedule(name="active")
        results = ask(client, **body_of(action), ids=[UNKNOWN_ID, str(schedule.pk), str(schedule.pk)])
        assert [each["status"] for each in results] == ["not_found", EXPECTED[action]["active"]]
        assert results[0] == {
            "schedule_id": UNKNOWN_ID,
            "name": "",
            "status": "not_found",
            "detail": "Schedule does not exist",
            "task_id": None,
        }

    def test_the_permission_of_the_action_is_asked_for(self, client: APIClient, action: str) -> None:
        schedule = store_schedule()
        verb = "pause" if action == "resume" else action
        others = {"schedules.pause_schedule", "schedules.run_schedule", "schedules.delete_schedule"}
        needed = f"schedules.{verb}_schedule"
        without = make_client(make_user("schedules.view_schedule", *(others - {needed})))
        before = stored_rows()
        body = {**body_of(action), "ids": [str(schedule.pk)]}
        problem = read_problem(without.post(PATH, body), 403)
        assert problem["detail"] == f"ada needs the permission '{needed}' for the action '{action}'"
        assert stored_rows() == before
        having = make_client(make_user("schedules.view_schedule", needed, username="grace"))
        assert [each["status"] for each in ask(having, schedule, **body_of(action))] == [EXPECTED[action]["active"]]


class TestWhatIsDone:
    def test_a_pause_has_the_reason_the_end_and_who(self, client: APIClient) -> None:
        schedules = [store_schedule(), store_schedule()]
        ask(client, *schedules, action="pause", reason=REASON, until="2099-03-01T18:00:00+01:00")
        for row in Schedule.objects.all():
            assert (row.state, row.pause_reason, row.paused_by) == (ScheduleState.PAUSED, REASON, "root")
            assert row.paused_until is not None
            assert row.paused_until.isoformat() == "2099-03-01T17:00:00+00:00"
        again = ask(client, *schedules, action="pause", reason=REASON, until="2099-03-01T17:00:00Z")
        assert {each["status"] for each in again} == {"unchanged"}

    def test_runs_are_in_the_ledger_with_their_reason(self, client: APIClient) -> None:
        [result] = ask(client, store_schedule(), action="run", reason="To see")
        firing = Firing.objects.get()
        assert (str(firing.task_id), firing.reason) == (result["task_id"], "run by root: To see")
        assert Task.objects.get().reporter == "root"

    def test_what_is_deleted_is_gone_and_nothing_else(self, client: APIClient) -> None:
        schedule, kept = store_schedule(name="active"), store_schedule(name="kept")
        ask(client, schedule, action="delete")
        assert list(Schedule.objects.all()) == [kept]


class TestFilters:
    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ({"name": "NIGHT"}, ["Nightly", "nightly too"]),
            ({"trigger": "cron"}, ["Cron"]),
            ({"state": "active"}, ["Cron", "Nightly", "Over"]),
            ({"state": "paused"}, ["nightly too"]),
            ({"workflow_name": "task_one"}, ["Nightly"]),
            ({"name": "night", "state": "paused"}, ["nightly too"]),
            ({"name": "no such name"}, []),
        ],
    )
    def test_those_are_meant_that_the_list_shows(
        self, client: APIClient, words: dict[str, str], names: list[str]
    ) -> None:
        store_schedule(make_workflow(name="task_one"), name="Nightly")
        store_schedule(name="Cron", trigger="cron", trigger_kwargs={"hour": 1})
        make_paused_schedule(name="nightly too")
        make_paused_schedule(name="Over", until=database_now() - timedelta(seconds=1))
        results = ask(client, filter=words, action="resume", dry_run=True)
        assert [each["name"] for each in results] == names
        listed = client.get("/api/schedules", words).json()["results"]
        assert [each["schedule_id"] for each in results] == [each["schedule_id"] for each in listed]

    def test_more_than_can_be_taken_are_refused_with_their_number(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_actions, "MAX_SCHEDULES", 2)
        ids = [str(store_schedule(name=f"n{number}").pk) for number in range(3)]
        before = stored_rows()
        for chosen, field in (({"ids": ids}, "ids"), ({"filter": {"name": "n"}}, "filter")):
            problem = read_problem(client.post(PATH, {**chosen, "action": "delete"}), 400)
            assert problem["detail"].startswith("3 schedules are meant, and at most 2 can be taken at once: narrow")
            assert fields_at_fault(problem) == [field]
        assert stored_rows() == before
        assert len(ask(client, ids=ids[:2], action="delete")) == 2

    def test_an_end_that_has_passed_is_wrong_for_all_at_once(self, client: APIClient) -> None:
        schedule = store_schedule()
        body = {"ids": [str(schedule.pk)], "action": "pause", "reason": REASON, "until": "2020-01-01T00:00:00Z"}
        problem = read_problem(client.post(PATH, body), 400)
        assert fields_at_fault(problem) == ["until"]

"""`/api/schedules/{id}/pause` and `/resume`: who, when, why and until when are stored and shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState
from schedules.models import schedule as schedule_model
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    make_client,
    make_user,
    read_moment,
    read_problem,
    store_schedule,
    stored_rows,
)
from tests.support.factories import HOUR, make_paused_schedule, make_schedule

pytestmark = pytest.mark.django_db

PAUSE = ("state", "paused_at", "paused_by", "pause_reason", "paused_until")
NOT_PAUSED = {"paused_at": None, "paused_by": "", "pause_reason": "", "paused_until": None}
FAR = datetime.fromisoformat("2099-03-01T18:00:00+00:00")


def one(schedule: Schedule, verb: str = "") -> str:
    return f"/api/schedules/{schedule.pk}{verb}"


def pause_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: answer[key] for key in PAUSE}


def listed(client: APIClient, state: str) -> list[str]:
    rows = client.get(f"/api/schedules?state={state}").json()["results"]
    assert {row["state"] for row in rows} <= {state}
    return [row["name"] for row in rows]


class TestPausing:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_the_answer_is_the_schedule_with_its_pause(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule(name="Nightly")
        before = client.get(one(schedule)).json()
        asked_at = database_now()
        answer = client.post(one(schedule, f"/pause{slash}"), {"reason": " Maintenance "})
        assert answer.status_code == 200
        after = answer.json()
        assert asked_at <= read_moment(after["paused_at"]) <= database_now()
        assert (after["message"], after["status"]) == ("Schedule 'Nightly' paused.", "PAUSED")
        assert pause_of(after) == {
            "state": "paused",
            "paused_at": after["paused_at"],
            "paused_by": "root",
            "pause_reason": "Maintenance",
            "paused_until": None,
        }
        assert (after["next_run_at"], after["version"], after["updated_by"]) == (None, 2, "root")
        changed = {key for key, value in before.items() if after[key] != value}
        meant = {*PAUSE, "state_since", "next_run_at", "version", "updated_at", "updated_by", "warnings"}
        assert changed == meant - {"paused_until"}
        assert client.get(one(schedule)).json().items() <= after.items()

    def test_with_an_end_it_says_when_it_runs_after_it(self, client: APIClient) -> None:
        schedule = store_schedule(trigger="cron", trigger_kwargs={"hour": 2, "minute": 30})
        answer = client.post(
            one(schedule, "/pause"), {"reason": "Maintenance", "until": "2099-03-01T19:00:00+01:00"}
        ).json()
        assert answer["paused_until"] == "2099-03-01T18:00:00Z"
        assert answer["next_run_at"] == "2099-03-02T02:30:00Z"

    def test_asked_again_the_new_reason_and_end_count_and_the_beginning_stays(self, client: APIClient) -> None:
        schedule = store_schedule()
        first = client.post(one(schedule, "/pause"), {"reason": "Maintenance"}).json()
        grace = make_client(make_user("schedules.pause_schedule", username="grace"))
        second = grace.post(one(schedule, "/pause"), {"reason": "It takes longer", "until": FAR.isoformat()}).json()
        assert pause_of(second) == {
            "state": "paused",
            "paused_at": first["paused_at"],
            "paused_by": "grace",
            "pause_reason": "It takes longer",
            "paused_until": "2099-03-01T18:00:00Z",
        }
        third = grace.post(one(schedule, "/pause"), {"reason": "It takes longer", "until": FAR.isoformat()}).json()
        assert third == second

    @pytest.mark.parametrize("state", [ScheduleState.FINISHED, ScheduleState.BROKEN])
    def test_what_does_not_run_is_a_409_that_names_the_state(self, client: APIClient, state: ScheduleState) -> None:
        schedule = make_schedule(next_run_at=None, state=state)
        before = stored_rows()
        problem = read_problem(client.post(one(schedule, "/pause"), {"reason": "Maintenance"}), 409)
        assert problem["detail"] == f"the schedule is {state} and does not run; there is nothing to pause"
        assert stored_rows() == before

    @pytest.mark.parametrize("verb", ["pause", "resume"])
    @pytest.mark.parametrize("wrong", [UNKNOWN_ID, "nightly-sync"])
    def test_an_unknown_one_is_a_404(self, client: APIClient, wrong: str, verb: str) -> None:
        body = {"reason": "Maintenance"} if verb == "pause" else {}
        problem = read_problem(client.post(f"/api/schedules/{wrong}/{verb}", body), 404)
        assert fields_at_fault(problem) == ["schedule_id"]


class TestResuming:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_is_active_again_and_runs_after_now(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule(name="Nightly")
        client.post(one(schedule, "/pause"), {"reason": "Maintenance", "until": FAR.isoformat()})
        answer = client.post(one(schedule, f"/resume{slash}"))
        assert answer.status_code == 200
        after = answer.json()
        assert (after["message"], after["status"]) == ("Schedule 'Nightly' resumed.", "RESUMED")
        assert pause_of(after) == {"state": "active", **NOT_PAUSED}
        assert read_moment(after["next_run_at"]) > database_now()
        assert client.get(one(schedule)).json().items() <= after.items()

    def test_what_the_pause_skipped_is_in_the_ledger(self, client: APIClient) -> None:
        schedule = store_schedule()
        since = database_now() - timedelta(hours=2, minutes=30)
        client.post(one(schedule, "/pause"), {"reason": "Maintenance"})
        Schedule.objects.update(paused_at=since, planned_through=since, grid_start_at=since)
        client.post(one(schedule, "/resume"))
        assert set(Firing.objects.values_list("scheduled_for", "outcome")) == {
            (since + HOUR, FiringOutcome.SKIPPED_PAUSED),
            (since + 2 * HOUR, FiringOutcome.SKIPPED_PAUSED),
        }

    def test_one_that_runs_at_once_for_what_was_skipped_is_active_too(self, client: APIClient) -> None:
        schedule = store_schedule(policies={"resume_policy": "run_once"})
        since = database_now() - timedelta(hours=2, minutes=30)
        client.post(one(schedule, "/pause"), {"reason": "Maintenance"})
        Schedule.objects.update(paused_at=since, planned_through=since, grid_start_at=since)
        answer = client.post(one(schedule, "/resume")).json()
        assert pause_of(answer) == {"state": "active", **NOT_PAUSED}
        assert Schedule.objects.get().state == ScheduleState.PAUSED, "the next turn settles it"
        assert read_moment(answer["next_run_at"]) <= database_now()
        assert read_moment(answer["state_since"]) > since

    def test_the_clock_of_the_database_says_that_a_pause_is_over(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class SlowClock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.now(tz) - HOUR

        schedule = store_schedule(policies={"resume_policy": "run_once"})
        since = database_now() - timedelta(hours=2, minutes=30)
        client.post(one(schedule, "/pause"), {"reason": "Maintenance"})
        Schedule.objects.update(paused_at=since, planned_through=since, grid_start_at=since)
        monkeypatch.setattr(schedule_model, "datetime", SlowClock)
        answer = client.post(one(schedule, "/resume")).json()
        assert Schedule.objects.get().current_state == ScheduleState.PAUSED, "this machine is late"
        assert answer["state"] == client.get(one(schedule)).json()["state"] == "active"
        assert listed(client, "active") == ["Nightly"]

    def test_one_that_is_active_stays_as_it_is(self, client: APIClient) -> None:
        schedule = store_schedule()
        before = stored_rows()
        answer = client.post(one(schedule, "/resume"), {})
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
        assert stored_rows() == before

    def test_a_finished_one_is_a_409(self, client: APIClient) -> None:
        problem = read_problem(client.post(one(make_schedule(next_run_at=None), "/resume")), 409)
        assert "the schedule is finished" in problem["detail"]


class TestShownState:
    def test_a_pause_whose_end_has_passed_is_over_before_a_turn_says_so(self, client: APIClient) -> None:
        over = database_now() - timedelta(milliseconds=1)
        schedule = make_paused_schedule(name="Over", until=over)
        answer = client.get(one(schedule)).json()
        assert pause_of(answer) == {"state": "active", **NOT_PAUSED}
        assert read_moment(answer["state_since"]) == over
        assert read_moment(answer["next_run_at"]) == over + HOUR
        assert Schedule.objects.get().state == ScheduleState.PAUSED

    def test_the_filter_finds_what_is_shown(self, client: APIClient) -> None:
        store_schedule(name="Runs")
        make_paused_schedule(name="Over", until=database_now())
        make_paused_schedule(name="Held", until=FAR)
        make_paused_schedule(name="Held for good")
        make_schedule(name="Done", next_run_at=None)
        assert listed(client, "active") == ["Over", "Runs"]
        assert listed(client, "paused") == ["Held", "Held for good"]
        assert listed(client, "finished") == ["Done"]
        assert client.get("/api/schedules?state=active&count=true").json()["count"] == 2

    def test_every_answer_shows_it_the_same_way(self, client: APIClient) -> None:
        schedule = make_paused_schedule(until=database_now())
        for answer in (
            client.patch(one(schedule), {"name": "Newer"}),
            client.put("/api/schedules", {"schedule_id": str(schedule.pk), "name": "Newest"}),
            client.delete(one(schedule)),
        ):
            assert pause_of(answer.json()) == {"state": "active", **NOT_PAUSED}

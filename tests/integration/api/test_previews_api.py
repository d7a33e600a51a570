"""`POST /api/schedules/preview` and `GET /api/schedules/{id}/next`: what will happen, and nothing is written."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.pausing import pause_schedule
from schedules.preview_docs import PREVIEW
from tests.integration.api.support import (
    UNKNOWN_ID,
    fields_at_fault,
    read_moment,
    read_problem,
    schedule_body,
    store_schedule,
    stored_rows,
)
from tests.support.factories import HOUR, NOW, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

PATH = "/api/schedules/preview"
AMSTERDAM = "Europe/Amsterdam"
NIGHTLY: dict[str, Any] = {"trigger": "cron", "trigger_kwargs": {"hour": 2, "minute": 30}, "timezone": AMSTERDAM}
NEVER_MEETING = [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in (1, 2)]


def preview(client: APIClient, **body: Any) -> dict[str, Any]:
    answer = client.post(PATH, body)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def next_of(client: APIClient, schedule: Schedule, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/schedules/{schedule.pk}/next{query}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def locals_of(answer: dict[str, Any]) -> list[str]:
    return [each["local"] for each in answer["fires"]]


def codes_of(answer: dict[str, Any]) -> list[str]:
    return [each["code"] for each in answer["warnings"]]


class TestDrafts:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_the_documented_night_is_answered_as_documented(self, client: APIClient, slash: str) -> None:
        answer = client.post(PATH + slash, {**NIGHTLY, "from": "2027-03-27", "n": 2})
        assert (answer.status_code, answer.json()) == (200, PREVIEW)

    def test_the_page_on_the_api_shows_what_is_answered(self, client: APIClient) -> None:
        page = (settings.BASE_DIR / "docs" / "rest-api.md").read_text().partition("## Previews")[2]
        body, answer, *_ = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
        assert preview(client, **json.loads(body)) == json.loads(answer)

    def test_nothing_is_written(self, client: APIClient) -> None:
        before = stored_rows()
        preview(client, **NIGHTLY, spread_seconds=60, n=100)
        assert stored_rows() == before

    def test_ten_times_after_now_unless_asked_otherwise(self, client: APIClient) -> None:
        before = database_now()
        times = [read_moment(each["at"]) for each in preview(client, **NIGHTLY)["fires"]]
        assert len(times) == 10
        assert before < times[0] <= before + timedelta(hours=25)
        assert times == sorted(set(times))
        assert len(preview(client, **NIGHTLY, n=100)["fires"]) == 100

    @pytest.mark.parametrize(
        ("after", "first"),
        [
            ("2027-06-01T00:30:00Z", "2027-06-02T02:30:00+02:00"),
            ("2027-06-01T00:29:59.999999Z", "2027-06-01T02:30:00+02:00"),
            ("2027-06-01T02:30:00", "2027-06-02T02:30:00+02:00"),
            ("2027-06-01", "2027-06-01T02:30:00+02:00"),
            ("2027-06-01T09:30:00+09:00", "2027-06-02T02:30:00+02:00"),
            ("2020-06-01", "2020-06-01T02:30:00+02:00"),
        ],
    )
    def test_from_is_exclusive_and_stands_on_the_clocks_of_the_draft(
        self, client: APIClient, after: str, first: str
    ) -> None:
        assert locals_of(preview(client, **NIGHTLY, **{"from": after}))[0] == first

    @pytest.mark.parametrize(
        ("options", "nights"),
        [
            ({}, ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
            ({"dst_fold": "second"}, ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]),
            ({"dst_fold": "both"}, ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00"]),
        ],
    )
    def test_the_policy_for_repeated_times_is_shown(self, client: APIClient, options: Any, nights: list[str]) -> None:
        answer = preview(client, **NIGHTLY, **options, **{"from": "2026-10-24", "n": 3})
        assert locals_of(answer)[: len(nights)] == nights
        assert {each["dst"] for each in answer["fires"] if each["local"].startswith("2026-10-25")} == {"fold"}

    def test_the_policy_for_skipped_times_is_shown(self, client: APIClient) -> None:
        answer = preview(client, **NIGHTLY, dst_gap="skip", n=2, **{"from": "2027-03-27"})
        assert locals_of(answer) == ["2027-03-27T02:30:00+01:00", "2027-03-29T02:30:00+02:00"]

    def test_options_among_the_arguments_count_as_well(self, client: APIClient) -> None:
        kwargs = {**NIGHTLY["trigger_kwargs"], "timezone": AMSTERDAM, "dst_gap": "skip"}
        answer = preview(client, trigger="cron", trigger_kwargs=kwargs, n=2, **{"from": "2027-03-27"})
        assert locals_of(answer)[1] == "2027-03-29T02:30:00+02:00"

    def test_a_trigger_that_ends_has_no_more_times_and_is_not_truncated(self, client: APIClient) -> None:
        answer = preview(client, trigger="date", trigger_kwargs={"run_date": "2099-01-01T00:00:00Z"})
        assert [each["at"] for each in answer["fires"]] == ["2099-01-01T00:00:00Z"]
        assert answer["truncated"] is False

    def test_times_that_take_too_long_to_find_are_left_out_and_told(self, client: APIClient) -> None:
        leap = {"trigger": "cron", "trigger_kwargs": {"month": 2, "day": 29, "hour": 0}}
        kwargs = {"triggers": [leap, {"trigger": "cron", "trigger_kwargs": {"day_of_week": "sun", "hour": 0}}]}
        rare = preview(client, trigger="and", trigger_kwargs=kwargs, **{"from": "2027-01-01"})
        assert [each["at"] for each in rare["fires"]] == ["2032-02-29T00:00:00Z"]
        assert rare["truncated"] is True

    def test_the_last_moment_of_all_has_no_local_time_to_show(self, client: APIClient) -> None:
        last = {"trigger": "date", "trigger_kwargs": {"run_date": "9999-12-31T23:59:59Z"}, "timezone": "Asia/Tokyo"}
        answer = preview(client, **last, **{"from": "9980-01-01"})
        assert (answer["fires"], answer["truncated"]) == ([], True)

    def test_the_id_of_a_schedule_is_no_address_of_a_preview(self, client: APIClient) -> None:
        read_problem(client.get(PATH), 405)
        read_problem(client.patch(PATH, {}), 405)


class TestWarnings:
    @pytest.mark.parametrize(
        ("body", "code", "phrase"),
        [
            ({"trigger_kwargs": {"day_of_week": 1, "hour": 9}}, "weekday_numbers", "'tue'"),
            ({"trigger_kwargs": {"hour": 2, "minute": 30}, "from": "2027-03-01"}, "dst_gap", "2027-03-28"),
            ({"trigger_kwargs": {"day": 31, "hour": 9}}, "missing_day", "February"),
            ({"trigger_kwargs": {"hour": 9, "jitter": 60}}, "jitter_as_spread", "60"),
            ({"trigger_kwargs": {"minute": "*/5"}, "dst_gap": "skip"}, "option_unused", "dst_gap"),
            ({"trigger_kwargs": {"hour": 9}, "spread_seconds": 60}, "nominal_times", "60 s"),
        ],
    )
    def test_what_may_not_be_meant_is_told(
        self, client: APIClient, body: dict[str, Any], code: str, phrase: str
    ) -> None:
        found = preview(client, trigger="cron", timezone=AMSTERDAM, **body)["warnings"]
        [detail] = [each["detail"] for each in found if each["code"] == code]
        assert phrase in detail

    def test_a_plain_trigger_has_none(self, client: APIClient) -> None:
        assert preview(client, trigger="interval", trigger_kwargs={"hours": 5})["warnings"] == []

    def test_two_others_in_the_same_minute_are_a_crowd_and_one_is_none(self, client: APIClient) -> None:
        workflow = make_workflow()
        body = schedule_body(workflow, trigger="cron", trigger_kwargs={"hour": 3, "minute": 0})
        first = client.post("/api/schedules", body).json()
        second = client.post(
            "/api/schedules", {**body, "trigger_kwargs": {"hour": 3, "minute": 0, "second": 59}}
        ).json()
        client.post("/api/schedules", {**body, "trigger_kwargs": {"hour": 3, "minute": 1}})
        assert (codes_of(first), codes_of(second)) == ([], [])
        third = client.post("/api/schedules", body).json()
        assert codes_of(third) == ["crowded_minute"]
        assert third["warnings"][0]["detail"].startswith("2 other schedules are due in the same minute, ")
        assert codes_of(client.get(f"/api/schedules/{first['schedule_id']}").json()) == ["crowded_minute"]
        draft = {"trigger": "cron", "trigger_kwargs": {"hour": 3, "minute": 0}}
        assert preview(client, **draft)["warnings"][0]["detail"].startswith("3 other schedules")
        assert codes_of(preview(client, **draft, spread_seconds=300)) == ["nominal_times"]

    def test_a_schedule_that_is_created_or_changed_is_answered_with_its_own(self, client: APIClient) -> None:
        body = schedule_body(trigger="cron", trigger_kwargs={"day_of_week": 0, "hour": 9, "jitter": 30})
        created = client.post("/api/schedules", body).json()
        assert codes_of(created) == ["weekday_numbers", "jitter_as_spread"]
        assert (created["spread_seconds"], created["trigger_kwargs"]) == (30, {"day_of_week": 0, "hour": 9})
        path = f"/api/schedules/{created['schedule_id']}"
        assert codes_of(client.get(path).json()) == ["weekday_numbers"]
        assert codes_of(client.patch(path, {"name": "New"}).json()) == ["weekday_numbers"]
        changed = {"schedule_id": created["schedule_id"], "trigger_kwargs": {"day": 30, "hour": 9}}
        assert codes_of(client.put("/api/schedules", changed).json()) == ["missing_day"]
        assert "warnings" not in client.get("/api/schedules").json()["results"][0]
        assert "warnings" not in client.delete(path).json()


class TestNextTimes:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_begins_with_the_next_run(self, client: APIClient, slash: str) -> None:
        schedule = store_schedule()
        answer = client.get(f"/api/schedules/{schedule.pk}/next{slash}").json()
        assert set(answer) == {"summary", "fires", "warnings", "truncated"}
        assert len(answer["fires"]) == 10
        assert read_moment(answer["fires"][0]["at"]) == schedule.next_run_at
        assert answer["summary"] == "Every hour"

    def test_the_spread_is_in_its_times_and_a_change_of_clocks_is_told_of_what_was_planned(
        self, client: APIClient
    ) -> None:
        schedule = store_schedule(**NIGHTLY, spread_seconds=86_400)
        offset = schedule.spread_offset
        assert offset
        gap = datetime(2027, 3, 28, 1, tzinfo=UTC)
        answer = next_of(client, schedule, f"?n=1&from={(gap + offset - timedelta(seconds=1)):%Y-%m-%dT%H:%M:%SZ}")
        [fire] = answer["fires"]
        assert read_moment(fire["at"]) == datetime.fromisoformat(fire["local"]) == gap + offset
        assert fire["dst"] == "gap"
        assert fire["local"].endswith(fire["offset"]) and fire["offset"] == "+02:00"  # noqa: PT018  # one fact
        assert "nominal_times" not in codes_of(answer)
        assert read_moment(next_of(client, schedule)["fires"][0]["at"]) == schedule.next_run_at

    def test_what_is_decided_already_does_not_come_again(self, client: APIClient) -> None:
        ahead = database_now() + timedelta(days=3)
        schedule = make_schedule(next_run_at=ahead, grid_start_at=ahead - 10 * HOUR, planned_through=ahead - HOUR)
        assert read_moment(next_of(client, schedule)["fires"][0]["at"]) == ahead

    def test_who_asks_about_the_past_is_told_of_the_past(self, client: APIClient) -> None:
        schedule = store_schedule(**NIGHTLY)
        assert locals_of(next_of(client, schedule, "?from=2026-01-31&n=1")) == ["2026-01-31T02:30:00+01:00"]

    def test_a_moment_with_a_plus_has_to_be_escaped_and_is_told_so(self, client: APIClient) -> None:
        path = f"/api/schedules/{store_schedule().pk}/next"
        problem = read_problem(client.get(f"{path}?from=2027-01-01T00:00:00+01:00"), 400)
        assert "%2B" in problem["detail"]
        assert client.get(f"{path}?from=2027-01-01T00:00:00%2B01:00").status_code == 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("n=0", "n"),
            ("n=101", "n"),
            ("n=-1", "n"),
            ("n=1.5", "n"),
            ("n=ten", "n"),
            ("n=", "n"),
            ("n=%D9%A1", "n"),
            ("from=", "from"),
            ("from=soon", "from"),
            ("from=1066-10-14", "from"),
            ("count=5", "count"),
            ("form=2027-01-01", "form"),
        ],
    )
    def test_a_wrong_parameter_is_named(self, client: APIClient, query: str, field: str) -> None:
        problem = read_problem(client.get(f"/api/schedules/{store_schedule().pk}/next?{query}"), 400)
        assert fields_at_fault(problem) == [field]

    def test_a_misspelt_parameter_is_named_with_the_one_that_was_meant(self, client: APIClient) -> None:
        problem = read_problem(client.get(f"/api/schedules/{store_schedule().pk}/next?form=2027-01-01"), 400)
        assert "unknown parameter 'form': did you mean 'from'?" in problem["detail"]

    def test_a_broken_one_has_no_times_and_says_why(self, client: APIClient) -> None:
        schedule = make_schedule(next_run_at=None, state=ScheduleState.BROKEN, state_reason="it takes too long")
        answer = next_of(client, schedule)
        assert (answer["fires"], answer["truncated"]) == ([], False)
        assert answer["warnings"] == [{"code": "broken", "detail": "it takes too long"}]
        assert client.get(f"/api/schedules/{schedule.pk}").json()["warnings"] == answer["warnings"]

    def test_a_paused_one_runs_after_its_pause_and_says_who_paused_it(self, client: APIClient) -> None:
        schedule, until = store_schedule(), database_now() + timedelta(hours=5)
        first = read_moment(next_of(client, schedule)["fires"][0]["at"])
        pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada", until=until)
        answer = next_of(client, schedule)
        assert first < until <= read_moment(answer["fires"][0]["at"])
        assert answer["fires"][0]["at"] == client.get(f"/api/schedules/{schedule.pk}").json()["next_run_at"]
        [warning] = answer["warnings"]
        assert (warning["code"], warning["detail"][:20]) == ("paused", "paused by ada since ")
        pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada")
        assert next_of(client, schedule)["fires"] == []

    def test_one_that_cannot_be_built_is_shown_as_it_was_stored(self, client: APIClient) -> None:
        schedule = make_schedule(trigger="crn", trigger_text="crn[hour='1']")
        answer = next_of(client, schedule)
        assert (answer["summary"], answer["fires"]) == ("crn[hour='1']", [])
        assert codes_of(answer) == ["broken"]
        assert client.get("/api/schedules").json()["results"][0]["summary"] == "crn[hour='1']"

    def test_one_whose_times_cannot_be_found_is_truncated(self, client: APIClient) -> None:
        schedule = make_schedule(trigger="and", trigger_kwargs={"triggers": NEVER_MEETING})
        answer = next_of(client, schedule)
        assert (answer["fires"], answer["truncated"]) == ([], True)

    def test_a_finished_one_has_no_times(self, client: APIClient) -> None:
        schedule = make_schedule(
            trigger="date", trigger_kwargs={"run_date": NOW.isoformat()}, next_run_at=None, planned_through=NOW
        )
        assert next_of(client, schedule, "?from=2027-03-02")["fires"] == []

    def test_an_unknown_one_is_a_404(self, client: APIClient) -> None:
        for wrong in (UNKNOWN_ID, "nightly"):
            problem = read_problem(client.get(f"/api/schedules/{wrong}/next"), 404)
            assert fields_at_fault(problem) == ["schedule_id"]

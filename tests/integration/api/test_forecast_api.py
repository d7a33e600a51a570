"""`GET /api/forecast`: what runs between two moments."""

import json
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import is_postgresql
from schedules.forecast_docs import FORECAST
from schedules.forecasts import MAX_INSTANTS, forecast
from schedules.models import PlannedLoad, Schedule
from schedules.pausing import pause_schedule
from schedules.planned_load import HORIZON_DAYS, refresh_load
from tasks.freezing import freeze_engine
from tests.integration.api.openapi import assert_described, errors_of, find_operation
from tests.integration.api.support import fields_at_fault, read_moment, read_problem, store_schedule, stored_rows
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_workflow
from tests.support.many_rows import store_many_schedules

pytestmark = pytest.mark.django_db

PATH = "/api/forecast"
AMSTERDAM = "Europe/Amsterdam"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# The clock, the rows that run next in the window and before it, names, the load, the freeze; who asks, and two more.
MOST_STATEMENTS = 9


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Return what sets the clock of forecasts."""

    def set_clock(now: datetime) -> None:
        monkeypatch.setattr("schedules.forecasts.database_now", lambda: now)

    set_clock(NOW)
    return set_clock


def ask(client: APIClient, **query: str) -> dict[str, Any]:
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    assert_described(find_operation("get", PATH), answer)
    found: dict[str, Any] = answer.json()
    return found


def times_of(answer: dict[str, Any]) -> list[str]:
    return [each["at"] for each in answer["instants"]]


def names_of(answer: dict[str, Any]) -> list[str]:
    return [each["name"] for each in answer["instants"]]


def say(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def count_load(now: datetime = NOW) -> None:
    assert refresh_load(clock=lambda: now, stop=threading.Event())


@pytest.mark.usefixtures("at")
class TestInstants:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_what_runs_between_one_and_three(self, client: APIClient, slash: str) -> None:
        sync, report = make_workflow(name="task_sync"), make_workflow(name="task_report")
        early = make_schedule(
            sync, name="Early", trigger="cron", trigger_kwargs={"hour": 1}, next_run_at=NOW + 16 * HOUR
        )
        late = make_schedule(
            report, name="Late", trigger="cron", trigger_kwargs={"hour": 2}, next_run_at=NOW + 17 * HOUR
        )
        make_schedule(name="Later", trigger="cron", trigger_kwargs={"hour": 3}, next_run_at=NOW + 18 * HOUR)
        answer = client.get(f"{PATH}{slash}?from=2027-03-02T01:00:00Z&to=2027-03-02T03:00:00Z").json()
        utc = {"offset": "+00:00", "dst": None}
        assert answer["instants"] == [
            {"at": "2027-03-02T01:00:00Z", "local": "2027-03-02T01:00:00+00:00", **utc,
             "schedule_id": str(early.pk), "name": "Early", "workflow_name": "task_sync"},
            {"at": "2027-03-02T02:00:00Z", "local": "2027-03-02T02:00:00+00:00", **utc,
             "schedule_id": str(late.pk), "name": "Late", "workflow_name": "task_report"},
        ]  # fmt: skip
        assert (answer["truncated"], answer["exact_until"]) == (False, "2027-03-02T03:00:00Z")

    def test_schedules_that_run_before_the_window_are_asked_about_it(self, client: APIClient) -> None:
        make_schedule(name="Hourly")
        make_schedule(name="Nightly", trigger="cron", trigger_kwargs={"hour": 1, "minute": 30})
        make_schedule(name="Once", trigger="date", trigger_kwargs={"run_date": say(NOW)})
        answer = ask(client, **{"from": "2027-03-02T01:00:00Z", "to": "2027-03-02T03:00:00Z"})
        assert names_of(answer) == ["Hourly", "Nightly", "Hourly"]

    def test_one_moment_is_in_the_order_of_the_names(self, client: APIClient) -> None:
        for name in ("b", "c", "a"):
            make_schedule(name=name)
        assert names_of(ask(client, to=say(NOW + SECOND))) == ["a", "b", "c"]

    def test_a_day_from_now_unless_asked_otherwise(self, client: APIClient) -> None:
        make_schedule()
        answer = ask(client)
        assert (answer["from"], answer["to"]) == (say(NOW), say(NOW + DAY))
        assert len(answer["instants"]) == 24
        assert ask(client, **{"from": say(NOW + 2 * DAY)})["to"] == say(NOW + 3 * DAY)

    def test_what_has_passed_of_a_window_is_left_out(self, client: APIClient) -> None:
        make_schedule(next_run_at=NOW - HOUR)
        answer = ask(client, **{"from": say(NOW - DAY), "to": say(NOW + HOUR)})
        assert (answer["from"], times_of(answer)) == (say(NOW), [say(NOW)])

    def test_the_spread_is_in_the_times(self, client: APIClient) -> None:
        schedule = make_schedule(trigger="cron", trigger_kwargs={"hour": 12}, spread_seconds=3_600)
        at = NOW + 3 * HOUR + schedule.spread_offset
        Schedule.objects.update(next_run_at=at)
        assert schedule.spread_offset
        assert times_of(ask(client)) == [say(at)]
        assert times_of(ask(client, **{"from": say(NOW + DAY)})) == [say(at + DAY)]

    def test_a_change_of_the_clocks_is_shown(self, client: APIClient, at: Callable[[datetime], None]) -> None:
        at(datetime.fromisoformat("2027-03-27T12:00:00Z"))
        gap = datetime.fromisoformat("2027-03-28T01:00:00Z")
        make_schedule(
            trigger="cron",
            trigger_kwargs={"hour": 2, "minute": 30},
            timezone=AMSTERDAM,
            spread_seconds=60,
            next_run_at=gap,
        )
        offset = Schedule.objects.get().spread_offset
        Schedule.objects.update(next_run_at=gap + offset)
        [found] = ask(client)["instants"]
        assert (found["at"], found["offset"], found["dst"]) == (say(gap + offset), "+02:00", "gap")

    def test_who_will_not_run_is_not_there(self, client: APIClient) -> None:
        make_schedule(next_run_at=None)
        make_schedule(next_run_at=None, state="broken", state_reason="no instant within ten years")
        make_schedule(trigger="cron", trigger_kwargs={"hour": 99}, trigger_text="cron[hour='99']")
        assert ask(client)["instants"] == []

    def test_a_schedule_without_a_link_has_no_workflow(self, client: APIClient) -> None:
        make_schedule().link.delete()
        assert ask(client, to=say(NOW + SECOND))["instants"][0]["workflow_name"] is None

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"name": "SYNC"}, ["Sync a"]),
            ({"workflow_name": "task_report"}, ["Report"]),
            ({"trigger": "cron"}, ["Report"]),
            ({"state": "active"}, ["Report", "Sync a"]),
            ({"state": "finished"}, []),
            ({"name": ""}, ["Report", "Sync a"]),
        ],
    )
    def test_the_words_of_the_list_filter_it(self, client: APIClient, query: dict[str, str], names: list[str]) -> None:
        make_schedule(make_workflow(name="task_sync"), name="Sync a")
        make_schedule(make_workflow(name="task_report"), name="Report", trigger="cron", trigger_kwargs={"hour": 9})
        answer = ask(client, to=say(NOW + SECOND), **query)
        assert names_of(answer) == names
        assert (answer["load"] is None) == any(query.values())


@pytest.mark.usefixtures("at")
class TestBounds:
    def test_the_list_ends_at_five_hundred_and_says_up_to_where_it_has_all(self, client: APIClient) -> None:
        make_schedule(name="Often", trigger_kwargs={"minutes": 1})
        make_schedule(name="Seldom", next_run_at=NOW + 499 * timedelta(minutes=1))
        answer = ask(client)
        assert len(answer["instants"]) == MAX_INSTANTS == 500
        assert (answer["truncated"], answer["exact_until"]) == (True, say(NOW + 499 * timedelta(minutes=1)))

    def test_more_schedules_than_the_list_is_long(self, client: APIClient) -> None:
        workflow = make_workflow()
        for number in range(MAX_INSTANTS + 5):
            make_schedule(workflow, next_run_at=NOW + number * SECOND)
        answer = ask(client)
        assert len(answer["instants"]) == MAX_INSTANTS
        assert answer["exact_until"] == say(NOW + MAX_INSTANTS * SECOND)

    def test_many_that_cannot_be_built_hide_no_other(self, client: APIClient) -> None:
        workflow = make_workflow()
        for _ in range(MAX_INSTANTS + 1):
            make_schedule(workflow, trigger="cron", trigger_kwargs={"hour": 99}, trigger_text="cron[hour='99']")
        make_schedule(workflow, next_run_at=NOW + HOUR)
        answer = ask(client)
        assert (answer["truncated"], answer["exact_until"]) == (True, say(NOW))

    def test_when_the_work_is_too_much_nothing_is_said_to_be_exact(self) -> None:
        for _ in range(10):
            make_schedule()
        start, end = say(NOW + DAY), say(NOW + DAY + HOUR)
        found = forecast(start=start, end=end, max_steps=5, now=NOW)
        assert (found.is_truncated, found.exact_until, len(found.instants)) == (True, NOW + DAY, 5)
        assert not forecast(start=start, end=end, max_steps=10, now=NOW).is_truncated

    def test_statements_do_not_grow_with_schedules_or_instants(self, client: APIClient) -> None:
        numbers = list[int]()
        for _ in range(2):
            for _ in range(20):
                make_schedule()
            count_load(database_now() + timedelta(hours=len(numbers)))
            with recorded_statements() as statements:
                assert ask(client, **{"from": say(NOW + DAY)})["instants"]
            numbers.append(len(statements))
        assert numbers[0] == numbers[1] <= MOST_STATEMENTS, "\n".join(statements)

    def test_the_first_are_read_from_their_index_also_while_nothing_is_known_of_the_table(self) -> None:
        store_many_schedules(make_workflow(), 40_000, now=NOW)
        with recorded_statements() as statements:
            forecast(now=NOW)
        [first] = [each for each in statements if f"LIMIT {MAX_INSTANTS + 1}" in each]
        with connection.cursor() as cursor:
            cursor.execute(f"{'EXPLAIN' if is_postgresql() else 'EXPLAIN QUERY PLAN'} {first}")
            plan = str(cursor.fetchall())
        assert "schedule_due" in plan, plan
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan

    def test_nothing_is_written(self, client: APIClient) -> None:
        make_schedule()
        before = stored_rows()
        ask(client)
        assert stored_rows() == before


@pytest.mark.usefixtures("at")
class TestLoad:
    def test_it_is_that_of_the_minutes_of_the_window(self, client: APIClient) -> None:
        make_schedule(trigger_kwargs={"seconds": 90})
        make_schedule(trigger_kwargs={"minutes": 3})
        count_load()
        answer = ask(client, **{"from": say(NOW + 30 * SECOND), "to": say(NOW + 211 * SECOND)})
        assert answer["load"] == [
            {"minute": say(NOW + number * timedelta(minutes=1)), "count": count}
            for number, count in enumerate([2, 1, 0, 2])
            if count
        ]
        assert (answer["as_of"], answer["load_until"]) == (say(NOW), say(NOW + HORIZON_DAYS * DAY))

    def test_before_it_was_counted_there_is_none(self, client: APIClient) -> None:
        make_schedule()
        answer = ask(client)
        assert (answer["as_of"], answer["load_until"], answer["load"]) == (None, None, [])
        PlannedLoad.objects.create(claimed_until=NOW)
        assert ask(client)["load"] == []

    def test_beyond_its_end_there_is_none(self, client: APIClient) -> None:
        make_schedule()
        count_load()
        edge = NOW + HORIZON_DAYS * DAY
        answer = ask(client, **{"from": say(edge - HOUR), "to": say(edge + DAY)})
        assert answer["load"] == [{"minute": say(edge - HOUR), "count": 1}]
        assert len(answer["instants"]) == 25

    def test_an_older_one_still_counts(self, client: APIClient, at: Callable[[datetime], None]) -> None:
        make_schedule()
        count_load()
        at(NOW + 90 * timedelta(minutes=1))
        answer = ask(client, to=say(NOW + 3 * HOUR))
        assert answer["load"] == [{"minute": say(NOW + 2 * HOUR), "count": 1}]


@pytest.mark.usefixtures("at")
def test_a_freeze_is_told_and_hides_nothing(client: APIClient) -> None:
    make_schedule()
    assert ask(client)["frozen"] is None
    freeze_engine(reason="Maintenance", actor="ada")
    assert ask(client)["frozen"] == {"reason": "Maintenance", "until": None}
    until = NOW.replace(year=2099)
    freeze_engine(reason="Maintenance", actor="ada", until=until)
    answer = ask(client)
    assert answer["frozen"] == {"reason": "Maintenance", "until": say(until)}
    assert len(answer["instants"]) == 24


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "field", "words"),
        [
            ({"from": "tomorrow"}, "from", "'tomorrow' is no moment with an offset; give one such as"),
            ({"from": "2027-03-01T01:00:00"}, "from", "no moment with an offset"),
            ({"to": "2027-03-01T01:00:00 01:00"}, "to", "+ is written %2B"),
            ({"to": ""}, "to", "'' is no moment"),
            ({"to": "2027-03-01T08:59:59Z"}, "to", "which has passed: a forecast is of the time to come; the ledger"),
            ({"from": "2027-03-02T09:00:00Z", "to": "2027-03-02T09:00:00Z"}, "to", "give a moment after"),
            ({"to": "2027-04-01T09:00:00.000001Z"}, "to", "31 days, so give a moment up to 2027-04-01T09:00:00Z"),
            ({"from": "2099-03-02T09:00:00Z"}, "from", "nothing is planned more than ten years ahead"),
            ({"form": "2027-03-02T09:00:00Z"}, "form", "unknown parameter 'form': did you mean 'from'?"),
            ({"state": "idle"}, "state", "'idle' is not known; known are"),
            ({"page": "2"}, "page", "unknown parameter 'page'"),
        ],
    )  # fmt: skip
    @pytest.mark.usefixtures("at")
    def test_what_makes_no_window_is_named(
        self, client: APIClient, query: dict[str, str], field: str, words: str
    ) -> None:
        problem = read_problem(client.get(PATH, query), 400)
        assert fields_at_fault(problem) == [field]
        assert words in problem["errors"][0]["detail"]
        assert problem["errors"][0]["value"] == query[field]

    @pytest.mark.usefixtures("at")
    def test_the_longest_window_is_answered(self, client: APIClient) -> None:
        assert ask(client, to=say(NOW + 31 * DAY))["to"] == say(NOW + 31 * DAY)


def test_what_the_service_creates_is_forecast(client: APIClient) -> None:
    schedule = store_schedule()
    answer = ask(client)
    assert schedule.next_run_at is not None
    assert read_moment(times_of(answer)[0]) == schedule.next_run_at
    assert len(answer["instants"]) in {23, 24}


class TestPaused:
    """Until when a schedule is paused is no instant of its trigger, and may yet be when it runs."""

    @pytest.mark.parametrize(
        ("kind", "kwargs", "resume_policy", "runs"),
        [
            ("interval", {"hours": 1}, "skip", [120, 180, 240]),
            ("interval", {"hours": 1}, "run_once", [90, 120, 180, 240]),
            ("interval", {"hours": 1, "end_date": 80}, "skip", []),
            ("interval", {"hours": 1, "end_date": 80}, "run_once", [90]),
            ("or", {"triggers": [{"trigger": "interval", "trigger_kwargs": {"minutes": 80}}]}, "skip", [160, 240]),
            ("date", {"run_date": 30}, "skip", [90]),
            ("date", {"run_date": 95}, "skip", [95]),
        ],
    )
    def test_what_runs_at_the_end_of_a_pause_and_after_it(
        self, client: APIClient, kind: str, kwargs: dict[str, Any], resume_policy: str, runs: list[int]
    ) -> None:
        soon = {key: say(database_now() + value * MINUTE) for key, value in kwargs.items() if key.endswith("_date")}
        schedule = store_schedule(trigger=kind, trigger_kwargs=kwargs | soon, policies={"resume_policy": resume_policy})
        since = schedule.grid_start_at
        pause_schedule(schedule_id=schedule.pk, reason="x", actor="ada", until=since + 90 * MINUTE)
        answer = ask(client, to=say(since + 250 * MINUTE))
        assert [round((read_moment(each) - since) / MINUTE) for each in times_of(answer)] == runs
        later = ask(client, **{"from": say(since + 100 * MINUTE), "to": say(since + 250 * MINUTE)})
        assert times_of(later) == [each for each in times_of(answer) if read_moment(each) >= since + 100 * MINUTE]

    def test_a_pause_without_an_end_leaves_nothing(self, client: APIClient) -> None:
        pause_schedule(schedule_id=store_schedule().pk, reason="x", actor="ada")
        assert ask(client)["instants"] == []


def test_the_page_on_the_api_shows_an_answer_as_it_is_described() -> None:
    page = (settings.BASE_DIR / "docs" / "rest-api.md").read_text().partition("## Forecast")[2]
    [shown, *_] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(shown) == FORECAST
    schema = find_operation("get", PATH).response(200)["content"]["application/json"]["schema"]
    assert errors_of(FORECAST, schema) == []

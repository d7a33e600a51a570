"""All kinds of triggers through the REST API: created, changed, previewed, fired; and those without an end, refused."""

from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from rest_framework.test import APIClient

from schedules.firing import fire_due
from schedules.models import Firing, FiringOutcome, Schedule
from schedules.trigger_docs import ARGUMENT_SCHEMAS
from schedules.triggers import ARGUMENTS, KINDS, Budget
from schedules.triggers.budget import MAX_STEPS
from tasks.models import Task
from tests.integration.api.support import read_moment, read_problem, schedule_body, stored_rows
from tests.support.factories import make_workflow

pytestmark = pytest.mark.django_db

# Far more than any of them takes on a machine that has other things to do, and far less than without bounds.
SECONDS = 5.0

# Kind → arguments, those that change it, and what it is in words before and after.
RULES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "interval": ({"hours": 5}, {"hours": 7}, "Every 5 hours", "Every 7 hours"),
    "cron": (
        {"hour": 4, "day_of_week": "mon-fri"},
        {"crontab": "0 5 * * 1-5"},
        "At 04:00, Monday to Friday, Europe/Amsterdam",
        "At 05:00, Monday to Friday, Europe/Amsterdam",
    ),
    "date": (
        {"run_date": "2099-05-01T03:00:00"},
        {"run_date": "2099-05-02T03:00:00"},
        "Once, on 2099-05-01 at 03:00, Europe/Amsterdam",
        "Once, on 2099-05-02 at 03:00, Europe/Amsterdam",
    ),
    "calendarinterval": ({"days": 2, "hour": 8}, {"days": 3, "hour": 9}, "Every 2 days", "Every 3 days"),
    "and": (
        {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in ("1-9", "8-12")]},
        {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in ("1-9", "9-12")]},
        "When both",
        "When both",
    ),
    "or": (
        {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in (6, 18)]},
        {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in (7, 19)]},
        "Either",
        "Either",
    ),
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def body_of(kind: str) -> dict[str, Any]:
    return schedule_body(trigger=kind, trigger_kwargs=RULES[kind][0], timezone="Europe/Amsterdam")


def test_every_kind_is_tried_and_described_with_all_its_arguments() -> None:
    assert set(RULES) == set(KINDS)
    described = {kind: set(arguments) for kind, (_, _, arguments) in ARGUMENT_SCHEMAS.items()}
    assert described == {kind: set(arguments) for kind, arguments in ARGUMENTS.items()}


@EVERY_KIND
@pytest.mark.parametrize("spread_seconds", [0, 3_600])
def test_a_kind_is_previewed_created_and_fired_at_the_times_that_were_shown(
    client: APIClient, kind: str, spread_seconds: int
) -> None:
    body = body_of(kind) | {"spread_seconds": spread_seconds}
    options = {key: body[key] for key in ("trigger", "trigger_kwargs", "timezone", "spread_seconds")}
    draft = client.post("/api/schedules/preview", options).json()
    created = client.post("/api/schedules", body)
    assert created.status_code == 201, created.content
    schedule = Schedule.objects.get()
    assert created.json()["trigger_kwargs"] == RULES[kind][0]
    assert created.json()["summary"].startswith(RULES[kind][2])
    assert created.json()["summary"] == draft["summary"]
    shown = client.get(f"/api/schedules/{schedule.pk}/next?n=3").json()["fires"]
    if kind != "interval":  # whose grid begins when it is created
        nominal = [read_moment(each["at"]) + schedule.spread_offset for each in draft["fires"][:3]]
        assert [read_moment(each["at"]) for each in shown] == nominal
    for fire in shown:
        due_at = read_moment(fire["at"])
        assert fire_due(limit=10, now=due_at - timedelta(milliseconds=1)).decided == 0
        assert fire_due(limit=10, now=due_at).decided == 1
        firing = Firing.objects.latest("id")
        assert (firing.due_at, firing.scheduled_for) == (due_at, due_at - schedule.spread_offset)
        assert (firing.outcome, firing.lateness_ms) == (FiringOutcome.STARTED, 0)
        [task] = Task.objects.all()
        assert task.pk == firing.task_id
        assert (task.schedule_id, task.scheduled_for) == (schedule.pk, firing.scheduled_for)
        task.delete()  # one that has not ended would hold up the next one
    [*_, last] = client.get(f"/api/schedules/{schedule.pk}/firings").json()["results"][::-1]
    assert read_moment(last["due_at"]) == read_moment(shown[-1]["at"])


@EVERY_KIND
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_kind_is_changed_into_every_other_one(client: APIClient, kind: str, method: str) -> None:
    schedule_id = client.post("/api/schedules", body_of(kind)).json()["schedule_id"]
    path, named = ("/api/schedules", {"schedule_id": schedule_id})
    if method == "patch":
        path, named = (f"/api/schedules/{schedule_id}", {})
    for other in (kind, *KINDS):
        answer = getattr(client, method)(path, {**named, "trigger": other, "trigger_kwargs": RULES[other][1]})
        assert answer.status_code == 200, answer.content
        changed = client.get(f"/api/schedules/{schedule_id}").json()
        assert (changed["trigger"], changed["trigger_kwargs"]) == (other, RULES[other][1])
        assert changed["summary"].startswith(RULES[other][3])
        assert answer.json()["next_run_at"] == changed["next_run_at"]
        [first] = client.get(f"/api/schedules/{schedule_id}/next?n=1").json()["fires"]
        assert first["at"] == changed["next_run_at"]


class TestOptions:
    OPTIONS = {"dst_gap": "skip", "dst_fold": "both", "on_missing_day": "last_day", "spread_seconds": 90}

    def test_each_is_stored_and_answered(self, client: APIClient) -> None:
        created = client.post("/api/schedules", body_of("cron") | self.OPTIONS).json()
        assert created.items() >= self.OPTIONS.items()
        row = Schedule.objects.values(*self.OPTIONS).get()
        assert row == self.OPTIONS

    @pytest.mark.parametrize("name", OPTIONS)
    def test_each_can_be_changed_alone(self, client: APIClient, name: str) -> None:
        path = f"/api/schedules/{client.post('/api/schedules', body_of('cron')).json()['schedule_id']}"
        before = client.get(path).json()
        after = client.patch(path, {name: self.OPTIONS[name]}).json()
        changed = {key for key, value in before.items() if after[key] != value} - {"warnings"}
        # A spread moves the next run, unless it happens to be 0.
        assert changed - {"next_run_at"} == {name, "version", "state_since", "updated_at"}
        assert "next_run_at" not in changed or name == "spread_seconds"

    def test_among_the_arguments_they_are_moved_to_their_places(self, client: APIClient) -> None:
        leaf = {"hour": 4, "dst_gap": "skip", "timezone": "Asia/Tokyo", "jitter": 12.5}
        kwargs = {"triggers": [{"trigger": "cron", "trigger_kwargs": leaf}], "dst_fold": "second"}
        body = schedule_body(trigger="or", trigger_kwargs=kwargs)
        created = client.post("/api/schedules", body).json()
        assert created["trigger_kwargs"] == {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": 4}}]}
        assert (created["dst_gap"], created["dst_fold"], created["spread_seconds"]) == ("skip", "second", 13)
        assert created["timezone"] == "Asia/Tokyo"

    def test_a_spread_at_the_end_of_time_is_no_failure(self, client: APIClient) -> None:
        body = schedule_body(trigger="date", trigger_kwargs={"run_date": "9999-12-31T23:59:59Z"}, spread_seconds=86_400)
        created = client.post("/api/schedules", body)
        assert created.status_code == 201, created.content
        assert client.get(f"/api/schedules/{created.json()['schedule_id']}/next").json()["fires"] == []


def interval(seconds: float, start: str = "2027-01-01T00:00:00Z") -> dict[str, Any]:
    return {"trigger": "interval", "trigger_kwargs": {"seconds": seconds, "start_date": start}}


def cron(**kwargs: Any) -> dict[str, Any]:
    return {"trigger": "cron", "trigger_kwargs": kwargs}


LATER = "2027-01-01T00:00:30Z"
HOSTILE: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "coprime": ("and", [interval(86_399), interval(86_400, LATER)]),
    "coprime_seconds": ("and", [interval(60), interval(120, LATER)]),
    "february": ("and", [cron(month=2, day=30), interval(1)]),
    "never_together": ("and", [cron(hour=1), cron(hour=2)]),
    "ten_leaves": ("and", [interval(60 + n, f"2027-01-01T00:00:{n:02}.5Z") for n in range(10)]),
    "never_a_weekday": ("and", [cron(day_of_week="mon", second="*"), cron(day_of_week="tue", second="*")]),
    "nested": (
        "and",
        [
            {"trigger": "or", "trigger_kwargs": {"triggers": [interval(7), interval(11)]}},
            {"trigger": "and", "trigger_kwargs": {"triggers": [interval(60), interval(120, LATER)]}},
        ],
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("path", ["/api/schedules", "/api/schedules/preview"])
def test_a_trigger_that_never_comes_to_an_end_is_refused_within_its_bounds(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    budgets: list[Budget] = []
    begin = Budget.__init__

    def begin_and_keep(self: Budget, **kwargs: Any) -> None:
        begin(self, **kwargs)
        budgets.append(self)

    monkeypatch.setattr(Budget, "__init__", begin_and_keep)
    kind, triggers = HOSTILE[name]
    rule = {"trigger": kind, "trigger_kwargs": {"triggers": triggers, "threshold_seconds": 0}}
    body = rule if path.endswith("preview") else schedule_body(make_workflow(), **rule)
    before = stored_rows()
    budgets.clear()
    started = perf_counter()
    problem = read_problem(client.post(path, body), 400)
    assert perf_counter() - started < SECONDS
    assert "never_fires" in problem["detail"]
    assert [each["field"] for each in problem["errors"]] == ["trigger_kwargs"]
    assert stored_rows() == before
    assert len(budgets) == 1
    assert 0 < budgets[0].spent <= MAX_STEPS + 1

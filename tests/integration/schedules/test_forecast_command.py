"""`manage.py scheduler forecast`: what runs between two moments."""

import json
import threading
from datetime import timedelta

import pytest

from schedules.planned_load import refresh_load
from tasks.freezing import freeze_engine
from tests.integration.api.support import make_client, make_user
from tests.integration.schedules.test_preview_command import cells
from tests.integration.schedules.test_scheduler_command import run
from tests.support.factories import HOUR, NOW, make_schedule, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedules.forecasts.database_now", lambda: NOW)


def test_a_table_of_what_runs() -> None:
    schedule = make_schedule(make_workflow(name="task_sync"), name="[bold]Sync[/]", next_run_at=NOW + HOUR)
    answer = run("forecast", "--from", "2027-03-01T10:00:00Z", "--to", "2027-03-01T12:00:00+01:00")
    assert (answer.code, answer.stderr) == (0, "")
    assert "Planned from 2027-03-01 10:00:00 to 2027-03-01 11:00:00 UTC" in answer.stdout
    assert cells(answer) == [
        ["UTC", "local time", "dst", "name", "workflow", "id"],
        ["2027-03-01 10:00:00", "Mon 2027-03-01 10:00:00 +00:00", "", "[bold]Sync[/]", "task_sync", str(schedule.pk)],
    ]
    assert "missing" not in answer.stdout


def test_what_is_beyond_the_list_is_told_by_the_busiest_minutes() -> None:
    make_schedule(trigger_kwargs={"minutes": 1})
    for hour in range(2):
        make_schedule(next_run_at=NOW + hour * HOUR, trigger_kwargs={"hours": 2})
    answer = run("forecast")
    assert "some may be missing above" in answer.stdout
    assert "The load has not been counted yet" in answer.stdout
    refresh_load(clock=lambda: NOW, stop=threading.Event())
    answer = run("forecast")
    busiest = cells(answer)[-10:]
    assert busiest[0] == ["2027-03-01 09:00", "2"]
    assert "Counted as of 2027-03-01 09:00:00, up to 2027-04-01 09:00:00." in answer.stdout


def test_a_freeze_is_told() -> None:
    freeze_engine(reason="Maintenance", actor="ada")
    assert "The engine is frozen until somebody unfreezes it, and nothing starts: Maintenance" in run("forecast").stdout
    freeze_engine(reason="Maintenance", actor="ada", until=NOW.replace(year=2099))
    assert "The engine is frozen until 2099-03-01 09:00:00, and" in run("forecast").stdout


def test_json_is_what_the_api_answers() -> None:
    make_schedule()
    refresh_load(clock=lambda: NOW, stop=threading.Event())
    client = make_client(make_user(is_superuser=True))
    answer = run("forecast", "--json", "--to", (NOW + timedelta(hours=3)).isoformat())
    assert answer.code == 0
    assert (
        json.loads(answer.stdout) == client.get("/api/forecast", {"to": (NOW + timedelta(hours=3)).isoformat()}).json()
    )


@pytest.mark.parametrize(("option", "text"), [("--from", "tomorrow"), ("--to", "2027-03-01T08:00:00Z")])
def test_what_makes_no_window_is_named(option: str, text: str) -> None:
    answer = run("forecast", option, text)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"{option}: ")
    assert text in answer.stderr

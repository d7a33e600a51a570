"""`manage.py scheduler check`, as a person and a monitor meet it."""

import json
import socket
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.version import VERSION
from schedules.management import check
from schedules.models import SchedulerProcess
from schedules.processes import see_process
from tests.integration.api.support import make_client, make_user
from tests.integration.schedules.test_scheduler_command import run
from tests.support.factories import HOUR, SECOND, make_schedule

pytestmark = pytest.mark.django_db


def see(name: str, *, now: datetime | None = None, **fields: Any) -> None:
    see_process(name=name, now=now or database_now(), last_tick_at=None, firings_per_minute=12)
    SchedulerProcess.objects.filter(pk=name).update(**fields)


def test_each_scheduler_is_a_row_and_one_that_is_alive_is_enough() -> None:
    see("a:1", host="node-1", pid=7)
    see("b:1", host="node-2", last_seen_at=database_now() - HOUR)
    see("c:1", host="node-3", last_tick_at=database_now() - HOUR)
    answer = run("check")
    assert answer.code == 0
    lines = answer.stdout.splitlines()
    assert lines[0].strip() == "Schedulers"
    [first] = [line for line in lines if "node-1" in line]
    cells = [cell.strip() for cell in first.strip("│").split("│")]
    assert (cells[0], cells[1], cells[2], cells[6], cells[7]) == ("node-1", "7", VERSION, "12", "alive")
    assert [line.split("│")[-2].strip() for line in lines if "node-2" in line or "node-3" in line] == ["stuck", "stale"]
    assert lines[-2:] == ["Nothing is overdue.", "ALIVE: 1 of 3 schedulers (1 stuck, 1 stale)."]


@pytest.mark.parametrize(
    ("column", "counts"), [("last_seen_at", "0 stuck, 1 stale"), ("last_tick_at", "1 stuck, 0 stale")]
)
def test_without_one_that_is_alive_it_exits_2_and_the_last_line_says_so(column: str, counts: str) -> None:
    see("a:1", **{column: database_now() - HOUR})
    answer = run("check")
    assert answer.code == 2
    assert answer.stdout.splitlines()[-1] == f"NOT ALIVE: no scheduler fires ({counts})."


def test_without_any_it_exits_2() -> None:
    answer = run("check")
    assert answer.code == 2
    assert answer.stdout.splitlines()[-1] == "NOT ALIVE: no scheduler fires (0 stuck, 0 stale)."


def test_it_says_which_schedule_is_due_for_longest_and_how_late_that_is() -> None:
    see("a:1")
    schedule = make_schedule(name="Nightly", next_run_at=database_now() - 90 * SECOND)
    [line] = [line for line in run("check").stdout.splitlines() if "overdue" in line]
    said, _, late = line.rpartition(", by ")
    assert said == f"Most overdue: schedule 'Nightly' ({schedule.pk})"
    assert 90 <= float(late.removesuffix(" s.")) < 95


def test_json_says_the_same_to_programs() -> None:
    see("a:1", host="node-1", pid=7)
    schedule = make_schedule(name="Nightly", next_run_at=database_now() - 90 * SECOND)
    answer = run("check", "--json")
    found = json.loads(answer.stdout)
    assert answer.code == 0
    assert found["is_alive"] is True
    assert 90 <= found["behind_seconds"] < 95
    assert found["most_overdue"] == {"schedule_id": str(schedule.pk), "name": "Nightly"}
    client = make_client(make_user(is_superuser=True))
    assert found["schedulers"] == client.get("/api/schedulers").json()["results"]
    [shown] = found["schedulers"]
    assert (shown["scheduler_id"], shown["host"], shown["pid"], shown["state"]) == ("a:1", "node-1", 7, "alive")


def test_json_exits_2_as_well() -> None:
    answer = run("check", "--json")
    assert answer.code == 2
    assert json.loads(answer.stdout) == {
        "is_alive": False,
        "schedulers": [],
        "behind_seconds": 0.0,
        "most_overdue": None,
    }


def test_here_counts_only_those_of_this_host() -> None:
    see("elsewhere:1", host="another host")
    assert run("check").code == 0
    assert run("check", "--here").code == 2
    see("here:1")
    answer = run("check", "--here")
    assert answer.code == 0
    assert socket.gethostname() in answer.stdout
    assert "another host" not in answer.stdout


def test_a_database_that_is_away_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> datetime:
        raise OperationalError("connection refused")

    monkeypatch.setattr(check, "database_now", refuse)
    answer = run("check")
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr.strip() == "The database cannot be read: connection refused"

"""`manage.py scheduler history`: what became of the instants of a schedule."""

import json
from typing import Any
from uuid import uuid4

import pytest

from orchestrator_site.common.clock import database_now
from schedules.services import delete_schedule
from tasks.models import EngineFreeze
from tests.integration.api.support import UNKNOWN_ID, make_client, make_user, store_firing, store_schedule
from tests.integration.schedules.test_preview_command import cells
from tests.integration.schedules.test_scheduler_command import run
from tests.support.factories import HOUR, NOW, SECOND, make_schedule

pytestmark = pytest.mark.django_db


def outcomes(*arguments: str) -> list[str]:
    """Return the outcomes that are printed as JSON."""
    answer = run("history", *arguments, "--json")
    assert (answer.code, answer.stderr) == (0, "")
    return [each["outcome"] for each in json.loads(answer.stdout)["results"]]


def test_it_is_a_table_with_the_last_decision_first() -> None:
    schedule, task_id = store_schedule(name="Nightly [sync]"), uuid4()
    many = {"last_scheduled_for": NOW + HOUR, "count": None, "outcome": "missed", "reason": "nobody was there"}
    store_firing(schedule, scheduled_for=NOW, decided_at=NOW + HOUR, lateness_ms=3_600_000, **many)
    store_firing(schedule, scheduled_for=NOW + 2 * HOUR, decided_at=NOW + 2 * HOUR + SECOND, task_id=task_id)
    store_firing(store_schedule())
    answer = run("history", str(schedule.pk))
    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[0].strip() == "Nightly [sync]"
    first = ["2027-03-01 11:00:00+00:00", "2027-03-01 11:00:01+00:00", "0.007 s", "schedule", "started", "1", ""]
    span = "2027-03-01 09:00:00+00:00 … 2027-03-01 10:00:00+00:00"
    second = [span, "2027-03-01 10:00:00+00:00", "3600.000 s", "schedule", "missed", "many", "nobody was there"]
    assert cells(answer) == [
        ["planned for", "decided", "late", "cause", "outcome", "count", "reason", "task"],
        [*first, str(task_id)],
        [*second, ""],
    ]


def test_json_is_what_the_rest_api_answers() -> None:
    begin = database_now().replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    schedule = make_schedule(next_run_at=begin)
    store_firing(schedule, last_scheduled_for=NOW, task_id=uuid4(), reason="because")
    store_firing(schedule, scheduled_for=NOW)
    client = make_client(make_user(is_superuser=True))
    for is_frozen in (False, True):
        if is_frozen:
            EngineFreeze.objects.create(started_at=begin, started_by="ada", reason="maintenance", in_force=True)
        answer = client.get(f"/api/schedules/{schedule.pk}/firings").json()
        printed: dict[str, Any] = json.loads(run("history", str(schedule.pk), "--json").stdout)
        assert printed == {"results": answer["results"], "unsettled": answer["unsettled"]}
        assert (printed["unsettled"] is not None) == is_frozen


def test_what_is_not_in_the_ledger_yet_is_a_line_above_it() -> None:
    schedule = make_schedule(next_run_at=NOW)
    assert "Not in the ledger yet" not in run("history", str(schedule.pk)).stdout
    begin = database_now() - HOUR
    late = make_schedule(next_run_at=begin)
    EngineFreeze.objects.create(started_at=begin, started_by="ada", reason="maintenance", in_force=True)
    first = run("history", str(late.pk)).stdout.splitlines()[0]
    assert first.startswith("Not in the ledger yet: 2 from ")
    assert "skipped_frozen: the engine was frozen by ada" in first


def test_options_narrow_it() -> None:
    schedule = store_schedule()
    for number, outcome in enumerate(("started", "missed", "error")):
        store_firing(schedule, scheduled_for=NOW + number * HOUR, outcome=outcome)
    store_firing(schedule, scheduled_for=NOW + HOUR, cause="manual", outcome="queued")
    given = str(schedule.pk)
    assert outcomes(given) == ["queued", "error", "missed", "started"]
    assert outcomes(given, "--limit", "2") == ["queued", "error"]
    assert outcomes(given, "--outcome", "missed,error") == ["error", "missed"]
    assert outcomes(given, "--cause", "manual") == ["queued"]
    begin, end = (NOW + HOUR).isoformat(), "2027-03-01T12:00:00+01:00"
    assert outcomes(given, "--from", begin) == ["error", "queued", "missed"]
    assert outcomes(given, "--to", end, "--from", begin) == ["queued", "missed"]


def test_a_deleted_schedule_still_has_its_history() -> None:
    schedule = store_schedule(name="Gone")
    store_firing(schedule)
    delete_schedule(schedule_id=schedule.pk, actor="a test")
    answer = run("history", str(schedule.pk), "--outcome", "error")
    assert answer.code == 0
    assert answer.stdout.splitlines()[0].strip() == "Gone (deleted)"


@pytest.mark.parametrize("unknown", ["nightly", UNKNOWN_ID])
def test_an_unknown_schedule_is_not_found(unknown: str) -> None:
    answer = run("history", unknown)
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr.strip() == f"Schedule '{unknown}' not found."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--outcome", "fired"), "--outcome: 'fired' is not known; known are started, queued"),
        (("--cause", "cron"), "--cause: 'cron' is not known; known are schedule"),
        (("--from", ""), "--from: '' is no moment with an offset"),
        (("--from", "2027-03-01"), "--from: '2027-03-01' is no moment with an offset"),
        (
            ("--from", "2027-03-02T00:00:00Z", "--to", "2027-03-01T00:00:00Z"),
            "--to: 2027-03-01T00:00:00Z is not after 2027-03-02T00:00:00Z, where the range begins",
        ),
        (("--limit", "0"), "--limit: 0 is not a number from 1 to 10,000"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options: tuple[str, ...], message: str) -> None:
    answer = run("history", str(store_schedule().pk), *options)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)

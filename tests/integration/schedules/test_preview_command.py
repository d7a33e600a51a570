"""`manage.py scheduler preview`: a trigger from options, or a stored one by its id; nothing is written."""

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError
from django_apscheduler.models import DjangoJob

from schedules.decorated.registry import DECORATED
from schedules.scheduler import scheduler
from tests.integration.api.support import UNKNOWN_ID, make_client, make_user, store_schedule, stored_rows
from tests.integration.schedules.test_scheduler_command import Answer, run
from tests.support.factories import make_schedule

pytestmark = pytest.mark.django_db

NIGHTLY = ("--crontab", "30 2 * * *", "--timezone", "Europe/Amsterdam")
KWARGS = ("--trigger", "cron", "--kwargs", '{"hour": 2, "minute": 30}', "--timezone", "Europe/Amsterdam")


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


def preview(*arguments: str) -> dict[str, Any]:
    """Return what a preview prints as JSON."""
    answer = run("preview", *arguments, "--json")
    assert (answer.code, answer.stderr) == (0, "")
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def cells(answer: Answer) -> list[list[str]]:
    lines = [line for line in answer.stdout.splitlines() if line[:1] in {"│", "┃"}]
    return [[cell.strip() for cell in line.replace("┃", "│").strip("│").split("│")] for line in lines]


@pytest.mark.parametrize("rule", [NIGHTLY, KWARGS], ids=["crontab", "kwargs"])
def test_a_trigger_from_options_is_said_in_words_with_its_times_and_warnings(rule: tuple[str, ...]) -> None:
    answer = run("preview", *rule, "--from", "2027-03-27", "--n", "2")
    assert (answer.code, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[0] == "At 02:30 every day, Europe/Amsterdam"
    assert cells(answer) == [
        ["UTC", "local time", "dst"],
        ["2027-03-27 01:30:00", "Sat 2027-03-27 02:30:00 +01:00", ""],
        ["2027-03-28 01:00:00", "Sun 2027-03-28 03:00:00 +02:00", "gap"],
    ]
    assert lines[-1].startswith("dst_gap: On 2027-03-28 the clocks of Europe/Amsterdam")


def test_the_options_of_a_schedule_count() -> None:
    options = ("--dst-gap", "skip", "--dst-fold", "both", "--on-missing-day", "last_day", "--spread-seconds", "60")
    found = preview(*NIGHTLY, *options, "--from", "2027-03-27", "--n", "2")
    assert [each["local"] for each in found["fires"]] == ["2027-03-27T02:30:00+01:00", "2027-03-29T02:30:00+02:00"]
    assert {"nominal_times", "option_unused"} <= {each["code"] for each in found["warnings"]}


def test_json_is_what_the_rest_api_answers() -> None:
    schedule = store_schedule(trigger="cron", trigger_kwargs={"hour": 2, "day": 31}, spread_seconds=60)
    client = make_client(make_user(is_superuser=True))
    answer = client.get(f"/api/schedules/{schedule.pk}/next?from=2027-03-01&n=4")
    assert preview(str(schedule.pk), "--from", "2027-03-01", "--n", "4") == answer.json()
    rule = {"trigger": "cron", "trigger_kwargs": {"crontab": "30 2 * * *"}, "timezone": "Europe/Amsterdam"}
    answer = client.post("/api/schedules/preview", {**rule, "from": "2027-03-27T00:00:00.5Z"})
    assert preview(*NIGHTLY, "--from", "2027-03-27T00:00:00.5Z") == answer.json()


def test_nothing_is_written() -> None:
    schedule = store_schedule()
    scheduler.scheduled_job("interval", hours=1, id="sync")(lambda: None)
    before = stored_rows()
    for arguments in (NIGHTLY, (str(schedule.pk),), ("sync",)):
        assert run("preview", *arguments).code == 0
    assert stored_rows() == before
    assert not DjangoJob.objects.exists()


def test_a_function_that_is_scheduled_in_code_has_a_preview_too() -> None:
    scheduler.scheduled_job("cron", hour=2, minute=30, id="sync", timezone="Europe/Amsterdam")(lambda: None)
    found = preview("sync", "--from", "2027-03-27", "--n", "2")
    assert found["summary"] == "At 02:30 every day, Europe/Amsterdam"
    assert [each["dst"] for each in found["fires"]] == [None, "gap"]


def test_a_function_without_code_has_no_times() -> None:
    DjangoJob.objects.create(id="stock", job_state=b"\x80\x04")
    found = preview("stock")
    assert found["fires"] == []
    assert found["warnings"] == [{"code": "broken", "detail": "written by something else"}]


def test_a_broken_schedule_has_no_times_and_says_why() -> None:
    answer = run("preview", str(make_schedule(next_run_at=None, state="broken", state_reason="it takes too long").pk))
    assert answer.code == 0
    assert cells(answer) == [["UTC", "local time", "dst"]]
    assert answer.stdout.splitlines()[-1] == "broken: it takes too long"


def test_times_that_take_too_long_to_find_are_told() -> None:
    triggers = [{"trigger": "cron", "trigger_kwargs": {"hour": hour}} for hour in (1, 2)]
    schedule = make_schedule(trigger="and", trigger_kwargs={"triggers": triggers})
    assert "There may be more" in run("preview", str(schedule.pk)).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trigger", "crn", "--kwargs", "{}"), "--trigger: unknown trigger 'crn': did you mean 'cron'?"),
        (("--trigger", "cron", "--kwargs", '{"hours": 2}'), "--kwargs: unknown argument 'hours' of trigger 'cron'"),
        (("--trigger", "cron", "--kwargs", "{"), "--kwargs: '{' is no JSON"),
        (("--trigger", "cron", "--kwargs", "[]"), "--kwargs: trigger_kwargs is []; give an object"),
        (("--trigger", "date", "--kwargs", '{"run_date": "2020-01-01"}'), "--kwargs: never_fires"),
        (("--trigger", "cron"), "--kwargs: give the id of a schedule, or --trigger with --kwargs, or --crontab"),
        (("--kwargs", "{}"), "--trigger: give the id of a schedule"),
        ((), "--trigger: give the id of a schedule"),
        (("--crontab", "30 2 * *"), "--crontab: "),
        (("--crontab", "@daily", "--kwargs", "{}"), "--kwargs: --crontab is a whole cron trigger"),
        (("--crontab", "@daily", "--trigger", "date"), "--trigger: --crontab is a whole cron trigger"),
        ((*NIGHTLY[:2], "--timezone", "Mars"), "--timezone: unknown time zone 'Mars'"),
        ((*NIGHTLY, "--dst-gap", "skp"), "--dst-gap: 'dst_gap' is 'skp': did you mean 'skip'?"),
        ((*NIGHTLY, "--dst-fold", "x"), "--dst-fold: 'dst_fold' is 'x'"),
        ((*NIGHTLY, "--on-missing-day", "x"), "--on-missing-day: 'on_missing_day' is 'x'"),
        ((*NIGHTLY, "--spread-seconds", "86401"), "--spread-seconds: 'spread_seconds' is 86401"),
        ((*NIGHTLY, "--n", "0"), "--n: 0 is not a number from 1 to 100"),
        ((*NIGHTLY, "--from", "soon"), "--from: 'from' is 'soon'; give an ISO 8601 moment"),
        (("nightly", "--dst-gap", "skip"), "--dst-gap: a stored schedule has a trigger of its own"),
        (("nightly", *NIGHTLY), "--crontab: a stored schedule has a trigger of its own"),
    ],
)
def test_what_cannot_be_used_is_named_and_ends_with_2(arguments: tuple[str, ...], message: str) -> None:
    answer = run("preview", *arguments)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)


@pytest.mark.parametrize("given", ["nightly", UNKNOWN_ID])
def test_what_does_not_exist_is_not_found(given: str) -> None:
    assert run("preview", given) == Answer(1, "", f"Task '{given}' not found.\n")


def test_a_number_that_is_none_is_a_wrong_call() -> None:
    with pytest.raises(CommandError, match="--n"):
        run("preview", *NIGHTLY, "--n", "ten")

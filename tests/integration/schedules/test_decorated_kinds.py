"""Functions that are scheduled in code: every kind of trigger and every option, and what cannot be evaluated."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from schedules.decorated.jobstore import ALIAS, DecoratorJobStore
from schedules.decorated.registry import DECORATED
from schedules.decorated.rows import claim_due, list_functions, read_state, store_function
from schedules.previews import preview_function
from schedules.scheduler import scheduler
from schedules.triggers import BoundsExceeded

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"
GAP_NIGHT = {"hour": 2, "minute": 30, "timezone": AMSTERDAM, "start_date": "2027-03-28"}
TICK = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


def decorate(trigger: Any, function_id: str = "sync", **arguments: Any) -> None:
    scheduler.scheduled_job(trigger, id=function_id, **arguments)(lambda: None)


def next_run(function_id: str = "sync") -> datetime | None:
    moment: datetime | None = DjangoJob.objects.get(pk=function_id).next_run_time
    return moment


def claim(now: datetime, function_id: str = "sync") -> datetime | None:
    """Claim what is due of a function, and return for when it was."""
    row = DjangoJob.objects.get(pk=function_id)
    assert row.next_run_time is not None
    if row.next_run_time > now:
        return None
    claimed = claim_due(DECORATED[function_id], row, now=now)
    return claimed.scheduled_for if claimed else None


@pytest.mark.parametrize(
    ("trigger", "arguments", "first", "second"),
    [
        ("interval", {"hours": 5}, "2027-03-01T17:00Z", "2027-03-01T22:00Z"),
        ("cron", {"hour": 8, "timezone": AMSTERDAM}, "2027-03-02T07:00Z", "2027-03-03T07:00Z"),
        ("cron", {"crontab": "0 8 * * 7"}, "2027-03-07T08:00Z", "2027-03-14T08:00Z"),
        ("calendarinterval", {"days": 2, "hour": 8}, "2027-03-03T08:00Z", "2027-03-05T08:00Z"),
        (
            CalendarIntervalTrigger(weeks=1, start_date="2027-03-01", timezone="UTC"),
            {},
            "2027-03-08T00:00Z",
            "2027-03-15T00:00Z",
        ),
        (
            "and",
            {"triggers": [CronTrigger(hour="1-6", timezone="UTC"), CronTrigger(hour="6-9", timezone="UTC")]},
            "2027-03-02T06:00Z",
            "2027-03-03T06:00Z",
        ),
        (
            OrTrigger([CronTrigger(hour=6, timezone="UTC"), CronTrigger(hour=18, timezone="UTC")]),
            {},
            "2027-03-01T18:00Z",
            "2027-03-02T06:00Z",
        ),
        ("cron", GAP_NIGHT, "2027-03-28T01:00Z", "2027-03-29T00:30Z"),
        (
            "cron",
            {**GAP_NIGHT, "dst_gap": "skip"},
            "2027-03-29T00:30Z",
            "2027-03-30T00:30Z",
        ),
        (
            "calendarinterval",
            {"months": 1, "start_date": "2027-01-31", "on_missing_day": "last_day"},
            "2027-03-31T00:00Z",
            "2027-04-30T00:00Z",
        ),
    ],
)
def test_it_runs_at_its_instants(trigger: Any, arguments: dict[str, Any], first: str, second: str) -> None:
    decorate(trigger, **arguments)
    store_function(DECORATED["sync"], now=NOW)
    for expected in map(datetime.fromisoformat, (first, second)):
        assert next_run() == expected
        assert claim(expected - TICK) is None
        assert claim(expected) == expected


class TestSpread:
    def test_it_runs_later_by_the_same_time_always(self) -> None:
        decorate("interval", hours=1, spread_seconds=3_000)
        offset = DECORATED["sync"].rule.spread_of("sync")
        assert timedelta(0) < offset < timedelta(hours=1)
        store_function(DECORATED["sync"], now=NOW)
        for hours in (1, 2, 3):
            due_at = NOW + timedelta(hours=hours) + offset
            assert next_run() == due_at
            assert claim(due_at - TICK) is None
            assert claim(due_at) == due_at
        runs = DjangoJobExecution.objects.order_by("run_time").values_list("run_time", flat=True)
        assert runs.first() == NOW + timedelta(hours=1) + offset

    def test_after_a_downtime_the_latest_instant_runs_and_the_next_one_is_not_lost(self) -> None:
        decorate("interval", hours=1, spread_seconds=3_000)
        offset = DECORATED["sync"].rule.spread_of("sync")
        store_function(DECORATED["sync"], now=NOW)
        # Between an instant and the time at which it runs: the one before it is the latest that should have run.
        assert claim(NOW + timedelta(hours=5) + offset - TICK) == NOW + timedelta(hours=4) + offset
        assert next_run() == NOW + timedelta(hours=5) + offset

    def test_what_is_shown_beforehand_is_when_it_runs(self) -> None:
        decorate("cron", hour=3, spread_seconds=3_000)
        [new] = list_functions(now=NOW)
        store_function(DECORATED["sync"], now=NOW)
        offset = DECORATED["sync"].rule.spread_of("sync")
        assert new.next_run_at == next_run() == datetime(2027, 3, 2, 3, tzinfo=UTC) + offset
        preview = preview_function(function_id="sync", after=NOW, count=3)
        assert preview is not None
        assert preview.fires[0].at == next_run()


class TestRestarts:
    def test_a_row_of_an_earlier_release_is_the_same_rule(self) -> None:
        decorate("interval", hours=1)
        store_function(DECORATED["sync"], now=NOW)
        row = DjangoJob.objects.get()
        older = (
            row.job_state.replace(b', "dst_gap": "run_after"', b"")
            .replace(b', "dst_fold": "first"', b"")
            .replace(b', "on_missing_day": "skip", "spread_seconds": 0', b"")
        )
        assert b"dst" not in older and b"spread" not in older  # noqa: PT018  # one fact
        DjangoJob.objects.update(job_state=older)
        stored = read_state(older)
        assert stored is not None
        assert stored.rule == DECORATED["sync"].rule
        store_function(DECORATED["sync"], now=NOW + timedelta(minutes=30))
        assert next_run() == NOW + timedelta(hours=1)

    @pytest.mark.parametrize("option", [{"dst_gap": "skip"}, {"dst_fold": "both"}, {"spread_seconds": 60}])
    def test_another_option_is_another_rule(self, option: dict[str, Any]) -> None:
        decorate("cron", hour=3)
        store_function(DECORATED["sync"], now=NOW)
        DECORATED.clear()
        decorate("cron", hour=3, **option)
        store_function(DECORATED["sync"], now=NOW)
        stored = read_state(DjangoJob.objects.get().job_state)
        assert stored is not None
        assert stored.rule.options.items() >= option.items()


class TestBounds:
    """What could be evaluated when it was decorated may not be later, with other data of time zones say."""

    @pytest.fixture
    def exhausted(self) -> Iterator[None]:
        error = BoundsExceeded("no instant was found within 10,000 steps")
        with mock.patch("schedules.triggers.interval.IntervalTrigger.next_after", side_effect=error):
            yield

    def test_one_that_cannot_be_evaluated_stops_no_other_when_a_scheduler_starts(self, exhausted: None) -> None:
        with mock.patch("schedules.decorated.rules.Rule.check"):
            decorate("interval", "broken", hours=1)
        decorate("cron", "whole", hour=13)
        store = DecoratorJobStore(clock=lambda: NOW)
        store.start(BackgroundScheduler(), ALIAS)
        with structlog.testing.capture_logs() as logs:
            assert store.get_due_jobs(NOW) == []
        assert [entry["job_id"] for entry in logs if entry["event"] == "decorated_function_broke"] == ["broken"]
        assert (next_run("broken"), next_run("whole")) == (None, NOW + timedelta(hours=1))

    def test_one_that_is_due_and_cannot_be_evaluated_does_not_run_and_is_told(self) -> None:
        decorate("interval", hours=1)
        store_function(DECORATED["sync"], now=NOW)
        error = BoundsExceeded("no instant was found within 10,000 steps")
        with (
            mock.patch("schedules.triggers.interval.IntervalTrigger.next_after", side_effect=error),
            structlog.testing.capture_logs() as logs,
        ):
            assert claim(NOW + timedelta(hours=1)) is None
        assert [entry["event"] for entry in logs] == ["decorated_function_broke"]
        assert next_run() is None

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import structlog
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from schedules.decorated.registry import DECORATED, DuplicateFunction
from schedules.decorated.rules import Rule, read_rule
from schedules.scheduler import scheduler
from schedules.triggers import TriggerError, next_fire_times

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"
# Of an hour; another number here would move the functions of everybody who has a spread.
SPREAD_OF_NIGHTLY_SYNC = 444


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


class OwnTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now


def noop(*args: object, **kwargs: object) -> None: ...


def test_a_function_is_registered_with_all_it_was_given_and_stays_what_it_is() -> None:
    decorate = scheduler.scheduled_job(
        id="nightly-sync",
        name="Nightly sync",
        trigger="cron",
        hour=1,
        timezone=AMSTERDAM,
        args=(1,),
        kwargs={"x": 2},
        misfire_grace_time=60,
        max_instances=3,
    )
    assert decorate(noop) is noop
    function = DECORATED["nightly-sync"]
    assert function.rule == Rule("cron", {"hour": 1}, AMSTERDAM)
    assert (function.name, function.args, function.kwargs) == ("Nightly sync", (1,), {"x": 2})
    assert (function.misfire_grace_seconds, function.max_instances) == (60, 3)


def test_without_an_id_a_function_has_one_that_every_process_gives_it() -> None:
    scheduler.scheduled_job("interval", hours=1)(noop)
    assert list(DECORATED) == [f"{__name__}:noop"]
    assert DECORATED[f"{__name__}:noop"].name == "noop"


def test_two_functions_under_one_id_are_refused_and_the_same_one_twice_is_not() -> None:
    def other() -> None: ...

    scheduler.scheduled_job("interval", hours=1, id="sync")(noop)
    scheduler.scheduled_job("interval", hours=2, id="sync")(noop)
    assert DECORATED["sync"].rule.trigger_kwargs == {"hours": 2}
    with pytest.raises(DuplicateFunction, match=r"'sync' is the id of .*:noop already; give .*other another id"):
        scheduler.scheduled_job("interval", hours=1, id="sync")(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trigger": "crn", "hour": 1}, "unknown trigger 'crn': did you mean 'cron'?"),
        ({"trigger": "cron", "hours": 1}, "unknown argument 'hours' of trigger 'cron': did you mean 'hour'?"),
        ({"trigger": "interval", "hours": -1}, "'hours' is -1"),
        ({"trigger": "interval", "seconds": 0.5}, "the shortest one allowed is 1 s"),
        ({"trigger": "interval", "hours": 1, "jitter": -5}, "'jitter' is -5; give a whole number of seconds from 0"),
        ({"trigger": "cron", "hour": 1, "dst_gap": "run_aftr"}, "did you mean 'run_after'?"),
        ({"trigger": "interval", "hours": 1, "spread_seconds": 86_401}, "from 0 to 86400"),
        ({"trigger": "cron", "crontab": "@reboot"}, "@reboot"),
        ({"trigger": "cron", "month": 2, "day": 30}, "never_fires"),
        ({"trigger": AndTrigger([CronTrigger(hour=1), CronTrigger(hour=2)])}, "never_fires"),
        ({"trigger": "or", "triggers": [IntervalTrigger(seconds=2), "hourly"]}, "'hourly' is no trigger"),
        ({"trigger": OrTrigger([CronTrigger(hour=1, timezone=zone) for zone in ("UTC", "CET")])}, "says 'CET'"),
        ({"trigger": CronTrigger(hour=1, timezone="UTC"), "timezone": "CET"}, "'timezone' is 'CET'"),
        ({"trigger": "interval", "hours": {1}}, "cannot be stored"),
        ({"trigger": "cron", "hour": 1, "timezone": "Europe/Amsterdm"}, "did you mean 'Europe/Amsterdam'?"),
        ({"trigger": "cron", "hour": 1, "coalesce": False}, "unknown argument 'coalesce'"),
        ({"trigger": CronTrigger(hour=1), "hour": 2}, "has its arguments already"),
        (
            {"trigger": OwnTrigger()},
            "a OwnTrigger cannot be used here; name the kind of trigger, one of interval, cron",
        ),
        ({"trigger": OrTrigger([CronTrigger(hour=1), OwnTrigger()])}, "a OwnTrigger cannot be used here"),
    ],
)
def test_a_trigger_that_cannot_be_used_is_refused_when_the_module_is_imported(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TriggerError) as caught:
        scheduler.scheduled_job(**arguments)(noop)
    assert message in str(caught.value)
    assert not DECORATED


@pytest.mark.parametrize(
    ("trigger", "arguments", "expected"),
    [
        ("interval", {"hours": 1, "minutes": None}, Rule("interval", {"hours": 1}, "UTC")),
        (
            "interval",
            {"hours": 1, "start_date": datetime(2027, 1, 1, 6, 0)},  # noqa: DTZ001  # as people write it
            Rule("interval", {"hours": 1, "start_date": "2027-01-01T06:00:00"}, "UTC"),
        ),
        ("date", {"run_date": date(2027, 1, 1)}, Rule("date", {"run_date": "2027-01-01"}, "UTC")),
        ("cron", {"hour": "1", "timezone": ZoneInfo(AMSTERDAM)}, Rule("cron", {"hour": "1"}, AMSTERDAM)),
        (
            CronTrigger(hour="1-3", minute=30, timezone=AMSTERDAM),
            {},
            Rule("cron", {"hour": "1-3", "minute": "30"}, AMSTERDAM),
        ),
        # Made where it is read, as in a module: without a start, it counts from the moment in which it is made.
        (lambda: IntervalTrigger(hours=36), {}, Rule("interval", {"days": 1, "seconds": 43_200}, "UTC")),
        (
            IntervalTrigger(hours=1, start_date=NOON),
            {},
            Rule("interval", {"seconds": 3_600, "start_date": "2027-03-01T12:00:00+00:00"}, "UTC"),
        ),
        (DateTrigger(NOON), {}, Rule("date", {"run_date": "2027-03-01T12:00:00+00:00"}, "UTC")),
        (lambda: IntervalTrigger(seconds=1.5), {}, Rule("interval", {"seconds": 1.5}, "UTC")),
        (
            CalendarIntervalTrigger(months=1, hour=8, minute=5, start_date="2027-01-31", timezone=AMSTERDAM),
            {"on_missing_day": "last_day"},
            Rule(
                "calendarinterval",
                {"months": 1, "hour": 8, "minute": 5, "start_date": "2027-01-31"},
                AMSTERDAM,
                on_missing_day="last_day",
            ),
        ),
        # Like an interval, it counts from when it is first seen: made anew on another day, it is the same rule.
        (lambda: CalendarIntervalTrigger(days=1, timezone="UTC"), {}, Rule("calendarinterval", {"days": 1}, "UTC")),
        (
            lambda: AndTrigger(
                [
                    CronTrigger(day_of_week="mon", hour=6, timezone=AMSTERDAM),
                    OrTrigger([IntervalTrigger(hours=36), CronTrigger(hour=6, timezone=AMSTERDAM)]),
                ],
                jitter=20,
            ),
            {},
            Rule(
                "and",
                {
                    "triggers": [
                        {"trigger": "cron", "trigger_kwargs": {"day_of_week": "mon", "hour": "6"}},
                        {
                            "trigger": "or",
                            "trigger_kwargs": {
                                "triggers": [
                                    {"trigger": "interval", "trigger_kwargs": {"days": 1, "seconds": 43_200}},
                                    {"trigger": "cron", "trigger_kwargs": {"hour": "6"}},
                                ]
                            },
                        },
                    ]
                },
                AMSTERDAM,
                spread_seconds=20,
            ),
        ),
        (
            "or",
            {"triggers": [DateTrigger(NOON), {"trigger": "cron", "trigger_kwargs": {"hour": 1}}]},
            Rule(
                "or",
                {
                    "triggers": [
                        {"trigger": "date", "trigger_kwargs": {"run_date": "2027-03-01T12:00:00+00:00"}},
                        {"trigger": "cron", "trigger_kwargs": {"hour": 1}},
                    ]
                },
                "UTC",
            ),
        ),
        ("cron", {"crontab": "0 1 * * 7"}, Rule("cron", {"crontab": "0 1 * * 7"}, "UTC")),
        (
            "cron",
            {"hour": 2, "dst_gap": "skip", "dst_fold": "both", "spread_seconds": 60},
            Rule("cron", {"hour": 2}, "UTC", dst_gap="skip", dst_fold="both", spread_seconds=60),
        ),
        (CronTrigger(hour=2, jitter=30, timezone="UTC"), {}, Rule("cron", {"hour": "2"}, "UTC", spread_seconds=30)),
        (
            CronTrigger(hour=2, timezone="UTC"),
            {"dst_gap": "skip"},
            Rule("cron", {"hour": "2"}, "UTC", dst_gap="skip"),
        ),
    ],
)
def test_triggers_are_kept_as_data(trigger: Any, arguments: dict[str, Any], expected: Rule) -> None:
    assert read_rule(trigger() if callable(trigger) else trigger, arguments) == expected


@pytest.mark.parametrize(
    "trigger", [CronTrigger.from_crontab("30 2 * * *", timezone="UTC"), CronTrigger(day="last", hour=1, timezone="UTC")]
)
def test_a_trigger_object_fires_when_it_would_have(trigger: CronTrigger) -> None:
    ours = next_fire_times(read_rule(trigger, {}).build(grid_start=NOON), after=NOON, count=5)
    theirs, moment = [], NOON
    for _ in range(5):
        moment = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
        theirs.append(moment)
    assert ours == theirs


def test_a_date_that_has_passed_may_stay_in_the_code() -> None:
    scheduler.scheduled_job("date", run_date="2020-01-01T00:00:00Z", id="migrate")(noop)
    assert "migrate" in DECORATED


def test_jitter_is_told_as_what_it_has_become() -> None:
    with structlog.testing.capture_logs() as logs:
        scheduler.scheduled_job("cron", hour=1, jitter=30, id="nightly")(noop)
        scheduler.scheduled_job("cron", hour=1, spread_seconds=30, id="other")(noop)
    [entry] = logs
    assert (entry["event"], entry["spread_seconds"]) == ("jitter_taken_as_spread", 30)


def test_a_spread_follows_from_the_id_and_is_the_same_in_every_process() -> None:
    rule = Rule("cron", {"hour": 1}, "UTC", spread_seconds=3_600)
    assert rule.spread_of("nightly-sync") == rule.spread_of("nightly-sync") == timedelta(seconds=SPREAD_OF_NIGHTLY_SYNC)
    assert len({rule.spread_of(f"f{number}") for number in range(50)}) > 40
    assert Rule("cron", {"hour": 1}, "UTC").spread_of("nightly-sync") == timedelta(0)

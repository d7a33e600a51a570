from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from schedules.decorated.registry import DECORATED, DuplicateFunction, Rule, read_rule
from schedules.scheduler import scheduler
from schedules.triggers import TriggerError, next_fire_times

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


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
        ({"trigger": "interval", "hours": 1, "jitter": 5}, "unknown argument 'jitter'"),
        ({"trigger": "interval", "hours": {1}}, "cannot be stored"),
        ({"trigger": "cron", "hour": 1, "timezone": "Europe/Amsterdm"}, "did you mean 'Europe/Amsterdam'?"),
        ({"trigger": "cron", "hour": 1, "coalesce": False}, "unknown argument 'coalesce'"),
        ({"trigger": CronTrigger(hour=1), "hour": 2}, "has its arguments already"),
        ({"trigger": CalendarIntervalTrigger(days=1)}, "a CalendarIntervalTrigger cannot be used here"),
        ({"trigger": IntervalTrigger(hours=1, jitter=5)}, "unknown argument 'jitter'"),
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

from collections.abc import Iterator
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import structlog

from schedules.decorated.registry import DECORATED
from schedules.scheduler import scheduler as scheduler_of_either_kind
from schedules.scheduling import accept_all_schedulers, scheduler, translate
from schedules.triggers import TriggerError


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


def noop() -> None: ...


@pytest.mark.parametrize(
    ("time_unit", "period", "at", "trigger", "arguments"),
    [
        ("second", 30, None, "interval", {"seconds": 30}),
        ("minutes", 5, None, "interval", {"minutes": 5}),
        ("hour", 1, None, "interval", {"hours": 1}),
        ("Days", 2, None, "interval", {"days": 2}),
        ("week", 1, None, "interval", {"weeks": 1}),
        ("day", 1, "01:00", "cron", {"hour": 1, "minute": 0}),
        ("days", 1, "23:59:58", "cron", {"hour": 23, "minute": 59, "second": 58}),
        ("hour", 1, ":45", "cron", {"minute": 45}),
        ("hours", 1, "45:30", "cron", {"minute": 45, "second": 30}),
        ("minute", 1, ":15", "cron", {"second": 15}),
        ("monday", 1, None, "cron", {"day_of_week": "mon", "hour": 0, "minute": 0}),
        ("sunday", 1, "10:30", "cron", {"day_of_week": "sun", "hour": 10, "minute": 30}),
    ],
)
def test_the_older_arguments_mean_what_they_meant(
    time_unit: str, period: int, at: str | None, trigger: str, arguments: dict[str, Any]
) -> None:
    assert translate(time_unit, period, at) == (trigger, arguments)


@pytest.mark.parametrize(
    ("time_unit", "period", "at", "field", "message"),
    [
        ("fortnight", 1, None, "time_unit", "unknown time_unit 'fortnight'"),
        ("hous", 1, None, "time_unit", "did you mean 'hours'?"),
        ("day", 2, "01:00", "period", "at '01:00' goes with a period of 1 only"),
        ("tuesday", 2, None, "period", "on every tuesday goes with a period of 1 only"),
        ("day", 1, "1 am", "at", "for days give HH:MM or HH:MM:SS"),
        ("hour", 1, "01:00:00", "at", "for hours give :MM or MM:SS"),
        ("minute", 1, "15", "at", "for minutes give :SS"),
        ("second", 1, ":15", "at", "for seconds give nothing: seconds take none"),
        ("week", 1, "01:00", "at", "for weeks give nothing: weeks take none"),
    ],
)
def test_older_arguments_that_cannot_be_used_are_named(
    time_unit: str, period: int, at: str | None, field: str, message: str
) -> None:
    with pytest.raises(TriggerError) as caught:
        translate(time_unit, period, at)
    assert caught.value.field == field
    assert message in str(caught.value)


@pytest.mark.parametrize("decorator", [scheduler, scheduler_of_either_kind], ids=["scheduling", "scheduler"])
def test_the_older_decorator_registers_and_warns_where_it_is_used(decorator: Any) -> None:
    with pytest.warns(DeprecationWarning, match=r"use @scheduler\.scheduled_job") as warned:
        decorated = decorator(name="Nightly", time_unit="day", at="01:00")(noop)
    assert decorated is noop
    assert warned[0].filename == __file__
    [function] = DECORATED.values()
    assert (function.name, function.rule.trigger) == ("Nightly", "cron")
    assert function.rule.trigger_kwargs == {"hour": 1, "minute": 0}


def test_a_time_of_day_that_there_is_not_is_refused_when_the_module_is_imported() -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"), pytest.raises(TriggerError, match="hour"):
        scheduler(name="Nightly", time_unit="day", at="25:00")(noop)
    assert not DECORATED


def test_all_schedulers_warns_and_tells_of_functions_that_will_never_run() -> None:
    module = ModuleType("somebodys.schedules")
    scheduler_of_either_kind.scheduled_job("interval", hours=1)(noop)

    def forgotten() -> None: ...

    module.ALL_SCHEDULERS = [noop, forgotten]  # type: ignore[attr-defined]
    with (
        pytest.warns(DeprecationWarning, match=r"ALL_SCHEDULERS in somebodys\.schedules"),
        structlog.testing.capture_logs() as logs,
    ):
        accept_all_schedulers(module)
    [entry] = logs
    assert entry["event"] == "function_is_not_scheduled"
    assert "forgotten" in entry["function"]


def test_a_module_without_all_schedulers_gives_no_warning() -> None:
    accept_all_schedulers(ModuleType("somebodys.schedules"))

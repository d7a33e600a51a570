"""The table of the planned load: who counts it, when, and what is in it."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from schedules import planned_load
from schedules.forecasting import MINUTE, Effort
from schedules.models import PlannedLoad, Schedule
from schedules.planned_load import (
    CLAIM,
    HORIZON_DAYS,
    OLDEST,
    OLDEST_AFTER_CHANGES,
    PacedEffort,
    StoppedCounting,
    keep_load_fresh,
    look_at_load,
    refresh_load,
)
from tests.support.database import in_thread, recorded_statements
from tests.support.factories import HOUR, NOW, SECOND, make_schedule
from tests.support.wait import wait_for

DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def count_at(now: datetime, **options: Any) -> bool:
    return refresh_load(clock=lambda: now, stop=threading.Event(), **options)


def brute_force(schedules: list[Schedule], start: datetime, end: datetime) -> dict[datetime, int]:
    """Return how often schedules run in each minute, one instant after the other."""
    counts: dict[datetime, int] = {}
    for schedule in schedules:
        at, offset = schedule.next_run_at, schedule.spread_offset
        while at is not None and at < end:
            if at >= start:
                minute = at.replace(second=0, microsecond=0)
                counts[minute] = counts.get(minute, 0) + 1
            following = schedule.trigger_rule.next_after(at - offset)
            at = None if following is None else following + offset
    return counts


def make_planned(**fields: Any) -> Schedule:
    """Store a schedule whose next run is what its trigger says."""
    schedule = make_schedule(**fields)
    following = schedule.trigger_rule.next_after(NOW - schedule.spread_offset)
    assert following is not None
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=following + schedule.spread_offset)
    schedule.refresh_from_db()
    return schedule


class TestCounting:
    def test_each_minute_of_the_horizon_counts_what_the_triggers_give(self) -> None:
        part = {"trigger": "interval", "trigger_kwargs": {"hours": 5}}
        schedules = [
            make_planned(trigger_kwargs={"minutes": 7}),
            make_planned(trigger_kwargs={"seconds": 45}),
            make_planned(trigger_kwargs={"hours": 1}, grid_start_at=NOW + 90 * SECOND),
            make_planned(trigger="cron", trigger_kwargs={"hour": 2, "minute": 30}, timezone="Europe/Amsterdam"),
            make_planned(trigger="cron", trigger_kwargs={"minute": "*/20"}, spread_seconds=3_600),
            make_planned(trigger="calendarinterval", trigger_kwargs={"days": 3, "hour": 4}, grid_start_at=NOW - DAY),
            make_planned(trigger="or", trigger_kwargs={"triggers": [part]}, grid_start_at=NOW - HOUR),
            make_planned(trigger="date", trigger_kwargs={"run_date": (NOW + 3 * HOUR).isoformat()}),
        ]
        make_schedule(next_run_at=None)
        assert count_at(NOW)
        load = PlannedLoad.objects.get()
        assert (load.as_of, load.starts_at, load.claimed_until) == (NOW, NOW, None)
        assert (load.stored_schedules, load.counted_schedules) == (9, 8)
        assert load.covers_until == NOW + HORIZON_DAYS * DAY
        counted = {NOW + place * MINUTE: count for place, count in enumerate(load.counts) if count}
        assert counted == brute_force(schedules, NOW, load.covers_until)

    def test_what_cannot_be_built_counts_as_nothing_and_stops_nothing(self) -> None:
        make_schedule(trigger="cron", trigger_kwargs={"hour": 99}, trigger_text="cron")
        make_schedule()
        assert count_at(NOW)
        assert PlannedLoad.objects.get().counts[:61] == [1, *[0] * 59, 1]

    def test_schedules_are_read_in_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(planned_load, "_ROWS_AT_A_TIME", 2)
        for _ in range(5):
            make_schedule()
        assert count_at(NOW)
        assert PlannedLoad.objects.get().counts[0] == 5

    def test_a_count_that_takes_too_much_covers_less_and_says_how_far(self) -> None:
        for minute in range(20):
            make_schedule(trigger="cron", trigger_kwargs={"minute": minute})
        assert count_at(NOW, max_steps=1_500)
        load = PlannedLoad.objects.get()
        assert load.covers_until is not None
        assert NOW + HOUR <= load.covers_until < NOW + 5 * DAY
        assert sum(load.counts) == 20 * (load.covers_until - NOW) // HOUR


class TestWhen:
    def test_a_young_table_is_looked_at_with_one_statement(self) -> None:
        make_schedule()
        count_at(NOW)
        with recorded_statements() as statements:
            assert not count_at(NOW + OLDEST)
        assert len(statements) == 1

    def test_an_old_table_is_counted_anew(self) -> None:
        count_at(NOW)
        assert count_at(NOW + OLDEST + SECOND)
        assert PlannedLoad.objects.get().as_of == NOW + OLDEST + SECOND

    @pytest.mark.parametrize("change", ["create", "update", "delete"])
    def test_after_a_change_it_is_counted_sooner(self, change: str) -> None:
        schedule = make_schedule()
        count_at(NOW)
        match change:
            case "create":
                make_schedule()
            case "update":
                Schedule.objects.filter(pk=schedule.pk).update(updated_at=NOW + SECOND)
            case "delete":
                schedule.delete()
        assert not count_at(NOW + OLDEST_AFTER_CHANGES)
        assert count_at(NOW + OLDEST_AFTER_CHANGES + SECOND)

    def test_a_turn_is_no_change(self) -> None:
        schedule = make_schedule()
        count_at(NOW)
        Schedule.objects.filter(pk=schedule.pk).update(next_run_at=NOW + HOUR, planned_through=NOW)
        assert not look_at_load().has_changed


class TestWho:
    def test_what_somebody_else_counts_is_left_to_them_until_their_claim_ends(self) -> None:
        PlannedLoad.objects.create(claimed_until=NOW + CLAIM)
        assert not count_at(NOW)
        assert count_at(NOW + CLAIM)

    def test_one_of_two_that_looked_at_the_same_time_counts(self) -> None:
        look = look_at_load()
        assert planned_load._claim(look, NOW)
        assert not planned_load._claim(look, NOW + SECOND)

    def test_a_table_that_was_counted_since_the_look_is_not_claimed(self) -> None:
        look = look_at_load()
        count_at(NOW)
        assert not planned_load._claim(look, NOW + SECOND)

    def test_who_took_too_long_does_not_overwrite_what_another_counts(self) -> None:
        def lose_the_claim(now: datetime, effort: Effort) -> dict[str, Any]:
            PlannedLoad.objects.update(claimed_until=NOW + 2 * CLAIM)
            return {"as_of": NOW, "counts": [7]}

        with mock.patch.object(planned_load, "_count", lose_the_claim):
            assert not count_at(NOW)
        load = PlannedLoad.objects.get()
        assert (load.as_of, load.counts, load.claimed_until) == (None, [], NOW + 2 * CLAIM)

    def test_a_count_that_fails_gives_the_row_back(self) -> None:
        with (
            mock.patch.object(planned_load, "_count", side_effect=ZeroDivisionError),
            pytest.raises(ZeroDivisionError),
        ):
            count_at(NOW)
        assert PlannedLoad.objects.get().claimed_until is None


class TestPace:
    def test_a_stop_ends_a_count_in_its_first_rest_and_gives_the_row_back(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(PacedEffort, "SLICE_SECONDS", 0.0)
        make_schedule()
        stop = threading.Event()
        stop.set()
        with pytest.raises(StoppedCounting):
            refresh_load(clock=lambda: NOW, stop=stop)
        load = PlannedLoad.objects.get()
        assert (load.as_of, load.claimed_until) == (None, None)

    def test_it_rests_four_times_as_long_as_it_works(self, monkeypatch: pytest.MonkeyPatch) -> None:
        worked = iter([0.0, 0.01, 0.03, 0.03, 0.04, 0.09, 0.09])
        monkeypatch.setattr(time, "thread_time", lambda: next(worked))
        stop = mock.Mock(wait=mock.Mock(return_value=False))
        effort = PacedEffort(steps=1_000, seconds=60, stop=stop)
        for _ in range(4):
            effort.spend(64)
        assert [round(call.args[0], 3) for call in stop.wait.call_args_list] == [0.12, 0.24]


@pytest.mark.django_db(transaction=True)
class TestLoop:
    @pytest.fixture
    def stop(self) -> Iterator[threading.Event]:
        stop = threading.Event()
        yield stop
        stop.set()

    def test_it_counts_and_stops_at_once(self, stop: threading.Event) -> None:
        make_schedule()
        with in_thread(lambda: keep_load_fresh(stop, clock=lambda: NOW, look_seconds=0.01)) as running:
            wait_for(lambda: PlannedLoad.objects.filter(as_of=NOW).exists())
            stop.set()
            running.result(timeout=5)

    def test_an_error_is_waited_out(self, stop: threading.Event) -> None:
        failures = iter([RuntimeError("no database")])

        def clock() -> datetime:
            for failure in failures:
                raise failure
            return NOW

        with in_thread(lambda: keep_load_fresh(stop, clock=clock, look_seconds=0.01)) as running:
            wait_for(lambda: PlannedLoad.objects.filter(as_of=NOW).exists())
            stop.set()
            running.result(timeout=5)
        assert connection.is_usable()

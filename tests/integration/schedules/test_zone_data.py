"""Next run times when the time-zone data is another one than they were computed with.

The rules that hold are those of the installed data: 02:30 in Amsterdam is 00:30Z in June. What is stored is as other
rules would have had it: an hour later, with clocks that are less far ahead, or an hour earlier.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from threading import Event
from typing import Any
from unittest import mock

import pytest
import structlog
import tzdata
from django.db import connection, transaction
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.database import is_postgresql
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED
from schedules import zone_data
from schedules.decorated.registry import DECORATED, DecoratedFunction
from schedules.decorated.rows import store_function
from schedules.decorated.rules import Rule
from schedules.firing import fire_due
from schedules.jobstore import ScheduleJobStore
from schedules.models import Firing, Schedule, ScheduleState, ZoneData, ZoneDataChange
from schedules.triggers import TriggerError, build_trigger
from schedules.zone_data import move_next_runs
from tasks.models import Task
from tests.support.database import heard_channels, in_thread, recorded_statements
from tests.support.factories import HOUR, SECOND, make_schedule, make_workflow
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 6, 9, 12, 0, tzinfo=UTC)
RIGHT = datetime(2027, 6, 10, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = "1999z"
NIGHTLY: dict[str, Any] = {
    "trigger": "cron",
    "trigger_kwargs": {"hour": 2, "minute": 30},
    "timezone": "Europe/Amsterdam",
}

# By how much the data that is stored was wrong: 02:30 an hour too late, or an hour too early.
SHIFTS = pytest.mark.parametrize("shift", [HOUR, -HOUR], ids=["to earlier", "to later"])


@pytest.fixture
def _other_data() -> None:
    ZoneData.objects.create(version=OLD, since=NOW - DAY)


other_data = pytest.mark.usefixtures("_other_data")


def move(*, now: datetime = NOW, go_on: Callable[[], bool] = lambda: True) -> bool:
    return move_next_runs(clock=lambda: now, go_on=go_on)


def make_nightly(*, next_run_at: datetime, decided: datetime | None = None, **fields: Any) -> Schedule:
    """Store a schedule for 02:30 in Amsterdam whose last run was `decided`, by default the day before."""
    decided = decided or next_run_at - DAY
    values = {**NIGHTLY, "planned_through": decided, "grid_start_at": NOW - 30 * DAY, **fields}
    return make_schedule(next_run_at=next_run_at, **values)


def next_run_of(schedule: Schedule) -> datetime | None:
    return Schedule.objects.values_list("next_run_at", flat=True).get(pk=schedule.pk)


def fire_through(start: datetime, end: datetime, *, step: timedelta) -> list[datetime]:
    """Take a turn every `step`, each task done before the next one; return what was fired."""
    now = start
    while now <= end:
        fire_due(limit=10, now=now)
        Task.objects.all().delete()
        now += step
    return list(Firing.objects.order_by("scheduled_for").values_list("scheduled_for", flat=True))


class TestTheVersion:
    def test_a_fresh_installation_stores_it_and_moves_nothing(self) -> None:
        schedule = make_nightly(next_run_at=RIGHT + HOUR)
        assert move()
        assert ZoneData.objects.values_list("version", "since").get() == (tzdata.IANA_VERSION, NOW)
        assert next_run_of(schedule) == RIGHT + HOUR

    def test_the_same_one_is_a_single_look(self) -> None:
        ZoneData.objects.create(version=tzdata.IANA_VERSION, since=NOW - DAY)
        make_nightly(next_run_at=RIGHT + HOUR)
        with recorded_statements() as statements:
            assert move()
        assert len(statements) == 1
        assert ZoneData.objects.get().since == NOW - DAY

    @other_data
    def test_another_one_is_stored_when_all_has_moved(self) -> None:
        make_nightly(next_run_at=RIGHT + HOUR)
        assert move()
        assert ZoneData.objects.values_list("version", "since").get() == (tzdata.IANA_VERSION, NOW)

    @other_data
    def test_each_change_is_logged_and_the_sum_of_them(self) -> None:
        moved, kept = make_nightly(next_run_at=RIGHT + HOUR, name="Moved"), make_nightly(next_run_at=RIGHT)
        with structlog.testing.capture_logs() as logs:
            move()
        [change] = [entry for entry in logs if entry["event"] == "next_run_moved"]
        versions = {"from_version": OLD, "to_version": tzdata.IANA_VERSION}
        expected = {
            "schedule_id": str(moved.pk),
            "name": "Moved",
            "from": "2027-06-10T01:30:00+00:00",
            "to": "2027-06-10T00:30:00+00:00",
            **versions,
        }
        assert change.items() >= expected.items()
        [summary] = [entry for entry in logs if entry["event"] == "zone_data_changed"]
        assert summary.items() >= {"schedules": 2, "moved": 1, "moved_functions": 0, **versions}.items()
        assert next_run_of(kept) == RIGHT

    @other_data
    def test_what_moved_is_written_down_with_the_change(self) -> None:
        moved = make_nightly(next_run_at=RIGHT + HOUR, name="Moved")
        make_nightly(next_run_at=RIGHT)
        move()
        change = ZoneDataChange.objects.get()
        assert (change.from_version, change.to_version) == (OLD, tzdata.IANA_VERSION)
        assert (change.started_at, change.finished_at) == (NOW, NOW)
        assert (change.moved_schedules, change.moved_functions) == (1, 0)
        assert change.moves == [[str(moved.pk), "Moved", "2027-06-10T01:30:00+00:00", "2027-06-10T00:30:00+00:00"]]

    def test_the_same_version_and_the_first_one_are_no_change(self) -> None:
        move()
        move()
        assert not ZoneDataChange.objects.exists()

    @other_data
    def test_changes_of_long_ago_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zone_data, "KEPT_CHANGES", 2)
        for number in range(3):
            ended = {"started_at": NOW, "finished_at": NOW}
            ZoneDataChange.objects.create(from_version=f"{number}", to_version=OLD, **ended)
        move()
        assert [row.from_version for row in ZoneDataChange.objects.order_by("id")] == ["2", OLD]

    @other_data
    def test_other_schedulers_are_woken(self) -> None:
        make_nightly(next_run_at=RIGHT + HOUR)
        with heard_channels() as heard:
            move()
        assert heard == [SCHEDULES_CHANGED]


@other_data
class TestWhatMoves:
    @SHIFTS
    def test_a_nightly_one_moves_to_where_the_clocks_have_it(self, shift: timedelta) -> None:
        schedule = make_nightly(next_run_at=RIGHT + shift)
        move()
        assert next_run_of(schedule) == RIGHT

    @SHIFTS
    def test_nothing_fires_twice_and_no_day_is_lost(self, shift: timedelta) -> None:
        make_nightly(next_run_at=RIGHT + shift)
        move()
        times = fire_through(NOW, NOW + 5 * DAY, step=HOUR / 2)
        assert times == [RIGHT + days * DAY for days in range(5)]

    @SHIFTS
    @pytest.mark.parametrize("since_run", [SECOND, HOUR / 2, HOUR, 2 * HOUR], ids=str)
    def test_a_run_shortly_before_does_not_come_again(self, shift: timedelta, since_run: timedelta) -> None:
        ran_at = RIGHT + shift
        schedule = make_nightly(next_run_at=ran_at + DAY, decided=ran_at)
        move(now=ran_at + since_run)
        assert next_run_of(schedule) == RIGHT + DAY

    @SHIFTS
    @pytest.mark.parametrize("late", [timedelta(0), SECOND, HOUR / 2, 3 * HOUR], ids=str)
    def test_one_that_is_due_runs_once_that_night(self, shift: timedelta, late: timedelta) -> None:
        make_nightly(next_run_at=RIGHT + shift)
        now = RIGHT + shift + late
        move(now=now)
        times = fire_through(now, now + 2 * DAY, step=HOUR / 2)
        assert times[0] == RIGHT
        assert all(later - earlier == DAY for earlier, later in pairwise(times))

    def test_one_whose_time_has_passed_by_the_new_rules_runs_at_once_and_late(self) -> None:
        make_nightly(next_run_at=RIGHT + HOUR)
        now = RIGHT + HOUR / 2
        move(now=now)
        fire_due(limit=10, now=now)
        firing = Firing.objects.get()
        assert (firing.scheduled_for, firing.lateness_ms) == (RIGHT, 1_800_000)
        assert Schedule.objects.get().next_run_at == RIGHT + DAY

    @SHIFTS
    def test_one_that_never_ran_yet_does_so_at_its_first_time(self, shift: timedelta) -> None:
        made_at = RIGHT - 70 * SECOND
        schedule = make_nightly(next_run_at=RIGHT + shift + (DAY if shift < timedelta(0) else timedelta(0)))
        Schedule.objects.update(planned_through=made_at, state_since=made_at)
        move(now=made_at)
        assert next_run_of(schedule) == RIGHT

    @SHIFTS
    def test_a_monthly_one(self, shift: timedelta) -> None:
        first, second = (datetime(2027, month, 30, 22, 30, tzinfo=UTC) for month in (5, 6))
        kwargs = {"months": 1, "start_date": "2027-01-01", "hour": 0, "minute": 30}
        schedule = make_nightly(
            trigger="calendarinterval",
            trigger_kwargs=kwargs,
            next_run_at=second + shift,
            decided=first + DAY + shift,
        )
        move()
        assert next_run_of(schedule) == second

    @pytest.mark.parametrize(
        ("trigger", "kwargs"), [("cron", {"minute": "*/5"}), ("interval", {"minutes": 5})], ids=["cron", "interval"]
    )
    def test_every_five_minutes_stays(self, trigger: str, kwargs: dict[str, Any]) -> None:
        schedule = make_nightly(trigger=trigger, trigger_kwargs=kwargs, next_run_at=NOW + 5 * 60 * SECOND, decided=NOW)
        move(now=NOW + SECOND)
        assert next_run_of(schedule) == NOW + 5 * 60 * SECOND

    @SHIFTS
    def test_a_one_shot_without_an_offset_is_read_anew(self, shift: timedelta) -> None:
        schedule = make_nightly(
            trigger="date", trigger_kwargs={"run_date": "2027-06-10T02:30:00"}, next_run_at=RIGHT + shift
        )
        move()
        assert next_run_of(schedule) == RIGHT
        assert fire_through(NOW, NOW + 2 * DAY, step=HOUR / 2) == [RIGHT]

    def test_a_one_shot_that_has_passed_by_the_new_rules_still_runs(self) -> None:
        made_at = RIGHT + HOUR / 4
        schedule = make_nightly(
            trigger="date",
            trigger_kwargs={"run_date": "2027-06-10T02:30:00"},
            next_run_at=RIGHT + HOUR,
            decided=made_at,
            state_since=made_at,
        )
        move(now=made_at)
        assert next_run_of(schedule) == RIGHT + HOUR

    @SHIFTS
    def test_with_a_spread(self, shift: timedelta) -> None:
        schedule = make_nightly(next_run_at=RIGHT + shift, spread_seconds=7_200, decided=RIGHT + shift - DAY)
        offset = schedule.spread_offset
        Schedule.objects.update(next_run_at=RIGHT + shift + offset)
        move()
        assert next_run_of(schedule) == RIGHT + offset

    @SHIFTS
    def test_a_paused_one_moves_to_its_first_run_after_the_pause(self, shift: timedelta) -> None:
        pause: dict[str, Any] = {"paused_at": NOW - DAY, "paused_until": RIGHT - 3 * HOUR}
        schedule = make_nightly(next_run_at=RIGHT + shift, state=ScheduleState.PAUSED, **pause)
        move()
        assert next_run_of(schedule) == RIGHT
        fire_due(limit=10, now=RIGHT)
        started = Firing.objects.filter(outcome="started").values_list("scheduled_for", flat=True)
        assert list(started) == [RIGHT]

    @pytest.mark.parametrize("failure", [TriggerError("spoilt"), ZeroDivisionError("unforeseen")], ids=repr)
    def test_what_cannot_be_evaluated_stays_for_the_turn_to_say_so(
        self, failure: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def build(kind: str, *arguments: Any, **options: Any) -> Any:
            if options["timezone"] == "Europe/Atlantis":
                raise failure
            return build_trigger(kind, *arguments, **options)

        schedule = make_nightly(next_run_at=RIGHT + HOUR, timezone="Europe/Atlantis", trigger_text="as it was")
        monkeypatch.setattr("schedules.models.schedule.build_trigger", build)
        other = make_nightly(next_run_at=RIGHT + HOUR)
        assert move()
        assert (next_run_of(schedule), next_run_of(other)) == (RIGHT + HOUR, RIGHT)
        assert Schedule.objects.get(pk=schedule.pk).state == ScheduleState.ACTIVE

    def test_a_one_shot_at_the_end_of_all_time_stops_nothing(self) -> None:
        last = datetime(9999, 12, 31, 20, 0, tzinfo=UTC)
        make_nightly(
            trigger="date", trigger_kwargs={"run_date": last.isoformat()}, next_run_at=last, spread_seconds=86_400
        )
        schedule = make_nightly(next_run_at=RIGHT + HOUR)
        assert move()
        assert next_run_of(schedule) == RIGHT

    def test_what_runs_no_more_stays_so(self) -> None:
        schedule = make_schedule(next_run_at=None, **NIGHTLY)
        move()
        assert next_run_of(schedule) is None


@other_data
class TestBatches:
    @pytest.fixture(autouse=True)
    def _small_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zone_data, "BATCH_SIZE", 3)

    def make_many(self, number: int = 10) -> None:
        workflow = make_workflow()
        for _ in range(number):
            make_nightly(next_run_at=RIGHT + HOUR, workflow=workflow)

    def moved(self) -> int:
        return Schedule.objects.filter(next_run_at=RIGHT).count()

    def test_each_schedule_is_in_one_of_them(self) -> None:
        self.make_many()
        move()
        assert self.moved() == 10

    def test_who_is_stopped_leaves_the_rest_to_the_next_one(self) -> None:
        self.make_many()
        batches = count(1)
        assert not move(go_on=lambda: next(batches) < 2)
        assert self.moved() == 6
        assert ZoneData.objects.get().version == OLD
        change = ZoneDataChange.objects.get()
        assert (change.moved_schedules, change.finished_at) == (6, None)
        assert move()
        assert self.moved() == 10
        change.refresh_from_db()
        assert (change.moved_schedules, change.finished_at, len(change.moves)) == (10, NOW, 10)

    def test_of_many_moves_the_first_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zone_data, "MAX_NAMED_MOVES", 4)
        self.make_many()
        move()
        change = ZoneDataChange.objects.get()
        assert (change.moved_schedules, len(change.moves)) == (10, 4)

    def test_a_scheduler_that_stops_meanwhile_fires_nothing(self) -> None:
        self.make_many()
        Schedule.objects.update(next_run_at=NOW - SECOND, planned_through=NOW - DAY)
        store = ScheduleJobStore(batch_size=100, clock=lambda: NOW, is_stopping=lambda: True)
        assert store.get_due_jobs(NOW) == []
        assert not Firing.objects.exists()

    def test_a_scheduler_fires_after_it(self) -> None:
        make_nightly(next_run_at=RIGHT + HOUR)
        store = ScheduleJobStore(batch_size=100, clock=lambda: RIGHT + SECOND)
        assert store.get_due_jobs(RIGHT) == []
        assert list(Firing.objects.values_list("scheduled_for", flat=True)) == [RIGHT]
        with recorded_statements() as statements:
            store.get_due_jobs(RIGHT)
        assert not [statement for statement in statements if "zonedata" in statement], "once is enough"

    @pytest.mark.django_db(transaction=True)
    def test_a_turn_and_another_start_at_the_same_time_change_nothing_in_the_outcome(self) -> None:
        self.make_many(30)
        Schedule.objects.filter(pk__in=Schedule.objects.values("pk")[:15]).update(
            next_run_at=RIGHT - DAY + HOUR, planned_through=RIGHT - 2 * DAY + HOUR
        )

        def start() -> None:
            assert move(now=NOW)
            while fire_due(limit=4, now=NOW).found_due:
                pass

        with in_thread(start) as one, in_thread(start) as two:
            pass
        one.result()
        two.result()
        assert set(Schedule.objects.values_list("next_run_at", flat=True)) == {RIGHT}
        change = ZoneDataChange.objects.get()
        assert (change.moved_schedules, change.finished_at) == (30, NOW)
        assert list(Firing.objects.values_list("scheduled_for", flat=True)) == [RIGHT - DAY] * 15

    @pytest.mark.django_db(transaction=True)
    def test_it_waits_for_a_turn_and_reads_what_that_has_decided(self) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer and no row locks")
        schedule = make_nightly(next_run_at=RIGHT + HOUR)
        is_locked, may_commit = Event(), Event()

        def decide_and_hold() -> None:
            """Do as a turn of a scheduler with the older data does."""
            with transaction.atomic():
                Schedule.objects.select_for_update().get(pk=schedule.pk)
                is_locked.set()
                assert may_commit.wait(10)
                Schedule.objects.update(planned_through=RIGHT + HOUR, next_run_at=RIGHT + HOUR + DAY)

        with in_thread(decide_and_hold) as turn, in_thread(lambda: is_locked.wait(10) and move()) as moving:
            wait_for(is_waiting_for_a_lock, describe="the one that waits")
            may_commit.set()
        turn.result()
        assert moving.result()
        assert next_run_of(schedule) == RIGHT + DAY


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        waiting: int = cursor.fetchone()[0]
    return waiting > 0


class TestFunctionsScheduledInCode:
    @pytest.fixture(autouse=True)
    def _registry(self, _other_data: None) -> Iterator[None]:
        with mock.patch.dict(DECORATED, clear=True):
            yield

    def store(self, next_run_at: datetime, *, spread_seconds: int = 0, **kwargs: Any) -> timedelta:
        """Store a function whose next instant is the given one; return how much later it runs."""
        kwargs = kwargs or {"hour": 2, "minute": 30}
        rule = Rule("cron", kwargs, "Europe/Amsterdam", spread_seconds=spread_seconds)
        store_function(DecoratedFunction("nightly", "Nightly", function=print, rule=rule), now=NOW - 30 * DAY)
        spread = rule.spread_of("nightly")
        DjangoJob.objects.update(next_run_time=next_run_at + spread)
        return spread

    def next_run(self) -> datetime:
        return DjangoJob.objects.get().next_run_time  # type: ignore[no-any-return]

    @SHIFTS
    @pytest.mark.parametrize("has_run", [True, False], ids=["log of runs", "no log of runs"])
    def test_they_move_as_well(self, shift: timedelta, *, has_run: bool) -> None:
        self.store(RIGHT + shift)
        if has_run:
            DjangoJobExecution.objects.create(job_id="nightly", run_time=RIGHT + shift - DAY, status="Executed")
        with structlog.testing.capture_logs() as logs:
            move()
        assert self.next_run() == RIGHT
        [change] = [entry for entry in logs if entry["event"] == "decorated_next_run_moved"]
        assert (change["job_id"], change["to"]) == ("nightly", "2027-06-10T00:30:00+00:00")

    @SHIFTS
    @pytest.mark.parametrize("has_run", [True, False], ids=["log of runs", "no log of runs"])
    def test_their_spread_stays(self, shift: timedelta, *, has_run: bool) -> None:
        spread = self.store(RIGHT + shift, spread_seconds=7_200)
        if has_run:
            ran_at = RIGHT + shift - DAY + spread
            DjangoJobExecution.objects.create(job_id="nightly", run_time=ran_at, status="Executed")
        move()
        assert self.next_run() == RIGHT + spread

    @SHIFTS
    def test_a_monthly_one_whose_log_was_cleaned_up(self, shift: timedelta) -> None:
        self.store(datetime(2027, 7, 1, 0, 30, tzinfo=UTC) + shift, day=1, hour=2, minute=30)
        move()
        assert self.next_run() == datetime(2027, 7, 1, 0, 30, tzinfo=UTC)

    def test_rows_that_something_else_wrote_stay(self) -> None:
        DjangoJob.objects.create(id="pickled", next_run_time=RIGHT + HOUR, job_state=b"\x80\x04")
        move()
        assert self.next_run() == RIGHT + HOUR

"""The turn, as of a time that the test gives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from orchestrator_site.common.database import is_postgresql
from schedules.firing import Turn, fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState, ScheduleWorkflow
from tasks.models import Task, TaskStatus
from tasks.queue import claim_queued
from tests.support.database import heard_channels, in_thread, recorded_statements
from tests.support.factories import HOUR, NOW, SECOND, make_lease, make_schedule, make_task, make_workflow

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def take_turn(*, now: datetime = NOW, limit: int = 100) -> Turn:
    return fire_due(limit=limit, now=now)


def history(schedule: Schedule) -> list[tuple[datetime, str, str]]:
    rows = Firing.objects.filter(schedule_id=schedule.pk).order_by("scheduled_for")
    return list(rows.values_list("scheduled_for", "cause", "outcome"))


def make_firing(schedule: Schedule, scheduled_for: datetime) -> Firing:
    return Firing.objects.create(
        schedule_id=schedule.pk,
        schedule_name=schedule.name,
        scheduled_for=scheduled_for,
        due_at=scheduled_for,
        decided_at=scheduled_for,
        lateness_ms=0,
        outcome=FiringOutcome.STARTED,
    )


class TestWhatIsDue:
    def test_only_due_schedules_fire(self) -> None:
        due, overdue = make_schedule(), make_schedule(next_run_at=NOW - MINUTE)
        later = make_schedule(next_run_at=NOW + SECOND)
        ended = make_schedule(next_run_at=None)
        assert take_turn() == Turn(found_due=True, decided=2, instants=2)
        assert set(Firing.objects.values_list("schedule_id", flat=True)) == {due.pk, overdue.pk}
        for untouched in (later, ended):
            assert Schedule.objects.get(pk=untouched.pk).next_run_at == untouched.next_run_at

    def test_nothing_is_written_while_nothing_is_due(self) -> None:
        make_schedule(next_run_at=NOW + SECOND)
        with recorded_statements() as statements:
            assert take_turn() == Turn(found_due=False)
        assert [statement.split()[0] for statement in statements] == ["SELECT"]

    def test_a_second_turn_at_the_same_moment_finds_nothing_left(self) -> None:
        make_schedule()
        take_turn()
        assert take_turn() == Turn(found_due=False)
        assert Firing.objects.count() == Task.objects.count() == 1

    def test_the_limit_takes_the_most_overdue_first(self) -> None:
        make_schedule(next_run_at=NOW)
        overdue = [make_schedule(next_run_at=NOW - n * MINUTE) for n in (1, 2)]
        assert take_turn(limit=2) == Turn(found_due=True, decided=2, instants=2)
        assert set(Firing.objects.values_list("schedule_id", flat=True)) == {each.pk for each in overdue}
        assert take_turn(limit=2) == Turn(found_due=True, decided=1, instants=1)


class TestAFiring:
    def test_firing_and_task_name_each_other_and_the_instant(self) -> None:
        schedule = make_schedule(name="Nightly sync", inputs={"node": "nl-1"})
        take_turn(now=NOW + timedelta(milliseconds=1500))
        firing, task = Firing.objects.get(), Task.objects.get()
        assert (firing.schedule_id, firing.schedule_name) == (schedule.pk, "Nightly sync")
        assert (firing.scheduled_for, firing.last_scheduled_for, firing.count) == (NOW, None, 1)
        assert (firing.cause, firing.outcome, firing.reason) == (FiringCause.SCHEDULE, FiringOutcome.STARTED, "")
        assert (firing.decided_at, firing.lateness_ms) == (NOW + timedelta(milliseconds=1500), 1500)
        assert firing.task_id == task.pk
        assert (task.schedule_id, task.scheduled_for, task.concurrency_key) == (schedule.pk, NOW, schedule.pk)
        assert (task.workflow, task.inputs, task.reporter) == (schedule.workflow, {"node": "nl-1"}, "scheduler")
        assert (task.status, task.available_at) == (TaskStatus.CREATED, NOW + timedelta(milliseconds=1500))

    def test_the_workers_are_woken_once_for_all_tasks_of_a_turn(self) -> None:
        for _ in range(3):
            make_schedule()
        with heard_channels() as heard:
            take_turn()
        assert heard == ["orchestrator_tasks"]

    def test_many_firings_take_as_many_statements_as_one(self) -> None:
        workflow = make_workflow()
        counts = []
        for size in (1, 40):
            for _ in range(size):
                make_schedule(workflow)
            with recorded_statements() as statements:
                assert take_turn().decided == size
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 8


class TestAdvancing:
    @pytest.mark.parametrize(
        ("trigger", "trigger_kwargs", "following"),
        [
            ("interval", {"minutes": 90}, NOW + 90 * MINUTE),
            ("cron", {"hour": 9, "minute": 0}, NOW + timedelta(days=1)),
            ("cron", {"second": "*/10"}, NOW + 10 * SECOND),
        ],
        ids=str,
    )
    def test_the_next_instant_follows_from_the_trigger(
        self, trigger: str, trigger_kwargs: dict[str, Any], following: datetime
    ) -> None:
        make_schedule(trigger=trigger, trigger_kwargs=trigger_kwargs)
        take_turn()
        schedule = Schedule.objects.get()
        assert (schedule.next_run_at, schedule.planned_through) == (following, NOW)
        assert (schedule.state, schedule.state_since) == (ScheduleState.ACTIVE, NOW - HOUR)

    def test_a_cron_schedule_follows_the_wall_clock_of_its_zone(self) -> None:
        before = datetime(2027, 3, 27, 2, 0, tzinfo=UTC)  # 03:00 in Amsterdam, the day before its clocks go ahead
        make_schedule(
            trigger="cron",
            trigger_kwargs={"hour": 3, "minute": 0},
            timezone="Europe/Amsterdam",
            next_run_at=before,
        )
        take_turn(now=before)
        assert Schedule.objects.get().next_run_at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)

    def test_an_interval_keeps_its_grid_however_late_the_turn(self) -> None:
        make_schedule()
        take_turn(now=NOW + 17 * MINUTE)
        assert Schedule.objects.get().next_run_at == NOW + HOUR

    def test_a_one_shot_runs_and_is_finished(self) -> None:
        schedule = make_schedule(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()})
        take_turn(now=NOW + SECOND)
        schedule.refresh_from_db()
        assert (schedule.state, schedule.next_run_at) == (ScheduleState.FINISHED, None)
        assert (schedule.state_reason, schedule.state_since) == ("its last instant has passed", NOW + SECOND)
        assert history(schedule) == [(NOW, FiringCause.SCHEDULE, FiringOutcome.STARTED)]

    def test_a_schedule_with_an_end_is_finished_after_its_last_instant(self) -> None:
        schedule = make_schedule(trigger_kwargs={"hours": 1, "end_date": (NOW + HOUR).isoformat()})
        take_turn()
        schedule.refresh_from_db()
        assert (schedule.state, schedule.next_run_at) == (ScheduleState.ACTIVE, NOW + HOUR)
        Task.objects.update(status=TaskStatus.COMPLETED, available_at=None)
        take_turn(now=NOW + HOUR)
        schedule.refresh_from_db()
        assert schedule.state == ScheduleState.FINISHED
        assert Task.objects.count() == 2


class TestOverlap:
    def test_an_instant_is_skipped_while_the_task_before_has_not_ended(self) -> None:
        schedule = make_schedule()
        take_turn()
        take_turn(now=NOW + HOUR)
        assert [outcome for _, _, outcome in history(schedule)] == [
            FiringOutcome.STARTED,
            FiringOutcome.SKIPPED_OVERLAP,
        ]
        skipped = Firing.objects.get(outcome=FiringOutcome.SKIPPED_OVERLAP)
        assert skipped.reason == f"task {Task.objects.get().pk} of this schedule is still created"
        assert skipped.task_id is None

    def test_once_it_has_ended_the_next_instant_starts(self) -> None:
        schedule = make_schedule()
        make_task(schedule.workflow, status=TaskStatus.FAILED, concurrency_key=schedule.pk)
        take_turn()
        assert history(schedule) == [(NOW, FiringCause.SCHEDULE, FiringOutcome.STARTED)]

    def test_the_task_of_another_schedule_of_the_workflow_blocks_nothing(self) -> None:
        workflow = make_workflow()
        make_schedule(workflow)
        take_turn()
        schedule = make_schedule(workflow)
        take_turn()
        assert history(schedule) == [(NOW, FiringCause.SCHEDULE, FiringOutcome.STARTED)]

    def test_a_one_shot_is_queued_behind_the_task_that_blocks_it(self) -> None:
        schedule = make_schedule(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()})
        before = make_task(schedule.workflow, status=TaskStatus.RUNNING, concurrency_key=schedule.pk)
        take_turn()
        firing = Firing.objects.get()
        assert firing.outcome == FiringOutcome.QUEUED
        assert firing.reason == f"starts when it can: task {before.pk} of this schedule is still running"
        assert claim_queued(make_lease(), limit=1) == []
        Task.objects.filter(pk=before.pk).update(status=TaskStatus.COMPLETED, lease_expires_at=None)
        [claim] = claim_queued(make_lease(), limit=1)
        assert claim.task_id == firing.task_id


class TestLateAndMissed:
    def test_an_instant_that_was_only_late_is_not_missed(self) -> None:
        schedule = make_schedule(next_run_at=NOW - 10 * MINUTE)
        for tick in range(-3600, 1, 10):  # schedulers were alive all along, and had too much to do
            record_tick(NOW + tick * SECOND)
        take_turn()
        assert history(schedule) == [(NOW - 10 * MINUTE, FiringCause.SCHEDULE, FiringOutcome.STARTED)]
        assert Firing.objects.get().lateness_ms == 600_000

    def test_of_several_late_instants_the_first_starts_and_overlaps_the_others(self) -> None:
        schedule = make_schedule(trigger_kwargs={"minutes": 1}, next_run_at=NOW - 2 * MINUTE)
        take_turn()
        assert history(schedule) == [
            (NOW - 2 * MINUTE, FiringCause.SCHEDULE, FiringOutcome.STARTED),
            (NOW - MINUTE, FiringCause.SCHEDULE, FiringOutcome.SKIPPED_OVERLAP),
            (NOW, FiringCause.SCHEDULE, FiringOutcome.SKIPPED_OVERLAP),
        ]
        assert Schedule.objects.get().next_run_at == NOW + MINUTE

    def test_after_an_outage_the_latest_instant_in_it_runs_and_the_others_are_coalesced(self) -> None:
        schedule = make_schedule(trigger_kwargs={"minutes": 1}, next_run_at=NOW - 3 * MINUTE)
        record_tick(NOW - 10 * MINUTE)
        record_tick(NOW + SECOND)
        take_turn(now=NOW + SECOND)
        assert history(schedule) == [
            (NOW - 3 * MINUTE, FiringCause.SCHEDULE, FiringOutcome.COALESCED),
            (NOW - 2 * MINUTE, FiringCause.SCHEDULE, FiringOutcome.COALESCED),
            (NOW - MINUTE, FiringCause.SCHEDULE, FiringOutcome.COALESCED),
            (NOW, FiringCause.CATCHUP, FiringOutcome.STARTED),
        ]
        reasons = Firing.objects.filter(outcome=FiringOutcome.COALESCED).values_list("reason", flat=True)
        [reason] = set(reasons)
        assert reason.startswith("no scheduler was alive")
        assert reason.endswith("the instant of 2027-03-01 09:00:00Z")
        assert Task.objects.get().scheduled_for == NOW

    def test_more_than_a_hundred_coalesced_instants_are_one_row(self) -> None:
        schedule = make_schedule(trigger_kwargs={"minutes": 1}, next_run_at=NOW - 180 * MINUTE)
        record_tick(NOW - 181 * MINUTE)
        record_tick(NOW + SECOND)
        take_turn(now=NOW + SECOND)
        coalesced = Firing.objects.get(schedule_id=schedule.pk, outcome=FiringOutcome.COALESCED)
        assert (coalesced.scheduled_for, coalesced.last_scheduled_for) == (NOW - 180 * MINUTE, NOW - MINUTE)
        assert (coalesced.count, coalesced.task_id) == (180, None)
        assert Firing.objects.count() == 2

    def test_more_instants_than_can_be_counted_are_one_row_without_a_count(self) -> None:
        schedule = make_schedule(trigger_kwargs={"seconds": 1}, next_run_at=NOW - 5 * HOUR)
        record_tick(NOW - 6 * HOUR)
        record_tick(NOW + SECOND)
        take_turn()
        coalesced = Firing.objects.get(outcome=FiringOutcome.COALESCED)
        assert (coalesced.scheduled_for, coalesced.last_scheduled_for) == (NOW - 5 * HOUR, NOW - SECOND)
        assert coalesced.count is None
        assert history(schedule)[-1] == (NOW, FiringCause.CATCHUP, FiringOutcome.STARTED)
        assert Schedule.objects.get().next_run_at == NOW + SECOND

    def test_a_short_gap_between_ticks_is_no_outage(self) -> None:
        schedule = make_schedule(trigger_kwargs={"seconds": 5}, next_run_at=NOW - 5 * SECOND)
        for moment in (NOW - 30 * SECOND, NOW - 15 * SECOND, NOW):
            record_tick(moment)
        take_turn()
        assert {cause for _, cause, _ in history(schedule)} == {FiringCause.SCHEDULE}

    def test_before_the_first_tick_of_all_no_scheduler_was_alive(self) -> None:
        schedule = make_schedule(next_run_at=NOW - HOUR - SECOND)
        record_tick(NOW)
        take_turn()
        assert [(cause, outcome) for _, cause, outcome in history(schedule)] == [
            (FiringCause.SCHEDULE, FiringOutcome.COALESCED),
            (FiringCause.CATCHUP, FiringOutcome.STARTED),
        ]

    def test_what_was_missed_before_the_window_does_not_run(self) -> None:
        schedule = make_schedule(
            trigger_kwargs={"hours": 1, "end_date": (NOW - HOUR).isoformat()},
            next_run_at=NOW - 2 * HOUR,
            misfire_window_seconds=60,
        )
        record_tick(NOW)
        take_turn()
        assert [outcome for _, _, outcome in history(schedule)] == [FiringOutcome.MISSED] * 2
        assert not Task.objects.exists()

    def test_a_one_shot_runs_however_long_ago_it_was(self) -> None:
        run_date = NOW - timedelta(days=40)
        schedule = make_schedule(
            trigger="date", trigger_kwargs={"run_date": run_date.isoformat()}, next_run_at=run_date
        )
        record_tick(NOW)
        take_turn()
        assert history(schedule) == [(run_date, FiringCause.CATCHUP, FiringOutcome.STARTED)]
        assert Task.objects.exists()


class TestOneBadScheduleStopsNoOther:
    @pytest.fixture
    def healthy(self) -> Schedule:
        return make_schedule(next_run_at=NOW + SECOND)  # decided after the bad one

    def assert_fired(self, schedule: Schedule) -> None:
        assert history(schedule) == [(NOW + SECOND, FiringCause.SCHEDULE, FiringOutcome.STARTED)]
        assert Task.objects.get().schedule_id == schedule.pk

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            pytest.param(lambda _: None, "no code is registered for workflow 'task_gone'", id="code"),
            pytest.param(
                lambda schedule: type(schedule.workflow).objects.update(deleted_at=NOW),
                "workflow 'task_gone' was deleted",
                id="row",
            ),
            pytest.param(
                lambda _: ScheduleWorkflow.objects.all().delete(), "the schedule is linked to no workflow", id="link"
            ),
        ],
    )
    def test_without_a_workflow_to_run_its_firing_is_an_error_with_the_reason(
        self, spoil: Callable[[Schedule], object], reason: str
    ) -> None:
        gone = make_schedule(make_workflow(name="task_gone", has_code=False))
        spoil(gone)
        healthy = make_schedule(next_run_at=NOW + SECOND)
        take_turn(now=NOW + SECOND)
        firing = Firing.objects.get(schedule_id=gone.pk)
        assert (firing.outcome, firing.reason, firing.task_id) == (FiringOutcome.ERROR, reason, None)
        gone.refresh_from_db()
        assert (gone.state, gone.next_run_at) == (ScheduleState.ACTIVE, NOW + HOUR)
        self.assert_fired(healthy)

    def test_a_deleted_workflow_starts_nothing_though_its_code_is_there(self, healthy: Schedule) -> None:
        make_schedule(make_workflow(name="task_deleted", deleted_at=NOW))
        take_turn(now=NOW + SECOND)
        assert Firing.objects.get(outcome=FiringOutcome.ERROR).reason == "workflow 'task_deleted' was deleted"
        self.assert_fired(healthy)

    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ({"trigger_kwargs": {"fortnights": 1}}, "unknown argument 'fortnights' of trigger 'interval'"),
            ({"trigger_kwargs": []}, "trigger_kwargs is []"),
            ({"trigger": "crn"}, "unknown trigger 'crn'"),
            ({"trigger": "cron", "trigger_kwargs": {"hour": "25"}}, "'hour' is '25'"),
            ({"timezone": "Mars/Olympus"}, "unknown time zone 'Mars/Olympus'"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_trigger_that_cannot_be_built_makes_its_schedule_broken(
        self, broken: dict[str, Any], reason: str, healthy: Schedule
    ) -> None:
        schedule = make_schedule(**broken)
        take_turn(now=NOW + SECOND)
        schedule.refresh_from_db()
        assert (schedule.state, schedule.next_run_at) == (ScheduleState.BROKEN, None)
        assert schedule.state_since == NOW + SECOND
        assert schedule.state_reason.startswith(reason)
        assert history(schedule) == []
        self.assert_fired(healthy)

    def test_an_instant_that_is_in_the_ledger_already_starts_no_second_task(self, healthy: Schedule) -> None:
        schedule = make_schedule()
        known = make_firing(schedule, NOW)
        take_turn(now=NOW + SECOND)
        assert [firing.pk for firing in Firing.objects.filter(schedule_id=schedule.pk)] == [known.pk]
        assert Schedule.objects.get(pk=schedule.pk).next_run_at == NOW + HOUR
        self.assert_fired(healthy)

    def test_the_ledger_holds_one_row_for_a_planned_instant_but_any_number_of_manual_ones(self) -> None:
        schedule = make_schedule()
        first = make_firing(schedule, NOW)
        Firing.objects.filter(pk=first.pk).update(cause=FiringCause.MANUAL)
        make_firing(schedule, NOW)
        with pytest.raises(IntegrityError):
            make_firing(schedule, NOW)


class TestATurnIsOneTransaction:
    @pytest.mark.parametrize("table", ["schedules_firing", "tasks_task", "schedules_schedule"])
    def test_a_turn_that_fails_at_any_of_its_writes_leaves_nothing(self, table: str) -> None:
        make_schedule()
        before = Schedule.objects.values().get()

        def fail(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
            if sql.startswith(("INSERT", "UPDATE")) and f' "{table}" ' in sql:
                raise DatabaseError(f"no more space for {table}")
            return execute(sql, *arguments)

        with pytest.raises(DatabaseError, match=table), connection.execute_wrapper(fail):
            take_turn()
        assert not Firing.objects.exists()
        assert not Task.objects.exists()
        assert Schedule.objects.values().get() == before
        assert take_turn() == Turn(found_due=True, decided=1, instants=1)

    @pytest.mark.django_db(transaction=True)
    def test_two_turns_at_once_decide_different_schedules(self) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer and no row locks")
        first = make_schedule(next_run_at=NOW - MINUTE)
        others = [make_schedule(), make_schedule()]
        has_decided, may_commit = Event(), Event()

        def decide_and_hold() -> Turn:
            with transaction.atomic():
                turn = take_turn(limit=1)
                has_decided.set()
                assert may_commit.wait(10)
                return turn

        with in_thread(decide_and_hold) as held:
            assert has_decided.wait(10)
            assert take_turn() == Turn(found_due=True, decided=2, instants=2)
            assert set(Firing.objects.values_list("schedule_id", flat=True)) == {each.pk for each in others}
            assert take_turn() == Turn(found_due=True, decided=0)  # what is left is in the hands of the other one
            may_commit.set()
        assert held.result() == Turn(found_due=True, decided=1, instants=1)
        assert history(first) == [(NOW - MINUTE, FiringCause.SCHEDULE, FiringOutcome.STARTED)]
        assert Firing.objects.count() == Task.objects.count() == 3

    @pytest.mark.django_db(transaction=True)
    def test_turns_at_the_same_time_fire_every_instant_once(self) -> None:
        workflow = make_workflow()
        for _ in range(30):
            make_schedule(workflow)

        def take_turns() -> int:
            decided = 0
            while (turn := take_turn(limit=4)).found_due:
                decided += turn.decided
            return decided

        with in_thread(take_turns) as one, in_thread(take_turns) as two:
            pass
        assert one.result() + two.result() == 30
        assert Firing.objects.values("schedule_id").distinct().count() == Firing.objects.count() == 30
        assert Task.objects.count() == 30

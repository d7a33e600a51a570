"""Creating, changing, deleting and hand-running schedules. The services read the database's clock themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, TASKS_ENQUEUED
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState, ScheduleWorkflow
from schedules.running import run_schedule_now
from schedules.selectors import ScheduleNotFound
from schedules.services import (
    ScheduleChanges,
    ScheduleDraft,
    WorkflowDoesNotMatch,
    create_schedule,
    delete_schedule,
    update_schedule,
)
from schedules.triggers import TriggerError
from tasks.models import Task, TaskStatus
from tests.support.database import heard_channels
from tests.support.factories import HOUR, SECOND, make_schedule, make_task, make_workflow

pytestmark = pytest.mark.django_db

TRIGGER_COLUMNS = ("trigger", "trigger_kwargs", "timezone", "grid_start_at", "next_run_at", "planned_through", "state")


def draft(trigger: str = "interval", timezone: str | None = None, **trigger_kwargs: Any) -> ScheduleDraft:
    return ScheduleDraft(
        name="Nightly", trigger=trigger, trigger_kwargs=trigger_kwargs, timezone=timezone, inputs={"node": "nl-1"}
    )


def create(trigger: str = "interval", timezone: str | None = None, **trigger_kwargs: Any) -> Schedule:
    return create_schedule(draft=draft(trigger, timezone, **trigger_kwargs), workflow=make_workflow(), actor="ada")


def update(schedule: Schedule, **changes: Any) -> Schedule:
    return update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(**changes), actor="bob")


def stored(schedule: Schedule) -> dict[str, Any]:
    return dict(Schedule.objects.values().get(pk=schedule.pk))


def trigger_of(schedule: Schedule) -> list[Any]:
    return [stored(schedule)[column] for column in TRIGGER_COLUMNS]


@contextmanager
def between_clock_readings() -> Iterator[list[datetime]]:
    """Give the database's time before and, once the block has ended, after it."""
    readings = [database_now()]
    yield readings
    readings.append(database_now())


class TestCreating:
    def test_a_schedule_is_stored_with_its_link_and_who_made_it(self) -> None:
        workflow = make_workflow()
        created = create_schedule(draft=draft(hours=1), workflow=workflow, actor="ada")
        schedule = Schedule.objects.get()
        assert (schedule.pk, schedule.name, schedule.version) == (created.pk, "Nightly", 1)
        assert (schedule.trigger, schedule.trigger_kwargs, schedule.timezone) == ("interval", {"hours": 1}, "UTC")
        assert (schedule.inputs, schedule.created_by, schedule.updated_by) == ({"node": "nl-1"}, "ada", "ada")
        assert (schedule.state, schedule.workflow) == (ScheduleState.ACTIVE, workflow)

    def test_the_first_interval_lies_one_period_ahead(self) -> None:
        with between_clock_readings() as readings:
            schedule = create(hours=1)
        assert schedule.next_run_at is not None
        assert readings[0] + HOUR <= schedule.next_run_at <= readings[1] + HOUR

    @pytest.mark.parametrize(
        ("trigger", "trigger_kwargs"),
        [("cron", {"second": "*"}), ("interval", {"seconds": 1, "start_date": "2020-01-01T00:00:00"})],
    )
    def test_the_first_instant_is_strictly_after_now(self, trigger: str, trigger_kwargs: dict[str, Any]) -> None:
        with between_clock_readings() as readings:
            schedule = create(trigger, **trigger_kwargs)
        assert schedule.next_run_at is not None
        assert readings[0] < schedule.next_run_at <= readings[1] + SECOND
        assert schedule.next_run_at.microsecond == 0

    @pytest.mark.parametrize(
        ("trigger", "trigger_kwargs"),
        [
            ("date", {"run_date": "2020-01-01T00:00:00"}),
            ("cron", {"hour": 1, "end_date": "2020-01-01"}),
            ("cron", {"month": 2, "day": 30}),
        ],
    )
    def test_a_trigger_that_never_fires_is_refused_and_nothing_is_written(
        self, trigger: str, trigger_kwargs: dict[str, Any]
    ) -> None:
        with pytest.raises(TriggerError, match="never_fires"):
            create(trigger, **trigger_kwargs)
        assert not Schedule.objects.exists()
        assert not ScheduleWorkflow.objects.exists()

    def test_a_period_under_the_shortest_one_allowed_is_refused(self, settings: Any) -> None:
        settings.MIN_INTERVAL_SECONDS = 60
        with pytest.raises(TriggerError, match=r"the period is 59 s; the shortest one allowed is 60 s"):
            create(seconds=59)
        assert not Schedule.objects.exists()

    def test_the_schedulers_are_woken(self) -> None:
        with heard_channels() as heard:
            create(hours=1)
        assert heard == [SCHEDULES_CHANGED]


class TestTheZoneOfANewSchedule:
    def test_it_is_the_setting_unless_one_is_given(self, settings: Any) -> None:
        settings.TIME_ZONE = "Europe/Amsterdam"
        assert create(hours=1).timezone == "Europe/Amsterdam"
        assert create(hours=1, timezone="Asia/Tokyo").timezone == "Asia/Tokyo"

    def test_one_among_the_arguments_is_moved_to_the_schedule(self) -> None:
        schedule = create_schedule(
            draft=ScheduleDraft("Nightly", "cron", {"hour": 3, "timezone": "Asia/Tokyo"}),
            workflow=make_workflow(),
            actor="ada",
        )
        assert (schedule.timezone, schedule.trigger_kwargs) == ("Asia/Tokyo", {"hour": 3})
        assert schedule.next_run_at is not None
        assert schedule.next_run_at.hour == 18  # 3:00 in Tokyo

    def test_two_that_differ_are_refused(self) -> None:
        bad = ScheduleDraft("Nightly", "cron", {"hour": 3, "timezone": "Asia/Tokyo"}, timezone="Europe/Paris")
        with pytest.raises(TriggerError, match=r"'timezone' is 'Europe/Paris' but trigger_kwargs.timezone says"):
            create_schedule(draft=bad, workflow=make_workflow(), actor="ada")
        assert not Schedule.objects.exists()


class TestChanging:
    def test_a_new_name_leaves_the_trigger_alone(self) -> None:
        schedule = make_schedule(next_run_at=database_now() + HOUR)
        before = trigger_of(schedule)
        changed = update(schedule, name="Hourly")
        assert (changed.name, changed.version, changed.updated_by) == ("Hourly", 2, "bob")
        assert stored(schedule)["name"] == "Hourly"
        assert trigger_of(schedule) == before

    def test_new_inputs_leave_the_trigger_alone(self) -> None:
        schedule = make_schedule(next_run_at=database_now() + HOUR)
        before = trigger_of(schedule)
        update(schedule, inputs={"node": "nl-2"})
        assert stored(schedule)["inputs"] == {"node": "nl-2"}
        assert trigger_of(schedule) == before

    def test_the_same_trigger_again_does_not_move_the_grid(self) -> None:
        schedule = make_schedule(trigger_kwargs={"hours": 2}, next_run_at=database_now() + HOUR)
        before = trigger_of(schedule)
        update(schedule, name="Nightly", trigger="interval", trigger_kwargs={"hours": 2}, timezone="UTC")
        assert trigger_of(schedule) == before

    def test_the_trigger_again_mends_a_broken_schedule(self) -> None:
        schedule = make_schedule(trigger_kwargs={"hours": 2}, next_run_at=database_now() + HOUR)
        Schedule.objects.filter(pk=schedule.pk).update(state=ScheduleState.BROKEN, next_run_at=None)
        changed = update(schedule, trigger="interval", trigger_kwargs={"hours": 2})
        assert changed.state == ScheduleState.ACTIVE
        assert changed.next_run_at is not None

    def test_a_new_trigger_counts_from_the_change(self) -> None:
        schedule = create(hours=5)
        with between_clock_readings() as readings:
            changed = update(schedule, trigger_kwargs={"hours": 2})
        assert changed.next_run_at is not None
        assert readings[0] + 2 * HOUR <= changed.next_run_at <= readings[1] + 2 * HOUR
        assert not Firing.objects.exists()

    def test_a_new_zone_moves_the_wall_clock(self) -> None:
        schedule = create("cron", hour=3, minute=0)
        changed = update(schedule, timezone="Asia/Tokyo")
        assert changed.next_run_at is not None
        assert (changed.timezone, changed.next_run_at.hour) == ("Asia/Tokyo", 18)

    def test_new_arguments_keep_the_zone(self) -> None:
        schedule = create("cron", timezone="Asia/Tokyo", hour=3, minute=0)
        changed = update(schedule, trigger_kwargs={"hour": 4, "minute": 0})
        assert changed.next_run_at is not None
        assert (changed.timezone, changed.next_run_at.hour) == ("Asia/Tokyo", 19)

    def test_instants_that_were_due_are_missed_and_never_fire(self) -> None:
        due = database_now() - 2 * HOUR - SECOND
        schedule = make_schedule(next_run_at=due)
        with between_clock_readings() as readings:
            changed = update(schedule, trigger="cron", trigger_kwargs={"second": "*"})
        firings = Firing.objects.order_by("scheduled_for")
        assert [firing.scheduled_for for firing in firings] == [due, due + HOUR, due + 2 * HOUR]
        assert {firing.outcome for firing in firings} == {FiringOutcome.MISSED}
        assert {firing.reason for firing in firings} == {"bob changed the trigger before this instant was fired"}
        assert changed.next_run_at is not None
        assert changed.next_run_at > readings[0]
        assert not Task.objects.exists()

    def test_more_than_a_hundred_due_instants_become_one_row(self) -> None:
        due = database_now() - timedelta(minutes=150)
        schedule = make_schedule(trigger_kwargs={"minutes": 1}, next_run_at=due)
        update(schedule, trigger_kwargs={"minutes": 7})
        firing = Firing.objects.get()
        assert (firing.scheduled_for, firing.count) == (due, 151)
        assert firing.last_scheduled_for == due + timedelta(minutes=150)

    def test_a_finished_schedule_gets_going_with_a_new_trigger(self) -> None:
        schedule = make_schedule(trigger="date", trigger_kwargs={"run_date": "2020-01-01"}, next_run_at=None)
        changed = update(schedule, trigger="interval", trigger_kwargs={"hours": 1})
        assert (changed.state, changed.state_reason) == (ScheduleState.ACTIVE, "")
        assert changed.next_run_at is not None

    def test_a_broken_trigger_can_be_mended(self) -> None:
        schedule = make_schedule(trigger_kwargs={"fortnights": 1}, next_run_at=database_now() - HOUR)
        changed = update(schedule, trigger_kwargs={"weeks": 2})
        assert changed.state == ScheduleState.ACTIVE
        assert not Firing.objects.exists()

    def test_no_instant_that_was_decided_comes_again(self) -> None:
        ahead = database_now().replace(microsecond=0) + timedelta(seconds=90)  # a clock was set back
        schedule = make_schedule(next_run_at=ahead + HOUR, planned_through=ahead)
        changed = update(schedule, trigger="cron", trigger_kwargs={"second": "*"})
        assert changed.next_run_at == ahead + SECOND

    @pytest.mark.parametrize(
        "changes",
        [
            {"trigger": "cron"},
            {"trigger": "crn", "trigger_kwargs": {"hour": 1}},
            {"trigger_kwargs": {"fortnights": 1}},
            {"trigger_kwargs": {}},
            {"timezone": "Mars/Olympus"},
            {"trigger": "date", "trigger_kwargs": {"run_date": "2020-01-01"}},
        ],
        ids=str,
    )
    def test_a_refused_change_leaves_nothing_half_written(self, changes: dict[str, Any]) -> None:
        schedule = make_schedule(next_run_at=database_now() - HOUR)  # with an instant that would be settled
        before = stored(schedule)
        with pytest.raises(TriggerError):
            update(schedule, name="Never", **changes)
        assert stored(schedule) == before
        assert not Firing.objects.exists()

    def test_a_new_trigger_without_arguments_is_refused_by_name(self) -> None:
        with pytest.raises(TriggerError, match="a new trigger 'cron' needs its trigger_kwargs"):
            update(make_schedule(), trigger="cron")

    def test_the_schedulers_are_woken(self) -> None:
        schedule = make_schedule(next_run_at=database_now() + HOUR)
        with heard_channels() as heard:
            update(schedule, name="Hourly")
        assert heard == [SCHEDULES_CHANGED]

    def test_an_unknown_schedule_is_not_found(self) -> None:
        with pytest.raises(ScheduleNotFound, match="Schedule does not exist"):
            update_schedule(schedule_id=uuid4(), changes=ScheduleChanges(name="x"), actor="bob")


class TestDeleting:
    def test_its_firings_and_tasks_stay(self) -> None:
        due = database_now() - HOUR / 2
        schedule = make_schedule(next_run_at=due)
        task = make_task(schedule.workflow, schedule_id=schedule.pk)
        Firing.objects.create(
            schedule_id=schedule.pk,
            schedule_name="Nightly",
            scheduled_for=due - HOUR,
            due_at=due - HOUR,
            decided_at=due - HOUR,
            lateness_ms=0,
            outcome=FiringOutcome.STARTED,
            task_id=task.pk,
        )
        deleted = delete_schedule(schedule_id=schedule.pk, actor="bob")
        assert (deleted.pk, deleted.name, deleted.workflow) == (schedule.pk, "Nightly", task.workflow)
        assert not Schedule.objects.exists()
        assert not ScheduleWorkflow.objects.exists()
        assert list(Task.objects.values_list("schedule_id", flat=True)) == [schedule.pk]
        outcomes = Firing.objects.order_by("scheduled_for").values_list("scheduled_for", "outcome", "reason")
        assert list(outcomes) == [
            (due - HOUR, FiringOutcome.STARTED, ""),
            (due, FiringOutcome.MISSED, "bob deleted the schedule before this instant was fired"),
        ]

    def test_a_workflow_id_that_does_not_match_deletes_nothing(self) -> None:
        schedule, other = make_schedule(), make_workflow()
        with pytest.raises(WorkflowDoesNotMatch, match=f"runs workflow {schedule.workflow.pk}, not {other.pk}"):
            delete_schedule(schedule_id=schedule.pk, workflow_id=other.pk, actor="bob")
        assert Schedule.objects.exists()
        assert not Firing.objects.exists()

    def test_a_workflow_id_that_matches_is_accepted(self) -> None:
        schedule = make_schedule()
        delete_schedule(schedule_id=schedule.pk, workflow_id=schedule.workflow.pk, actor="bob")
        assert not Schedule.objects.exists()

    def test_one_with_a_broken_trigger_can_be_deleted(self) -> None:
        schedule = make_schedule(trigger="crn", next_run_at=database_now() - HOUR)
        delete_schedule(schedule_id=schedule.pk, actor="bob")
        assert not Schedule.objects.exists()

    def test_the_schedulers_are_woken(self) -> None:
        schedule = make_schedule()
        with heard_channels() as heard:
            delete_schedule(schedule_id=schedule.pk, actor="bob")
        assert heard == [SCHEDULES_CHANGED]

    def test_an_unknown_schedule_is_not_found(self) -> None:
        with pytest.raises(ScheduleNotFound, match="Schedule does not exist"):
            delete_schedule(schedule_id=uuid4(), actor="bob")


class TestRunningByHand:
    def test_the_task_is_in_the_ledger_and_the_schedule_does_not_move(self) -> None:
        schedule = make_schedule(inputs={"node": "nl-1"})
        before = stored(schedule)
        with between_clock_readings() as readings:
            run_schedule_now(schedule=schedule, actor="ada")
        task, firing = Task.objects.get(), Firing.objects.get()
        assert (task.status, task.workflow, task.inputs) == (TaskStatus.CREATED, schedule.workflow, {"node": "nl-1"})
        assert (task.reporter, task.schedule_id, task.concurrency_key) == ("ada", schedule.pk, schedule.pk)
        assert (firing.cause, firing.outcome, firing.reason) == (
            FiringCause.MANUAL,
            FiringOutcome.STARTED,
            "run by ada",
        )
        assert (firing.schedule_id, firing.task_id, firing.schedule_name) == (schedule.pk, task.pk, "Nightly")
        assert readings[0] <= firing.scheduled_for <= readings[1]
        assert task.scheduled_for == firing.scheduled_for
        assert stored(schedule) == before

    def test_it_starts_another_one_whatever_runs_already(self) -> None:
        schedule = make_schedule()
        for _ in range(2):
            run_schedule_now(schedule=schedule, actor="ada")
        assert Task.objects.count() == Firing.objects.count() == 2

    def test_the_workers_are_woken(self) -> None:
        schedule = make_schedule()
        with heard_channels() as heard:
            run_schedule_now(schedule=schedule, actor="ada")
        assert heard == [TASKS_ENQUEUED]

"""Pausing and resuming: what a pause skips, what it holds up, and when the schedule goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED
from schedules import pausing, services
from schedules.firing import fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState
from schedules.pausing import WrongState, pause_schedule, resume_schedule
from schedules.selectors import ScheduleNotFound
from schedules.services import ScheduleChanges, delete_schedule, update_schedule
from tasks.models import Task, TaskStatus
from tests.support.database import heard_channels
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_task

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
PAUSED, ACTIVE, FINISHED = ScheduleState.PAUSED, ScheduleState.ACTIVE, ScheduleState.FINISHED
SKIPPED = FiringOutcome.SKIPPED_PAUSED
STARTED = FiringOutcome.STARTED

At = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Set the database's time, as the services read it."""

    def set_time(moment: datetime) -> None:
        for module in (pausing, services):
            monkeypatch.setattr(module, "database_now", lambda: moment)
        record_tick(moment)

    set_time(NOW)
    return set_time


def make_hourly(**fields: Any) -> Schedule:
    """Store a schedule that runs at every full hour from NOW + 1 h on."""
    return make_schedule(**{"next_run_at": NOW + HOUR, "grid_start_at": NOW, "planned_through": NOW, **fields})


def pause(schedule: Schedule, **arguments: Any) -> Schedule:
    return pause_schedule(schedule_id=schedule.pk, **{"reason": "maintenance", "actor": "ada", **arguments})


def resume(schedule: Schedule) -> Schedule:
    return resume_schedule(schedule_id=schedule.pk, actor="bob")


def turn(now: datetime) -> int:
    record_tick(now)
    return fire_due(limit=10, now=now).decided


def history() -> list[tuple[datetime, str]]:
    return list(Firing.objects.order_by("scheduled_for").values_list("scheduled_for", "outcome"))


def stored(schedule: Schedule) -> Schedule:
    return Schedule.objects.get(pk=schedule.pk)


class TestPausing:
    def test_a_paused_schedule_says_who_paused_it_when_and_why_and_does_not_run(self, at: At) -> None:
        schedule = make_hourly()
        with heard_channels() as heard:
            paused = pause(schedule)
        assert heard == [SCHEDULES_CHANGED]
        for each in (paused, stored(schedule)):
            assert (each.state, each.current_state, each.state_since) == (PAUSED, PAUSED, NOW)
            assert (each.paused_at, each.paused_by, each.pause_reason, each.paused_until) == (
                NOW,
                "ada",
                "maintenance",
                None,
            )
            assert (each.next_run_at, each.version, each.updated_by) == (None, 2, "ada")
        assert turn(NOW + 10 * HOUR) == 0
        assert history() == []

    def test_pausing_twice_changes_nothing(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule, until=NOW + HOUR)
        at(NOW + MINUTE)
        with heard_channels() as heard:
            pause(schedule, until=NOW + HOUR, actor="bob")
        assert (heard, stored(schedule).version, stored(schedule).paused_by) == ([], 2, "ada")

    def test_another_reason_or_end_counts_and_the_beginning_stays(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule)
        at(NOW + MINUTE)
        pause(schedule, reason="longer", until=NOW + 3 * HOUR, actor="bob")
        found = stored(schedule)
        assert (found.paused_at, found.paused_by, found.pause_reason) == (NOW, "bob", "longer")
        assert (found.paused_until, found.next_run_at) == (NOW + 3 * HOUR, NOW + 3 * HOUR)

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [({"reason": " "}, "reason"), ({"reason": "x" * 1_001}, "reason"), ({"until": NOW}, "until")],
        ids=["no reason", "long reason", "past end"],
    )
    def test_what_cannot_be_is_refused(self, at: At, arguments: dict[str, Any], field: str) -> None:
        schedule = make_hourly()
        with pytest.raises(InvalidValue) as refused:
            pause(schedule, **arguments)
        assert refused.value.field == field
        assert stored(schedule).state == ACTIVE

    @pytest.mark.parametrize("state", [ScheduleState.FINISHED, ScheduleState.BROKEN])
    def test_what_does_not_run_cannot_be_paused(self, at: At, state: ScheduleState) -> None:
        schedule = make_hourly(next_run_at=None, state=state)
        with pytest.raises(WrongState, match=f"the schedule is {state} and does not run"):
            pause(schedule)

    def test_one_that_is_not_there_is_not_found(self) -> None:
        for act in (pause, resume):
            with pytest.raises(ScheduleNotFound):
                act(Schedule(pk=uuid4()))

    def test_an_instant_that_was_due_and_not_fired_yet_is_skipped_at_once(self, at: At) -> None:
        schedule = make_hourly()
        at(NOW + HOUR + SECOND)
        pause(schedule)
        [firing] = Firing.objects.all()
        assert (firing.scheduled_for, firing.outcome) == (NOW + HOUR, SKIPPED)
        assert firing.reason == "ada paused the schedule before this instant was fired: maintenance"
        assert stored(schedule).planned_through == NOW + HOUR


class TestResuming:
    def test_what_the_pause_skipped_is_in_the_ledger_and_nothing_fires_into_the_past(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule)
        at(NOW + 2 * HOUR + MINUTE)
        with heard_channels() as heard:
            resumed = resume(schedule)
        assert heard == [SCHEDULES_CHANGED]
        assert history() == [(NOW + HOUR, SKIPPED), (NOW + 2 * HOUR, SKIPPED)]
        words = "paused by ada since 2027-03-01 09:00:00Z until 2027-03-01 11:01:00Z: maintenance"
        assert set(Firing.objects.values_list("reason", flat=True)) == {words}
        assert (resumed.state, resumed.next_run_at) == (ACTIVE, NOW + 3 * HOUR)
        found = stored(schedule)
        assert (found.paused_at, found.paused_by, found.pause_reason, found.paused_until) == (None, "", "", None)
        assert (found.version, found.updated_by, found.state_since) == (3, "bob", NOW + 2 * HOUR + MINUTE)
        turn(NOW + 3 * HOUR)
        assert history()[2:] == [(NOW + 3 * HOUR, STARTED)]

    def test_more_than_a_hundred_skipped_instants_are_one_row(self, at: At) -> None:
        schedule = make_hourly(trigger_kwargs={"seconds": 1}, next_run_at=NOW + SECOND)
        pause(schedule)
        at(NOW + 101 * SECOND)
        resume(schedule)
        [firing] = Firing.objects.all()
        assert (firing.scheduled_for, firing.last_scheduled_for, firing.count) == (
            NOW + SECOND,
            NOW + 101 * SECOND,
            101,
        )

    def test_one_that_is_active_stays_as_it_is(self, at: At) -> None:
        schedule = make_hourly()
        with heard_channels() as heard:
            assert resume(schedule).version == 1
        assert heard == []

    def test_a_finished_one_is_refused(self, at: At) -> None:
        with pytest.raises(WrongState, match="it has no instants left"):
            resume(make_hourly(next_run_at=None))

    def test_one_whose_last_instant_passed_meanwhile_is_finished(self, at: At) -> None:
        schedule = make_hourly(trigger_kwargs={"hours": 1, "end_date": (NOW + HOUR).isoformat()})
        pause(schedule)
        at(NOW + 5 * HOUR)
        resumed = resume(schedule)
        assert (resumed.state, resumed.next_run_at, history()) == (FINISHED, None, [(NOW + HOUR, SKIPPED)])

    def test_a_broken_one_tries_again(self, at: At) -> None:
        schedule = make_hourly(next_run_at=None, state=ScheduleState.BROKEN, state_reason="no such zone")
        resumed = resume(schedule)
        assert (resumed.state, resumed.state_reason, resumed.next_run_at) == (ACTIVE, "", NOW + HOUR)

    def test_one_that_is_still_broken_says_why(self, at: At) -> None:
        schedule = make_hourly(next_run_at=None, state=ScheduleState.BROKEN, trigger_kwargs={"hours": -1})
        with pytest.raises(WrongState, match=r"the schedule cannot go on: .*-1.*; give it a new trigger"):
            resume(schedule)
        assert stored(schedule).state == ScheduleState.BROKEN

    def test_a_one_shot_runs_at_release(self, at: At) -> None:
        run_date = (NOW + HOUR).isoformat()
        schedule = make_hourly(trigger="date", trigger_kwargs={"run_date": run_date})
        pause(schedule)
        at(NOW + 5 * HOUR)
        assert resume(schedule).next_run_at == NOW + HOUR
        turn(NOW + 5 * HOUR)
        assert history() == [(NOW + HOUR, STARTED)]
        assert stored(schedule).state == FINISHED

    def test_the_latest_that_was_skipped_runs_at_release_if_wanted(self, at: At) -> None:
        schedule = make_hourly(resume_policy="run_once")
        pause(schedule)
        released = NOW + 2 * HOUR + MINUTE
        at(released)
        resumed = resume(schedule)
        assert resumed.next_run_at == released
        turn(released)
        assert history() == [(NOW + HOUR, SKIPPED), (NOW + 2 * HOUR, STARTED)]
        latest = Firing.objects.get(scheduled_for=NOW + 2 * HOUR)
        pause_words = "paused by ada since 2027-03-01 09:00:00Z until 2027-03-01 11:01:00Z: maintenance"
        assert latest.cause == FiringCause.CATCHUP
        assert latest.reason == f"{pause_words}; run at its end (resume_policy)"
        found = stored(schedule)
        assert (found.state, found.next_run_at, found.paused_at) == (ACTIVE, NOW + 3 * HOUR, None)
        assert found.state_since == released

    def test_there_is_nothing_to_run_at_release_when_nothing_was_skipped(self, at: At) -> None:
        schedule = make_hourly(resume_policy="run_once")
        pause(schedule)
        at(NOW + MINUTE)
        assert resume(schedule).next_run_at == NOW + HOUR

    def test_what_is_planned_and_due_only_after_the_release_still_runs(self, at: At) -> None:
        schedule = make_hourly(spread_seconds=600)
        offset = schedule.spread_offset
        assert offset > SECOND
        Schedule.objects.update(next_run_at=NOW + HOUR + offset)
        pause(schedule)
        at(NOW + HOUR + offset - SECOND)
        assert resume(schedule).next_run_at == NOW + HOUR + offset
        assert history() == []


class TestUntil:
    def test_it_goes_on_by_itself(self, at: At) -> None:
        schedule = make_hourly()
        assert pause(schedule, until=NOW + 2 * HOUR + MINUTE).next_run_at == NOW + 3 * HOUR
        assert turn(NOW + 3 * HOUR - SECOND) == 0
        assert turn(NOW + 3 * HOUR) == 1
        assert history() == [(NOW + HOUR, SKIPPED), (NOW + 2 * HOUR, SKIPPED), (NOW + 3 * HOUR, STARTED)]
        found = stored(schedule)
        assert (found.state, found.next_run_at, found.paused_at) == (ACTIVE, NOW + 4 * HOUR, None)
        assert found.state_since == NOW + 2 * HOUR + MINUTE

    def test_it_is_active_for_people_from_its_end_on(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule, until=NOW + MINUTE)  # in 2027
        assert stored(schedule).current_state == PAUSED
        Schedule.objects.update(paused_at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo), paused_until=NOW - 9000 * HOUR)
        assert stored(schedule).current_state == ACTIVE

    def test_with_run_once_the_latest_runs_at_its_end(self, at: At) -> None:
        schedule = make_hourly(resume_policy="run_once")
        until = NOW + 2 * HOUR + MINUTE
        assert pause(schedule, until=until).next_run_at == until
        turn(until)
        assert history() == [(NOW + HOUR, SKIPPED), (NOW + 2 * HOUR, STARTED)]

    def test_a_one_shot_waits_for_its_end(self, at: At) -> None:
        schedule = make_hourly(trigger="date", trigger_kwargs={"run_date": (NOW + HOUR).isoformat()})
        assert pause(schedule, until=NOW + 2 * HOUR).next_run_at == NOW + 2 * HOUR
        turn(NOW + 2 * HOUR)
        assert history() == [(NOW + HOUR, STARTED)]

    def test_a_schedule_that_ends_within_the_pause_is_finished_at_its_end(self, at: At) -> None:
        schedule = make_hourly(trigger_kwargs={"hours": 1, "end_date": (NOW + HOUR).isoformat()})
        assert pause(schedule, until=NOW + 2 * HOUR).next_run_at == NOW + 2 * HOUR
        turn(NOW + 2 * HOUR)
        assert (stored(schedule).state, history()) == (FINISHED, [(NOW + HOUR, SKIPPED)])

    def test_when_no_scheduler_was_alive_after_the_end_that_is_misfired(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule, until=NOW + 2 * HOUR + MINUTE)
        turn(NOW + 5 * HOUR + MINUTE)
        assert [outcome for _, outcome in history()] == [
            SKIPPED,
            SKIPPED,
            FiringOutcome.COALESCED,
            FiringOutcome.COALESCED,
            STARTED,
        ]

    def test_pausing_anew_after_its_end_settles_both(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule, until=NOW + HOUR + MINUTE)
        at(NOW + 2 * HOUR + MINUTE)
        pause(schedule, reason="again")
        reasons = list(Firing.objects.order_by("scheduled_for").values_list("outcome", "reason"))
        assert reasons == [
            (SKIPPED, "paused by ada since 2027-03-01 09:00:00Z until 2027-03-01 10:01:00Z: maintenance"),
            (SKIPPED, "ada paused the schedule before this instant was fired: again"),
        ]
        assert stored(schedule).paused_at == NOW + 2 * HOUR + MINUTE

    def test_resuming_after_its_end_is_left_to_the_turn(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule, until=NOW + HOUR + MINUTE)
        at(NOW + HOUR + 2 * MINUTE)
        assert resume(schedule).version == 2


class TestChangingWhilePaused:
    def test_an_edit_settles_the_pause_and_keeps_it(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule)
        at(NOW + HOUR + MINUTE)
        changes = ScheduleChanges(trigger="interval", trigger_kwargs={"minutes": 10})
        edited = update_schedule(schedule_id=schedule.pk, changes=changes, actor="bob")
        assert (edited.state, edited.next_run_at, edited.paused_by) == (PAUSED, None, "ada")
        assert history() == [(NOW + HOUR, SKIPPED)]
        at(NOW + HOUR + 15 * MINUTE)
        resume(schedule)
        assert history()[1:] == [(NOW + HOUR + 11 * MINUTE, SKIPPED)]

    def test_another_resume_policy_moves_the_next_look(self, at: At) -> None:
        schedule = make_hourly()
        until = NOW + HOUR + MINUTE
        assert pause(schedule, until=until).next_run_at == NOW + 2 * HOUR
        changes = ScheduleChanges(policies={"resume_policy": "run_once"})
        assert update_schedule(schedule_id=schedule.pk, changes=changes, actor="bob").next_run_at == until

    def test_deleting_leaves_what_was_skipped_in_the_ledger(self, at: At) -> None:
        schedule = make_hourly()
        pause(schedule)
        at(NOW + HOUR)
        delete_schedule(schedule_id=schedule.pk, actor="bob")
        assert history() == [(NOW + HOUR, SKIPPED)]


class TestAfterFailures:
    def fail(self, schedule: Schedule, status: TaskStatus = TaskStatus.FAILED) -> Task:
        return make_task(
            schedule.workflow, status=status, schedule_id=schedule.pk, failed_reason="no such node", now=NOW
        )

    def test_it_pauses_itself_after_so_many_failures_in_a_row(self, at: At) -> None:
        schedule = make_hourly(pause_after_failures=2)
        self.fail(schedule, TaskStatus.API_UNAVAILABLE)
        last = self.fail(schedule)
        turn(NOW + HOUR)
        found = stored(schedule)
        words = f"the last 2 tasks failed; {last.pk} is failed: no such node"
        assert (found.state, found.paused_by, found.pause_reason) == (PAUSED, "pause_after_failures", words)
        assert (found.paused_at, found.next_run_at, found.paused_until) == (NOW + HOUR, None, None)
        [firing] = Firing.objects.all()
        assert (firing.outcome, firing.reason) == (SKIPPED, f"paused by itself (pause_after_failures): {words}")

    @pytest.mark.parametrize("other", [TaskStatus.COMPLETED, TaskStatus.ABORTED])
    def test_another_end_between_them_begins_the_count_anew(self, at: At, other: TaskStatus) -> None:
        schedule = make_hourly(pause_after_failures=2)
        self.fail(schedule)
        self.fail(schedule, other)
        self.fail(schedule)
        turn(NOW + HOUR)
        assert (stored(schedule).state, history()) == (ACTIVE, [(NOW + HOUR, STARTED)])

    def test_a_task_that_has_not_ended_does_not_count(self, at: At) -> None:
        schedule = make_hourly(pause_after_failures=1, overlap_policy="allow")
        self.fail(schedule)
        make_task(schedule.workflow, status=TaskStatus.SUSPENDED, schedule_id=schedule.pk, now=NOW)
        turn(NOW + HOUR)
        assert stored(schedule).state == PAUSED

    def test_failures_before_it_was_resumed_do_not_count(self, at: At) -> None:
        schedule = make_hourly(pause_after_failures=1)
        self.fail(schedule)
        turn(NOW + HOUR)
        at(NOW + HOUR + MINUTE)
        resume(schedule)
        turn(NOW + 2 * HOUR)
        assert (stored(schedule).state, history()[-1]) == (ACTIVE, (NOW + 2 * HOUR, STARTED))

    def test_failures_within_a_pause_do_not_count_at_its_end(self, at: At) -> None:
        schedule = make_hourly(pause_after_failures=1)
        until = NOW + HOUR + MINUTE
        pause(schedule, until=until)
        self.fail(schedule)
        turn(NOW + 2 * HOUR)
        assert history() == [(NOW + HOUR, SKIPPED), (NOW + 2 * HOUR, STARTED)]
        assert stored(schedule).state == ACTIVE

    def test_what_a_pause_skipped_before_it_pauses_itself_is_told_of_that_pause(self, at: At) -> None:
        schedule = make_hourly(pause_after_failures=1)
        until = NOW + HOUR + MINUTE
        pause(schedule, until=until)
        make_task(schedule.workflow, status=TaskStatus.FAILED, schedule_id=schedule.pk, now=until)
        turn(NOW + 2 * HOUR)
        reasons = list(Firing.objects.order_by("scheduled_for").values_list("reason", flat=True))
        assert [reason.partition(" since")[0][:16] for reason in reasons] == ["paused by ada", "paused by itself"]

    def test_without_the_policy_it_goes_on(self, at: At) -> None:
        schedule = make_hourly()
        for _ in range(9):
            self.fail(schedule)
        turn(NOW + HOUR)
        assert stored(schedule).state == ACTIVE

    def test_a_one_shot_is_never_held_up(self, at: At) -> None:
        run_date = (NOW + HOUR).isoformat()
        schedule = make_hourly(trigger="date", trigger_kwargs={"run_date": run_date}, pause_after_failures=1)
        self.fail(schedule)
        turn(NOW + HOUR)
        assert history() == [(NOW + HOUR, STARTED)]

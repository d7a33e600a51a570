"""Runs that somebody asks for: now, with other inputs, while frozen; and again for instants that have passed."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User

from orchestrator_site.common.errors import InvalidValue
from schedules import running
from schedules.firing import fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState, ScheduleWorkflow
from schedules.running import Backfill, WorkflowGone, backfill_schedule, run_schedule_now
from schedules.selectors import ScheduleNotFound
from tasks.freezing import EngineFrozen, freeze_engine
from tasks.models import Task, TaskStatus
from tasks.queue import claim_queued
from tests.support.factories import HOUR, NOW, make_lease, make_schedule, make_task

pytestmark = pytest.mark.django_db

STARTED, QUEUED = FiringOutcome.STARTED, FiringOutcome.QUEUED


@pytest.fixture
def permitted_user() -> User:
    user = User.objects.create_user("ada")
    user.user_permissions.add(Permission.objects.get(codename="run_while_frozen"))
    return user


class TestNow:
    def run(self, schedule: Schedule, **arguments: Any) -> Task:
        return run_schedule_now(schedule=schedule, actor="ada", **arguments)

    def test_the_inputs_given_take_the_place_of_the_schedules(self) -> None:
        schedule = make_schedule(inputs={"node": "nl-1", "depth": 3})
        assert self.run(schedule, inputs={"node": "nl-2"}).inputs == {"node": "nl-2"}
        assert self.run(schedule, inputs={}).inputs == {}
        assert self.run(schedule).inputs == {"node": "nl-1", "depth": 3}
        assert Schedule.objects.get().inputs == {"node": "nl-1", "depth": 3}

    def test_inputs_that_cannot_be_are_refused_and_nothing_is_written(self) -> None:
        with pytest.raises(InvalidValue, match="task_id"):
            self.run(make_schedule(), inputs={"task_id": 1})
        assert not Firing.objects.exists()

    def test_the_ledger_says_who_ran_it_and_why(self) -> None:
        task = self.run(make_schedule(), reason="a port was moved")
        [firing] = Firing.objects.all()
        assert (firing.cause, firing.outcome, firing.task_id) == (FiringCause.MANUAL, STARTED, task.pk)
        assert firing.reason == "run by ada: a port was moved"

    def test_one_behind_a_task_that_has_not_ended_is_queued_and_says_so(self) -> None:
        schedule = make_schedule()
        first, second = self.run(schedule), self.run(schedule)
        outcomes = dict(Firing.objects.values_list("task_id", "outcome"))
        assert outcomes == {first.pk: STARTED, second.pk: QUEUED}
        assert Firing.objects.get(task_id=second.pk).reason == (
            f"run by ada; starts when it can: task {first.pk} of this schedule is still created"
        )
        assert [claim.task_id for claim in claim_queued(make_lease(), limit=9)] == [first.pk]

    def test_it_starts_beside_others_where_that_is_allowed(self) -> None:
        schedule = make_schedule(overlap_policy="allow")
        self.run(schedule)
        assert self.run(schedule).may_overlap
        assert set(Firing.objects.values_list("outcome", flat=True)) == {STARTED}

    def test_a_one_shot_waits_although_others_may_overlap(self) -> None:
        schedule = make_schedule(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()}, overlap_policy="allow")
        self.run(schedule)
        assert not self.run(schedule).may_overlap
        assert set(Firing.objects.values_list("outcome", flat=True)) == {STARTED, QUEUED}

    def test_a_schedule_without_a_link_is_refused(self) -> None:
        schedule = make_schedule()
        ScheduleWorkflow.objects.all().delete()
        with pytest.raises(WorkflowGone, match="linked to no workflow"):
            self.run(Schedule.objects.get(pk=schedule.pk))

    def test_it_takes_the_place_of_others_where_that_is_the_policy(self) -> None:
        schedule = make_schedule(overlap_policy="cancel_running")
        idle = self.run(schedule)
        running_one = make_task(schedule.workflow, status=TaskStatus.RUNNING, concurrency_key=schedule.pk)
        last = self.run(schedule)
        idle.refresh_from_db()
        running_one.refresh_from_db()
        assert (idle.status, idle.failed_reason) == (
            TaskStatus.ABORTED,
            "aborted for a run by ada (overlap_policy cancel_running)",
        )
        assert (running_one.status, running_one.abort_requested_at is not None) == (TaskStatus.RUNNING, True)
        assert Firing.objects.get(task_id=last.pk).outcome == QUEUED

    @pytest.mark.parametrize("state", [ScheduleState.PAUSED, ScheduleState.FINISHED, ScheduleState.BROKEN])
    def test_it_runs_whatever_the_state_of_the_schedule_and_moves_nothing(self, state: ScheduleState) -> None:
        paused_at = NOW if state == ScheduleState.PAUSED else None
        schedule = make_schedule(next_run_at=None, state=state, paused_at=paused_at)
        self.run(schedule)
        found = Schedule.objects.get()
        assert (found.state, found.next_run_at, found.version) == (state, None, 1)

    def test_a_deleted_workflow_is_named(self) -> None:
        schedule = make_schedule()
        schedule.workflow.deleted_at = NOW
        with pytest.raises(WorkflowGone, match="was deleted; no task of it can start"):
            self.run(schedule)

    def test_who_may_runs_it_while_frozen_and_the_task_goes_through(self, permitted_user: User) -> None:
        schedule = make_schedule()
        other = make_task(now=NOW)
        freeze_engine(reason="core upgrade", actor="bob")
        task = self.run(schedule, user=permitted_user)
        assert task.may_run_frozen
        claims = claim_queued(make_lease(), limit=9)
        assert [(claim.task_id, claim.may_run_frozen) for claim in claims] == [(task.pk, True)]
        assert Task.objects.get(pk=other.pk).status == TaskStatus.CREATED

    @pytest.mark.parametrize("user", [None, AnonymousUser()], ids=["the system", "somebody"])
    def test_others_may_not_while_frozen(self, user: Any) -> None:
        freeze_engine(reason="core upgrade", actor="bob")
        with pytest.raises(EngineFrozen):
            self.run(make_schedule(), user=user)

    def test_a_task_started_while_not_frozen_stops_at_a_freeze_like_others(self, permitted_user: User) -> None:
        assert not self.run(make_schedule(), user=permitted_user).may_run_frozen


class TestBackfill:
    """Schedules run hourly from NOW on; it is NOW + 10 h, and they have been decided up to NOW + 9 h."""

    @pytest.fixture(autouse=True)
    def ten_hours_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "database_now", lambda: NOW + 10 * HOUR)

    @pytest.fixture
    def schedule(self) -> Schedule:
        return make_schedule(
            next_run_at=NOW + 10 * HOUR, planned_through=NOW + 9 * HOUR, grid_start_at=NOW, inputs={"node": "nl-1"}
        )

    def fill(self, schedule: Schedule, first: int, until: int, **arguments: Any) -> Backfill:
        return backfill_schedule(
            schedule_id=schedule.pk, first=NOW + first * HOUR, until=NOW + until * HOUR, actor="ada", **arguments
        )

    def hours_of(self, backfill: Backfill) -> list[float]:
        return [(entry.decision.scheduled_for - NOW) / HOUR for entry in backfill.entries]

    def test_from_is_in_it_and_to_is_not(self, schedule: Schedule) -> None:
        assert self.hours_of(self.fill(schedule, 1, 4)) == [1, 2, 3]

    def test_each_instant_is_a_task_in_the_ledger_and_one_waits_for_the_other(self, schedule: Schedule) -> None:
        self.fill(schedule, 1, 4)
        rows = Firing.objects.order_by("scheduled_for")
        assert [(row.cause, row.outcome) for row in rows] == [
            (FiringCause.BACKFILL, STARTED),
            (FiringCause.BACKFILL, QUEUED),
            (FiringCause.BACKFILL, QUEUED),
        ]
        tasks = Task.objects.order_by("id")
        assert [task.pk for task in tasks] == [row.task_id for row in rows]
        assert [(task.scheduled_for, task.inputs, task.reporter) for task in tasks] == [
            (NOW + number * HOUR, {"node": "nl-1"}, "ada") for number in (1, 2, 3)
        ]
        lease = make_lease(now=NOW + 11 * HOUR)
        assert [claim.task_id for claim in claim_queued(lease, limit=9)] == [rows[0].task_id]
        assert Schedule.objects.get().next_run_at == NOW + 10 * HOUR

    def test_what_has_been_run_is_left_out_unless_all_is_wanted(self, schedule: Schedule) -> None:
        self.fill(schedule, 2, 3)
        assert self.hours_of(self.fill(schedule, 1, 4)) == [1, 3]
        assert self.hours_of(self.fill(schedule, 1, 4)) == []
        assert self.hours_of(self.fill(schedule, 1, 4, only="all")) == [1, 2, 3]

    def test_a_run_by_hand_and_what_was_skipped_do_not_count_as_run(self, schedule: Schedule) -> None:
        for cause, outcome in ((FiringCause.MANUAL, STARTED), (FiringCause.SCHEDULE, FiringOutcome.MISSED)):
            Firing.objects.create(
                schedule_id=schedule.pk,
                schedule_name="Nightly",
                scheduled_for=NOW + HOUR,
                due_at=NOW + HOUR,
                decided_at=NOW,
                lateness_ms=0,
                cause=cause,
                outcome=outcome,
            )
        assert self.hours_of(self.fill(schedule, 1, 2)) == [1]

    def test_the_oldest_come_first_up_to_the_limit(self, schedule: Schedule) -> None:
        some = self.fill(schedule, 1, 9, limit=2)
        assert (self.hours_of(some), some.is_truncated) == ([1, 2], True)
        rest = self.fill(schedule, 1, 9, limit=6)
        assert (self.hours_of(rest), rest.is_truncated) == ([3, 4, 5, 6, 7, 8], False)

    def test_a_dry_run_writes_nothing(self, schedule: Schedule) -> None:
        backfill = self.fill(schedule, 1, 4, is_dry_run=True)
        assert (self.hours_of(backfill), backfill.is_dry_run) == ([1, 2, 3], True)
        assert (Firing.objects.count(), Task.objects.count()) == (0, 0)

    def test_what_the_schedule_is_about_to_fire_is_left_to_it(self, schedule: Schedule) -> None:
        Schedule.objects.update(next_run_at=NOW + 8 * HOUR, planned_through=NOW + 7 * HOUR)
        assert self.hours_of(self.fill(schedule, 6, 10)) == [6, 7]

    def test_what_a_pause_has_skipped_so_far_can_be_run_and_is_in_the_ledger_twice(self, schedule: Schedule) -> None:
        Schedule.objects.update(
            state=ScheduleState.PAUSED,
            paused_at=NOW + 7 * HOUR,
            paused_until=NOW + 9 * HOUR,
            planned_through=NOW + 7 * HOUR,
        )
        assert self.hours_of(self.fill(schedule, 8, 9)) == [8]
        record_tick(NOW + 10 * HOUR)
        fire_due(limit=9, now=NOW + 10 * HOUR)
        outcomes = Firing.objects.filter(scheduled_for=NOW + 8 * HOUR).values_list("cause", "outcome")
        assert set(outcomes) == {(FiringCause.BACKFILL, STARTED), ("schedule", FiringOutcome.SKIPPED_PAUSED)}

    @pytest.mark.parametrize(
        "fields",
        [
            {"trigger": "date", "trigger_kwargs": {"run_date": (NOW + 8 * HOUR).isoformat()}, "paused_until": None},
            {"resume_policy": "run_once", "paused_until": None},
            {"paused_until": NOW + 8 * HOUR},  # it has ended; the turn is still to come
        ],
        ids=["a one-shot", "run_once", "the pause has ended"],
    )
    def test_what_the_end_of_a_pause_is_going_to_run_is_left_to_it(self, fields: dict[str, Any]) -> None:
        values = {
            "state": ScheduleState.PAUSED,
            "paused_at": NOW + 7 * HOUR,
            "planned_through": NOW + 7 * HOUR,
            **fields,
        }
        next_run_at = NOW + 9 * HOUR if values["paused_until"] else None
        schedule = make_schedule(next_run_at=next_run_at, grid_start_at=NOW, **values)
        assert self.hours_of(self.fill(schedule, 8, 10)) == []

    def test_runs_may_overlap_where_that_is_allowed(self, schedule: Schedule) -> None:
        Schedule.objects.update(overlap_policy="allow")
        self.fill(schedule, 1, 4)
        assert set(Firing.objects.values_list("outcome", flat=True)) == {STARTED}
        assert len(claim_queued(make_lease(now=NOW + 11 * HOUR), limit=9)) == 3

    @pytest.mark.parametrize(
        ("arguments", "field", "message"),
        [
            ({"until": 11}, "to", "lies in the future"),
            ({"first": 4}, "from", "has to lie before 'to'"),
            ({"limit": 0}, "limit", "0 is not a number from 1 to 1,000"),
            ({"limit": 1_001}, "limit", "1001 is not a number from 1 to 1,000"),
            ({"only": "some"}, "only", "known are missing, all"),
        ],
    )
    def test_what_cannot_be_is_named(
        self, schedule: Schedule, arguments: dict[str, Any], field: str, message: str
    ) -> None:
        with pytest.raises(InvalidValue, match=message) as refused:
            self.fill(schedule, **{"first": 1, "until": 4, **arguments})
        assert refused.value.field == field

    def test_a_stretch_with_too_many_instants_to_look_through_is_refused(
        self, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "MAX_COUNTED", 3)
        assert self.hours_of(self.fill(schedule, 1, 4)) == [1, 2, 3]
        with pytest.raises(InvalidValue, match="cannot be looked through: there are more than 3"):
            self.fill(schedule, 1, 5)

    def test_a_trigger_that_takes_too_long_is_refused(self) -> None:
        schedule = make_schedule(trigger="cron", trigger_kwargs={"hour": 0})
        Schedule.objects.update(trigger_kwargs={"month": 2, "day": 30, "hour": 0})
        with pytest.raises(InvalidValue, match="cannot be looked through: there is no instant within ten years"):
            self.fill(schedule, 1, 9)

    def test_a_trigger_that_cannot_be_built_is_named(self) -> None:
        schedule = make_schedule(next_run_at=None, state=ScheduleState.BROKEN, trigger_kwargs={"hours": -1})
        with pytest.raises(InvalidValue) as refused:
            self.fill(schedule, 1, 9)
        assert (refused.value.field, refused.value.value) == ("trigger", "interval")

    def test_a_schedule_that_is_not_there_is_not_found(self) -> None:
        with pytest.raises(ScheduleNotFound):
            self.fill(Schedule(pk=uuid4()), 1, 2)

    def test_a_frozen_engine_refuses_unless_the_user_may(self, schedule: Schedule, permitted_user: User) -> None:
        freeze_engine(reason="core upgrade", actor="bob")
        with pytest.raises(EngineFrozen):
            self.fill(schedule, 1, 4)
        self.fill(schedule, 1, 4, user=permitted_user)
        assert set(Task.objects.values_list("may_run_frozen", flat=True)) == {True}

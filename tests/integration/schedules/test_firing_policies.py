"""The policies at work in a turn: what is written, what is aborted, and what turns share."""

from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from orchestrator_site.common.database import is_postgresql
from schedules.firing import fire_due
from schedules.liveness import record_tick
from schedules.models import Firing, FiringOutcome, Schedule
from tasks.models import BLOCKING, Task, TaskStatus
from tasks.queue import claim_queued
from tests.support.database import in_thread, recorded_statements
from tests.support.factories import HOUR, NOW, SECOND, make_lease, make_schedule, make_task, make_workflow

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
STARTED, QUEUED, SKIPPED = FiringOutcome.STARTED, FiringOutcome.QUEUED, FiringOutcome.SKIPPED_OVERLAP


def turn(now: datetime = NOW) -> None:
    fire_due(limit=100, now=now)


def outcomes() -> list[str]:
    return list(Firing.objects.order_by("scheduled_for", "id").values_list("outcome", flat=True))


def busy(schedule: Schedule, status: TaskStatus = TaskStatus.RUNNING, **fields: Any) -> Task:
    key = schedule.task_key
    return make_task(schedule.workflow, status=status, schedule_id=schedule.pk, concurrency_key=key, **fields)


class TestOverlap:
    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("skip", SKIPPED),
            ("queue_one", QUEUED),
            ("queue_all", QUEUED),
            ("allow", STARTED),
            ("cancel_running", QUEUED),
        ],
    )
    def test_a_task_that_runs(self, policy: str, expected: FiringOutcome) -> None:
        schedule = make_schedule(overlap_policy=policy)
        task = busy(schedule)
        turn()
        assert outcomes() == [expected]
        task.refresh_from_db()
        assert task.status == TaskStatus.RUNNING
        assert (task.abort_requested_at == NOW) is (policy == "cancel_running")

    @pytest.mark.parametrize("status", BLOCKING)
    def test_whatever_has_not_ended_is_named_with_its_status(self, status: TaskStatus) -> None:
        schedule = make_schedule()
        task = busy(schedule, status)
        turn()
        [firing] = Firing.objects.all()
        assert (firing.outcome, firing.reason) == (SKIPPED, f"task {task.pk} of this schedule is still {status}")

    @pytest.mark.parametrize("status", [status for status in BLOCKING if status != TaskStatus.RUNNING])
    def test_an_idle_task_that_is_cancelled_ends_at_once(self, status: TaskStatus) -> None:
        schedule = make_schedule(overlap_policy="cancel_running")
        task = busy(schedule, status)
        turn()
        task.refresh_from_db()
        assert (task.status, task.finished_at) == (TaskStatus.ABORTED, NOW)
        assert task.failed_reason == "aborted for the instant of 2027-03-01 09:00:00Z (overlap_policy cancel_running)"
        [firing] = Firing.objects.all()
        assert firing.outcome == STARTED
        assert [claim.task_id for claim in claim_queued(make_lease(), limit=9)] == [firing.task_id]

    def test_what_is_queued_starts_when_the_task_before_has_ended(self) -> None:
        schedule = make_schedule(overlap_policy="queue_one")
        task = busy(schedule)
        turn()
        assert claim_queued(make_lease(), limit=9) == []
        Task.objects.filter(pk=task.pk).update(status=TaskStatus.FAILED, lease_expires_at=None)
        [firing] = Firing.objects.all()
        assert [claim.task_id for claim in claim_queued(make_lease(), limit=9)] == [firing.task_id]

    def test_tasks_that_were_allowed_to_overlap_block_when_the_policy_is_another_one(self) -> None:
        make_schedule(overlap_policy="allow", trigger_kwargs={"minutes": 1})
        turn()
        turn(NOW + MINUTE)
        assert len(claim_queued(make_lease(now=NOW + MINUTE), limit=9)) == 2
        Schedule.objects.update(overlap_policy="skip")
        turn(NOW + 2 * MINUTE)
        assert outcomes() == [STARTED, STARTED, SKIPPED]

    def test_a_predicate_that_refuses_aborts_nothing(self) -> None:
        workflow = make_workflow(options={"run_predicate": lambda request: "not today"})
        schedule = make_schedule(workflow, overlap_policy="cancel_running")
        task = busy(schedule, TaskStatus.SUSPENDED)
        turn()
        task.refresh_from_db()
        assert (task.status, outcomes()) == (TaskStatus.SUSPENDED, [FiringOutcome.SKIPPED_PREDICATE])

    def test_no_task_is_looked_for_where_all_may_overlap(self) -> None:
        make_schedule(overlap_policy="allow")
        with recorded_statements() as statements:
            turn()
        assert not [each for each in statements if each.startswith("SELECT") and '"tasks_task"' in each]


class TestSharedTasks:
    """Schedules of one workflow that let no two tasks of it run at a time."""

    def make(self, number: int = 2, **fields: Any) -> list[Schedule]:
        workflow = make_workflow()
        return [make_schedule(workflow, concurrency_key="workflow", **fields) for _ in range(number)]

    def test_the_task_of_another_schedule_blocks(self) -> None:
        first, second = self.make()
        Schedule.objects.filter(pk=first.pk).update(next_run_at=NOW + HOUR)
        task = busy(second)
        turn()
        [firing] = Firing.objects.all()
        assert (firing.outcome, firing.reason) == (SKIPPED, f"task {task.pk} of this workflow is still running")

    def test_of_two_that_are_due_in_one_turn_one_starts(self) -> None:
        self.make(3)
        turn()
        assert sorted(outcomes()) == [SKIPPED, SKIPPED, STARTED]
        reasons = set(Firing.objects.filter(outcome=SKIPPED).values_list("reason", flat=True))
        task = Task.objects.get()
        assert reasons == {f"task {task.pk} of schedule 'Nightly' had only just been started"}

    def test_of_two_that_may_queue_the_second_does(self) -> None:
        first, second = self.make(overlap_policy="queue_one")
        turn()
        assert outcomes() == [STARTED, QUEUED]
        assert {task.concurrency_key for task in Task.objects.all()} == {first.workflow.pk} == {second.workflow.pk}
        assert len(claim_queued(make_lease(), limit=9)) == 1

    def test_schedules_that_share_nothing_are_not_blocked(self) -> None:
        workflow = make_workflow()
        make_schedule(workflow, concurrency_key="workflow")
        make_schedule(workflow)
        turn()
        assert outcomes() == [STARTED, STARTED]

    @pytest.mark.django_db(transaction=True)
    def test_of_two_that_two_schedulers_decide_at_once_one_starts(self) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer: two turns are never at work at once")
        self.make()
        barrier = Barrier(2)

        def take_one() -> None:
            barrier.wait(10)
            fire_due(limit=1, now=NOW)

        with in_thread(take_one) as one, in_thread(take_one) as other:
            one.result(10)
            other.result(10)
        while fire_due(limit=1, now=NOW).found_due:
            pass
        assert sorted(outcomes()) == [SKIPPED, STARTED]


class TestMisfires:
    def down_until(self, now: datetime, *, since: datetime) -> None:
        record_tick(since)
        record_tick(now)

    def test_what_is_due_beside_it_makes_no_difference(self) -> None:
        """An outage of 20 s, and a turn a second after it: what was due within is misfired, however young it is."""
        make_schedule(misfire_policy="skip", next_run_at=NOW + 8 * SECOND)
        self.down_until(NOW + 20 * SECOND, since=NOW)
        turn(NOW + 21 * SECOND)
        assert outcomes() == [FiringOutcome.MISSED]

    def test_all_that_was_missed_runs_one_after_the_other_oldest_first(self) -> None:
        make_schedule(misfire_policy="run_all", max_catchup_runs=3)
        self.down_until(NOW + 4 * HOUR + SECOND, since=NOW - MINUTE)
        turn(NOW + 4 * HOUR + SECOND)
        assert outcomes() == [STARTED, QUEUED, QUEUED, FiringOutcome.MISSED, FiringOutcome.MISSED]
        tasks = Task.objects.order_by("id").values_list("scheduled_for", flat=True)
        assert list(tasks) == [NOW, NOW + HOUR, NOW + 2 * HOUR]
        assert len(claim_queued(make_lease(now=NOW + 5 * HOUR), limit=9)) == 1

    def test_nothing_that_was_missed_runs(self) -> None:
        make_schedule(misfire_policy="skip")
        self.down_until(NOW + HOUR + SECOND, since=NOW - MINUTE)
        turn(NOW + HOUR + SECOND)
        assert outcomes() == [FiringOutcome.MISSED] * 2
        assert not Task.objects.exists()

    def test_the_oldest_run_also_where_there_are_too_many_to_count(self) -> None:
        make_schedule(
            trigger_kwargs={"seconds": 1}, misfire_policy="run_all", max_catchup_runs=3, misfire_window_seconds=None
        )
        now = NOW + timedelta(days=10)
        self.down_until(now + SECOND / 2, since=NOW - MINUTE)
        turn(now)
        assert list(Task.objects.order_by("id").values_list("scheduled_for", flat=True)) == [
            NOW + number * SECOND for number in range(3)
        ]
        missed = Firing.objects.get(outcome=FiringOutcome.MISSED)
        assert (missed.scheduled_for, missed.last_scheduled_for, missed.count) == (NOW + 3 * SECOND, now, None)

    def test_the_window_parts_what_cannot_be_counted(self) -> None:
        make_schedule(trigger_kwargs={"seconds": 1}, misfire_window_seconds=3600)
        now = NOW + timedelta(days=1)
        self.down_until(now + SECOND / 2, since=NOW - MINUTE)
        turn(now)
        rows = Firing.objects.order_by("scheduled_for").values_list("scheduled_for", "last_scheduled_for", "outcome")
        edge = now - HOUR
        assert list(rows) == [
            (NOW, edge - SECOND, FiringOutcome.MISSED),
            (edge, now - SECOND, FiringOutcome.COALESCED),
            (now, None, STARTED),
        ]

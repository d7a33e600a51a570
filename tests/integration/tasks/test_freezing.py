"""A frozen engine: nothing is taken, what runs stops before its next step, and all goes on when it ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.freezing import current_freeze, freeze_engine, unfreeze_engine
from tasks.models import EngineFreeze, TaskStatus
from tasks.queue import claim_orphaned, claim_queued, claim_task
from tasks.services import resume_task, start_task
from tasks.worker import Worker
from tests.integration.tasks.support import Clock, Network, assert_status, claim_due, fresh, recorded, run_due
from tests.support.database import heard_channels
from tests.support.factories import HOUR, LEASE_SECONDS, NOW, make_lease, make_step, make_task, make_workflow

pytestmark = pytest.mark.django_db


class InlinePool(ThreadPoolExecutor):
    """Runs what is submitted at once, in the thread of the test and on its connection."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        fn(*args, **kwargs)


def make_worker(clock: Clock) -> Worker:
    return Worker(concurrency=1, lease_seconds=LEASE_SECONDS, poll_seconds=1, clock=clock)


class TestClaiming:
    def test_nothing_is_taken_from_the_queue_nor_from_dead_workers(self, clock: Clock) -> None:
        workflow = make_workflow()
        make_task(workflow)
        make_task(workflow, status=TaskStatus.WAITING, available_at=NOW)
        make_task(workflow, status=TaskStatus.AWAITING_CALLBACK, available_at=NOW)
        make_task(workflow, status=TaskStatus.RUNNING)
        clock.let_pass(2 * LEASE_SECONDS)
        lease = make_lease(now=clock.now)
        freeze_engine(reason="maintenance", actor="ada")
        assert (claim_queued(lease, limit=10), claim_orphaned(lease, limit=10)) == ([], [])
        unfreeze_engine(actor="ada")
        assert (len(claim_queued(lease, limit=10)), len(claim_orphaned(lease, limit=10))) == (3, 1)

    def test_a_task_that_is_named_is_taken_all_the_same(self, clock: Clock) -> None:
        task = make_task()
        freeze_engine(reason="maintenance", actor="ada")
        assert claim_task(make_lease(), task_id=task.pk) is not None

    def test_tasks_may_be_started_and_resumed_meanwhile_and_run_afterwards(self, clock: Clock) -> None:
        freeze_engine(reason="maintenance", actor="ada")
        workflow = make_workflow()
        started = start_task(workflow=workflow, inputs={}, actor="ada")
        assert claim_due(clock) is None
        unfreeze_engine(actor="ada")
        assert_status(run_due(clock, started), TaskStatus.COMPLETED)
        failed = make_task(workflow, status=TaskStatus.FAILED)
        freeze_engine(reason="maintenance", actor="ada")
        resume_task(task_id=failed.pk, actor="ada")
        assert claim_due(clock) is None
        unfreeze_engine(actor="ada")
        assert claim_due(clock) is not None


class TestItsEnd:
    def test_one_with_an_end_passes_by_itself(self, clock: Clock) -> None:
        task = make_task()
        freeze_engine(reason="maintenance", actor="ada", until=clock.now + HOUR)
        clock.now += HOUR - timedelta(microseconds=1)
        assert claim_due(clock) is None
        assert current_freeze(now=clock.now) is not None
        clock.now += timedelta(microseconds=1)
        assert current_freeze(now=clock.now) is None
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_one_that_has_passed_by_itself_is_none_to_end_and_is_written_down_as_it_was(self, clock: Clock) -> None:
        freeze_engine(reason="maintenance", actor="ada", until=clock.now + HOUR)
        clock.now += 2 * HOUR
        assert unfreeze_engine(actor="bob") is False
        row = EngineFreeze.objects.get()
        assert (row.ended_at, row.ended_by, row.in_force) == (NOW + HOUR, "its end", None)

    def test_a_later_one_does_not_prolong_one_that_has_passed(self, clock: Clock) -> None:
        freeze_engine(reason="first", actor="ada", until=clock.now + HOUR)
        clock.now += 2 * HOUR
        freeze_engine(reason="second", actor="bob")
        first, second = EngineFreeze.objects.order_by("started_at")
        assert (first.ended_at, second.started_at, second.started_by) == (NOW + HOUR, NOW + 2 * HOUR, "bob")

    def test_an_engine_that_is_frozen_gets_the_new_reason_and_end_and_keeps_its_beginning(self, clock: Clock) -> None:
        freeze_engine(reason="first", actor="ada")
        clock.now += HOUR
        row = freeze_engine(reason="second", actor="bob", until=clock.now + HOUR)
        assert EngineFreeze.objects.count() == 1
        assert (row.started_at, row.started_by, row.reason, row.until) == (NOW, "bob", "second", NOW + 2 * HOUR)

    def test_it_is_ended_once(self, clock: Clock) -> None:
        freeze_engine(reason="maintenance", actor="ada")
        assert (unfreeze_engine(actor="ada"), unfreeze_engine(actor="ada")) == (True, False)
        assert current_freeze(now=clock.now) is None

    @pytest.mark.parametrize(("reason", "hours"), [("", None), ("  ", None), ("maintenance", 0), ("maintenance", -1)])
    def test_one_without_a_reason_or_with_an_end_that_has_passed_is_refused(
        self, clock: Clock, reason: str, hours: int | None
    ) -> None:
        until = None if hours is None else clock.now + hours * HOUR
        with pytest.raises(InvalidValue):
            freeze_engine(reason=reason, actor="ada", until=until)
        assert not EngineFreeze.objects.exists()

    def test_the_database_holds_that_only_one_is_in_force(self) -> None:
        for _ in range(2):
            EngineFreeze.objects.create(started_at=NOW, started_by="ada", reason="x", ended_at=NOW, in_force=None)
        EngineFreeze.objects.create(started_at=NOW, started_by="ada", reason="x")
        with pytest.raises(IntegrityError):
            EngineFreeze.objects.create(started_at=NOW, started_by="ada", reason="x")

    def test_both_wake_everybody(self, clock: Clock) -> None:
        for change in (lambda: freeze_engine(reason="x", actor="ada"), lambda: unfreeze_engine(actor="ada")):
            with heard_channels() as heard:
                change()
            assert TASKS_ENQUEUED in heard


class TestRunningTasks:
    def test_one_is_given_back_before_its_next_step_and_goes_on_with_that(self, clock: Clock) -> None:
        network = Network()
        steps = [make_step(name, lambda name=name: network.call(name)) for name in ("First", "Second")]
        task = make_task(make_workflow(*steps))
        task = run_due(clock, task, is_stopping=lambda: network.calls == ["First"])
        assert (task.status, task.position, task.lease_expires_at) == (TaskStatus.RESUMED, 2, None)
        freeze_engine(reason="maintenance", actor="ada")
        assert claim_due(clock) is None
        unfreeze_engine(actor="ada")
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert network.calls == ["First", "Second"]
        assert [name for name, _ in recorded(task)] == ["Start", "First", "Second", "Done"]

    def test_a_worker_stops_its_tasks_when_it_hears_of_a_freeze_and_takes_them_again_after_it(
        self, clock: Clock
    ) -> None:
        worker, pool = make_worker(clock), InlinePool()

        def freeze() -> None:
            freeze_engine(reason="maintenance", actor="ada")
            worker.look_at_engine()
            worker._look_whether_frozen()  # as its loop does meanwhile

        network = Network()
        steps = [make_step("First", freeze), make_step("Second", lambda: network.call("Second"))]
        task = make_task(make_workflow(*steps))
        assert worker._start_claimed(pool)
        assert (fresh(task).status, fresh(task).position, network.calls) == (TaskStatus.RESUMED, 2, [])
        assert not worker._start_claimed(pool)
        unfreeze_engine(actor="ada")
        worker.look_at_engine()
        assert worker._start_claimed(pool)
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert network.calls == ["Second"]

    @pytest.mark.parametrize("status", [TaskStatus.CREATED, TaskStatus.RUNNING])
    def test_a_worker_goes_on_when_a_freeze_has_passed_by_itself(self, clock: Clock, status: TaskStatus) -> None:
        worker, pool = make_worker(clock), InlinePool()
        freeze_engine(reason="maintenance", actor="ada", until=clock.now + HOUR)
        worker.look_at_engine()
        task = make_task(status=status)
        worker._running = 1  # only a worker that runs something looks whether it is to stop
        assert not worker._start_claimed(pool)
        assert worker._is_stopping()
        worker._running = 0
        clock.now += HOUR
        worker._orphans_seen_at = float("-inf")
        assert worker._start_claimed(pool)
        assert_status(fresh(task), TaskStatus.COMPLETED)

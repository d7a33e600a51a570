"""Steps that are tried again: when, how often, and from when on they count anew."""

from datetime import timedelta

import pytest

from tasks.models import Task, TaskStatus
from tasks.queue import claim_orphaned
from tasks.runner import run_claimed
from tasks.services import abort_task, resume_task
from tests.integration.tasks.support import Clock, Network, assert_status, claim_due, fresh, recorded, run_due
from tests.support.factories import LEASE_SECONDS, SECOND, make_lease, make_step, make_task, make_workflow
from workflows.engine import Backoff, Step, retrystep

pytestmark = pytest.mark.django_db

DOWN = ConnectionError("nso:8080")


def make_flaky(network: Network, *, name: str = "Call NSO", max_attempts: int | None = None, **options: float) -> Step:
    backoff = Backoff(first_seconds=10, longest_seconds=60)
    return retrystep(name, max_attempts=max_attempts, backoff=backoff, **options)(lambda: network.call(name))  # type: ignore[arg-type]


def run_when_due(clock: Clock, task: Task) -> Task:
    """Let time pass until the task is due, and run it."""
    task = fresh(task)
    assert task.available_at is not None
    clock.now = max(clock.now, task.available_at)
    return run_due(clock, task)


class TestWaiting:
    def test_a_step_that_failed_leaves_its_task_waiting_with_the_reason(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_flaky(Network(DOWN)))))
        assert_status(task, TaskStatus.WAITING)
        assert (task.position, task.finished_at, task.lease_expires_at) == (1, None, None)
        assert task.failed_reason == "Call NSO: ConnectionError: nso:8080"
        assert recorded(task) == [("Start", "success"), ("Call NSO", "waiting")]
        error = task.steps.get(name="Call NSO").error
        assert error is not None
        assert error["traceback"].startswith("Traceback")

    def test_it_waits_no_longer_than_its_backoff_says_and_not_always_the_same_time(self, clock: Clock) -> None:
        for failures, longest in ((1, 10), (2, 20), (3, 40), (4, 60), (5, 60)):
            waits = []
            for _ in range(8):
                task = make_task(make_workflow(make_flaky(Network(*[DOWN] * failures))), now=clock.now)
                for _ in range(failures):
                    task = run_when_due(clock, task)
                    began_at = clock.now
                assert task.available_at is not None
                waits.append(task.available_at - began_at)
                abort_task(task_id=task.pk, actor="a test")
            assert all(timedelta(0) <= wait <= longest * SECOND for wait in waits)
            assert max(waits) > longest * SECOND / 8  # 8 draws all below that: one time in 16 million
            assert len(set(waits)) == len(waits)

    def test_no_worker_takes_it_before_its_time(self, clock: Clock) -> None:
        network = Network(DOWN)
        task = run_due(clock, make_task(make_workflow(make_flaky(network))))
        assert task.available_at is not None
        clock.now = task.available_at - timedelta(microseconds=1)
        assert claim_due(clock) is None
        clock.now = task.available_at
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert (task.failed_reason, network.calls) == ("", ["Call NSO", "Call NSO"])

    def test_a_person_may_have_it_tried_at_once(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_flaky(Network(DOWN)))))
        resumed = resume_task(task_id=task.pk, actor="ada")
        assert (resumed.status, resumed.available_at) == (TaskStatus.RESUMED, clock.now)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_a_person_may_end_it(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_flaky(Network(DOWN)))))
        assert abort_task(task_id=task.pk, actor="ada").available_at is None
        clock.let_pass(3_600)
        assert claim_due(clock) is None


class TestGivingUp:
    def test_the_task_fails_with_the_last_attempt_that_the_step_has(self, clock: Clock) -> None:
        network = Network(*[DOWN] * 9)
        task = make_task(make_workflow(make_flaky(network, max_attempts=3)))
        statuses = []
        while fresh(task).available_at is not None:
            statuses.append(run_when_due(clock, task).status)
        assert statuses == [TaskStatus.WAITING, TaskStatus.WAITING, TaskStatus.API_UNAVAILABLE]
        assert [status for _, status in recorded(task)] == ["success", "waiting", "waiting", "failed"]
        assert fresh(task).finished_at == clock.now

    def test_it_counts_anew_after_a_person_has_resumed_it(self, clock: Clock) -> None:
        network = Network(*[DOWN] * 3)
        task = make_task(make_workflow(make_flaky(network, max_attempts=2)))
        run_when_due(clock, task)
        assert_status(run_when_due(clock, task), TaskStatus.API_UNAVAILABLE)
        resume_task(task_id=task.pk, actor="ada")
        assert_status(run_when_due(clock, task), TaskStatus.WAITING)
        assert_status(run_when_due(clock, task), TaskStatus.COMPLETED)
        assert len(network.calls) == 4

    def test_each_step_counts_for_itself(self, clock: Clock) -> None:
        first, second = Network(DOWN, DOWN), Network(DOWN, DOWN)
        steps = [make_flaky(first, name="First", max_attempts=3), make_flaky(second, name="Second", max_attempts=3)]
        task = make_task(make_workflow(*steps))
        for _ in range(4):
            assert_status(run_when_due(clock, task), TaskStatus.WAITING)
        assert_status(run_when_due(clock, task), TaskStatus.COMPLETED)

    def test_each_task_counts_for_itself(self, clock: Clock) -> None:
        workflow = make_workflow(make_flaky(Network(DOWN, DOWN), max_attempts=2))
        for _ in range(2):
            task = run_due(clock, make_task(workflow))
            assert_status(task, TaskStatus.WAITING)
            abort_task(task_id=task.pk, actor="a test")

    def test_an_attempt_that_its_worker_did_not_survive_does_not_count(self, clock: Clock) -> None:
        network = Network(DOWN, DOWN)
        task = make_task(make_workflow(make_flaky(network, max_attempts=2)))
        run_when_due(clock, task)
        clock.now = fresh(task).available_at or clock.now
        assert claim_due(clock, worker="dies") is not None
        clock.let_pass(2 * LEASE_SECONDS)
        [taken] = claim_orphaned(make_lease(worker="w2", now=clock.now), limit=1)
        run_claimed(taken, clock=clock)
        assert_status(fresh(task), TaskStatus.API_UNAVAILABLE)
        assert len(network.calls) == 2


def test_a_step_that_took_too_long_is_tried_again(clock: Clock) -> None:
    durations = [9.0, 5.0]
    slow = retrystep("Slow", timeout_seconds=5)(lambda: clock.let_pass(durations.pop(0)))
    task = run_due(clock, make_task(make_workflow(slow)))
    assert_status(task, TaskStatus.WAITING)
    assert task.failed_reason == "Slow: StepTimeout: the step took 9.0 s; its timeout_seconds is 5"
    assert_status(run_when_due(clock, task), TaskStatus.COMPLETED)


def test_the_steps_before_it_do_not_run_again(clock: Clock) -> None:
    network, prepared = Network(DOWN, DOWN), Network()
    prepare = make_step("Prepare", lambda: prepared.call("Prepare"))
    task = make_task(make_workflow(prepare, make_flaky(network)))
    for _ in range(3):
        run_when_due(clock, task)
    assert_status(fresh(task), TaskStatus.COMPLETED)
    assert prepared.calls == ["Prepare"]

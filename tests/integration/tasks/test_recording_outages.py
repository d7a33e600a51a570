"""A database that is away when a step has run: the step is recorded once, and its body does not run again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from tasks import step_runner
from tasks.callbacks import answer_callback
from tasks.models import Task, TaskStatus, TaskStep
from tasks.queue import Claim, claim_orphaned
from tasks.recording import Recorded, count_failures, record_step
from tasks.runner import run_claimed
from tasks.services import abort_task, resume_task
from tests.integration.tasks.calling_out import Supplier, make_call
from tests.integration.tasks.support import (
    Clock,
    Network,
    assert_status,
    claim_due,
    fresh,
    last_state,
    recorded,
    run_due,
)
from tests.support.factories import LEASE_SECONDS, make_lease, make_step, make_task, make_workflow
from workflows.engine import Step, retrystep

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = OperationalError("the server closed the connection unexpectedly")


class Pauses:
    """Stands for the event on which a worker waits between two attempts: no time passes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.during: Callable[[], object] = lambda: None

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.during()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    made = Pauses()
    monkeypatch.setattr(step_runner, "_pause", made)
    return made


class Outage:
    """Breaks the recording of one step: before it is written, or after, when its answer gets lost."""

    def __init__(self, *, step: str, errors: list[Exception], is_written: bool = False) -> None:
        self.step = step
        self.errors = errors
        self.is_written = is_written
        self.after: Callable[[], object] = lambda: None

    def __call__(self, claim: Claim, step: TaskStep, **options: Any) -> Recorded:
        if step.name != self.step or not self.errors:
            return record_step(claim, step, **options)
        if self.is_written:
            record_step(claim, step, **options)
            self.after()
        raise self.errors.pop(0)


@pytest.fixture
def break_recording(monkeypatch: pytest.MonkeyPatch, pauses: Pauses) -> Callable[..., Outage]:
    def break_it(**options: Any) -> Outage:
        outage = Outage(**options)
        monkeypatch.setattr(step_runner, "record_step", outage)
        return outage

    return break_it


def steps_of(network: Network) -> list[Step]:
    return [make_step(name, lambda name=name: network.call(name)) for name in ("First", "Second")]


BreakRecording = Callable[..., Outage]


class TestBeforeItIsWritten:
    @pytest.mark.parametrize("error", [AWAY, InterfaceError("connection already closed")], ids=repr)
    def test_it_is_tried_until_the_database_is_back_and_recorded_once(
        self, clock: Clock, break_recording: BreakRecording, pauses: Pauses, error: Exception
    ) -> None:
        network = Network()
        break_recording(step="First", errors=[error] * 7)
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        assert_status(task, TaskStatus.COMPLETED)
        assert network.calls == ["First", "Second"]
        assert [name for name, _ in recorded(task)] == ["Start", "First", "Second", "Done"]
        assert pauses.seconds == 7 * step_runner.RECORD_PAUSE_SECONDS

    def test_so_is_a_failure(self, clock: Clock, break_recording: BreakRecording) -> None:
        network = Network(ValueError("no such node"))
        break_recording(step="First", errors=[AWAY] * 3)
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        assert (task.status, task.failed_reason) == (TaskStatus.FAILED, "First: ValueError: no such node")
        assert recorded(task) == [("Start", "success"), ("First", "failed")]

    def test_the_record_of_an_earlier_attempt_is_not_taken_for_that_of_this_one(
        self, clock: Clock, break_recording: BreakRecording
    ) -> None:
        network = Network(ValueError("no such node"))
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        resume_task(task_id=task.pk, actor="ada")
        break_recording(step="First", errors=[AWAY])
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert recorded(task)[1:3] == [("First", "failed"), ("First", "success")]

    def test_so_is_one_that_is_to_be_tried_again_although_nobody_can_count_how_often_it_has(
        self, clock: Clock, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        errors = [AWAY, AWAY]

        def count_when_it_is_back(*args: Any, **kwargs: Any) -> int:
            if errors:
                raise errors.pop()
            return count_failures(*args, **kwargs)

        monkeypatch.setattr(step_runner, "count_failures", count_when_it_is_back)
        network = Network(ConnectionError("nso:8080"))
        task = run_due(clock, make_task(make_workflow(retrystep("First")(lambda: network.call("First")))))
        assert_status(task, TaskStatus.WAITING)
        assert (network.calls, recorded(task)[1:]) == (["First"], [("First", "waiting")])

    def test_it_is_given_up_when_others_have_long_taken_over(
        self, clock: Clock, break_recording: BreakRecording, pauses: Pauses
    ) -> None:
        network = Network()
        outage = break_recording(step="First", errors=[AWAY] * 10_000)
        task = make_task(make_workflow(*steps_of(network)))
        with pytest.raises(OperationalError):
            run_due(clock, task)
        assert pauses.seconds == step_runner.RECORD_FOR_SECONDS
        assert_status(fresh(task), TaskStatus.RUNNING)
        outage.errors.clear()
        clock.let_pass(2 * LEASE_SECONDS)
        [taken] = claim_orphaned(make_lease(now=clock.now), limit=1)
        run_claimed(taken, clock=clock)
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert network.calls == ["First", "First", "Second"]

    def test_what_does_not_pass_by_itself_is_not_waited_for(
        self, clock: Clock, break_recording: BreakRecording, pauses: Pauses
    ) -> None:
        break_recording(step="First", errors=[IntegrityError("a bug")])
        with pytest.raises(IntegrityError):
            run_due(clock, make_task(make_workflow(*steps_of(Network()))))
        assert pauses.seconds == 0

    def test_another_worker_that_has_it_by_then_keeps_it(
        self, clock: Clock, break_recording: BreakRecording, pauses: Pauses
    ) -> None:
        network = Network()
        break_recording(step="First", errors=[AWAY])
        task = make_task(make_workflow(*steps_of(network)))
        slow = claim_due(clock, worker="slow")
        assert slow is not None

        def take_over() -> None:
            clock.let_pass(2 * LEASE_SECONDS)
            [quick] = claim_orphaned(make_lease(worker="quick", now=clock.now), limit=1)
            run_claimed(quick, clock=clock)

        pauses.during = take_over
        run_claimed(slow, clock=clock)
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert list(task.steps.order_by("id").values_list("attempt", flat=True)) == [1, 2, 2, 2]
        assert network.calls == ["First", "First", "Second"]


class TestAfterItIsWritten:
    """The commit has happened, and the answer to it was lost."""

    def test_it_is_recorded_once_and_the_task_goes_on(self, clock: Clock, break_recording: BreakRecording) -> None:
        network = Network()
        break_recording(step="First", errors=[AWAY], is_written=True)
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        assert_status(task, TaskStatus.COMPLETED)
        assert network.calls == ["First", "Second"]
        assert [name for name, _ in recorded(task)] == ["Start", "First", "Second", "Done"]

    @pytest.mark.parametrize("step", ["Start", "Done"])
    def test_the_first_and_the_last_step_as_well(
        self, clock: Clock, break_recording: BreakRecording, step: str
    ) -> None:
        break_recording(step=step, errors=[AWAY], is_written=True)
        task = run_due(clock, make_task(make_workflow(*steps_of(Network()))))
        assert (task.status, len(recorded(task))) == (TaskStatus.COMPLETED, 4)

    def test_a_failure_stays_one(self, clock: Clock, break_recording: BreakRecording) -> None:
        network = Network(ValueError("no such node"))
        break_recording(step="First", errors=[AWAY], is_written=True)
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        assert_status(task, TaskStatus.FAILED)
        assert (network.calls, recorded(task)[1:]) == (["First"], [("First", "failed")])

    def test_a_wait_stays_one_although_the_answer_has_come_meanwhile(
        self, clock: Clock, break_recording: BreakRecording
    ) -> None:
        supplier = Supplier()
        step = "Line: Await callback"
        task = make_task(make_workflow(*make_call(supplier, timeout_seconds=60)))
        break_recording(step=step, errors=[AWAY])
        task = run_due(clock, task)
        assert (task.status, recorded(task)[-1]) == (TaskStatus.AWAITING_CALLBACK, (step, "awaiting_callback"))
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        task = run_due(clock, task)
        assert (task.status, last_state(task)["seen"]) == (TaskStatus.COMPLETED, 1)

    def test_no_further_step_runs_of_a_task_that_was_aborted_with_it(
        self, clock: Clock, break_recording: BreakRecording
    ) -> None:
        network = Network()

        def ask() -> None:
            abort_task(task_id=Task.objects.get().pk, actor="ada")

        break_recording(step="First", errors=[AWAY], is_written=True)
        task = run_due(clock, make_task(make_workflow(make_step("First", ask), *steps_of(network)[1:])))
        assert (task.status, task.failed_reason) == (TaskStatus.ABORTED, "aborted before its next step")
        assert (network.calls, recorded(task)[1:]) == ([], [("First", "success")])

    def test_no_further_step_runs_of_a_task_that_another_worker_has_by_then(
        self, clock: Clock, break_recording: BreakRecording
    ) -> None:
        network = Network()
        outage = break_recording(step="First", errors=[AWAY], is_written=True)

        def take_over() -> None:
            clock.let_pass(2 * LEASE_SECONDS)
            assert len(claim_orphaned(make_lease(worker="quick", now=clock.now), limit=1)) == 1

        outage.after = take_over
        task = run_due(clock, make_task(make_workflow(*steps_of(network))))
        assert (task.status, task.worker, network.calls) == (TaskStatus.RUNNING, "quick", ["First"])

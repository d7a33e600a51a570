"""Running a claimed task: what is recorded, and where a task goes on that was stopped."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from tasks.deploys import save_version, version_of
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tasks.queue import Claim, claim_orphaned
from tasks.recording import record_step
from tasks.runner import run_claimed
from tasks.services import abort_task, resume_task
from tests.support.database import recorded_statements
from tests.support.factories import (
    LEASE_SECONDS,
    NOW,
    SECOND,
    make_claim,
    make_lease,
    make_step,
    make_task,
    make_task_step,
    make_workflow,
    register_code,
    step_fields,
)
from workflows.engine import InconsistentData, Step
from workflows.models import Workflow
from workflows.registry import get_definition

pytestmark = pytest.mark.django_db


class TickingClock:
    """A second passes between two looks at it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += SECOND
        return self.now


class Network:
    """The outside world: remembers each call, and fails while it is told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls: list[str] = []

    def step(self, name: str, returned: object = None) -> Step:
        def call(state: dict[str, Any]) -> object:
            self.calls.append(name)
            if self.error is not None:
                raise self.error
            return {name: len(state)} if returned is None else returned

        return make_step(name, call)


def run(claim: Claim) -> Task:
    run_claimed(claim, clock=TickingClock())
    return Task.objects.get(pk=claim.task_id)


def start(workflow: Workflow, **fields: Any) -> Claim:
    return make_claim(make_task(workflow, **fields))


def recorded(task: Task) -> Iterator[tuple[str, str, int]]:
    return ((step.name, step.status, step.attempt) for step in task.steps.order_by("id"))


class TestChangedSteps:
    def test_a_task_that_was_mapped_and_given_back_goes_on_where_it_was_mapped_to(self) -> None:
        ran: list[str] = []

        def note(name: str) -> Step:
            return make_step(name, lambda: ran.append(name))

        network = Network(ValueError("no route"))
        task = run(start(make_workflow(note("A"), network.step("B"), note("C"))))
        register_code(task.workflow.name, [note("X"), note("A"), note("New B"), note("C")], step_aliases={"B": "New B"})
        resume_task(task_id=task.pk, actor="ada")
        run_claimed(make_claim(task), clock=TickingClock(), is_stopping=lambda: True)
        task.refresh_from_db()
        assert (task.status, task.position, task.revision) == (TaskStatus.RESUMED, 3, 1)
        task = run(make_claim(task, now=task.available_at or NOW))
        assert (task.status, task.revision, ran) == (TaskStatus.COMPLETED, 1, ["A", "New B", "C"])


class TestAWholeRun:
    def test_the_task_says_when_the_step_began_that_runs_and_nothing_when_none_does(self) -> None:
        seen: list[datetime | None] = []

        def look(task_id: str) -> None:
            seen.append(Task.objects.values_list("step_started_at", flat=True).get(pk=task_id))

        task = run(start(make_workflow(make_step("One", look), make_step("Two", look))))
        steps = list(task.steps.order_by("id"))
        assert seen == [steps[0].completed_at, steps[1].completed_at]
        assert task.step_started_at is None

    def test_every_step_is_recorded_with_the_state_after_it(self) -> None:
        workflow = make_workflow(Network().step("NSO calls", {"seen": ["nl-1"]}))
        task = run(start(workflow, inputs={"node": "nl-1"}, reporter="ada"))
        first = {
            "node": "nl-1",
            "task_id": str(task.pk),
            "workflow_name": workflow.name,
            "workflow_target": "SYSTEM",
            "reporter": "ada",
        }
        after = {**first, "seen": ["nl-1"]}
        rows = TaskStep.objects.order_by("id").values_list("position", "name", "status", "state", "error")
        assert list(rows) == [
            (0, "Start", StepStatus.SUCCESS, first, None),
            (1, "NSO calls", StepStatus.SUCCESS, after, None),
            (2, "Done", StepStatus.COMPLETE, after, None),
        ]
        assert (task.status, task.position, task.failed_reason) == (TaskStatus.COMPLETED, 3, "")

    def test_the_times_are_those_of_the_clock(self) -> None:
        task = run(start(make_workflow(Network().step("NSO calls"))))
        times = [(step.started_at, step.completed_at) for step in task.steps.order_by("id")]
        assert times == [(NOW + n * SECOND, NOW + (n + 1) * SECOND) for n in (1, 3, 5)]
        assert (task.started_at, task.finished_at) == (NOW, NOW + 6 * SECOND)

    def test_a_task_of_three_steps_takes_no_more_than_eight_statements(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        task = make_task(make_workflow(Network().step("NSO calls")))
        with django_capture_on_commit_callbacks(execute=True):  # a worker does that once, when it starts
            save_version(version_of(get_definition(task.workflow.name)))
        with recorded_statements() as statements:
            run(make_claim(Task.objects.get()))
        own = [each for each in statements if not each.startswith("SELECT")]  # those of this test only read
        assert len(own) <= 8

    def test_no_clock_that_goes_back_makes_a_step_end_before_it_starts(self) -> None:
        times = iter([NOW, NOW - SECOND] * 3)
        run_claimed(start(make_workflow(Network().step("NSO calls"))), clock=lambda: next(times))
        assert Task.objects.get().status == TaskStatus.COMPLETED


class TestAFailingStep:
    def test_error_reason_and_the_state_before_it_are_recorded(self) -> None:
        network = Network(ValueError("node nl-1 is unknown"))
        task = run(start(make_workflow(network.step("NSO calls")), inputs={"node": "nl-1"}))
        assert (task.status, task.position) == (TaskStatus.FAILED, 1)
        assert task.failed_reason == "NSO calls: ValueError: node nl-1 is unknown"
        assert task.finished_at is not None
        start_step, failed = task.steps.order_by("id")
        assert (failed.name, failed.status, failed.state) == ("NSO calls", StepStatus.FAILED, start_step.state)
        assert failed.state["node"] == "nl-1"
        assert failed.error is not None
        assert (failed.error["class"], failed.error["message"]) == ("ValueError", "node nl-1 is unknown")
        assert failed.error["traceback"].startswith("Traceback")

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (InconsistentData("two ports, one cable"), TaskStatus.INCONSISTENT_DATA),
            (AssertionError("ports differ"), TaskStatus.INCONSISTENT_DATA),
            (ConnectionRefusedError("nso:8080"), TaskStatus.API_UNAVAILABLE),
            (TimeoutError("no answer"), TaskStatus.API_UNAVAILABLE),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_the_kind_of_error_decides_the_status_of_the_task(self, error: Exception, status: TaskStatus) -> None:
        task = run(start(make_workflow(Network(error).step("NSO calls"))))
        assert task.status == status
        assert task.failed_reason == f"NSO calls: {type(error).__name__}: {error}"

    def test_a_result_that_is_not_json_fails_the_step(self) -> None:
        task = run(start(make_workflow(Network().step("NSO calls", {"node": object()}))))
        assert task.status == TaskStatus.FAILED
        assert "step 'NSO calls' returned 'node', which is not JSON" in task.failed_reason

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (None, "TransactionLeftOpen: a transaction was left open; what was written in it has been rolled back"),
            (ValueError("node nl-1 is unknown"), "ValueError: node nl-1 is unknown"),
        ],
        ids=["no error", "an error of its own"],
    )
    def test_one_that_leaves_a_transaction_open_fails_and_nothing_of_it_stays(
        self, error: Exception | None, reason: str
    ) -> None:
        network = Network()

        def call() -> None:
            transaction.atomic().__enter__()
            make_workflow(name="written", has_code=False)
            if error is not None:
                raise error

        workflow = make_workflow(make_step("NSO calls", call), network.step("Report"))
        task = run(start(workflow))
        assert (task.status, task.failed_reason) == (TaskStatus.FAILED, f"NSO calls: {reason}")
        assert not network.calls
        assert not Workflow.objects.filter(name="written").exists()
        assert transaction.get_autocommit()

    def test_text_that_postgresql_cannot_store_does_not_keep_the_failure_from_being_recorded(self) -> None:
        task = run(start(make_workflow(Network(ValueError("a \0 and \udcff")).step("NSO calls"))))
        assert task.status == TaskStatus.FAILED
        assert task.failed_reason == "NSO calls: ValueError: a \N{REPLACEMENT CHARACTER} and ?"

    def test_a_resumed_task_runs_only_from_the_step_that_failed_and_on_the_same_state(self) -> None:
        network, flaky = Network(), Network(ConnectionError("nso:8080"))
        workflow = make_workflow(network.step("Prepare", {"plan": 7}), flaky.step("NSO calls", {"done": True}))
        stopped = run(start(workflow))
        flaky.error = None
        task = resume_task(task_id=stopped.pk, actor="ada")
        assert task.available_at is not None
        task = run(make_claim(task, now=task.available_at))
        assert (task.status, task.failed_reason) == (TaskStatus.COMPLETED, "")
        assert (network.calls, flaky.calls) == (["Prepare"], ["NSO calls", "NSO calls"])
        assert list(recorded(task)) == [
            ("Start", StepStatus.SUCCESS, 1),
            ("Prepare", StepStatus.SUCCESS, 1),
            ("NSO calls", StepStatus.FAILED, 1),
            ("NSO calls", StepStatus.SUCCESS, 2),
            ("Done", StepStatus.COMPLETE, 2),
        ]
        prepared, failed, again = task.steps.order_by("id")[1:4]
        assert prepared.state == failed.state
        assert again.state == {**prepared.state, "done": True}


class TestCodeThatHasGone:
    def test_a_task_without_code_fails_and_says_so(self) -> None:
        task = run(start(make_workflow(name="task_gone", has_code=False)))
        assert (task.status, task.lease_expires_at) == (TaskStatus.FAILED, None)
        assert task.failed_reason == "no code is registered for workflow 'task_gone'"
        assert not task.steps.exists()

    def test_it_can_be_resumed_once_the_code_is_back(self) -> None:
        stopped = run(start(make_workflow(name="task_gone", has_code=False)))
        register_code("task_gone")
        task = resume_task(task_id=stopped.pk, actor="ada")
        assert task.available_at is not None
        assert run(make_claim(task, now=task.available_at)).status == TaskStatus.COMPLETED

    def test_a_task_that_has_passed_more_steps_than_the_workflow_has_fails_and_says_so(self) -> None:
        workflow = make_workflow(name="task_shorter")  # Start and Done
        task = make_task(workflow, status=TaskStatus.RESUMED, position=2)
        make_task_step(task, position=1)
        ended = run(make_claim(task))
        assert ended.status == TaskStatus.FAILED
        assert ended.failed_reason == "workflow 'task_shorter' has 2 steps by now; of this task 2 have passed"


class TestTakingOver:
    def test_the_next_worker_goes_on_with_the_state_of_the_last_recorded_step(self) -> None:
        network = Network()
        workflow = make_workflow(network.step("Prepare", {"plan": 7}), network.step("NSO calls", {"done": True}))
        dead = start(workflow)
        for position, name in enumerate(["Start", "Prepare"]):
            task = Task.objects.get()
            step = TaskStep(**step_fields(task, position=position, name=name, state={"plan": 42}))
            record_step(dead, step, status=TaskStatus.RUNNING, steps_version="")
        [claim] = claim_orphaned(make_lease(worker="w2", now=NOW + 2 * LEASE_SECONDS * SECOND), limit=1)
        task = run(claim)
        assert network.calls == ["NSO calls"]
        assert task.status == TaskStatus.COMPLETED
        assert task.steps.get(name="Done").state == {"plan": 42, "done": True}

    def test_a_worker_that_was_slow_leaves_the_task_to_the_one_that_took_over(self) -> None:
        network = Network()
        slow = start(make_workflow(network.step("NSO calls")))
        [quick] = claim_orphaned(make_lease(worker="quick", now=NOW + 2 * LEASE_SECONDS * SECOND), limit=1)
        assert run(slow).status == TaskStatus.RUNNING
        assert not TaskStep.objects.exists()
        task = run(quick)
        assert task.status == TaskStatus.COMPLETED
        assert {step.attempt for step in task.steps.all()} == {2}
        assert network.calls == ["NSO calls"]


class TestStopping:
    def test_a_worker_that_is_told_to_end_gives_the_task_back_between_two_steps(self) -> None:
        network = Network()
        claim = start(make_workflow(network.step("Prepare", {"plan": 7}), network.step("NSO calls")))
        run_claimed(claim, clock=TickingClock(), is_stopping=lambda: bool(network.calls))
        task = Task.objects.get()
        assert (task.status, task.position, task.lease_expires_at) == (TaskStatus.RESUMED, 2, None)
        assert task.available_at is not None
        task = run(make_claim(task, now=task.available_at))
        assert task.status == TaskStatus.COMPLETED
        assert network.calls == ["Prepare", "NSO calls"]

    def test_a_task_that_has_not_begun_is_as_it_was_before(self) -> None:
        run_claimed(start(make_workflow()), clock=TickingClock(), is_stopping=lambda: True)
        task = Task.objects.get()
        assert (task.status, task.position) == (TaskStatus.CREATED, 0)
        assert not task.steps.exists()


class TestAborting:
    def test_a_task_ends_before_its_next_step(self) -> None:
        network = Network()

        def ask_for_abort(task_id: str) -> None:
            abort_task(task_id=Task.objects.get().pk, actor="ada")

        workflow = make_workflow(make_step("Prepare", ask_for_abort), network.step("NSO calls"))
        task = run(start(workflow))
        assert (task.status, task.failed_reason) == (TaskStatus.ABORTED, "aborted before its next step")
        assert list(recorded(task)) == [("Start", StepStatus.SUCCESS, 1), ("Prepare", StepStatus.SUCCESS, 1)]
        assert network.calls == []

    def test_a_task_whose_worker_died_after_it_was_asked_to_abort_runs_no_further_step(self) -> None:
        network = Network()
        start(make_workflow(network.step("NSO calls")))
        abort_task(task_id=Task.objects.get().pk, actor="ada")
        [claim] = claim_orphaned(make_lease(worker="w2", now=NOW + 2 * LEASE_SECONDS * SECOND), limit=1)
        task = run(claim)
        assert (task.status, task.failed_reason) == (TaskStatus.ABORTED, "aborted before its next step")
        assert not task.steps.exists()

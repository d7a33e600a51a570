"""Atomic steps: what their bodies write is there exactly once, or not at all, and is recorded as it is."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from orchestrator_site.common.database import is_postgresql
from tasks import step_runner
from tasks.models import Task, TaskStatus, TaskStep
from tasks.queue import claim_orphaned, claim_queued
from tasks.recording import record_step
from tasks.runner import run_claimed
from tasks.services import abort_task, resume_task
from tests.integration.tasks.support import Clock, assert_status, claim_due, fresh, recorded, run_due
from tests.support.database import in_thread
from tests.support.factories import LEASE_SECONDS, make_lease, make_step, make_task, make_workflow
from tests.support.wait import wait_for
from workflows.engine import Backoff, Step, retrystep, step
from workflows.models import Workflow

pytestmark = pytest.mark.django_db(transaction=True)


def write(name: str = "written") -> None:
    Workflow.objects.create(name=name, target="SYSTEM", is_task=True)


def written() -> int:
    return Workflow.objects.filter(name="written").count()


def make_atomic(*acts: Callable[[], object], name: str = "Write") -> Step:
    """Return an atomic step that writes a row, and then acts; the last act stays for all further calls."""
    left = list(acts) or [lambda: None]

    def body() -> Any:
        write()
        return (left.pop(0) if len(left) > 1 else left[0])()

    return step(name, atomic=True)(body)


def fail() -> None:
    raise ValueError("no such node")


def write_a_duplicate() -> None:
    write()


def point_nowhere() -> None:
    """Write a row that names one which is not there: both databases look at that when the transaction commits."""
    TaskStep.objects.create(
        task_id="00000000-0000-0000-0000-000000000000",
        position=0,
        attempt=0,
        name="x",
        status="success",
        started_at="2027-01-01T00:00Z",
        completed_at="2027-01-01T00:00Z",
    )


def swallow_an_error_of_the_database() -> None:
    with suppress(IntegrityError):
        write()


def swallow_an_error_of_plain_sql() -> None:
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


def idle_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()

    def is_gone() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
            return bool(cursor.fetchone() == (0,))

    with in_thread(lambda: wait_for(is_gone, describe="PostgreSQL to end the connection")) as waiting:
        waiting.result()


def roll_back() -> None:
    transaction.set_rollback(True)


def leave_a_transaction_open() -> None:
    transaction.atomic().__enter__()
    write("written inside")


class TestSuccess:
    def test_what_it_wrote_and_its_record_are_there(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_atomic(lambda: {"wrote": 1}))))
        assert_status(task, TaskStatus.COMPLETED)
        assert (written(), recorded(task)[1]) == (1, ("Write", "success"))
        assert task.steps.get(name="Write").state["wrote"] == 1

    def test_it_runs_inside_a_transaction_and_another_step_does_not(self, clock: Clock) -> None:
        depths = []
        look = make_step("Look", lambda: depths.append(transaction.get_connection().in_atomic_block))
        both = [make_atomic(lambda: depths.append(transaction.get_connection().in_atomic_block)), look]
        run_due(clock, make_task(make_workflow(*both)))
        assert depths == [True, False]

    def test_what_is_to_happen_at_the_commit_happens_when_it_is_recorded(self, clock: Clock) -> None:
        seen = []

        def look() -> None:
            seen.append(TaskStep.objects.filter(name="Write").count())

        run_due(clock, make_task(make_workflow(make_atomic(lambda: transaction.on_commit(look)))))
        assert seen == [1]


class TestFailure:
    @pytest.mark.parametrize(
        ("act", "reason"),
        [
            (fail, "ValueError: no such node"),
            (write_a_duplicate, "IntegrityError: "),
            (point_nowhere, "IntegrityError: "),
            (roll_back, "WritesTakenBack: what it wrote can only be taken back"),
            (swallow_an_error_of_the_database, "WritesTakenBack: what it wrote can only be taken back"),
            (leave_a_transaction_open, "TransactionLeftOpen: a transaction was left open"),
            (lambda: {"key": object()}, "WorkflowError: step 'Write' returned 'key', which is not JSON"),
        ],
    )
    def test_nothing_that_it_wrote_is_there_and_the_failure_is_recorded(
        self, clock: Clock, act: Callable[[], object], reason: str
    ) -> None:
        task = run_due(clock, make_task(make_workflow(make_atomic(act, lambda: None))))
        assert_status(task, TaskStatus.FAILED)
        assert task.failed_reason.startswith(f"Write: {reason}")
        assert (written(), recorded(task)) == (0, [("Start", "success"), ("Write", "failed")])
        assert not Workflow.objects.filter(name="written inside").exists()
        assert transaction.get_autocommit()
        resume_task(task_id=task.pk, actor="ada")
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert written() == 1

    def test_an_error_of_its_own_is_kept_although_it_leaves_a_transaction_open(self, clock: Clock) -> None:
        def act() -> None:
            leave_a_transaction_open()
            fail()

        task = run_due(clock, make_task(make_workflow(make_atomic(act))))
        assert (task.failed_reason, written()) == ("Write: ValueError: no such node", 0)

    def test_one_that_swallows_an_error_of_plain_sql_never_passes_without_what_it_wrote(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_atomic(swallow_an_error_of_plain_sql))))
        # PostgreSQL goes on with no transaction in which a statement has failed; SQLite does
        expected = (TaskStatus.FAILED, 0) if is_postgresql() else (TaskStatus.COMPLETED, 1)
        assert (task.status, written()) == expected

    @pytest.mark.skipif("not config.getoption('db') == 'postgres'", reason="SQLite ends no transaction by itself")
    def test_one_whose_transaction_the_database_has_ended_since_it_idled_has_failed(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(make_atomic(idle_too_long))))
        assert_status(task, TaskStatus.FAILED)
        assert task.failed_reason == "Write: InternalError: terminating connection due to idle-in-transaction timeout"
        assert written() == 0

    @pytest.mark.parametrize("act", [fail, write_a_duplicate, point_nowhere])
    def test_a_retried_one_waits_and_writes_once_in_the_end(self, clock: Clock, act: Callable[[], object]) -> None:
        acts: list[Callable[[], object]] = [act, act, lambda: None]

        @retrystep("Write", atomic=True, max_attempts=3, backoff=Backoff(first_seconds=0, longest_seconds=0))
        def body() -> Any:
            write()
            return acts.pop(0)()

        task = make_task(make_workflow(body))
        for _ in range(2):
            assert_status(run_due(clock, task), TaskStatus.WAITING)
            assert written() == 0
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert written() == 1


class TestLosingTheTask:
    def test_nothing_is_there_of_what_a_worker_wrote_that_has_lost_its_lease(self, clock: Clock) -> None:
        taken = []

        def lose_the_lease() -> None:
            Task.objects.update(attempt=2)  # as whoever takes it over does, which is not possible from in here
            taken.append(1)

        task = make_task(make_workflow(make_atomic(lose_the_lease, lambda: None)))
        slow = claim_due(clock, worker="slow")
        assert slow is not None
        run_claimed(slow, clock=clock)
        assert (taken, written(), recorded(task)) == ([1], 0, [("Start", "success")])
        clock.let_pass(2 * LEASE_SECONDS)
        [quick] = claim_orphaned(make_lease(worker="quick", now=clock.now), limit=1)
        run_claimed(quick, clock=clock)
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert written() == 1

    @pytest.mark.parametrize("error", [OperationalError("the server closed the connection"), RuntimeError("a bug")])
    def test_one_whose_record_cannot_be_written_is_as_if_it_had_not_run(
        self, clock: Clock, error: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail_to_record(claim: Any, step: TaskStep, **options: Any) -> Any:
            if step.name == "Write":
                raise error
            return record_step(claim, step, **options)

        task = make_task(make_workflow(make_atomic()))
        [claim] = claim_queued(make_lease(now=clock.now), limit=1)
        with monkeypatch.context() as patched:
            patched.setattr(step_runner, "record_step", fail_to_record)
            with pytest.raises(type(error)):
                run_claimed(claim, clock=clock)
        assert (written(), recorded(task)) == (0, [("Start", "success")])
        clock.let_pass(2 * LEASE_SECONDS)
        [taken] = claim_orphaned(make_lease(now=clock.now), limit=1)
        run_claimed(taken, clock=clock)
        assert (fresh(task).status, written()) == (TaskStatus.COMPLETED, 1)


class TestAborting:
    def test_what_it_wrote_stays_with_its_record_and_the_task_is_aborted(self, clock: Clock) -> None:
        def ask() -> None:
            abort_task(task_id=Task.objects.get().pk, actor="ada")

        task = run_due(clock, make_task(make_workflow(make_atomic(ask))))
        assert_status(task, TaskStatus.ABORTED)
        assert (written(), recorded(task)[-1]) == (1, ("Write", "success"))

    @pytest.mark.skipif("not config.getoption('db') == 'postgres'", reason="SQLite has one writer")
    def test_another_process_may_ask_for_it_while_it_runs(self, clock: Clock) -> None:
        def ask() -> None:
            with in_thread(lambda: abort_task(task_id=Task.objects.get().pk, actor="ada")) as asked:
                asked.result(timeout=10)

        task = run_due(clock, make_task(make_workflow(make_atomic(ask))))
        assert_status(task, TaskStatus.ABORTED)
        assert (written(), recorded(task)[-1]) == (1, ("Write", "success"))

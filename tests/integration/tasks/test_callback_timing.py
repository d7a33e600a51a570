"""Callbacks: answers that come early, late or never, and workers that die or lose the task in between."""

from datetime import timedelta
from typing import Any

import pytest

from tasks import step_runner
from tasks.callbacks import CallbackNotFound, CallbackRefused, answer_callback, open_callback, read_callback
from tasks.freezing import freeze_engine, unfreeze_engine
from tasks.models import Task, TaskCallback, TaskStatus
from tasks.queue import claim_orphaned
from tasks.runner import run_claimed
from tasks.services import resume_task
from tests.integration.tasks.calling_out import Supplier, awaiting, make_call
from tests.integration.tasks.support import (
    Clock,
    assert_status,
    callback_of,
    claim_due,
    fresh,
    last_state,
    recorded,
    run_due,
)
from tests.support.factories import LEASE_SECONDS, SECOND, make_lease, make_task, make_workflow

pytestmark = pytest.mark.django_db


def answer_at_once(token: str) -> None:
    answer_callback(task_id=Task.objects.get().pk, token=token, result="early")


def fail(token: str) -> None:
    raise ConnectionError("the answer to the order was lost")


class TestEarlyAnswers:
    def test_one_that_comes_before_the_action_is_recorded_is_taken_without_waiting(self, clock: Clock) -> None:
        task = run_due(clock, make_task(make_workflow(*make_call(Supplier(answer_at_once)))))
        assert_status(task, TaskStatus.COMPLETED)
        assert [name for name, _ in recorded(task)] == [
            "Start",
            "Line: Order",
            "Line: Await callback",
            "Line: Look",
            "Done",
        ]
        assert last_state(task)["seen"] == "early"

    def test_one_that_comes_while_the_wait_is_being_recorded_is_not_lost(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        supplier = Supplier()

        def read_just_before_the_answer(*args: Any, **kwargs: Any) -> Any:
            found = read_callback(*args, **kwargs)
            answer_at_once(supplier.token)
            return found

        with monkeypatch.context() as patched:
            patched.setattr(step_runner, "read_callback", read_just_before_the_answer)
            task = run_due(clock, make_task(make_workflow(*make_call(supplier, timeout_seconds=60))))
        assert (task.status, task.available_at) == (TaskStatus.RESUMED, clock.now)
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert last_state(task)["seen"] == "early"

    def test_one_to_an_action_that_then_failed_counts_no_more_than_its_failure(self, clock: Clock) -> None:
        def answer_and_fail(token: str) -> None:
            answer_at_once(token)
            fail(token)

        supplier = Supplier(answer_and_fail)
        task = run_due(clock, make_task(make_workflow(*make_call(supplier))))
        assert_status(task, TaskStatus.API_UNAVAILABLE)
        resume_task(task_id=task.pk, actor="ada")
        assert_status(run_due(clock, task), TaskStatus.AWAITING_CALLBACK)
        assert len(supplier.routes) == 2


class TestReplacedPaths:
    def test_an_action_that_runs_again_gives_another_path_and_the_first_is_worth_nothing(self, clock: Clock) -> None:
        supplier = Supplier(fail)
        task = run_due(clock, make_task(make_workflow(*make_call(supplier, max_attempts=3))))
        assert_status(task, TaskStatus.WAITING)
        first = supplier.token
        clock.now = task.available_at or clock.now
        assert_status(run_due(clock, task), TaskStatus.AWAITING_CALLBACK)
        with pytest.raises(CallbackNotFound, match="a later one has replaced it"):
            answer_callback(task_id=task.pk, token=first, result=1)
        answer_callback(task_id=task.pk, token=supplier.token, result=2)
        assert last_state(run_due(clock, task))["seen"] == 2

    def test_a_path_stays_good_when_the_worker_dies_after_the_action(self, clock: Clock) -> None:
        supplier = Supplier()
        task = make_task(make_workflow(*make_call(supplier)))
        given_back = run_due(clock, task, is_stopping=lambda: bool(supplier.routes))
        assert (given_back.status, given_back.position) == (TaskStatus.RESUMED, 2)
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert len(supplier.routes) == 1

    def test_a_worker_that_has_lost_the_task_gives_no_path_away(self, clock: Clock) -> None:
        supplier = Supplier()
        task = make_task(make_workflow(*make_call(supplier)))
        slow = claim_due(clock, worker="slow")
        assert slow is not None
        clock.let_pass(2 * LEASE_SECONDS)
        [quick] = claim_orphaned(make_lease(worker="quick", now=clock.now), limit=1)
        assert open_callback(slow, position=2, now=clock.now) is None
        assert not TaskCallback.objects.exists()
        run_claimed(quick, clock=clock)
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        Task.objects.filter(pk=task.pk).update(position=1)  # where the slow one believes it stands
        run_claimed(slow, clock=clock)
        assert len(supplier.routes) == 1


class TestLateAnswers:
    def test_nobody_in_time_fails_the_task_at_the_step_that_waits(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier, timeout_seconds=60)
        assert task.available_at == callback_of(task).expires_at == clock.now + 60 * SECOND
        clock.let_pass(59)
        assert claim_due(clock) is None
        clock.let_pass(1)
        task = run_due(clock, task)
        assert_status(task, TaskStatus.FAILED)
        assert task.failed_reason == "Line: Await callback: CallbackTimeout: nobody called back within 60 s"
        assert (task.position, recorded(task)[-1]) == (2, ("Line: Await callback", "failed"))

    def test_an_answer_counts_until_the_last_moment_and_not_after_it(self, clock: Clock) -> None:
        for early, expected in ((timedelta(microseconds=1), "taken"), (timedelta(0), "refused")):
            supplier = Supplier()
            task = awaiting(clock, supplier, timeout_seconds=60)
            clock.now += 60 * SECOND - early
            if expected == "taken":
                answer_callback(task_id=task.pk, token=supplier.token, result=1)
                clock.let_pass(3_600)  # that no worker was free does not make it late
                assert_status(run_due(clock, task), TaskStatus.COMPLETED)
            else:
                with pytest.raises(CallbackRefused, match="this callback has expired, at 2027-03-01 "):
                    answer_callback(task_id=task.pk, token=supplier.token, result=1)
                assert_status(fresh(task), TaskStatus.AWAITING_CALLBACK)

    def test_without_a_limit_no_worker_ever_takes_it(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        assert (task.available_at, callback_of(task).expires_at) == (None, None)
        clock.let_pass(10**8)
        assert claim_due(clock) is None
        answer_callback(task_id=task.pk, token=supplier.token, result=1)

    def test_after_it_is_too_late_the_task_can_ask_again(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier, timeout_seconds=60)
        clock.let_pass(60)
        run_due(clock, task)
        resume_task(task_id=task.pk, actor="ada")
        assert_status(run_due(clock, task), TaskStatus.FAILED)  # it is still too late
        resume_task(task_id=task.pk, actor="ada", resume_at="Line: Order")
        assert_status(run_due(clock, task), TaskStatus.AWAITING_CALLBACK)
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)
        assert len(supplier.routes) == 2

    def test_a_person_who_resumes_it_has_it_wait_anew_on_the_same_path(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier, timeout_seconds=60)
        clock.let_pass(50)
        resume_task(task_id=task.pk, actor="ada")
        task = run_due(clock, task)
        assert (task.status, task.available_at) == (TaskStatus.AWAITING_CALLBACK, clock.now + 60 * SECOND)
        clock.let_pass(50)
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_an_answer_that_comes_while_the_engine_is_frozen_counts(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier, timeout_seconds=60)
        freeze_engine(reason="maintenance", actor="ada")
        answer_callback(task_id=task.pk, token=supplier.token, result=1)
        clock.let_pass(3_600)
        assert claim_due(clock) is None
        unfreeze_engine(actor="ada")
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

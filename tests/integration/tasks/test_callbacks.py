"""Callbacks: who may answer, once, and what is refused without changing anything."""

import json
from contextlib import suppress
from datetime import datetime
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import uuid4

import pytest

from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks import callbacks
from tasks.callbacks import (
    CallbackNotFound,
    CallbackRefused,
    UnstorableAnswer,
    answer_callback,
    report_progress,
)
from tasks.models import Task, TaskCallback, TaskStatus, TaskStep
from tasks.services import abort_task, delete_task
from tests.integration.tasks.calling_out import Supplier, awaiting, make_call
from tests.integration.tasks.support import Clock, assert_status, callback_of, claim_due, last_state, recorded, run_due
from tests.support.database import heard_channels, in_thread
from tests.support.factories import make_task, make_workflow
from workflows.engine import conditional

pytestmark = pytest.mark.django_db


def everything(task: Task) -> tuple[Any, ...]:
    """Return all that is stored of a task and what it awaits."""
    return (Task.objects.filter(pk=task.pk).values().get(), list(TaskCallback.objects.filter(task=task).values()))


class TestThePath:
    def test_it_names_the_task_and_holds_a_secret_of_which_only_the_hash_is_stored(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        [route] = supplier.routes
        assert route == f"/api/tasks/{task.pk}/callback/{supplier.token}"
        assert len(supplier.token) == 43  # 256 bits
        stored = [
            *Task.objects.values(),
            *TaskStep.objects.values(),
            *TaskCallback.objects.values(),
        ]
        assert supplier.token not in json.dumps(stored, default=str)
        assert len(callback_of(task).token_hash) == 64

    def test_each_task_has_its_own(self, clock: Clock) -> None:
        supplier = Supplier()
        for _ in range(3):
            awaiting(clock, supplier)
        assert len({route.rpartition("/")[2] for route in supplier.routes}) == 3


class TestAnswering:
    @pytest.mark.parametrize("result", [{"ok": [1, None]}, "fine", 0, False, None, [], ""], ids=repr)
    def test_the_task_goes_on_with_the_answer_in_its_state(self, clock: Clock, result: Any) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        assert claim_due(clock) is None
        clock.let_pass(60)
        answered = answer_callback(task_id=task.pk, token=supplier.token, result=result)
        assert (answered.status, answered.available_at) == (TaskStatus.RESUMED, clock.now)
        assert answered.version == task.version + 1
        task = run_due(clock, task)
        assert_status(task, TaskStatus.COMPLETED)
        assert last_state(task) == {"callback_result": result, "seen": result}
        assert recorded(task) == [
            ("Start", "success"),
            ("Line: Order", "success"),
            ("Line: Await callback", "awaiting_callback"),
            ("Line: Await callback", "success"),
            ("Line: Look", "success"),
            ("Done", "complete"),
        ]

    def test_it_wakes_the_workers(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        with heard_channels() as heard:
            answer_callback(task_id=task.pk, token=supplier.token, result=1)
        assert heard == [TASKS_ENQUEUED]

    def test_it_counts_once(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        answer_callback(task_id=task.pk, token=supplier.token, result="first")
        before = everything(task)
        with pytest.raises(CallbackRefused, match="this callback was answered already, at 2027-03-01 09:00:00Z"):
            answer_callback(task_id=task.pk, token=supplier.token, result="second")
        assert everything(task) == before
        assert last_state(run_due(clock, task))["seen"] == "first"
        with pytest.raises(CallbackRefused, match="answered already"):
            answer_callback(task_id=task.pk, token=supplier.token, result="third")

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_the_same_time_one_counts(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        both_look = Barrier(2)

        def meet() -> datetime:
            with suppress(BrokenBarrierError):  # the other one waits for the row, and never looks
                both_look.wait(timeout=0.5)
            return clock.now

        monkeypatch.setattr(callbacks, "database_now", meet)

        def answer(number: int) -> str:
            try:
                answer_callback(task_id=task.pk, token=supplier.token, result=number)
            except CallbackRefused:
                return "refused"
            return "taken"

        with in_thread(lambda: answer(1)) as first, in_thread(lambda: answer(2)) as second:
            answers = [first.result(timeout=10), second.result(timeout=10)]
        assert sorted(answers) == ["refused", "taken"]
        assert last_state(run_due(clock, task))["seen"] == 1 + answers.index("taken")


class TestWhatIsRefused:
    def test_a_wrong_token_and_one_of_another_task_are_not_found_and_change_nothing(self, clock: Clock) -> None:
        supplier, other = Supplier(), Supplier()
        task = awaiting(clock, supplier)
        awaiting(clock, other)
        before = everything(task)
        for task_id, token in (
            (task.pk, "wrong"),
            (task.pk, other.token),
            (task.pk, ""),
            (task.pk, supplier.token + "x"),
            (task.pk, "\udcff"),
            (task.pk, callback_of(task).token_hash),
            (uuid4(), supplier.token),
        ):
            for service in (answer_callback, report_progress):
                with pytest.raises(CallbackNotFound, match="nothing awaits a callback here"):
                    service(task_id=task_id, token=token, **{"result" if service is answer_callback else "progress": 1})
        assert everything(task) == before

    @pytest.mark.parametrize("value", ["a\0b", "\udcff", float("nan"), {"deep": ["\0"]}], ids=repr)
    def test_what_cannot_be_stored_is_refused_and_the_path_stays_good(self, clock: Clock, value: Any) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        with pytest.raises(UnstorableAnswer, match="the body cannot be stored: "):
            answer_callback(task_id=task.pk, token=supplier.token, result=value)
        with pytest.raises(UnstorableAnswer, match="the body cannot be stored: "):
            report_progress(task_id=task.pk, token=supplier.token, progress=value)
        assert callback_of(task).answered_at is None
        answer_callback(task_id=task.pk, token=supplier.token, result="fine")

    def test_a_task_that_has_ended_awaits_nothing(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        abort_task(task_id=task.pk, actor="ada")
        with pytest.raises(CallbackRefused, match="the task is aborted: it awaits nothing"):
            answer_callback(task_id=task.pk, token=supplier.token, result=1)
        delete_task(task_id=task.pk, actor="ada")
        with pytest.raises(CallbackNotFound):
            answer_callback(task_id=task.pk, token=supplier.token, result=1)

    def test_a_task_that_has_gone_on_without_the_answer_takes_none(self, clock: Clock) -> None:
        supplier = Supplier()
        action, waiting, looking = make_call(supplier)
        skipped = conditional(lambda state: False)(waiting >> looking)
        later = make_call(Supplier())
        task = run_due(clock, make_task(make_workflow(action, *skipped, *later)))
        assert_status(task, TaskStatus.AWAITING_CALLBACK)
        with pytest.raises(CallbackRefused, match="the task has gone on without this callback"):
            answer_callback(task_id=task.pk, token=supplier.token, result=1)

    def test_where_the_action_was_skipped_no_path_is_left_and_the_task_does_not_wait_for_ever(
        self, clock: Clock
    ) -> None:
        supplier = Supplier()
        action, waiting, looking = make_call(supplier)
        skipped = conditional(lambda state: False)(action)
        task = run_due(clock, make_task(make_workflow(*skipped, waiting, looking)))
        assert_status(task, TaskStatus.FAILED)
        assert task.failed_reason.startswith("Line: Await callback: NothingAsked: no step before it has asked")
        assert (supplier.routes, TaskCallback.objects.count()) == ([], 0)


class TestProgress:
    def test_the_latest_is_kept_and_the_task_waits_on(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        for progress in ({"done": 10}, {"done": 20}):
            clock.let_pass(60)
            report_progress(task_id=task.pk, token=supplier.token, progress=progress)
        row = callback_of(task)
        assert (row.progress, row.progressed_at, row.answered_at) == ({"done": 20}, clock.now, None)
        assert claim_due(clock) is None
        answer_callback(task_id=task.pk, token=supplier.token, result="fine")
        assert_status(run_due(clock, task), TaskStatus.COMPLETED)

    def test_there_is_none_after_the_answer(self, clock: Clock) -> None:
        supplier = Supplier()
        task = awaiting(clock, supplier)
        answer_callback(task_id=task.pk, token=supplier.token, result="fine")
        with pytest.raises(CallbackRefused, match="answered already"):
            report_progress(task_id=task.pk, token=supplier.token, progress=1)

"""The shipped tasks that look after other tasks: what is stuck, and what awaits a callback."""

from datetime import timedelta
from uuid import uuid4

import pytest

from orchestrator_site.common.clock import database_now
from tasks.freezing import freeze_engine
from tasks.models import Task, TaskStatus, WorkerProcess
from tasks.predicates import no_uncompleted_instance
from tests.integration.workflows.runs import final_state, run
from tests.support.factories import make_callback, make_task, make_workflow
from workflows.engine import StartRequest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

HOUR = timedelta(hours=1)


def make_worker(*, seen_ago: timedelta = timedelta(0), **versions: str) -> WorkerProcess:
    now = database_now()
    return WorkerProcess.objects.create(
        id=uuid4().hex, host="h", pid=1, started_at=now - HOUR, last_seen_at=now - seen_ago, versions=versions
    )


class TestStuckTasks:
    def stuck_reason(self, task: Task) -> str:
        state = final_state(run("task_resume_workflows"))
        [found] = [each for each in state["stuck"] if each["task_id"] == str(task.pk)]
        assert found["status"] == task.status
        return str(found["reason"])

    @pytest.mark.parametrize("status", [TaskStatus.CREATED, TaskStatus.RESUMED])
    def test_what_nobody_takes_is_named_and_stays_on_the_queue(self, status: TaskStatus) -> None:
        task = make_task(status=status, available_at=database_now() - HOUR)
        assert self.stuck_reason(task) == "no worker is alive"
        assert Task.objects.get(pk=task.pk).status == status

    def test_a_worker_that_has_died_is_none(self) -> None:
        make_worker(seen_ago=HOUR)
        assert self.stuck_reason(make_task(available_at=database_now() - HOUR)) == "no worker is alive"

    def test_a_freeze_is_the_reason_for_all(self) -> None:
        task = make_task(available_at=database_now() - HOUR)
        freeze_engine(reason="upgrade", actor="ada")
        assert self.stuck_reason(task).startswith("the engine is frozen by ada")

    def test_one_that_waits_for_another_task_of_its_schedule_names_it(self) -> None:
        make_worker()
        key = uuid4()
        older = make_task(status=TaskStatus.SUSPENDED, concurrency_key=key)
        task = make_task(concurrency_key=key, available_at=database_now() - HOUR)
        assert self.stuck_reason(task) == f"it waits for task {older.pk}, which is suspended"

    def test_one_whose_code_no_worker_has_says_so(self) -> None:
        workflow = make_workflow(has_code=False)
        make_worker(another="1")
        task = make_task(workflow, available_at=database_now() - HOUR)
        assert self.stuck_reason(task) == f"no worker that is alive has code for '{workflow.name}'"

    def test_a_retry_that_is_still_to_come_is_not_hurried(self) -> None:
        now = database_now()
        later = make_task(status=TaskStatus.WAITING, available_at=now + HOUR)
        overdue = make_task(status=TaskStatus.WAITING, available_at=now - HOUR)
        state = final_state(run("task_resume_workflows"))
        assert state["resumed_task_ids"] == [str(overdue.pk)]
        assert Task.objects.get(pk=later.pk).status == TaskStatus.WAITING
        assert state["stuck"] == []

    def test_what_has_just_been_put_on_the_queue_is_not_stuck(self) -> None:
        make_task(available_at=database_now() - timedelta(minutes=4))
        assert final_state(run("task_resume_workflows"))["stuck_tasks"] == 0


class TestAwaitingCallbacks:
    def test_one_whose_answer_has_come_is_put_back_on_the_queue(self) -> None:
        task = make_task(status=TaskStatus.AWAITING_CALLBACK)
        make_callback(task, answered_at=database_now(), result={"ok": True})
        assert final_state(run("task_validate_awaiting_callbacks"))["put_back_task_ids"] == [str(task.pk)]
        assert Task.objects.get(pk=task.pk).status == TaskStatus.RESUMED

    def test_those_for_which_nobody_called_back_in_time_are_named(self) -> None:
        now = database_now()
        late = make_task(status=TaskStatus.AWAITING_CALLBACK, available_at=now - HOUR)
        endless = make_task(status=TaskStatus.AWAITING_CALLBACK)
        for task in (late, endless):
            make_callback(task, expires_at=task.available_at)
        state = final_state(run("task_validate_awaiting_callbacks"))
        assert state["late_task_ids"] == [str(late.pk)]
        assert state["awaiting_without_end"] == 1

    @pytest.mark.parametrize("other", [{"position": 3}, {"revision": 1}])
    def test_one_that_nobody_can_call_back_fails_it_by_name(self, other: dict[str, int]) -> None:
        task = make_task(status=TaskStatus.AWAITING_CALLBACK)
        make_callback(task, **other)
        failed = run("task_validate_awaiting_callbacks")
        assert failed.status == TaskStatus.INCONSISTENT_DATA
        assert str(task.pk) in failed.failed_reason


class TestNoUncompletedInstance:
    @pytest.mark.parametrize("status", sorted(TaskStatus))
    def test_it_refuses_while_one_is_neither_completed_nor_aborted(self, status: TaskStatus) -> None:
        task = make_task(status=status)
        make_task(status=TaskStatus.FAILED)  # of another workflow
        reason = no_uncompleted_instance(StartRequest(task.workflow.name, {}, "ada"))
        if status in {TaskStatus.COMPLETED, TaskStatus.ABORTED}:
            assert reason is None
        else:
            assert reason is not None
            assert str(task.pk) in reason
            assert f"is {status}" in reason

"""Starting, resuming, aborting and cleaning up tasks."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.models import Task, TaskStatus, TaskStep
from tasks.selectors import TaskNotFound
from tasks.services import (
    TaskRequest,
    abort_task,
    create_tasks,
    delete_completed_tasks,
    resume_task,
    start_process,
    start_task,
)
from tasks.states import IllegalTransition, sources_of
from tests.support.database import heard_channels, recorded_statements
from tests.support.factories import NOW, SECOND, make_claim, make_task, make_task_step, make_workflow
from workflows.engine import Target
from workflows.selectors import WorkflowMismatch, WorkflowNotFound

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class TestCreating:
    def test_a_task_is_what_was_requested(self) -> None:
        schedule_id, workflow = uuid4(), make_workflow()
        request = TaskRequest(
            workflow_id=workflow.pk,
            inputs={"node": "nl-1"},
            schedule_id=schedule_id,
            scheduled_for=NOW - SECOND,
            concurrency_key=schedule_id,
        )
        create_tasks(requests=[request], actor="scheduler", now=NOW)
        task = Task.objects.get(pk=request.task_id)
        assert (task.workflow, task.inputs, task.reporter) == (workflow, {"node": "nl-1"}, "scheduler")
        assert (task.schedule_id, task.scheduled_for, task.concurrency_key) == (schedule_id, NOW - SECOND, schedule_id)
        assert (task.status, task.created_at, task.available_at) == (TaskStatus.CREATED, NOW, NOW)

    def test_many_tasks_take_as_many_statements_as_one(self) -> None:
        workflow = make_workflow()
        counts = []
        for size in (1, 20):
            requests = [TaskRequest(workflow_id=workflow.pk) for _ in range(size)]
            with recorded_statements() as statements:
                create_tasks(requests=requests, actor="a test", now=NOW)
            counts.append(sum("INSERT INTO" in statement for statement in statements))
            assert len(statements) <= 2  # the tasks and, on PostgreSQL, the notification
        assert counts == [1, 1]
        assert Task.objects.count() == 21

    def test_nothing_requested_is_nothing_asked_of_the_database(self) -> None:
        with recorded_statements() as statements, heard_channels() as heard:
            assert create_tasks(requests=[], actor="a test", now=NOW) == []
        assert (statements, heard) == ([], [])

    def test_a_process_is_started_by_the_name_of_its_workflow(self) -> None:
        workflow = make_workflow()
        task = Task.objects.get(pk=start_process(workflow.name, {"node": "nl-1"}))
        assert (task.workflow, task.inputs, task.reporter) == (workflow, {"node": "nl-1"}, "SYSTEM")
        assert (task.schedule_id, task.concurrency_key) == (None, None)

    def test_an_unknown_or_deleted_workflow_starts_nothing(self) -> None:
        deleted = make_workflow(deleted_at=NOW)
        for name in ("task_no_such", deleted.name):
            with pytest.raises(WorkflowNotFound, match="Task does not exist"):
                start_process(name)
        assert not Task.objects.exists()

    def test_a_workflow_that_is_no_task_is_refused_by_name_and_target(self) -> None:
        workflow = make_workflow(target=Target.CREATE)
        with pytest.raises(WorkflowMismatch, match=rf"'{workflow.name}' has the target CREATE; only tasks"):
            start_process(workflow.name)
        assert not Task.objects.exists()


class TestResuming:
    @pytest.mark.parametrize("status", sorted(set(sources_of(TaskStatus.RESUMED)) - {TaskStatus.RUNNING}))
    def test_a_task_that_stopped_is_put_back_on_the_queue(self, status: TaskStatus) -> None:
        stopped = make_task(status=status, position=2, failed_reason="no answer", finished_at=NOW, version=4)
        task = resume_task(task_id=stopped.pk, actor="ada")
        assert (task.status, task.position, task.version) == (TaskStatus.RESUMED, 2, 5)
        assert (task.finished_at, task.failed_reason) == (None, "")
        assert make_claim(task, now=task.available_at or NOW).attempt == 2

    @pytest.mark.parametrize(
        "status",
        [TaskStatus.CREATED, TaskStatus.RUNNING, TaskStatus.RESUMED, TaskStatus.COMPLETED, TaskStatus.ABORTED],
    )
    def test_any_other_is_refused_and_both_states_are_named(self, status: TaskStatus) -> None:
        task = make_task(status=status)
        with pytest.raises(IllegalTransition, match=f"a task that is {status} cannot become resumed"):
            resume_task(task_id=task.pk, actor="ada")
        assert Task.objects.get().status == status
        assert Task.objects.get().version == 1

    def test_an_abort_that_came_too_late_does_not_end_the_resumed_task(self) -> None:
        stopped = make_task(status=TaskStatus.FAILED, abort_requested_at=NOW)
        assert resume_task(task_id=stopped.pk, actor="ada").abort_requested_at is None


class TestAborting:
    @pytest.mark.parametrize("status", sorted(set(sources_of(TaskStatus.ABORTED)) - {TaskStatus.RUNNING}))
    def test_an_idle_task_ends_at_once(self, status: TaskStatus) -> None:
        idle = make_task(status=status, finished_at=None)
        task = abort_task(task_id=idle.pk, actor="ada")
        assert (task.status, task.available_at, task.version) == (TaskStatus.ABORTED, None, 2)
        assert task.failed_reason == "aborted by ada"
        assert task.finished_at is not None

    def test_a_running_task_is_asked_to_end_before_its_next_step(self) -> None:
        running = make_task(status=TaskStatus.RUNNING)
        task = abort_task(task_id=running.pk, actor="ada")
        assert (task.status, task.version) == (TaskStatus.RUNNING, 2)
        assert task.abort_requested_at is not None
        assert task.finished_at is None

    @pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.ABORTED])
    def test_a_task_that_is_over_is_refused_and_both_states_are_named(self, status: TaskStatus) -> None:
        task = make_task(status=status)
        with pytest.raises(IllegalTransition, match=f"a task that is {status} cannot become aborted"):
            abort_task(task_id=task.pk, actor="ada")
        assert Task.objects.get().abort_requested_at is None


@pytest.mark.parametrize("service", [resume_task, abort_task])
def test_an_unknown_task_is_not_found(service: Callable[..., Task]) -> None:
    with pytest.raises(TaskNotFound, match="Task does not exist"):
        service(task_id=uuid4(), actor="ada")


class TestWaking:
    def test_a_task_that_is_started_wakes_the_workers(self) -> None:
        workflow = make_workflow()
        with heard_channels() as heard:
            start_task(workflow=workflow, inputs={}, actor="ada")
        assert heard == [TASKS_ENQUEUED]

    def test_a_task_that_is_resumed_wakes_the_workers(self) -> None:
        task = make_task(status=TaskStatus.FAILED)
        with heard_channels() as heard:
            resume_task(task_id=task.pk, actor="ada")
        assert heard == [TASKS_ENQUEUED]

    def test_many_tasks_wake_the_workers_once(self) -> None:
        requests = [TaskRequest(workflow_id=make_workflow().pk) for _ in range(3)]
        with heard_channels() as heard:
            create_tasks(requests=requests, actor="a test", now=NOW)
        assert heard == [TASKS_ENQUEUED]


class TestCleaningUp:
    def test_what_completed_long_ago_goes_with_its_steps_and_all_else_stays(self) -> None:
        workflow = make_workflow()
        old = make_task(workflow, status=TaskStatus.COMPLETED, finished_at=NOW - SECOND)
        make_task_step(old)
        kept: set[UUID] = {make_task(workflow, status=TaskStatus.COMPLETED, finished_at=NOW).pk}
        for status in set(TaskStatus) - {TaskStatus.COMPLETED}:
            task = make_task(workflow, status=status, now=NOW - 100 * DAY)
            make_task_step(task)
            kept.add(task.pk)
        assert delete_completed_tasks(finished_before=NOW) == 1
        assert set(Task.objects.values_list("pk", flat=True)) == kept
        assert set(TaskStep.objects.values_list("task_id", flat=True)) < kept

    @pytest.mark.parametrize("count", [0, 3, 4, 7])
    def test_batches_together_delete_all_of_them(self, count: int) -> None:
        workflow = make_workflow()
        for _ in range(count):
            make_task(workflow, status=TaskStatus.COMPLETED, finished_at=NOW - DAY)
        make_task(workflow, status=TaskStatus.FAILED, finished_at=NOW - DAY)
        assert delete_completed_tasks(finished_before=NOW, batch_size=2) == count
        assert Task.objects.get().status == TaskStatus.FAILED

    def test_a_batch_is_no_larger_than_it_is_told(self) -> None:
        workflow = make_workflow()
        for _ in range(5):
            make_task(workflow, status=TaskStatus.COMPLETED, finished_at=NOW - DAY)
        with recorded_statements() as statements:
            delete_completed_tasks(finished_before=NOW, batch_size=2)
        assert sum(statement.startswith('DELETE FROM "tasks_task" ') for statement in statements) == 3

"""The tasks that ship with the project, run for real."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringOutcome, Schedule
from tasks.models import StepStatus, Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.services import start_process
from tests.integration.workflows.runs import final_state, run
from tests.support.factories import make_callback, make_lease, make_schedule, make_task

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

DAY = timedelta(days=1)


def status_of(task: Task) -> str:
    return Task.objects.get(pk=task.pk).status


class TestNightlySync:
    def test_it_records_exactly_three_steps(self) -> None:
        task = run("task_sync_from")
        assert task.status == TaskStatus.COMPLETED
        steps = task.steps.order_by("id").values_list("name", "status")
        assert list(steps) == [
            ("Start", StepStatus.SUCCESS),
            ("NSO calls", StepStatus.SUCCESS),
            ("Done", StepStatus.COMPLETE),
        ]

    def test_its_body_takes_a_fifth_of_a_second_at_most(self) -> None:
        seconds = [final_state(run("task_sync_from"))["nso_calls_seconds"] for _ in range(3)]
        assert 0 < min(seconds) <= 0.2  # the quickest: the machine may have been busy during one of them


class TestResumeWorkflows:
    def test_what_waits_and_what_could_not_reach_a_service_is_put_back_on_the_queue(self) -> None:
        stopped = [make_task(status=status) for status in (TaskStatus.WAITING, TaskStatus.API_UNAVAILABLE)]
        others = {status: make_task(status=status) for status in set(TaskStatus)}
        del others[TaskStatus.WAITING], others[TaskStatus.API_UNAVAILABLE]
        expected = list(Task.objects.filter(status__in=[TaskStatus.WAITING, TaskStatus.API_UNAVAILABLE]).order_by("id"))
        state = final_state(run("task_resume_workflows"))
        assert state["resumed_task_ids"] == [str(task.pk) for task in expected]
        assert state["moved_on_task_ids"] == []
        assert {status_of(task) for task in expected} == {TaskStatus.RESUMED}
        assert {each.pk for each in stopped} <= {each.pk for each in expected}
        for status, task in others.items():
            assert status_of(task) == status

    def test_a_task_that_has_moved_on_meanwhile_is_left_alone(self) -> None:
        moved_on, stopped = make_task(status=TaskStatus.WAITING), make_task(status=TaskStatus.WAITING)
        task_id = start_process("task_resume_workflows")
        claim = claim_task(make_lease(now=database_now()), task_id=task_id)
        assert claim is not None
        finished_steps = iter([False, False, True])  # stop before the third step, "Resume tasks"
        run_claimed(claim, clock=database_now, is_stopping=lambda: next(finished_steps))
        Task.objects.filter(pk=moved_on.pk).update(status=TaskStatus.ABORTED)
        claim = claim_task(make_lease(now=database_now()), task_id=task_id)
        assert claim is not None
        run_claimed(claim, clock=database_now)
        state = final_state(Task.objects.get(pk=task_id))
        assert state["resumed_task_ids"] == [str(stopped.pk)]
        assert state["moved_on_task_ids"] == [str(moved_on.pk)]
        assert status_of(moved_on) == TaskStatus.ABORTED


class TestCleanUpTasks:
    def test_what_completed_before_the_retention_goes_and_all_else_stays(self, settings: Any) -> None:
        settings.TASK_LOG_RETENTION_DAYS = 3
        now = database_now()
        old = make_task(status=TaskStatus.COMPLETED, finished_at=now - 4 * DAY)
        kept: set[UUID] = {make_task(status=TaskStatus.COMPLETED, finished_at=now - 2 * DAY).pk}
        kept |= {
            make_task(status=status, finished_at=now - 40 * DAY).pk
            for status in (TaskStatus.FAILED, TaskStatus.ABORTED)
        }
        task = run("task_clean_up_tasks")
        assert final_state(task)["deleted_tasks"] == 1
        assert set(Task.objects.values_list("pk", flat=True)) == {*kept, task.pk}
        assert not Task.objects.filter(pk=old.pk).exists()

    def test_old_executions_of_functions_go_and_younger_ones_stay(self, settings: Any) -> None:
        settings.TASK_LOG_RETENTION_DAYS = 3
        now = database_now()
        function = DjangoJob.objects.create(id="sync", next_run_time=now, job_state=b"")
        for days in (40, 4, 2):
            function.djangojobexecution_set.create(run_time=now - days * DAY, status=DjangoJobExecution.SUCCESS)
        task = run("task_clean_up_tasks")
        assert final_state(task)["deleted_executions"] == 2
        assert [each.run_time for each in DjangoJobExecution.objects.all()] == [now - 2 * DAY]
        assert DjangoJob.objects.count() == 1
        steps = task.steps.order_by("id").values_list("name", flat=True)
        assert list(steps) == ["Start", "Delete completed tasks", "Delete old executions", "Done"]


class TestCleanUpFirings:
    def test_what_was_decided_before_the_retention_goes_but_for_the_last_of_a_schedule(self, settings: Any) -> None:
        settings.FIRING_RETENTION_DAYS = 90
        schedule, dormant = make_schedule(), make_schedule()
        now = database_now()
        make_firing(schedule, decided_at=now - 91 * DAY)
        kept = {
            make_firing(dormant, decided_at=now - 400 * DAY).pk,
            make_firing(schedule, decided_at=now - 89 * DAY).pk,
        }
        task = run("task_clean_up_firings")
        state = final_state(task)
        assert state["deleted_firings"] == 1
        assert datetime.fromisoformat(state["decided_before"]) < now - 89 * DAY
        assert set(Firing.objects.values_list("pk", flat=True)) == kept
        steps = task.steps.order_by("id").values_list("name", flat=True)
        assert list(steps) == ["Start", "Delete old firings", "Done"]


def make_firing(schedule: Schedule, *, decided_at: datetime) -> Firing:
    return Firing.objects.create(
        schedule_id=schedule.pk,
        schedule_name=schedule.name,
        scheduled_for=decided_at,
        due_at=decided_at,
        decided_at=decided_at,
        lateness_ms=0,
        outcome=FiringOutcome.STARTED,
    )


class TestValidateAwaitingCallbacks:
    def test_without_any_it_says_none(self) -> None:
        state = final_state(run("task_validate_awaiting_callbacks"))
        assert (state["awaiting_callback"], state["oldest_task_id"], state["oldest_created_at"]) == (0, None, None)

    def test_it_counts_them_and_names_the_one_that_has_waited_longest(self) -> None:
        make_task(status=TaskStatus.WAITING)
        oldest, other = (make_task(status=TaskStatus.AWAITING_CALLBACK) for _ in range(2))
        make_callback(oldest)
        make_callback(other)
        state = final_state(run("task_validate_awaiting_callbacks"))
        assert (state["awaiting_callback"], state["oldest_task_id"]) == (2, str(oldest.pk))
        assert state["oldest_created_at"] == oldest.created_at.isoformat()
        assert status_of(oldest) == TaskStatus.AWAITING_CALLBACK

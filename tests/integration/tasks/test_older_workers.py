"""Workers that are older than a task, or do not know its workflow: what they leave, and for how long."""

import pytest
from structlog.testing import capture_logs

from tasks.abstention import LOOK_AGAIN_AFTER
from tasks.deploys import MIXED_FOR, forget_worker, register_worker, version_of
from tasks.models import StepsVersion, Task, TaskStatus, WorkerProcess
from tests.integration.tasks.deploying import Deployment
from tests.integration.tasks.fellows import NEW, Fellow, let_pass, stop_after
from tests.integration.tasks.support import Clock, assert_status, fresh, run_due
from tests.support.factories import HOUR, SECOND, make_step, make_task, make_workflow, register_code
from workflows.registry import ALL_WORKFLOWS, get_definition

pytestmark = pytest.mark.django_db


class TestOldWorkers:
    def stop_under_new(self, deployment: Deployment) -> Task:
        """Return a task that has run X of the new version; its worker has ended since."""
        clock = deployment.clock
        Fellow(deployment, "new", NEW)
        task = run_due(clock, make_task(deployment.workflow), is_stopping=stop_after(3))
        assert deployment.ran == ["A", "X"]
        forget_worker(name="new", now=clock.now)
        return task

    def test_one_leaves_tasks_of_a_newer_version_although_nobody_who_has_it_is_alive(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        old = Fellow(deployment, "old")
        clock.now += SECOND
        task = self.stop_under_new(deployment)
        with capture_logs() as lines:
            old.work()
        assert_status(fresh(task), TaskStatus.RESUMED)
        assert [line["reason"] for line in lines if line["event"] == "tasks_left_to_others"] == [
            "it ran by a newer version of its steps"
        ]
        clock.now += LOOK_AGAIN_AFTER
        Fellow(deployment, "next", NEW).work()
        assert_status(fresh(task), TaskStatus.COMPLETED)

    def test_one_stops_them_when_the_newer_version_has_long_been_taken_back(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        old = Fellow(deployment, "old")
        clock.now += SECOND
        task = self.stop_under_new(deployment)
        let_pass(old, MIXED_FOR - SECOND, seen=[old])
        old.work()
        assert_status(fresh(task), TaskStatus.RESUMED)
        let_pass(old, LOOK_AGAIN_AFTER + SECOND, seen=[old])
        old.work()
        let_pass(old, LOOK_AGAIN_AFTER, seen=[old])
        old.work()
        assert_status(fresh(task), TaskStatus.INCONSISTENT_DATA)

    def test_what_another_workflow_with_the_same_steps_has_seen_says_nothing(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        register_code("task_twin", [make_step(name, lambda: None) for name in NEW.split()])
        version = version_of(get_definition("task_twin"))
        register_worker(name="twin", host="h", pid=1, versions=[version], now=clock.now - 100 * HOUR)
        old = Fellow(deployment, "old")
        clock.now += SECOND
        task = self.stop_under_new(deployment)
        old.work()
        assert_status(fresh(task), TaskStatus.RESUMED)


class TestUnknownWorkflows:
    @pytest.fixture
    def unknown(self, clock: Clock) -> Task:
        return make_task(make_workflow(name="task_unknown", has_code=False))

    def test_they_are_left_for_an_hour_and_fail_then(self, clock: Clock, deployment: Deployment, unknown: Task) -> None:
        fellow = Fellow(deployment, "old")
        let_pass(fellow, MIXED_FOR - SECOND, seen=[fellow])
        assert len(fellow.work()) == 1
        assert_status(fresh(unknown), TaskStatus.CREATED)
        assert fellow.work() == []
        let_pass(fellow, LOOK_AGAIN_AFTER, seen=[fellow])
        fellow.work()
        assert_status(fresh(unknown), TaskStatus.FAILED)
        assert fresh(unknown).failed_reason == "no code is registered for workflow 'task_unknown'"

    def test_they_are_left_for_as_long_as_another_worker_knows_them(
        self, clock: Clock, deployment: Deployment, unknown: Task
    ) -> None:
        fellow = Fellow(deployment, "old")
        clock.now += 100 * HOUR
        register_code("task_unknown")
        version = version_of(get_definition("task_unknown"))
        register_worker(name="knows", host="h", pid=1, versions=[version], now=clock.now)
        del ALL_WORKFLOWS["task_unknown"]
        fellow.work()
        assert_status(fresh(unknown), TaskStatus.CREATED)

    def test_other_tasks_go_on(self, clock: Clock, deployment: Deployment, unknown: Task) -> None:
        fellow = Fellow(deployment, "old")
        task = make_task(deployment.workflow)
        assert len(fellow.work()) == 2
        assert_status(fresh(task), TaskStatus.COMPLETED)

    def test_a_process_that_is_no_worker_among_others_fails_them_at_once(self, clock: Clock, unknown: Task) -> None:
        assert_status(run_due(clock, unknown), TaskStatus.FAILED)


def test_a_worker_forgets_those_that_died_a_day_ago(clock: Clock, deployment: Deployment) -> None:
    Fellow(deployment, "dead")
    clock.now += 25 * HOUR
    Fellow(deployment, "new", NEW)
    assert list(WorkerProcess.objects.values_list("pk", flat=True)) == ["new"]
    assert StepsVersion.objects.count() == 2

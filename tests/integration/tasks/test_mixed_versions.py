"""Workers of several versions side by side: who runs a task, who leaves it to whom, and when nobody can."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tasks.abstention import LOOK_AGAIN_AFTER
from tasks.deploys import STALE_AFTER, forget_worker
from tasks.models import Task, TaskStatus
from tests.integration.tasks.deploying import OLD, Deployment
from tests.integration.tasks.fellows import NEW, Fellow, let_pass, stop_after
from tests.integration.tasks.support import Clock, assert_status, fresh, run_due
from tests.support.factories import HOUR, SECOND, make_step, make_task, make_workflow, register_code

pytestmark = pytest.mark.django_db


def make_early(deployment: Deployment) -> Task:
    """Return a task of the workflow, and have no other one due before an hour has passed."""
    now = deployment.clock.now
    Task.objects.update(available_at=now + HOUR)
    return make_task(deployment.workflow, now=now)


class TestLeaving:
    def test_a_worker_that_cannot_run_a_task_gives_it_back_and_the_one_that_can_runs_it(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        old = Fellow(deployment, "old")
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        assert [claim.task_id for claim in new.work()] == [task.pk]
        left = fresh(task)
        assert (left.status, left.available_at, left.position) == (TaskStatus.RESUMED, clock.now, 2)
        assert (left.worker, left.lease_expires_at, left.revision, deployment.ran) == ("", None, 0, [])
        assert new.work() == []
        assert len(old.work()) == 1
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert deployment.ran == ["B", "C", "D"]

    def test_it_says_so_once_however_often_it_looks(self, clock: Clock, deployment: Deployment) -> None:
        old = Fellow(deployment, "old")
        for _ in range(2):
            deployment.stop()
            Task.objects.update(available_at=clock.now + HOUR)
        Task.objects.update(available_at=clock.now)
        new = Fellow(deployment, "new", NEW)
        with capture_logs() as lines:
            for _ in range(3):
                assert len(new.work()) == 2
                assert new.work() == []
                let_pass(new, LOOK_AGAIN_AFTER, seen=[old, new])
        told = [line for line in lines if line["event"] == "tasks_left_to_others"]
        assert [(line["log_level"], line["workflow"]) for line in told] == [("warning", "task_deployed")]
        assert told[0]["reason"] == "another worker has the version of its steps that it ran by, or one that fits"

    def test_it_takes_what_it_can_run_all_the_same(self, clock: Clock, deployment: Deployment) -> None:
        Fellow(deployment, "old")
        stands_at_b = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        assert len(new.work()) == 1
        deployment.deploy(OLD)
        earlier = run_due(clock, make_early(deployment), is_stopping=stop_after(1))
        assert (earlier.status, earlier.position) == (TaskStatus.RESUMED, 1)
        Task.objects.filter(pk=stands_at_b.pk).update(available_at=clock.now)
        fresh_one = make_task(deployment.workflow)
        other = make_task(make_workflow(make_step("Other", lambda: None)))
        assert {claim.task_id for claim in new.work()} == {earlier.pk, fresh_one.pk, other.pk}
        assert {fresh(each).status for each in (earlier, fresh_one, other)} == {TaskStatus.COMPLETED}

    def test_tasks_of_another_workflow_with_the_same_steps_are_not_left(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        Fellow(deployment, "old")
        deployment.stop()
        twin = make_workflow(name="task_twin")
        register_code("task_twin", [make_step(name, lambda: None) for name in ["A", "B", "C", "D"]])
        Task.objects.update(available_at=clock.now + HOUR)
        given_back = run_due(clock, make_task(twin), is_stopping=stop_after(2))
        Task.objects.exclude(pk=given_back.pk).update(available_at=clock.now)
        new = Fellow(deployment, "new", NEW)
        assert len(new.work()) == 2
        assert_status(fresh(given_back), TaskStatus.COMPLETED)

    @pytest.mark.parametrize("kind", ["waiting", "awaiting_callback"])
    def test_a_task_whose_time_has_come_is_left_as_well(self, clock: Clock, kind: str) -> None:
        deployment = Deployment(kind, clock)
        old = Fellow(deployment, "old")
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        if kind == "awaiting_callback":
            Task.objects.update(available_at=clock.now)
            task.callbacks.update(expires_at=clock.now)
        clock.now = fresh(task).available_at or clock.now
        assert len(new.work()) == 1
        assert_status(fresh(task), TaskStatus.RESUMED)
        assert len(old.work()) == 1
        expected = TaskStatus.COMPLETED if kind == "waiting" else TaskStatus.FAILED
        assert fresh(task).status == expected
        assert ("CallbackTimeout" in fresh(task).failed_reason) is (kind == "awaiting_callback")

    def test_one_that_has_a_version_that_fits_is_enough(self, clock: Clock, deployment: Deployment) -> None:
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        fitting = Fellow(deployment, "fitting", "A B C D Y")
        new.work()
        assert_status(fresh(task), TaskStatus.RESUMED)
        fitting.work()
        assert_status(fresh(task), TaskStatus.COMPLETED)
        assert deployment.ran == ["B", "C", "D", "Y"]

    def test_an_alias_counts_more_than_the_others(self, clock: Clock, deployment: Deployment) -> None:
        Fellow(deployment, "old")
        task = deployment.stop()
        Fellow(deployment, "new", NEW, B="B").work()
        assert (fresh(task).status, fresh(task).revision) == (TaskStatus.COMPLETED, 1)

    def test_those_at_an_earlier_place_than_the_first_that_was_left_are_left_too(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        Fellow(deployment, "old")
        for steps in (3, 2):
            task = run_due(clock, make_early(deployment), is_stopping=stop_after(steps))
            assert (task.status, task.position) == (TaskStatus.RESUMED, steps)
        new = Fellow(deployment, "new", "X A B C D")
        Task.objects.update(available_at=clock.now + HOUR)
        for position in (3, 2):
            Task.objects.filter(position=position).update(available_at=clock.now)
            assert [claim.position for claim in new.work()] == [position]
        assert new.work() == []


class TestNobodyElse:
    @pytest.mark.parametrize(
        ("unseen_for", "status"),
        [(STALE_AFTER - SECOND, TaskStatus.RESUMED), (STALE_AFTER, TaskStatus.INCONSISTENT_DATA)],
    )
    def test_where_no_other_worker_has_been_seen_for_a_while_the_task_stops(
        self, clock: Clock, deployment: Deployment, unseen_for: timedelta, status: TaskStatus
    ) -> None:
        Fellow(deployment, "old")
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        let_pass(new, unseen_for, seen=[new])
        new.work()
        assert_status(fresh(task), status)
        assert ("the task ran by" in fresh(task).failed_reason) is (status == TaskStatus.INCONSISTENT_DATA)

    def test_one_that_has_ended_counts_no_more(self, clock: Clock, deployment: Deployment) -> None:
        Fellow(deployment, "old")
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        forget_worker(name="old", now=clock.now)
        new.work()
        assert_status(fresh(task), TaskStatus.INCONSISTENT_DATA)

    def test_it_looks_again_for_one_that_has_died_since(self, clock: Clock, deployment: Deployment) -> None:
        old = Fellow(deployment, "old")
        task = deployment.stop()
        new = Fellow(deployment, "new", NEW)
        new.work()
        new.work()  # from here on it leaves the task alone
        let_pass(new, LOOK_AGAIN_AFTER - SECOND, seen=[new, old])
        assert new.work() == []
        let_pass(new, STALE_AFTER, seen=[new])
        assert len(new.work()) == 1
        assert_status(fresh(task), TaskStatus.INCONSISTENT_DATA)

    def test_a_process_that_is_no_worker_among_others_does_not_leave_it(
        self, clock: Clock, deployment: Deployment
    ) -> None:
        Fellow(deployment, "old")
        task = deployment.stop()
        deployment.deploy(NEW)
        assert_status(run_due(clock, task), TaskStatus.INCONSISTENT_DATA)

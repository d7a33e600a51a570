"""Claiming, renewing, recording and giving back, each as of a time that the test gives."""

from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from orchestrator_site.common.database import is_postgresql
from tasks.models import BLOCKING, ENDED, StepStatus, Task, TaskStatus, TaskStep
from tasks.queue import Claim, claim_orphaned, claim_queued, claim_task, find_unended, renew_leases
from tasks.recording import Recorded, end_without_step, give_back, last_state, record_step
from tests.support.database import in_thread, recorded_statements
from tests.support.factories import (
    LEASE_SECONDS,
    NOW,
    SECOND,
    make_claim,
    make_lease,
    make_task,
    make_task_step,
    make_workflow,
    step_fields,
)

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=LEASE_SECONDS)


def claimed_ids(claims: list[Claim]) -> list[object]:
    return [claim.task_id for claim in claims]


def step_of(claim: Claim, **fields: Any) -> TaskStep:
    return TaskStep(**step_fields(Task.objects.get(pk=claim.task_id), attempt=claim.attempt, **fields))


def record(claim: Claim, step: TaskStep, *, status: TaskStatus, reason: str = "") -> Recorded:
    return record_step(claim, step, status=status, steps_version="of the list", reason=reason)


class TestClaiming:
    def test_a_claimed_task_runs_under_its_worker_for_the_length_of_the_lease(self) -> None:
        workflow = make_workflow()
        task = make_task(workflow, inputs={"node": "nl-1", "ports": [1, 2]}, reporter="ada")
        [claim] = claim_queued(make_lease(worker="w1"), limit=1)
        assert (claim.task_id, claim.attempt, claim.position, claim.worker) == (task.pk, 1, 0, "w1")
        assert (claim.workflow_name, claim.workflow_target) == (workflow.name, "SYSTEM")
        assert (claim.inputs, claim.reporter) == ({"node": "nl-1", "ports": [1, 2]}, "ada")
        task.refresh_from_db()
        assert (task.status, task.attempt, task.worker) == (TaskStatus.RUNNING, 1, "w1")
        assert (task.started_at, task.lease_expires_at, task.available_at) == (NOW, NOW + LEASE, None)

    def test_what_became_available_first_is_claimed_first(self) -> None:
        third = make_task(available_at=NOW)
        first = make_task(available_at=NOW - 2 * SECOND)
        second = make_task(available_at=NOW - SECOND)
        claims = [claim_queued(make_lease(), limit=1) for _ in range(3)]
        assert [claimed_ids(each) for each in claims] == [[first.pk], [second.pk], [third.pk]]

    def test_tasks_available_at_the_same_moment_are_claimed_in_the_order_of_creation(self) -> None:
        tasks = [make_task() for _ in range(5)]
        assert claimed_ids(claim_queued(make_lease(), limit=3)) == [task.pk for task in tasks[:3]]
        assert claimed_ids(claim_queued(make_lease(), limit=3)) == [task.pk for task in tasks[3:]]

    def test_a_task_that_is_available_later_is_left_until_then(self) -> None:
        task = make_task(available_at=NOW + SECOND)
        assert claim_queued(make_lease(), limit=1) == []
        assert claimed_ids(claim_queued(make_lease(now=NOW + SECOND), limit=1)) == [task.pk]

    @pytest.mark.parametrize("status", sorted(set(TaskStatus) - {TaskStatus.CREATED, TaskStatus.RESUMED}))
    def test_a_task_that_is_not_queued_is_not_claimed(self, status: TaskStatus) -> None:
        task = make_task(status=status)
        assert claim_queued(make_lease(), limit=1) == []
        assert claim_task(make_lease(), task_id=task.pk) is None

    def test_a_resumed_task_keeps_when_it_first_started(self) -> None:
        make_task(status=TaskStatus.RESUMED, attempt=3, position=1, started_at=NOW - LEASE)
        [claim] = claim_queued(make_lease(), limit=1)
        assert (claim.attempt, claim.position) == (4, 1)
        assert Task.objects.get().started_at == NOW - LEASE

    def test_a_named_task_is_claimed_whatever_stands_before_it(self) -> None:
        key = uuid4()
        make_task(concurrency_key=key)
        task = make_task(concurrency_key=key)
        claim = claim_task(make_lease(), task_id=task.pk)
        assert claim is not None
        assert claim.task_id == task.pk
        assert claim_task(make_lease(), task_id=task.pk) is None

    def test_a_claim_is_one_statement(self) -> None:
        make_task()
        with recorded_statements() as statements:
            claim_queued(make_lease(), limit=10)
        assert len(statements) == 1


class TestConcurrencyKey:
    @pytest.mark.parametrize("status", BLOCKING)
    def test_a_task_waits_while_an_older_one_of_its_key_has_not_ended(self, status: TaskStatus) -> None:
        key = uuid4()
        make_task(status=status, concurrency_key=key, now=NOW + LEASE)  # not for claiming yet
        make_task(concurrency_key=key)
        other = make_task(concurrency_key=uuid4())
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [other.pk]

    @pytest.mark.parametrize("status", ENDED)
    def test_a_task_is_claimed_once_the_older_one_has_ended(self, status: TaskStatus) -> None:
        key = uuid4()
        make_task(status=status, concurrency_key=key)
        task = make_task(concurrency_key=key)
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [task.pk]

    def test_of_two_queued_tasks_of_a_key_only_the_older_one_is_claimed(self) -> None:
        key = uuid4()
        older = make_task(concurrency_key=key)
        make_task(concurrency_key=key, available_at=NOW - SECOND)
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [older.pk]

    def test_an_older_one_that_is_resumed_waits_while_a_younger_one_runs(self) -> None:
        key = uuid4()
        older = make_task(status=TaskStatus.RESUMED, concurrency_key=key)
        younger = make_task(status=TaskStatus.RUNNING, concurrency_key=key)
        assert claim_queued(make_lease(), limit=10) == []
        Task.objects.filter(pk=younger.pk).update(status=TaskStatus.SUSPENDED, lease_expires_at=None)
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [older.pk]

    def test_tasks_without_a_key_run_side_by_side(self) -> None:
        make_task(status=TaskStatus.RUNNING)
        tasks = [make_task(), make_task()]
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [task.pk for task in tasks]

    def test_a_task_that_may_overlap_waits_for_no_other_but_others_wait_for_it(self) -> None:
        key = uuid4()
        make_task(status=TaskStatus.RUNNING, concurrency_key=key)
        waiting = make_task(concurrency_key=key)
        overlapping = make_task(concurrency_key=key, may_overlap=True)
        assert claimed_ids(claim_queued(make_lease(), limit=10)) == [overlapping.pk]
        Task.objects.filter(concurrency_key=key).exclude(pk__in=[waiting.pk, overlapping.pk]).delete()
        assert claim_queued(make_lease(), limit=10) == []

    def test_the_unended_tasks_of_a_key_come_oldest_first_with_their_status(self) -> None:
        blocked, free = uuid4(), uuid4()
        make_task(status=TaskStatus.COMPLETED, concurrency_key=free)
        first = make_task(status=TaskStatus.SUSPENDED, concurrency_key=blocked)
        second = make_task(concurrency_key=blocked)
        assert list(find_unended([blocked, free, uuid4()])) == [
            (blocked, first.pk, "suspended"),
            (blocked, second.pk, "created"),
        ]

    @pytest.mark.parametrize("status", BLOCKING)
    def test_every_status_that_has_not_ended_blocks(self, status: TaskStatus) -> None:
        key = uuid4()
        make_task(status=status, concurrency_key=key)
        assert [found for found, _, _ in find_unended([key])] == [key]


class TestTakeOver:
    def test_a_task_whose_lease_ran_out_is_taken_over_under_the_next_attempt(self) -> None:
        task = make_task(status=TaskStatus.RUNNING, attempt=2, position=1, worker="dead")
        late = NOW + LEASE + SECOND
        [claim] = claim_orphaned(make_lease(worker="w2", now=late), limit=10)
        assert (claim.task_id, claim.attempt, claim.position) == (task.pk, 3, 1)
        task.refresh_from_db()
        assert (task.worker, task.lease_expires_at) == ("w2", late + LEASE)

    def test_a_task_whose_lease_holds_is_left_alone(self) -> None:
        make_task(status=TaskStatus.RUNNING)
        assert claim_orphaned(make_lease(now=NOW + LEASE), limit=10) == []

    def test_an_orphan_is_not_claimed_from_the_queue(self) -> None:
        make_task(status=TaskStatus.RUNNING)
        assert claim_queued(make_lease(now=NOW + 2 * LEASE), limit=10) == []

    def test_the_longest_dead_is_taken_over_first(self) -> None:
        late = NOW + 2 * LEASE
        make_task(status=TaskStatus.RUNNING, lease_expires_at=NOW + SECOND)
        first = make_task(status=TaskStatus.RUNNING, lease_expires_at=NOW)
        assert claimed_ids(claim_orphaned(make_lease(now=late), limit=1)) == [first.pk]

    def test_looking_for_orphans_writes_nothing_while_there_are_none(self) -> None:
        with recorded_statements() as statements:
            claim_orphaned(make_lease(), limit=10)
        assert [statement.split()[0] for statement in statements] == ["SELECT"]


class TestRenewing:
    def test_only_the_workers_own_running_tasks_are_renewed(self) -> None:
        own = make_task(status=TaskStatus.RUNNING, worker="w1")
        others = make_task(status=TaskStatus.RUNNING, worker="w2")
        ended = make_task(status=TaskStatus.COMPLETED, worker="w1")
        later = make_lease(worker="w1", now=NOW + 10 * SECOND)
        assert renew_leases(later, task_ids=[own.pk, others.pk, ended.pk]) == 1
        leases = dict(Task.objects.values_list("pk", "lease_expires_at"))
        assert leases == {own.pk: later.expires_at, others.pk: NOW + LEASE, ended.pk: None}

    def test_a_task_that_was_taken_over_is_not_renewed_by_its_old_worker(self) -> None:
        claim = make_claim(worker="slow")
        [taken] = claim_orphaned(make_lease(worker="quick", now=NOW + 2 * LEASE), limit=1)
        assert renew_leases(make_lease(worker="slow", now=NOW + 3 * LEASE), task_ids=[claim.task_id]) == 0
        assert Task.objects.get().lease_expires_at == NOW + 3 * LEASE
        assert taken.worker == "quick"


class TestRecording:
    def test_a_step_and_the_tasks_position_are_written_together(self) -> None:
        claim = make_claim()
        record(claim, step_of(claim, state={"seen": [1, "ü"]}), status=TaskStatus.RUNNING)
        task, step = Task.objects.get(), TaskStep.objects.get()
        assert (task.status, task.position, task.version) == (TaskStatus.RUNNING, 1, 1)
        assert (task.lease_expires_at, task.finished_at) == (NOW + LEASE, None)
        assert (step.task, step.position, step.attempt, step.name) == (task, 0, 1, "Start")
        assert (step.status, step.state, step.error) == (StepStatus.SUCCESS, {"seen": [1, "ü"]}, None)
        assert (step.started_at, step.completed_at) == (NOW, NOW + SECOND)

    def test_the_last_step_completes_the_task(self) -> None:
        claim = make_claim()
        record(claim, step_of(claim, status=StepStatus.COMPLETE), status=TaskStatus.COMPLETED)
        task = Task.objects.get()
        assert (task.status, task.position, task.version) == (TaskStatus.COMPLETED, 1, 2)
        assert (task.finished_at, task.lease_expires_at) == (NOW + SECOND, None)

    def test_a_failed_step_keeps_the_position_and_tells_why(self) -> None:
        claim = make_claim()
        error = {"class": "KeyError", "message": "'node'", "traceback": "…"}
        failed = step_of(claim, status=StepStatus.FAILED, error=error)
        record(claim, failed, status=TaskStatus.FAILED, reason="Start: KeyError: 'node'")
        task = Task.objects.get()
        assert (task.status, task.position, task.failed_reason) == (TaskStatus.FAILED, 0, "Start: KeyError: 'node'")
        assert TaskStep.objects.get().error == error

    def test_recording_is_two_statements_at_most(self) -> None:
        claim = make_claim()
        step = step_of(claim)
        with recorded_statements() as statements:
            record(claim, step, status=TaskStatus.RUNNING)
        assert len(statements) == (1 if is_postgresql() else 2)

    def test_a_worker_that_lost_its_lease_writes_nothing(self) -> None:
        slow = make_claim(worker="slow")
        [quick] = claim_orphaned(make_lease(worker="quick", now=NOW + 2 * LEASE), limit=1)
        assert record(slow, step_of(slow), status=TaskStatus.COMPLETED) is Recorded.LOST
        assert not TaskStep.objects.exists()
        task = Task.objects.get()
        assert (task.status, task.position, task.worker) == (TaskStatus.RUNNING, 0, "quick")
        record(quick, step_of(quick), status=TaskStatus.RUNNING)
        assert Task.objects.get().position == 1

    def test_a_worker_whose_task_has_ended_meanwhile_writes_nothing(self) -> None:
        claim = make_claim()
        Task.objects.update(status=TaskStatus.ABORTED, lease_expires_at=None)
        assert record(claim, step_of(claim), status=TaskStatus.RUNNING) is Recorded.LOST
        assert not TaskStep.objects.exists()

    @pytest.mark.parametrize(
        ("step_status", "task_status"),
        [(StepStatus.SUCCESS, TaskStatus.RUNNING), (StepStatus.FAILED, TaskStatus.FAILED)],
    )
    def test_a_task_asked_to_abort_ends_with_the_step_it_was_in(
        self, step_status: StepStatus, task_status: TaskStatus
    ) -> None:
        claim = make_claim()
        Task.objects.update(abort_requested_at=NOW)
        step = step_of(claim, status=step_status)
        assert record(claim, step, status=task_status, reason="a reason") is Recorded.ABORTED
        task = Task.objects.get()
        assert (task.status, task.lease_expires_at) == (TaskStatus.ABORTED, None)
        assert (task.finished_at, task.failed_reason) == (NOW + SECOND, "aborted before its next step")
        assert TaskStep.objects.get().status == step_status

    def test_a_task_that_completes_is_not_aborted_any_more(self) -> None:
        claim = make_claim()
        Task.objects.update(abort_requested_at=NOW)
        record(claim, step_of(claim, status=StepStatus.COMPLETE), status=TaskStatus.COMPLETED)
        assert Task.objects.get().status == TaskStatus.COMPLETED

    def test_the_state_to_go_on_with_is_that_of_the_last_step_that_passed(self) -> None:
        task = make_task(status=TaskStatus.RESUMED, attempt=2, position=2)
        make_task_step(task, position=0, state={"n": 0})
        make_task_step(task, position=1, attempt=1, status=StepStatus.FAILED, state={"n": "before"})
        make_task_step(task, position=1, attempt=2, state={"n": 1})
        make_task_step(task, position=2, attempt=2, status=StepStatus.FAILED, state={"n": "before"})
        assert last_state(make_claim(task)) == {"n": 1}


class TestGivingBack:
    @pytest.mark.parametrize(("position", "status"), [(0, TaskStatus.CREATED), (2, TaskStatus.RESUMED)])
    def test_a_task_given_back_is_on_the_queue_again(self, position: int, status: TaskStatus) -> None:
        claim = make_claim(make_task(position=position))
        give_back(claim, position=position, now=NOW + SECOND)
        task = Task.objects.get()
        assert (task.status, task.worker, task.lease_expires_at) == (status, "", None)
        assert (task.available_at, task.position) == (NOW + SECOND, position)
        [again] = claim_queued(make_lease(now=NOW + SECOND), limit=1)
        assert (again.attempt, again.position) == (2, position)

    def test_a_task_that_was_taken_over_is_neither_given_back_nor_failed_by_its_old_worker(self) -> None:
        claim = make_claim(worker="slow")
        claim_orphaned(make_lease(worker="quick", now=NOW + 2 * LEASE), limit=1)
        give_back(claim, position=0, now=NOW + 2 * LEASE)
        end_without_step(claim, status=TaskStatus.FAILED, reason="its code has gone", now=NOW + 2 * LEASE)
        task = Task.objects.get()
        assert (task.status, task.worker, task.failed_reason) == (TaskStatus.RUNNING, "quick", "")


@pytest.mark.django_db(transaction=True)
class TestTwoClaimers:
    def test_one_passes_over_the_rows_that_the_other_holds(self) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer and no row locks")
        tasks = [make_task() for _ in range(4)]
        has_claimed, may_commit = Event(), Event()

        def claim_and_hold() -> list[Claim]:
            with transaction.atomic():
                claims = claim_queued(make_lease(worker="w1"), limit=2)
                has_claimed.set()
                assert may_commit.wait(10)
                return claims

        with in_thread(claim_and_hold) as held:
            assert has_claimed.wait(10)
            second = claim_queued(make_lease(worker="w2"), limit=10)
            may_commit.set()
        assert claimed_ids(held.result()) == [task.pk for task in tasks[:2]]
        assert claimed_ids(second) == [task.pk for task in tasks[2:]]

    def test_each_task_is_claimed_once(self) -> None:
        workflow = make_workflow()
        tasks = [make_task(workflow) for _ in range(40)]
        barrier = Barrier(2)

        def claim_all(worker: str) -> list[Claim]:
            barrier.wait(10)
            claims: list[Claim] = []
            while some := claim_queued(make_lease(worker=worker), limit=3):
                claims.extend(some)
            return claims

        with in_thread(lambda: claim_all("w1")) as one, in_thread(lambda: claim_all("w2")) as two:
            pass
        assert sorted(map(str, claimed_ids(one.result() + two.result()))) == [str(task.pk) for task in tasks]
        assert set(Task.objects.values_list("attempt", flat=True)) == {1}


class TestConstraints:
    def test_a_step_passes_once(self) -> None:
        task = make_task(status=TaskStatus.RUNNING)
        make_task_step(task, status=StepStatus.SUCCESS)
        with pytest.raises(IntegrityError):
            make_task_step(task, attempt=2, status=StepStatus.SKIPPED)

    def test_a_step_may_fail_on_every_attempt_but_once_on_each(self) -> None:
        task = make_task(status=TaskStatus.RUNNING)
        for attempt in (1, 2):
            make_task_step(task, attempt=attempt, status=StepStatus.FAILED)
        with pytest.raises(IntegrityError):
            make_task_step(task, attempt=2, status=StepStatus.FAILED)

    def test_a_step_does_not_end_before_it_started(self) -> None:
        with pytest.raises(IntegrityError):
            make_task_step(make_task(), completed_at=NOW - SECOND)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"status": TaskStatus.RUNNING, "lease_expires_at": None},
            {"status": TaskStatus.COMPLETED, "lease_expires_at": NOW},
            {"status": TaskStatus.CREATED, "available_at": None},
            {"status": TaskStatus.RESUMED, "available_at": None},
            {"status": TaskStatus.RUNNING, "available_at": NOW},
            {"status": TaskStatus.FAILED, "available_at": NOW},
            {"status": "dreaming"},
        ],
        ids=str,
    )
    def test_a_status_comes_with_its_columns(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError):
            make_task(**wrong)

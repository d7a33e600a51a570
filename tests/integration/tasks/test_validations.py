"""Starting validations of subscriptions, and what one that failed says of its subscription."""

from dataclasses import replace
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from django.db import connection, transaction
from django.db.models import F

from orchestrator_site.common.database import is_postgresql, transaction_depth, write_transaction
from orchestrator_site.common.ids import first_id_at, new_id
from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.models import BLOCKING, ENDED, Task, TaskStatus, TaskStep
from tasks.queue import Claim, claim_queued
from tasks.recording import Recorded, record_step
from tasks.validations import Validations, after_failure, is_verdict, start_validations
from tests.support.database import heard_channels, in_thread, recorded_statements
from tests.support.factories import (
    NOW,
    SECOND,
    make_claim,
    make_lease,
    make_product,
    make_subscription,
    make_task,
    make_workflow,
    step_fields,
)
from tests.support.wait import wait_for
from workflows.engine import StartRequest, Target
from workflows.models import Product, Subscription, Workflow
from workflows.registry import ALL_WORKFLOWS, get_definition
from workflows.selectors import list_subscriptions_to_validate
from workflows.services import MAX_REASON_CHARACTERS

pytestmark = pytest.mark.django_db

GOES_ON = {TaskStatus.API_UNAVAILABLE, *BLOCKING}


@pytest.fixture
def validate_port() -> Workflow:
    return make_workflow(name="validate_port", target=Target.VALIDATE)


@pytest.fixture
def port(validate_port: Workflow) -> Product:
    return make_product(validate_port, name="Port")


def start(run_id: UUID | None = None) -> Validations:
    """Have everything validated that is to be."""
    wanted = list(list_subscriptions_to_validate())
    return start_validations(subscriptions=wanted, run_id=run_id or new_id(), actor="a run")


class TestStarting:
    def test_a_task_gets_the_subscription_as_its_input_and_its_concurrency_key(
        self, port: Product, validate_port: Workflow
    ) -> None:
        first, second = make_subscription(port), make_subscription(port)
        with heard_channels() as heard:
            came = start()
        assert (came.tasks, came.validated, came.in_validation) == (2, 2, 0)
        assert (came.without_workflow, came.refused) == ([], [])
        assert heard == [TASKS_ENQUEUED]
        rows = Task.objects.values_list("workflow", "status", "inputs", "concurrency_key", "reporter")
        assert sorted(rows, key=lambda row: str(row[3])) == [
            (validate_port.pk, TaskStatus.CREATED, {"subscription_id": str(each.pk)}, each.pk, "a run")
            for each in (first, second)
        ]

    def test_the_ids_are_in_order_with_all_others(self, port: Product) -> None:
        for _ in range(5):
            make_subscription(port)
        before, run_id, after = (first_id_at(NOW + number * SECOND) for number in (-1, 0, 1))
        start(run_id)
        ids = list(Task.objects.values_list("pk", flat=True))
        assert len(ids) == 5
        assert all(before < pk < after for pk in ids)

    def test_several_workflows_of_a_product_run_one_after_the_other(
        self, port: Product, validate_port: Workflow
    ) -> None:
        other = make_workflow(name="validate_optics", target=Target.VALIDATE)
        port.links.create(workflow=other)
        make_subscription(port)
        came = start()
        assert (came.tasks, came.validated) == (2, 1)
        assert set(Task.objects.values_list("workflow", flat=True)) == {validate_port.pk, other.pk}
        later = Task.objects.latest("available_at").available_at
        assert later is not None
        [first] = claim_queued(make_lease(now=later), limit=10)
        Task.objects.filter(pk=first.task_id).update(status=TaskStatus.COMPLETED, lease_expires_at=None)
        [second] = claim_queued(make_lease(now=later), limit=10)
        assert {first.workflow_name, second.workflow_name} == {"validate_port", "validate_optics"}

    def test_a_product_without_a_workflow_that_validates_does_not_stop_the_others(self, port: Product) -> None:
        lacking = make_product(make_workflow(target=Target.MODIFY), name="Node")
        node, subscription = make_subscription(lacking), make_subscription(port)
        came = start()
        assert came.without_workflow == [node]
        assert (came.tasks, came.validated) == (1, 1)
        assert Task.objects.get().concurrency_key == subscription.pk

    def test_what_came_out_of_sync_meanwhile_is_left_out(self, port: Product) -> None:
        gone, kept = make_subscription(port), make_subscription(port)
        wanted = list(list_subscriptions_to_validate())
        Subscription.objects.filter(pk=gone.pk).update(insync=False, out_of_sync_reason="down", out_of_sync_since=NOW)
        came = start_validations(subscriptions=wanted, run_id=new_id(), actor="a run")
        assert (came.tasks, came.validated, came.in_validation) == (1, 1, 0)
        assert Task.objects.get().concurrency_key == kept.pk

    def test_many_take_as_many_statements_as_one(self, port: Product) -> None:
        counts = []
        for size in (1, 40):
            for _ in range(size):
                make_subscription(port)
            with recorded_statements() as statements:
                start()
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 8, counts
        assert Task.objects.count() == 41

    def test_nothing_to_validate_starts_nothing(self) -> None:
        with heard_channels() as heard:
            assert start() == Validations(0, 0, 0, [], [])
        assert heard == []


class TestStartingTwice:
    def test_the_same_run_starts_nothing_again_and_tells_the_same(self, port: Product) -> None:
        for _ in range(3):
            make_subscription(port)
        run_id = new_id()
        first = start(run_id)
        tasks = list(Task.objects.order_by("id").values())
        assert start(run_id) == first
        assert list(Task.objects.order_by("id").values()) == tasks
        assert len(tasks) == 3

    def test_not_even_what_has_completed_meanwhile(self, port: Product) -> None:
        make_subscription(port)
        run_id = new_id()
        first = start(run_id)
        Task.objects.update(status=TaskStatus.COMPLETED, available_at=None)
        assert start(run_id) == first
        assert Task.objects.count() == 1

    def test_it_starts_what_is_missing(self, port: Product) -> None:
        run_id = new_id()
        make_subscription(port)
        start(run_id)
        make_subscription(port)
        came = start(run_id)
        assert (came.tasks, came.validated, came.in_validation) == (2, 2, 0)
        assert Task.objects.count() == 2

    @pytest.mark.parametrize("status", sorted(GOES_ON))
    def test_another_run_leaves_a_subscription_alone_whose_validation_goes_on(
        self, port: Product, validate_port: Workflow, status: TaskStatus
    ) -> None:
        busy, free = make_subscription(port), make_subscription(port)
        make_task(validate_port, status=status, concurrency_key=busy.pk)
        came = start()
        assert (came.tasks, came.validated, came.in_validation) == (1, 1, 1)
        assert Task.objects.filter(concurrency_key=free.pk).count() == 1
        assert Task.objects.filter(concurrency_key=busy.pk).count() == 1

    @pytest.mark.parametrize("status", sorted(set(ENDED) - GOES_ON))
    def test_another_run_validates_it_again_when_that_is_over(
        self, port: Product, validate_port: Workflow, status: TaskStatus
    ) -> None:
        subscription = make_subscription(port)
        make_task(validate_port, status=status, concurrency_key=subscription.pk)
        assert start().validated == 1
        assert Task.objects.filter(concurrency_key=subscription.pk).count() == 2

    def test_another_task_of_its_key_is_no_validation(self, port: Product) -> None:
        subscription = make_subscription(port)
        make_task(make_workflow(target=Target.MODIFY), concurrency_key=subscription.pk)
        assert start().validated == 1


class TestCodeThatDecides:
    def set_predicate(self, monkeypatch: pytest.MonkeyPatch, *, refuses: bool) -> list[StartRequest]:
        asked: list[StartRequest] = []
        depth = transaction_depth()

        def decide(request: StartRequest) -> str | None:
            assert transaction_depth() == depth, "it is asked before any row is held"
            asked.append(request)
            return "there is maintenance" if refuses else None

        definition = replace(get_definition("validate_port"), run_predicate=decide)
        monkeypatch.setattr(ALL_WORKFLOWS["validate_port"], "_definition", definition)
        return asked

    def test_a_predicate_that_refuses_is_told_with_the_subscription_and_stops_no_other(
        self, port: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = self.set_predicate(monkeypatch, refuses=True)
        other = make_product(make_workflow(name="validate_node", target=Target.VALIDATE))
        refused, started = make_subscription(port), make_subscription(other)
        came = start()
        assert came.refused == [f"'validate_port' of {refused.pk}: there is maintenance"]
        assert (came.tasks, came.validated, came.without_workflow) == (1, 1, [])
        assert Task.objects.get().concurrency_key == started.pk
        assert asked == [StartRequest("validate_port", {"subscription_id": str(refused.pk)}, "a run")]

    def test_one_that_does_not_refuse_lets_it_start(self, port: Product, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.set_predicate(monkeypatch, refuses=False)
        make_subscription(port)
        assert (start().tasks, len(asked)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_the_same_time_start_one_validation_of_a_subscription(port: Product) -> None:
    for _ in range(3):
        make_subscription(port)
    has_started, may_commit, has_looked = Event(), Event(), Event()

    def start_and_hold() -> Validations:
        with write_transaction():
            came = start()
            has_started.set()
            assert may_commit.wait(10)
            return came

    def start_beside() -> Validations:
        has_looked.set()
        return start()

    with in_thread(start_and_hold) as held:
        assert has_started.wait(10)
        with in_thread(start_beside) as beside:
            assert has_looked.wait(10)
            if is_postgresql():  # on SQLite it waits for its turn as the one writer, which nobody sees
                wait_for(lambda: beside.done() or count_waiting(), describe="the other run waits for the rows")
            may_commit.set()
    first, second = held.result(), beside.result()
    assert (first.tasks, first.in_validation) == (3, 0)
    assert (second.tasks, second.in_validation) == (0, 3)
    assert Task.objects.count() == 3


def count_waiting() -> int:
    """Return how many connections to this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        [count] = cursor.fetchone()
    return int(count)


@pytest.fixture
def subscription(port: Product) -> Subscription:
    return make_subscription(port)


@pytest.fixture
def claim(validate_port: Workflow, subscription: Subscription) -> Claim:
    """Return a validation of the subscription as its worker holds it."""
    return make_claim(make_task(validate_port, inputs={"subscription_id": str(subscription.pk)}))


def sync_state(subscription: Subscription) -> tuple[bool, str]:
    row = Subscription.objects.get(pk=subscription.pk)
    return row.insync, row.out_of_sync_reason


def record_failure(claim: Claim, status: TaskStatus = TaskStatus.FAILED) -> Recorded:
    """Record a failed step as a runner does that marks the subscription in the same transaction."""
    fields = step_fields(Task.objects.get(pk=claim.task_id), attempt=claim.attempt, status="failed", name="Compare")
    reason = "Compare: ValueError: port is down"
    with write_transaction():
        recorded = record_step(claim, TaskStep(**fields), status=status, steps_version="", reason=reason)
        if recorded is Recorded.GOES_ON:
            after_failure(claim, status=status, reason=reason)
    return recorded


class TestAValidationThatFailed:
    @pytest.mark.parametrize("status", [TaskStatus.FAILED, TaskStatus.INCONSISTENT_DATA])
    def test_marks_its_subscription_with_the_task_and_the_reason(
        self, claim: Claim, subscription: Subscription, status: TaskStatus
    ) -> None:
        assert is_verdict(claim, status=status)
        assert record_failure(claim, status) is Recorded.GOES_ON
        reason = f"Compare: ValueError: port is down (validate_port, task {claim.task_id})"
        assert sync_state(subscription) == (False, reason)
        assert Task.objects.get().status == status

    @pytest.mark.parametrize("status", sorted(set(TaskStatus) - {TaskStatus.FAILED, TaskStatus.INCONSISTENT_DATA}))
    def test_any_other_end_says_nothing_about_it(
        self, claim: Claim, subscription: Subscription, status: TaskStatus
    ) -> None:
        assert not is_verdict(claim, status=status)
        assert not after_failure(claim, status=status, reason="no answer")
        assert sync_state(subscription) == (True, "")

    @pytest.mark.parametrize("target", sorted(set(Target) - {Target.VALIDATE}))
    def test_a_workflow_that_does_something_else_says_nothing_about_it(
        self, claim: Claim, subscription: Subscription, target: Target
    ) -> None:
        other = replace(claim, workflow_target=target.value)
        assert not is_verdict(other, status=TaskStatus.FAILED)
        assert not after_failure(other, status=TaskStatus.FAILED, reason="port is down")
        assert sync_state(subscription) == (True, "")

    def test_the_first_reason_stays(self, claim: Claim, subscription: Subscription) -> None:
        assert after_failure(claim, status=TaskStatus.FAILED, reason="first")
        assert not after_failure(claim, status=TaskStatus.FAILED, reason="second")
        assert sync_state(subscription)[1].startswith("first (")

    def test_a_long_reason_is_cut_and_the_task_named_all_the_same(
        self, claim: Claim, subscription: Subscription
    ) -> None:
        after_failure(claim, status=TaskStatus.FAILED, reason="x" * 5_000)
        reason = sync_state(subscription)[1]
        assert len(reason) == MAX_REASON_CHARACTERS
        assert reason.endswith(f"xxx (validate_port, task {claim.task_id})")

    def test_one_that_lost_its_lease_marks_nothing(self, claim: Claim, subscription: Subscription) -> None:
        Task.objects.update(attempt=F("attempt") + 1)
        assert record_failure(claim) is Recorded.LOST
        assert sync_state(subscription) == (True, "")

    def test_one_that_was_to_be_aborted_marks_nothing(self, claim: Claim, subscription: Subscription) -> None:
        Task.objects.update(abort_requested_at=NOW)
        assert record_failure(claim) is Recorded.ABORTED
        assert sync_state(subscription) == (True, "")
        assert Task.objects.get().status == TaskStatus.ABORTED

    def test_what_is_rolled_back_marks_nothing(self, claim: Claim, subscription: Subscription) -> None:
        with transaction.atomic():
            record_failure(claim)
            assert sync_state(subscription)[0] is False
            transaction.set_rollback(True)
        assert sync_state(subscription) == (True, "")
        assert Task.objects.get().status == TaskStatus.RUNNING

    @pytest.mark.parametrize(
        "inputs", [{}, {"subscription_id": None}, {"subscription_id": "port 7"}, {"subscription_id": 7}]
    )
    def test_without_a_subscription_the_step_is_recorded_and_that_is_logged(
        self, claim: Claim, subscription: Subscription, inputs: dict[str, Any]
    ) -> None:
        with structlog.testing.capture_logs() as logs:
            assert record_failure(replace(claim, inputs=inputs)) is Recorded.GOES_ON
        [event] = logs
        assert (event["event"], event["task_id"]) == ("validation_named_no_subscription", str(claim.task_id))
        assert Task.objects.get().status == TaskStatus.FAILED
        assert sync_state(subscription) == (True, "")

    def test_of_a_subscription_that_is_gone_is_recorded_and_that_is_logged(self, claim: Claim) -> None:
        gone = str(uuid4())
        with structlog.testing.capture_logs() as logs:
            assert record_failure(replace(claim, inputs={"subscription_id": gone})) is Recorded.GOES_ON
        [event] = logs
        assert (event["event"], event["subscription_id"]) == ("validated_subscription_is_gone", gone)
        assert Task.objects.get().status == TaskStatus.FAILED

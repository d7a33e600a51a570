"""The task that has every subscription validated, run for real."""

from typing import Any

import pytest

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.ids import new_id
from tasks import validations
from tasks.models import StepStatus, Task, TaskStatus
from tasks.queue import claim_queued, claim_task
from tasks.runner import run_claimed
from tasks.services import create_tasks, resume_task
from tests.integration.workflows.runs import final_state, run
from tests.support.database import recorded_statements
from tests.support.factories import make_lease, make_product, make_step, make_subscription, make_task, make_workflow
from workflows.engine import Target
from workflows.models import Product, Subscription, SubscriptionStatus
from workflows.tasks import validate_subscriptions
from workflows.tasks.validate_subscriptions import MAX_NAMED, start_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

NAME = "task_validate_subscriptions"


@pytest.fixture
def seen() -> list[str]:
    """The subscriptions that were validated, in the order in which that happened."""
    return []


@pytest.fixture
def port(seen: list[str]) -> Product:
    """Return a product whose subscriptions are validated by noting them."""

    def note(subscription_id: str, workflow_target: str) -> None:
        assert workflow_target == "VALIDATE"
        seen.append(subscription_id)

    return make_product(
        make_workflow(make_step("Note", note), name="validate_port", target=Target.VALIDATE), name="Port"
    )


def run_queued() -> None:
    """Run what is on the queue, as a worker does."""
    while claims := claim_queued(make_lease(now=database_now()), limit=10):
        for claim in claims:
            run_claimed(claim, clock=database_now)


def counts(state: dict[str, Any]) -> tuple[int, ...]:
    names = ("validation_tasks", "validated_subscriptions", "subscriptions_in_validation")
    return tuple(state[name] for name in names)


class TestTheWorkflows:
    def test_it_passes_as_shipped_and_says_that_there_is_nothing_to_validate(self) -> None:
        state = final_state(run(NAME))
        assert state["validate_workflows"] == []
        assert counts(state) == (0, 0, 0)
        assert (state["subscriptions_without_workflow"], state["without_workflow"]) == (0, [])
        assert (state["refused_validations"], state["refused"]) == (0, [])

    def test_it_loads_every_workflow_that_validates(self) -> None:
        make_workflow(name="validate_port", target=Target.VALIDATE)
        assert final_state(run(NAME))["validate_workflows"] == ["validate_port"]

    def test_one_that_could_not_run_is_named_and_nothing_is_started(self) -> None:
        gone = make_workflow(name="validate_gone", target=Target.VALIDATE, has_code=False)
        make_subscription(make_product(gone))
        task = run(NAME)
        assert task.status == TaskStatus.INCONSISTENT_DATA
        assert "no code is registered for workflow 'validate_gone'" in task.failed_reason
        assert Task.objects.count() == 1


class TestTheSubscriptions:
    def test_each_that_is_active_and_in_sync_is_validated_by_a_task_of_its_own(
        self, port: Product, seen: list[str]
    ) -> None:
        wanted = [str(make_subscription(port).pk) for _ in range(3)]
        make_subscription(port, out_of_sync_reason="down")
        make_subscription(port, status=SubscriptionStatus.PROVISIONING)
        task = run(NAME)
        assert counts(final_state(task)) == (3, 3, 0)
        run_queued()
        assert sorted(seen) == sorted(wanted)
        validated = Task.objects.exclude(pk=task.pk)
        assert {(each.status, each.reporter) for each in validated} == {(TaskStatus.COMPLETED, NAME)}
        assert {str(each.concurrency_key) for each in validated} == set(wanted)

    def test_the_next_night_validates_them_again_and_leaves_alone_what_still_goes_on(
        self, port: Product, seen: list[str]
    ) -> None:
        first, second = make_subscription(port), make_subscription(port)
        run(NAME)
        assert counts(final_state(run(NAME))) == (0, 0, 2)
        run_queued()
        Task.objects.filter(concurrency_key=first.pk).update(status=TaskStatus.SUSPENDED, finished_at=None)
        assert counts(final_state(run(NAME))) == (1, 1, 1)
        run_queued()
        assert sorted(seen) == sorted([str(first.pk), str(second.pk), str(second.pk)])

    def test_what_cannot_be_validated_is_counted_and_named_and_stops_no_other(
        self, port: Product, seen: list[str]
    ) -> None:
        node = make_product(name="Node")
        lacking = [make_subscription(node) for _ in range(2)]
        wanted = make_subscription(port)
        state = final_state(run(NAME))
        assert state["subscriptions_without_workflow"] == 2
        assert state["without_workflow"] == [f"{each.pk} of product 'Node'" for each in lacking]
        run_queued()
        assert seen == [str(wanted.pk)]

    def test_only_so_many_are_named(self) -> None:
        node = make_product(name="Node")
        Subscription.objects.bulk_create(
            Subscription(product=node, status=SubscriptionStatus.ACTIVE, insync=True) for _ in range(MAX_NAMED + 5)
        )
        state = final_state(run(NAME))
        assert state["subscriptions_without_workflow"] == MAX_NAMED + 5
        assert len(state["without_workflow"]) == MAX_NAMED


class TestBatches:
    @pytest.fixture(autouse=True)
    def small_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(validate_subscriptions, "BATCH_SIZE", 2)

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
    def test_they_hold_each_subscription_once(self, port: Product, count: int) -> None:
        wanted = {make_subscription(port).pk for _ in range(count)}
        assert counts(start_all(task_id=str(new_id()), workflow_name=NAME)) == (count, count, 0)
        assert set(Task.objects.values_list("concurrency_key", flat=True)) == wanted
        assert Task.objects.count() == count

    def test_a_batch_is_no_larger_than_it_is_told(self, port: Product) -> None:
        for _ in range(5):
            make_subscription(port)
        with recorded_statements() as statements:
            start_all(task_id=str(new_id()), workflow_name=NAME)
        assert sum('INSERT INTO "tasks_task"' in statement for statement in statements) == 3

    def test_after_an_interruption_the_step_goes_on_where_it_was(
        self, port: Product, seen: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = [str(make_subscription(port).pk) for _ in range(5)]
        batches: list[object] = []

        def create_for_two_batches(**given: Any) -> object:
            batches.append(given)
            if len(batches) > 2:
                raise RuntimeError("the process has gone")
            return create_tasks(**given)

        with monkeypatch.context() as patch:
            patch.setattr(validations, "create_tasks", create_for_two_batches)
            task = run(NAME)
        assert task.status == TaskStatus.FAILED
        assert task.steps.get(status=StepStatus.FAILED).name == "Start validations"
        assert Task.objects.count() == 1 + 4
        run_queued()
        resume_task(task_id=task.pk, actor="ada")
        claim = claim_task(make_lease(now=database_now()), task_id=task.pk)
        assert claim is not None
        run_claimed(claim, clock=database_now)
        assert counts(final_state(Task.objects.get(pk=task.pk))) == (5, 5, 0)
        run_queued()
        assert sorted(seen) == sorted(wanted)

    def test_another_task_of_a_subscription_is_no_validation(self, port: Product) -> None:
        subscription = make_subscription(port)
        make_task(make_workflow(target=Target.MODIFY), concurrency_key=subscription.pk)
        assert counts(start_all(task_id=str(new_id()), workflow_name=NAME)) == (1, 1, 0)

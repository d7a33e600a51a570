"""Products and subscriptions: what can be stored, and whether a subscription is in sync."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, QuerySet

from orchestrator_site.common.clock import database_now
from tests.support.database import recorded_statements
from tests.support.factories import NOW, SECOND, make_product, make_subscription, make_workflow
from workflows.engine import Target
from workflows.models import Product, ProductStatus, ProductWorkflow, Subscription, SubscriptionStatus
from workflows.selectors import (
    SubscriptionNotFound,
    list_subscriptions,
    list_subscriptions_to_validate,
    list_unlinked_workflows,
    validate_workflows_of,
)
from workflows.services import (
    MAX_REASON_CHARACTERS,
    InvalidLink,
    InvalidProduct,
    InvalidSubscription,
    create_product,
    create_subscription,
    link_workflow,
    mark_in_sync,
    mark_out_of_sync,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OUT_OF_SYNC = "subscription_out_of_sync_says_why_and_since"


@contextmanager
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as logs:
        yield logs


def sync_state(subscription: Subscription) -> tuple[bool, str, Any]:
    row = Subscription.objects.get(pk=subscription.pk)
    return row.insync, row.out_of_sync_reason, row.out_of_sync_since


class TestWhatCanBeStored:
    @pytest.mark.parametrize(
        ("constraint", "spoil"),
        [
            ("product_name_is_unique", lambda: make_product(name=make_product().name)),
            ("product_status_is_known", lambda: make_product(status="sold")),
            ("product_at_its_end_of_life_has_an_end", lambda: make_product(status="end_of_life")),
            ("subscription_status_is_known", lambda: make_subscription(status="sold")),
            (
                "subscription_that_is_terminated_has_an_end",
                lambda: make_subscription(status="terminated", end_date=None),
            ),
            ("subscription_ends_after_its_start", lambda: make_subscription(start_date=NOW, end_date=NOW - SECOND)),
            (OUT_OF_SYNC, lambda: make_subscription(out_of_sync_since=NOW)),
            (OUT_OF_SYNC, lambda: make_subscription(out_of_sync_reason="gone", out_of_sync_since=None)),
            (OUT_OF_SYNC, lambda: make_subscription(insync=False, out_of_sync_since=NOW)),
            (OUT_OF_SYNC, lambda: make_subscription(insync=True, out_of_sync_reason="gone")),
        ],
    )
    def test_the_database_refuses_what_cannot_be(self, constraint: str, spoil: Callable[[], object]) -> None:
        # SQLite names the column of a unique constraint, and not the constraint.
        named = f"{constraint}|UNIQUE constraint failed: workflows_product.name"
        with pytest.raises(IntegrityError, match=named), transaction.atomic():
            spoil()

    @pytest.mark.parametrize(
        "fields",
        [
            {"status": "terminated", "end_date": NOW},
            {"start_date": NOW, "end_date": NOW},
            {"start_date": NOW},
            {"status": "initial", "insync": False},
            {"out_of_sync_reason": "gone"},
        ],
    )
    def test_and_takes_what_can(self, fields: dict[str, Any]) -> None:
        make_subscription(**fields)
        assert Subscription.objects.count() == 1

    def test_a_workflow_is_linked_to_a_product_once(self) -> None:
        workflow = make_workflow(target=Target.MODIFY)
        product = make_product(workflow)
        with pytest.raises(IntegrityError), transaction.atomic():
            ProductWorkflow.objects.create(product=product, workflow=workflow)

    def test_a_product_with_subscriptions_cannot_go_and_one_without_takes_its_links_along(self) -> None:
        workflow = make_workflow(target=Target.MODIFY)
        product = make_product(workflow)
        subscription = make_subscription(product)
        with pytest.raises(ProtectedError):
            product.delete()
        subscription.delete()
        product.delete()
        assert not ProductWorkflow.objects.exists()
        with pytest.raises(ProtectedError):
            make_product(workflow).workflows.get().delete()


class TestCreating:
    def test_a_product_is_what_was_given(self) -> None:
        with logged() as logs:
            product = create_product(
                name="Port", description="A port", status=ProductStatus.END_OF_LIFE, end_date=NOW, actor="ada"
            )
        row = Product.objects.get()
        assert (row.pk, row.name, row.description) == (product.pk, "Port", "A port")
        assert (row.status, row.end_date) == (ProductStatus.END_OF_LIFE, NOW)
        assert logs == [
            {
                "event": "product_created",
                "log_level": "info",
                "product_id": str(product.pk),
                "product": "Port",
                "actor": "ada",
            }
        ]

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"name": ""}, "name", "name has 0 characters; a name has 1 to 255"),
            ({"name": "x" * 256}, "name", "name has 256 characters"),
            ({"name": "Port"}, "name", "a product 'Port' exists; give this one another name"),
            ({"status": "sold"}, "status", "status 'sold' is unknown; it is one of active, pre_production, phase_out"),
            ({"status": "end_of_life"}, "end_date", "end_date is missing: what is end_of_life has ended"),
        ],
    )
    def test_a_product_that_cannot_be_is_refused(self, given: dict[str, Any], field: str, message: str) -> None:
        make_product(name="Port")
        with pytest.raises(InvalidProduct, match=message) as refused:
            create_product(**{"name": "Node", "actor": "ada", **given})
        assert refused.value.field == field
        assert Product.objects.count() == 1

    def test_a_subscription_is_what_was_given(self) -> None:
        product = make_product()
        subscription = create_subscription(
            product=product,
            description="Port 7",
            status=SubscriptionStatus.TERMINATED,
            insync=True,
            start_date=NOW,
            end_date=NOW + DAY,
            note="ask Ada",
            actor="ada",
        )
        row = Subscription.objects.get(pk=subscription.pk)
        assert (row.product, row.description, row.status) == (product, "Port 7", SubscriptionStatus.TERMINATED)
        assert (row.insync, row.start_date, row.end_date, row.note) == (True, NOW, NOW + DAY, "ask Ada")
        assert (row.out_of_sync_reason, row.out_of_sync_since) == ("", None)

    def test_a_new_subscription_is_initial_and_was_never_in_sync(self) -> None:
        subscription = create_subscription(product=make_product(), actor="ada")
        assert subscription.status == SubscriptionStatus.INITIAL
        assert sync_state(subscription) == (False, "", None)

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"status": "sold"}, "status", "status 'sold' is unknown; it is one of initial, active"),
            ({"status": "terminated"}, "end_date", "end_date is missing: what is terminated has ended"),
            (
                {"start_date": NOW, "end_date": NOW - DAY},
                "end_date",
                "end_date 2027-02-28.* lies before start_date 2027-03-01",
            ),
        ],
    )
    def test_a_subscription_that_cannot_be_is_refused(self, given: dict[str, Any], field: str, message: str) -> None:
        with pytest.raises(InvalidSubscription, match=message) as refused:
            create_subscription(product=make_product(), actor="ada", **given)
        assert refused.value.field == field
        assert not Subscription.objects.exists()


class TestLinking:
    def test_a_workflow_becomes_one_of_the_product_and_saying_so_again_changes_nothing(self) -> None:
        product, workflow = make_product(), make_workflow(target=Target.CREATE)
        with logged() as logs:
            link = link_workflow(product=product, workflow=workflow, actor="ada")
            assert link_workflow(product=product, workflow=workflow, actor="bob") == link
        assert list(product.workflows.all()) == [workflow]
        assert [(each["event"], each["actor"]) for each in logs] == [("workflow_linked", "ada")]

    def test_a_task_is_refused(self) -> None:
        with pytest.raises(
            InvalidLink, match=r"'task_nightly' is a task \(target SYSTEM\), which is tied to no product"
        ):
            link_workflow(product=make_product(), workflow=make_workflow(name="task_nightly"), actor="ada")
        assert not ProductWorkflow.objects.exists()

    def test_one_that_was_deleted_is_refused(self) -> None:
        deleted = make_workflow(name="create_port", target=Target.CREATE, deleted_at=NOW)
        with pytest.raises(InvalidLink, match="workflow 'create_port' was deleted; link one that is there"):
            link_workflow(product=make_product(), workflow=deleted, actor="ada")
        assert not ProductWorkflow.objects.exists()


class TestComingOutOfSync:
    def test_the_reason_and_the_moment_are_kept(self) -> None:
        subscription = make_subscription()
        before = database_now()
        with logged() as logs:
            assert mark_out_of_sync(subscription_id=subscription.pk, reason="port is down", actor="ada")
        in_sync, reason, since = sync_state(subscription)
        assert (in_sync, reason) == (False, "port is down")
        assert before <= since <= database_now()
        [event] = logs
        assert (event["event"], event["subscription_id"], event["reason"], event["actor"]) == (
            "subscription_marked_out_of_sync",
            str(subscription.pk),
            "port is down",
            "ada",
        )

    def test_the_first_reason_stays(self) -> None:
        subscription = make_subscription(out_of_sync_reason="port is down")
        with logged() as logs:
            assert not mark_out_of_sync(subscription_id=subscription.pk, reason="no answer", actor="ada")
        assert sync_state(subscription) == (False, "port is down", NOW)
        assert logs == []

    def test_one_that_was_never_in_sync_gets_its_reason(self) -> None:
        subscription = make_subscription(insync=False)
        assert mark_out_of_sync(subscription_id=subscription.pk, reason="no answer", actor="ada")
        assert sync_state(subscription)[:2] == (False, "no answer")

    def test_a_long_reason_is_cut(self) -> None:
        subscription = make_subscription()
        mark_out_of_sync(subscription_id=subscription.pk, reason="x" * 5_000, actor="ada")
        assert sync_state(subscription)[1] == "x" * MAX_REASON_CHARACTERS

    @pytest.mark.parametrize("reason", ["", " \n"])
    def test_without_a_reason_it_is_refused(self, reason: str) -> None:
        subscription = make_subscription()
        with pytest.raises(InvalidSubscription, match="reason is empty; say why it is out of sync"):
            mark_out_of_sync(subscription_id=subscription.pk, reason=reason, actor="ada")
        assert sync_state(subscription)[0]

    def test_coming_back_in_sync_takes_both_away(self) -> None:
        subscription, other = make_subscription(out_of_sync_reason="down"), make_subscription(out_of_sync_reason="down")
        with logged() as logs:
            assert mark_in_sync(subscription_id=subscription.pk, actor="ada")
            assert not mark_in_sync(subscription_id=subscription.pk, actor="bob")
        assert sync_state(subscription) == (True, "", None)
        assert sync_state(other) == (False, "down", NOW)
        assert [(each["event"], each["actor"]) for each in logs] == [("subscription_marked_in_sync", "ada")]

    def test_an_unknown_subscription_is_not_found(self) -> None:
        with pytest.raises(SubscriptionNotFound, match="Subscription does not exist"):
            mark_out_of_sync(subscription_id=uuid4(), reason="down", actor="ada")
        with pytest.raises(SubscriptionNotFound, match="Subscription does not exist"):
            mark_in_sync(subscription_id=uuid4(), actor="ada")


class TestReading:
    def test_what_is_to_be_validated_is_active_and_in_sync_and_comes_oldest_first(self) -> None:
        product = make_product()
        wanted = [make_subscription(product), make_subscription(), make_subscription(product)]
        make_subscription(product, out_of_sync_reason="down")
        for status in set(SubscriptionStatus) - {SubscriptionStatus.ACTIVE}:
            make_subscription(product, status=status)
        assert list(list_subscriptions_to_validate()) == wanted

    def test_the_workflows_that_validate_are_those_of_the_product_that_are_there(self) -> None:
        second, first = (make_workflow(name=f"validate_{name}", target=Target.VALIDATE) for name in ("b", "a"))
        deleted = make_workflow(target=Target.VALIDATE, deleted_at=NOW)
        product = make_product(second, first, deleted, make_workflow(target=Target.MODIFY))
        other = make_product(first)
        make_product(make_workflow(target=Target.VALIDATE))
        assert list(validate_workflows_of(product)) == [first, second]
        for each in (product, other, product):
            make_subscription(each)
        with recorded_statements() as statements:
            read = [each.product.validate_workflows for each in list_subscriptions_to_validate()]
        assert read == [[first, second], [first], [first, second]]
        assert len(statements) == 2

    def test_a_workflow_that_no_product_has_is_found_unless_it_is_a_task_or_was_deleted(self) -> None:
        lonely = make_workflow(name="modify_node", target=Target.MODIFY)
        make_product(make_workflow(target=Target.CREATE))
        make_workflow()
        make_workflow(target=Target.CREATE, deleted_at=NOW)
        assert list(list_unlinked_workflows()) == [lonely]

    @pytest.mark.usefixtures("many_subscriptions")
    def test_the_pages_of_the_night_come_from_an_index_in_its_order(self) -> None:
        wanted = list_subscriptions_to_validate().values_list("pk", flat=True)
        assert_read_from("subscription_by_status", wanted.filter(pk__gt=wanted[100])[:100])

    @pytest.mark.usefixtures("many_subscriptions")
    def test_so_do_the_lists_of_those_of_one_status_and_of_those_out_of_sync(self) -> None:
        assert_read_from("subscription_by_status", list_subscriptions().filter(status="active")[:100])
        assert_read_from("subscription_out_of_sync", list_subscriptions().filter(insync=False)[:100])

    @pytest.mark.usefixtures("many_subscriptions")
    def test_the_subscriptions_of_a_product_come_from_an_index(self) -> None:
        assert_read_from("subscription_of_product", Subscription.objects.filter(product=make_product()).order_by())


def assert_read_from(index: str, rows: QuerySet[Any, Any]) -> None:
    plan = rows.explain()
    assert index in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan


@pytest.fixture
def many_subscriptions(db: None) -> Iterator[None]:
    """Store enough subscriptions for the planner to care, most of them ended, and tell it about them."""
    products = [make_product() for _ in range(10)]
    Subscription.objects.bulk_create(
        Subscription(
            product=products[number % 10],
            status=SubscriptionStatus.ACTIVE if number % 20 == 0 else SubscriptionStatus.TERMINATED,
            insync=number % 30 != 0,
            end_date=NOW,
        )
        for number in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        yield
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_stat1")

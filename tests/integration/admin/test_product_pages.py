"""The pages of products and subscriptions: what is out of sync, since when, and why."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.integration.admin.support import list_url, page_url, read
from tests.support.database import recorded_statements
from tests.support.factories import (
    NOW,
    make_complete_product,
    make_product,
    make_subscription,
    make_task,
    make_workflow,
)
from workflows.engine import Target
from workflows.models import ProductStatus, SubscriptionStatus

PRODUCTS, SUBSCRIPTIONS, TASKS = "workflows_product", "workflows_subscription", "tasks_task"


def rows(client: Client, model: str, query: dict[str, str]) -> set[Any]:
    return set(client.get(list_url(model), query).context["cl"].result_list)


def test_the_page_of_a_product_shows_its_workflows_and_what_it_lacks(root: Client) -> None:
    create = make_workflow(name="create_port", target=Target.CREATE)
    deleted = make_workflow(name="modify_port", target=Target.MODIFY, deleted_at=NOW)
    product = make_product(create, deleted, name="Port <1>", description="A port")
    page = read(root.get(page_url(PRODUCTS, product.pk)))
    assert f'{page_url("workflows_workflow", create.pk)}">create_port</a> CREATE<' in page
    assert f'{page_url("workflows_workflow", deleted.pk)}">modify_port</a> MODIFY (deleted)<' in page
    for shown in ("Port <1>", "A port", "active", "modify, terminate, validate"):
        assert shown in page


@pytest.mark.parametrize(
    ("status", "lacks"), [(ProductStatus.ACTIVE, "create, modify, terminate, validate"), (ProductStatus.PHASE_OUT, "")]
)
def test_only_what_is_active_lacks_anything(root: Client, status: ProductStatus, lacks: str) -> None:
    make_product(name="Port", status=status)
    page = read(root.get(list_url(PRODUCTS)))
    assert ("create, modify" in page) is bool(lacks)
    assert lacks in page


def test_a_complete_product_lacks_nothing(root: Client) -> None:
    product = make_complete_product("Port")
    page = read(root.get(page_url(PRODUCTS, product.pk)))
    assert "validate_port" in page
    assert "create, " not in page


def test_the_page_of_a_product_leads_to_its_subscriptions_and_to_those_out_of_sync(root: Client) -> None:
    port = make_product(name="Port")
    fine, broken = make_subscription(port), make_subscription(port, out_of_sync_reason="down")
    make_subscription(make_product(name="Node"), out_of_sync_reason="down")
    query = {"product_id": str(port.pk)}
    page = read(root.get(page_url(PRODUCTS, port.pk)))
    assert f'{list_url(SUBSCRIPTIONS)}?product_id={port.pk}"' in page
    assert f'{list_url(SUBSCRIPTIONS)}?product_id={port.pk}&insync__exact=0"' in page
    assert rows(root, SUBSCRIPTIONS, query) == {fine, broken}
    assert rows(root, SUBSCRIPTIONS, {**query, "insync__exact": "0"}) == {broken}
    assert "Port" in read(root.get(list_url(SUBSCRIPTIONS), query))


def test_the_list_tells_what_is_out_of_sync_since_when_and_why(root: Client) -> None:
    subscription = make_subscription(
        make_product(name="Port"), description="Port 7", out_of_sync_reason="validate_port failed: " + "x" * 200
    )
    page = read(root.get(list_url(SUBSCRIPTIONS)))
    for shown in ("Port 7", "out of sync", "2027-03-01 09:00:00 UTC", "validate_port failed: x", "x…"):
        assert shown in page
    assert "x" * 81 not in page
    assert page_url(PRODUCTS, subscription.product_id) in page


@pytest.mark.parametrize(
    ("fields", "label"),
    [({}, "in sync"), ({"out_of_sync_reason": "down"}, "out of sync"), ({"insync": False}, "not in sync yet")],
)
def test_the_page_of_a_subscription_shows_all_of_it(root: Client, fields: dict[str, Any], label: str) -> None:
    subscription = make_subscription(make_product(name="Port"), note="ask <Ada>", start_date=NOW, **fields)
    page = read(root.get(page_url(SUBSCRIPTIONS, subscription.pk)))
    for shown in (str(subscription.pk), "Port", "active", "ask <Ada>", "2027-03-01 09:00:00 UTC"):
        assert shown in page
    assert f">{label}<" in "".join(page.split("\n")).replace("  ", "")
    assert (str(fields.get("out_of_sync_reason")) in page) is ("out_of_sync_reason" in fields)


def test_the_page_of_a_subscription_leads_to_its_validations(root: Client) -> None:
    subscription, other = make_subscription(description="Port 7"), make_subscription()
    validation = make_task(concurrency_key=subscription.pk)
    make_task(concurrency_key=other.pk)
    make_task()
    page = read(root.get(page_url(SUBSCRIPTIONS, subscription.pk)))
    assert f'{list_url(TASKS)}?concurrency_key={subscription.pk}"' in page
    assert rows(root, TASKS, {"concurrency_key": str(subscription.pk)}) == {validation}
    assert "Port 7" in read(root.get(list_url(TASKS), {"concurrency_key": str(subscription.pk)}))
    assert rows(root, TASKS, {"concurrency_key": str(uuid4())}) == set()
    assert root.get(list_url(TASKS), {"concurrency_key": "port 7"}).status_code == 302


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"a", "b", "c"}),
        ({"q": "harbour"}, {"a"}),
        ({"q": "Node"}, {"c"}),
        ({"status__exact": "terminated"}, {"c"}),
        ({"insync__exact": "0"}, {"b"}),
        ({"insync__exact": "1"}, {"a", "c"}),
    ],
)
def test_the_list_is_searched_and_filtered(root: Client, query: dict[str, str], found: set[str]) -> None:
    port, node = make_product(name="Port"), make_product(name="Node")
    made = {
        "a": make_subscription(port, description="At the harbour"),
        "b": make_subscription(port, out_of_sync_reason="down"),
        "c": make_subscription(node, status=SubscriptionStatus.TERMINATED),
    }
    assert rows(root, SUBSCRIPTIONS, query) == {made[name] for name in found}


def test_an_id_is_found(root: Client) -> None:
    subscription = make_subscription()
    make_subscription()
    for wanted in (subscription.pk, subscription.product_id):
        assert rows(root, SUBSCRIPTIONS, {"q": str(wanted)}) == {subscription}
    assert rows(root, SUBSCRIPTIONS, {"q": str(uuid4())}) == set()


@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "harbour"}, {"a"}), ({"q": "por"}, {"a"}), ({"status__exact": "phase_out"}, {"b"}), ({}, {"a", "b"})],
)
def test_products_are_searched_and_filtered(root: Client, query: dict[str, str], found: set[str]) -> None:
    made = {
        "a": make_product(name="Port", description="In the harbour"),
        "b": make_product(name="Node", status=ProductStatus.PHASE_OUT),
    }
    assert rows(root, PRODUCTS, query) == {made[name] for name in found}


def test_a_page_of_a_product_with_many_workflows_needs_the_statements_of_one(root: Client) -> None:
    counts = []
    for number in (1, 30):
        product = make_product(*[make_workflow(target=Target.MODIFY, has_code=False) for _ in range(number)])
        read(root.get(page_url(PRODUCTS, product.pk)))  # the first look at a page also reads what is kept afterwards
        with recorded_statements() as statements:
            read(root.get(page_url(PRODUCTS, product.pk)))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6, counts

"""docs/products.md: its migration, its lines for the shell and its workflow do what the page says."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from tests.support.factories import make_subscription
from workflows.engine import WorkflowDefinition
from workflows.models import Product, Subscription, Workflow
from workflows.testing import assert_completed, assert_failed, run_workflow

PAGE = (settings.BASE_DIR / "docs" / "products.md").read_text()
BLOCKS = dict(re.findall(r"^```python\n# ([^\n]+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def run_block(name: str) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(BLOCKS[name], module)
    return module


@pytest.mark.django_db(transaction=True)  # SQLite's schema editor works outside of transactions only
def test_the_migration_fills_the_rows_and_the_lines_for_the_shell_add_to_them() -> None:
    migration: Migration = run_block("acme_tasks/migrations/0003_port.py")["Migration"]("0003_port", "workflows")
    with connection.schema_editor(atomic=True) as editor:
        migration.apply(MigrationLoader(connection).project_state(), editor)
    port = Product.objects.get()
    names = ["create_port", "modify_port", "terminate_port", "validate_port"]
    assert list(port.workflows.values_list("name", flat=True)) == names

    run_block("in manage.py shell")
    subscription = Subscription.objects.get()
    assert (subscription.product, subscription.status, subscription.insync) == (port, "active", True)
    assert [each.name for each in Product.objects.get(name="Node").workflows.all()] == ["validate_port"]

    subscription.delete()
    with connection.schema_editor(atomic=True) as editor:
        migration.unapply(MigrationLoader(connection).project_state(), editor)
    assert not Product.objects.filter(name="Port").exists()
    assert not Workflow.objects.filter(name__in=names, deleted_at=None).exists()


@pytest.mark.django_db
def test_the_workflow_marks_a_subscription_in_sync_unless_it_differs() -> None:
    module = run_block("acme_tasks/workflows/tasks/validate_port.py")
    definition = module["validate_port"]
    assert isinstance(definition, WorkflowDefinition)
    subscription = make_subscription(out_of_sync_reason="down")
    state = {"subscription_id": str(subscription.pk)}

    differs = {"expected_vlan": 13, "vlan": 12}
    failed = run_workflow(definition, state=state, stubs={"Read from the network": differs})
    assert_failed(failed, match="in VLAN 12 and should be in 13")
    assert not Subscription.objects.get(pk=UUID(state["subscription_id"])).insync

    assert_completed(run_workflow(definition, state=state))
    assert Subscription.objects.get(pk=subscription.pk).insync

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.apps import apps

from tasks.deploys import forget_saved
from workflows.operations import CreateTask, create_task
from workflows.registry import ALL_WORKFLOWS

SHIPPED = import_module("workflows.migrations.0002_shipped_tasks").Migration.operations


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Leave the registry of workflow code as it was, and remember no version that a test wrote down."""
    before = dict(ALL_WORKFLOWS)
    yield
    forget_saved()
    ALL_WORKFLOWS.clear()
    ALL_WORKFLOWS.update(before)


@pytest.fixture
def shipped_workflows(db: None) -> None:
    """Have the rows that the migrations made, also after a test that emptied all tables."""
    for operation in SHIPPED:
        assert isinstance(operation, CreateTask)
        create_task(apps, {"name": operation.name, "description": operation.description})

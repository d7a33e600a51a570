"""Registering workflows from migrations, forwards and backwards."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import IntegrityError, connection, transaction
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.writer import MigrationWriter

from tests.support.factories import NOW
from workflows.engine import Target
from workflows.models import Workflow
from workflows.operations import (
    CreateTask,
    CreateWorkflow,
    DeleteWorkflow,
    create_task,
    create_workflow,
    delete_workflow,
)

# SQLite's schema editor works outside of transactions only.
pytestmark = pytest.mark.django_db(transaction=True)

NAME = "task_from_migration"


def make_migration(*operations: Operation) -> Migration:
    class Registering(Migration):
        pass

    Registering.operations = list(operations)
    return Registering("0001_register", "workflows")


def migrate(*operations: Operation) -> None:
    state = MigrationLoader(connection).project_state()
    with connection.schema_editor(atomic=True) as editor:
        make_migration(*operations).apply(state, editor)


def unmigrate(*operations: Operation) -> None:
    state = MigrationLoader(connection).project_state()
    with connection.schema_editor(atomic=True) as editor:
        make_migration(*operations).unapply(state, editor)


def active() -> list[tuple[str, str, bool, str]]:
    rows = Workflow.objects.filter(name=NAME, deleted_at=None)
    return list(rows.values_list("name", "target", "is_task", "description"))


class TestCreateTask:
    OPERATION = CreateTask(name=NAME, description="Nightly sync")

    def test_forwards_registers_a_task_workflow(self) -> None:
        migrate(self.OPERATION)
        assert active() == [(NAME, "SYSTEM", True, "Nightly sync")]

    def test_backwards_marks_it_deleted_and_keeps_the_row(self) -> None:
        migrate(self.OPERATION)
        unmigrate(self.OPERATION)
        assert active() == []
        assert Workflow.objects.get(name=NAME).deleted_at is not None

    def test_forwards_again_brings_it_back_under_its_old_id(self) -> None:
        migrate(self.OPERATION)
        workflow_id = Workflow.objects.get(name=NAME).pk
        unmigrate(self.OPERATION)
        migrate(CreateTask(name=NAME, description="Nightly sync, better"))
        assert Workflow.objects.get(name=NAME).pk == workflow_id
        assert active() == [(NAME, "SYSTEM", True, "Nightly sync, better")]

    def test_one_that_is_registered_already_is_described_anew(self) -> None:
        migrate(self.OPERATION)
        workflow_id = Workflow.objects.get(name=NAME).pk
        migrate(CreateTask(name=NAME, description="Better"))
        assert Workflow.objects.get(name=NAME).pk == workflow_id
        assert active() == [(NAME, "SYSTEM", True, "Better")]


class TestCreateWorkflow:
    def test_forwards_and_backwards(self) -> None:
        operation = CreateWorkflow(name=NAME, target="VALIDATE", description="Look at a port")
        migrate(operation)
        assert active() == [(NAME, "VALIDATE", False, "Look at a port")]
        unmigrate(operation)
        assert active() == []

    def test_an_unknown_target_is_refused_where_it_is_written(self) -> None:
        with pytest.raises(ValueError, match="'VALIDATING' is not a valid Target"):
            CreateWorkflow(name=NAME, target="VALIDATING")


class TestDeleteWorkflow:
    def test_forwards_marks_it_deleted_and_backwards_brings_it_back_as_it_was(self) -> None:
        before = Workflow.objects.create(name=NAME, target="SYSTEM", is_task=True, description="Nightly sync")
        migrate(DeleteWorkflow(name=NAME))
        assert active() == []
        unmigrate(DeleteWorkflow(name=NAME))
        assert active() == [(NAME, "SYSTEM", True, "Nightly sync")]
        assert Workflow.objects.get(name=NAME).pk == before.pk

    def test_one_that_is_not_there_is_left_like_that(self) -> None:
        migrate(DeleteWorkflow(name=NAME))
        unmigrate(DeleteWorkflow(name=NAME))
        assert not Workflow.objects.filter(name=NAME).exists()

    def test_backwards_brings_back_the_row_that_was_deleted_last(self) -> None:
        fields = {"name": NAME, "target": "SYSTEM", "is_task": True}
        Workflow.objects.create(**fields, description="older", deleted_at=NOW.replace(year=2020))
        Workflow.objects.create(**fields, description="newer", deleted_at=NOW.replace(year=2021))
        unmigrate(DeleteWorkflow(name=NAME))
        assert active() == [(NAME, "SYSTEM", True, "newer")]


@pytest.mark.parametrize(
    "operation",
    [
        CreateTask(name=NAME, description="Nightly sync"),
        CreateWorkflow(name=NAME, target="VALIDATE", description="Look"),
        DeleteWorkflow(name=NAME),
    ],
    ids=lambda operation: type(operation).__name__,
)
class TestAnOperation:
    def test_it_can_be_written_into_a_migration_file_and_read_back(self, operation: Operation) -> None:
        text = MigrationWriter(make_migration(operation), include_header=False).as_string()
        namespace: dict[str, type[Migration]] = {}
        exec(text, namespace)
        [read] = namespace["Migration"].operations
        assert type(read) is type(operation)
        assert read.deconstruct() == operation.deconstruct()

    def test_it_says_in_one_line_what_it_does(self, operation: Operation) -> None:
        assert operation.describe().endswith(f"workflow {NAME}")

    def test_a_migration_is_named_by_what_it_does(self, operation: Operation) -> None:
        does = f"delete_{NAME}" if isinstance(operation, DeleteWorkflow) else NAME
        assert make_migration(operation).suggest_name() == does

    def test_it_changes_no_model(self, operation: Operation) -> None:
        before = MigrationLoader(connection).project_state()
        after = before.clone()
        operation.state_forwards("workflows", after)
        assert after == before


class TestFunctionsForRunPython:
    def test_a_task_is_registered_and_deleted(self) -> None:
        operation = RunPython(
            lambda apps, _: create_task(apps, {"name": NAME, "description": "Nightly sync"}),
            lambda apps, _: delete_workflow(apps, NAME),
        )
        migrate(operation)
        assert active() == [(NAME, "SYSTEM", True, "Nightly sync")]
        unmigrate(operation)
        assert active() == []

    def test_a_list_of_tasks_is_registered_and_deleted_as_one(self) -> None:
        new_tasks = [{"name": NAME, "description": "One"}, {"name": f"{NAME}_too", "description": "Two"}]

        def upgrade(apps: Apps, editor: object) -> None:
            for task in new_tasks:
                create_task(apps, task)

        def downgrade(apps: Apps, editor: object) -> None:
            for task in new_tasks:
                delete_workflow(apps, task["name"])

        rows = Workflow.objects.filter(name__startswith=NAME, deleted_at=None).order_by("name")
        migrate(RunPython(upgrade, downgrade))
        assert list(rows.values("name", "description")) == new_tasks
        unmigrate(RunPython(upgrade, downgrade))
        assert not rows.exists()
        assert Workflow.objects.filter(name__startswith=NAME).count() == 2

    def test_a_workflow_of_another_target_is_registered(self) -> None:
        create_workflow(apps, {"name": NAME, "target": "VALIDATE", "description": "Look"})
        assert active() == [(NAME, "VALIDATE", False, "Look")]

    @pytest.mark.parametrize(
        ("workflow", "missing"), [({"name": NAME}, "target"), ({"target": "SYSTEM"}, "name"), ({}, "name and target")]
    )
    def test_a_missing_key_is_named(self, workflow: dict[str, str], missing: str) -> None:
        with pytest.raises(ValueError, match=f"^{missing} of a workflow is missing in {{"):
            create_workflow(apps, workflow)

    @pytest.mark.parametrize("create", [create_task, create_workflow])
    def test_unknown_keys_are_refused_by_name_and_nothing_is_written(self, create: Callable[..., None]) -> None:
        with pytest.raises(ValueError, match=r"unknown keys \['is_task', 'tag'\] of a workflow; use name, target and"):
            create(apps, {"name": NAME, "target": "SYSTEM", "tag": "x", "is_task": "yes"})
        assert not Workflow.objects.filter(name=NAME).exists()

    def test_a_task_is_a_task_whatever_target_is_given(self) -> None:
        create_task(apps, {"name": NAME, "target": "VALIDATE"})
        assert active() == [(NAME, "SYSTEM", True, "")]


def test_the_migrations_of_the_project_register_every_shipped_task_and_can_be_undone() -> None:
    loader = MigrationLoader(connection)
    shipped = loader.get_migration("workflows", "0002_shipped_tasks")
    assert ("workflows", "0002_shipped_tasks") in MigrationRecorder(connection).applied_migrations()
    names = {operation.name for operation in shipped.operations if isinstance(operation, CreateTask)}
    state = loader.project_state([("workflows", "0001_initial")])
    with connection.schema_editor(atomic=True) as editor:
        state = shipped.apply(state, editor)
    assert set(Workflow.objects.filter(deleted_at=None).values_list("name", flat=True)) >= names
    with connection.schema_editor(atomic=True) as editor:
        shipped.unapply(loader.project_state([("workflows", "0001_initial")]), editor)
    assert not Workflow.objects.filter(deleted_at=None, name__in=names).exists()


@pytest.mark.parametrize(
    ("target", "is_task"), [(Target.SYSTEM.value, False), (Target.VALIDATE.value, True)], ids=["SYSTEM", "VALIDATE"]
)
def test_only_a_workflow_with_the_target_system_is_a_task(target: str, is_task: bool) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Workflow.objects.create(name=NAME, target=target, is_task=is_task)


def test_a_name_is_given_once_among_those_that_are_not_deleted() -> None:
    fields = {"name": NAME, "target": "SYSTEM", "is_task": True}
    for _ in range(2):
        Workflow.objects.create(**fields, deleted_at=NOW)
    Workflow.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Workflow.objects.create(**fields)

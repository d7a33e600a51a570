"""Registering workflows in the database from migrations.

As operations, which know their own reverse::

    operations = [CreateTask(name="task_sync_from", description="Nightly validate and NSO sync")]

or as functions for RunPython: `create_task(apps, {"name": …, "description": …})`, `create_workflow` likewise with a
`target`, and `delete_workflow(apps, name)`.
A migration that uses them depends on `("workflows", "0001_initial")`.
"""

from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.utils import timezone

from workflows.engine import Target


def create_workflow(apps: Apps, workflow: dict[str, str]) -> None:
    """Register a workflow; one that was deleted before comes back under its old id.

    Args:
        apps: The app registry that RunPython passes.
        workflow: `name`, `target` and `description`; other keys are refused.
    """
    if unknown := set(workflow) - {"name", "target", "description"}:
        raise ValueError(f"unknown keys {sorted(unknown)} of a workflow; use name, target and description")
    if missing := [key for key in ("name", "target") if not workflow.get(key)]:
        raise ValueError(f"{' and '.join(missing)} of a workflow is missing in {workflow}")
    target = Target(workflow["target"])
    model = apps.get_model("workflows", "Workflow")
    values = {
        "target": target.value,
        "is_task": target is Target.SYSTEM,
        "description": workflow.get("description", ""),
        "deleted_at": None,
    }
    rows = model.objects.filter(name=workflow["name"]).order_by("deleted_at")
    existing = rows.filter(deleted_at=None).first() or rows.last()
    if existing is None:
        model.objects.create(name=workflow["name"], **values)
    else:
        model.objects.filter(pk=existing.pk).update(**values)


def create_task(apps: Apps, task: dict[str, str]) -> None:
    """Register a task workflow: `create_workflow` with the target SYSTEM."""
    create_workflow(apps, {**task, "target": Target.SYSTEM.value})


def delete_workflow(apps: Apps, name: str) -> None:
    """Mark a workflow as deleted; the row stays for the tasks and firings that name it."""
    model = apps.get_model("workflows", "Workflow")
    model.objects.filter(name=name, deleted_at=None).update(deleted_at=timezone.now())


class CreateWorkflow(Operation):
    """Register a workflow; reversed by marking it deleted."""

    reversible = True

    def __init__(self, name: str, target: str, description: str = "") -> None:
        self.name = name
        self.target = Target(target).value
        self.description = description

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change no model: this operation is about rows."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Register it."""
        create_workflow(to_state.apps, {"name": self.name, "target": self.target, "description": self.description})

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Mark it deleted."""
        delete_workflow(to_state.apps, self.name)

    def describe(self) -> str:
        """Say in one line what it does, for the output of `migrate`."""
        return f"Register workflow {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        """What the name of a migration with this operation says."""
        return self.name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what writes this operation into a migration file."""
        values = {"name": self.name, "target": self.target, "description": self.description}
        return self.__class__.__qualname__, [], values


class CreateTask(CreateWorkflow):
    """Register a task workflow; reversed by marking it deleted."""

    def __init__(self, name: str, description: str = "") -> None:
        super().__init__(name, Target.SYSTEM.value, description)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what writes this operation into a migration file."""
        return self.__class__.__qualname__, [], {"name": self.name, "description": self.description}


class DeleteWorkflow(Operation):
    """Mark a workflow as deleted; reversed by bringing it back as it was."""

    reversible = True

    def __init__(self, name: str) -> None:
        self.name = name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change no model: this operation is about rows."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Mark it deleted."""
        delete_workflow(to_state.apps, self.name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Bring the row that was deleted last back."""
        model = to_state.apps.get_model("workflows", "Workflow")
        row = model.objects.filter(name=self.name).exclude(deleted_at=None).order_by("deleted_at").last()
        if row is not None:
            model.objects.filter(pk=row.pk).update(deleted_at=None)

    def describe(self) -> str:
        """Say in one line what it does, for the output of `migrate`."""
        return f"Delete workflow {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        """What the name of a migration with this operation says."""
        return f"delete_{self.name}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what writes this operation into a migration file."""
        return self.__class__.__qualname__, [], {"name": self.name}

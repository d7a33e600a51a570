"""Preparing a migration file with operations of ours."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from django.apps import AppConfig
from django.db.migrations import Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

from workflows.migration_files import MigrationFiles
from workflows.operations import CreateTask, CreateWorkflow
from workflows.scaffolding.files import FileChange, ScaffoldingRefused
from workflows.scaffolding.literals import quote

LINE_LENGTH = 120
FIRST_MIGRATION = ("workflows", "0001_initial")

TEMPLATE = """\
from django.db import migrations

from workflows.operations import {imports}


class Migration(migrations.Migration):
    dependencies = [
{dependencies}
    ]

    operations = [
{operations}
    ]
"""


def prepare_migration(
    app: AppConfig, operations: Sequence[CreateWorkflow], *, files: MigrationFiles, name: str = ""
) -> list[FileChange]:
    """Return the files of the next migration of an app, its package included if that is missing.

    Args:
        app: Whose migration it is.
        operations: At least one.
        files: The migrations that there are.
        name: What follows the number; by default what the operations do.

    Raises:
        ScaffoldingRefused: The app can have no next migration; the message says why.
    """
    leaf = _find_leaf(app, files.loader)
    number = (MigrationAutodetector.parse_number(leaf) or 0) + 1 if leaf else 1
    migration = type("Migration", (Migration,), {"operations": list(operations)})("", app.label)
    path = _find_folder(app) / f"{number:04}_{name or migration.suggest_name()}.py"
    dependencies = _find_dependencies(app, leaf, operations, files)
    package = path.parent / "__init__.py"
    missing_package = [] if package.exists() else [FileChange(package, "")]
    return [*missing_package, FileChange(path, render_migration(operations, dependencies=dependencies))]


def _find_dependencies(
    app: AppConfig, leaf: str | None, operations: Sequence[CreateWorkflow], files: MigrationFiles
) -> list[tuple[str, str]]:
    """Return the app's last migration, the one that makes our table, and any that deleted one of the workflows."""
    found = {(app.label, leaf)} if leaf else set()
    if app.label != FIRST_MIGRATION[0]:
        found.add(FIRST_MIGRATION)
    for operation in operations:
        last = files.last_operations.get(operation.name)
        if last is not None and last.app_label != app.label:
            found.add((last.app_label, last.migration_name))
    return sorted(found)


def render_migration(operations: Sequence[CreateWorkflow], *, dependencies: Sequence[tuple[str, str]]) -> str:
    """Return the text of a migration as ruff formats it."""
    return TEMPLATE.format(
        imports=", ".join(sorted({type(operation).__name__ for operation in operations})),
        dependencies="\n".join(f"        ({quote(label)}, {quote(name)})," for label, name in dependencies),
        operations="\n".join(_render_operation(operation) for operation in operations),
    )


def _render_operation(operation: CreateWorkflow) -> str:
    name, _, values = operation.deconstruct()
    arguments = [f"{key}={quote(value)}" for key, value in values.items()]
    line = f"        {name}({', '.join(arguments)}),"
    if len(line) <= LINE_LENGTH:
        return line
    return "\n".join([f"        {name}(", *(f"            {each}," for each in arguments), "        ),"])


def make_operation(*, name: str, target: str, description: str) -> CreateWorkflow:
    """Return the operation that registers a workflow."""
    if target == "SYSTEM":
        return CreateTask(name=name, description=description)
    return CreateWorkflow(name=name, target=target, description=description)


def _find_leaf(app: AppConfig, loader: MigrationLoader) -> str | None:
    """Return the name of an app's last migration."""
    if conflicting := loader.detect_conflicts().get(app.label):
        raise ScaffoldingRefused(
            f"the migrations {' and '.join(sorted(conflicting))} of {app.label} are both its last one:"
            f" run manage.py makemigrations --merge {app.label}"
        )
    leaves = loader.graph.leaf_nodes(app.label)
    models = [model.__name__ for model in app.get_models() if model._meta.managed and not model._meta.proxy]
    if models and not leaves:
        # With any migration, Django stops creating the tables of those that no migration has.
        raise ScaffoldingRefused(
            f"{app.label} has models ({', '.join(models)}) and no migration: run manage.py makemigrations {app.label}"
        )
    return leaves[0][1] if leaves else None


def _find_folder(app: AppConfig) -> Path:
    name, _ = MigrationLoader.migrations_module(app.label)
    if name is None:
        raise ScaffoldingRefused(f"the setting MIGRATION_MODULES says that {app.label} has no migrations")
    parent, _, folder = name.rpartition(".")
    if parent == app.name:
        return Path(app.path, folder)
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ScaffoldingRefused(f"the setting MIGRATION_MODULES names the package {name}, which is not there")
    return Path(spec.submodule_search_locations[0])

"""What the migration files on disk do with workflows, and whether the database has seen them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from workflows.operations import CreateWorkflow, DeleteWorkflow


@dataclass(frozen=True, slots=True)
class LastOperation:
    """The last operation on disk that names a workflow.

    Attributes:
        app_label: The app of the migration.
        migration_name: Its name.
        is_delete: Whether it deletes the workflow; otherwise it creates it.
        is_applied: Whether the database has seen the migration.
    """

    app_label: str
    migration_name: str
    is_delete: bool
    is_applied: bool

    @property
    def migration(self) -> str:
        """The migration as people write it: `app_label.name`."""
        return f"{self.app_label}.{self.migration_name}"


class MigrationFiles:
    """The migration files of all apps, in the order in which they are applied."""

    def __init__(self) -> None:
        try:
            self.loader = MigrationLoader(connection)
        except (OperationalError, ImproperlyConfigured):  # without a database, none of them counts as applied
            self.loader = MigrationLoader(None, ignore_no_migrations=True)
        self.last_operations: dict[str, LastOperation] = {}
        self._waiting_code: dict[str, str] = {}
        for migration in self._in_order():
            self._read(migration)

    def find_waiting_code(self, app_label: str) -> str | None:
        """Return a migration of the app that was not applied and runs code, which may register anything."""
        return self._waiting_code.get(app_label)

    def _in_order(self) -> Iterator[Migration]:
        seen = set()
        for leaf in self.loader.graph.leaf_nodes():
            for key in self.loader.graph.forwards_plan(leaf):
                if key not in seen:
                    seen.add(key)
                    yield self.loader.graph.nodes[key]

    def _read(self, migration: Migration) -> None:
        is_applied = (migration.app_label, migration.name) in self.loader.applied_migrations
        for operation in _flatten(migration.operations):
            match operation:
                case CreateWorkflow(name=name) | DeleteWorkflow(name=name):
                    is_delete = isinstance(operation, DeleteWorkflow)
                    self.last_operations[name] = LastOperation(
                        migration.app_label, migration.name, is_delete, is_applied
                    )
                case RunPython() | RunSQL() if not is_applied:
                    self._waiting_code.setdefault(migration.app_label, f"{migration.app_label}.{migration.name}")


def _flatten(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flatten(operation.database_operations)
        else:
            yield operation

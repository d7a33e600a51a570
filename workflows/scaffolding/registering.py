"""Planning the migrations that register workflows which are in code alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import AppConfig

from workflows.inventory import Entry, Standing, find_owner, list_entries
from workflows.migration_files import MigrationFiles
from workflows.operations import CreateWorkflow
from workflows.scaffolding.files import FileChange, ScaffoldingRefused
from workflows.scaffolding.migration import make_operation, prepare_migration
from workflows.scaffolding.task import choose_owner

NOTES = {
    Standing.WAITING: "{name}: migration {migration} waits. Run manage.py migrate.",
    Standing.UNDECIDED: "{name}: migration {migration} waits and may register it. Run manage.py migrate first.",
    Standing.LOST: "{name}: migration {migration} is applied, but the row is gone. Reverse it and apply it again.",
    Standing.DELETED: "{name}: it was deleted. Take its registration away, or write a migration with CreateTask.",
}


@dataclass(frozen=True, slots=True)
class RegisteringPlan:
    """The files to write, the workflows that they register, and a note on each other one that has no row."""

    changes: list[FileChange]
    names: list[str]
    notes: list[str]


def plan_migrations(*, app_name: str | None = None, name: str = "") -> RegisteringPlan:
    """Prepare one migration for each app with workflows in code that no row knows and no migration creates.

    Args:
        app_name: Label or package of an app: only its workflows count, and those that are in no app.
        name: What follows the number; by default what is registered.

    Raises:
        ScaffoldingRefused: The app is unknown, the name is no name, or a workflow is in no app or does not load.
    """
    app = choose_owner(app_name) if app_name else None
    if name and not name.isidentifier():
        raise ScaffoldingRefused(f"'{name}' cannot name a migration: write a Python name, such as 'register_reports'")
    files = MigrationFiles()
    entries = [entry for entry in list_entries(files) if app is None or _find_app(entry, app) == app]
    notes = [
        NOTES[entry.standing].format(name=entry.name, migration=entry.migration)
        for entry in entries
        if entry.standing in NOTES
    ]
    missing = [entry for entry in entries if entry.standing is Standing.UNREGISTERED]
    changes = [
        change
        for owner, group in _group_by_app(missing, app).items()
        for change in prepare_migration(owner, [_operation(each) for each in group], files=files, name=name)
    ]
    return RegisteringPlan(changes, [entry.name for entry in missing], notes)


def _group_by_app(entries: Iterable[Entry], chosen: AppConfig | None) -> dict[AppConfig, list[Entry]]:
    groups: dict[AppConfig, list[Entry]] = defaultdict(list)
    for entry in entries:
        owner = _find_app(entry, chosen)
        if owner is None:
            raise ScaffoldingRefused(
                f"the code of '{entry.name}' is in {entry.module}, in no app of EXTRA_APPS: choose one with --app"
            )
        groups[owner].append(entry)
    return groups


def _find_app(entry: Entry, chosen: AppConfig | None) -> AppConfig | None:
    """Return the app in which a workflow's code is, the chosen one if it is in none."""
    return (find_owner(entry.module) if entry.module else None) or chosen


def _operation(entry: Entry) -> CreateWorkflow:
    if entry.definition is None:
        raise ScaffoldingRefused(f"'{entry.name}' cannot be registered: {entry.problems[0]}")
    definition = entry.definition
    return make_operation(name=entry.name, target=definition.target, description=definition.description)

"""Every workflow there is, in code, in the database, in migration files and in translations, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from workflows.discovery import find_app_configs
from workflows.engine import WorkflowDefinition
from workflows.migration_files import LastOperation, MigrationFiles
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS, WorkflowCodeError
from workflows.translations import Translations, load_translations

LANGUAGE = "en-GB"


class Standing(Enum):
    """How the row of a workflow that has code stands."""

    REGISTERED = "it has one"
    UNREGISTERED = "it has none, and no migration on disk makes one"
    WAITING = "it has none until a migration is applied"
    UNDECIDED = "it has none, and a migration that was not applied runs code that may make one"
    LOST = "it has none, though a migration that made it is applied"
    DELETED = "it was deleted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One workflow.

    Attributes:
        name: Its name in code and in the database.
        module: Where its code is; None without code.
        definition: Its code; None without, or when that does not load.
        row: Its row, the newest one if all are deleted.
        words: Its name for people.
        standing: How its row stands; None without code.
        migration: The migration that the standing speaks of.
        problems: What is missing, in words.
    """

    name: str
    module: str | None
    definition: WorkflowDefinition | None
    row: Workflow | None
    words: str | None
    standing: Standing | None
    migration: str
    problems: list[str]

    @property
    def is_deleted(self) -> bool:
        """Whether there is a row, and it is deleted."""
        return self.row is not None and self.row.deleted_at is not None

    @property
    def target(self) -> str:
        """What it is for, as its row says, or its code."""
        if self.row is not None and not self.is_deleted:
            return self.row.target
        return self.definition.target.value if self.definition else ""

    @property
    def description(self) -> str:
        """What its row says about it, or its code."""
        if self.row is not None and not self.is_deleted:
            return self.row.description
        return self.definition.description if self.definition else ""

    @property
    def workflow_id(self) -> UUID | None:
        """The id of its row."""
        return self.row.pk if self.row else None


def list_entries(files: MigrationFiles) -> list[Entry]:
    """Return every workflow by name."""
    rows, translations = read_rows(), load_translations(LANGUAGE)
    return [_entry(name, rows.get(name), files, translations) for name in sorted({*rows, *ALL_WORKFLOWS})]


def read_rows() -> dict[str, Workflow]:
    """Return the rows by name, the newest deleted one where none is left.

    There are none before the first `migrate`, and none to be seen without a database: migration files still say much.
    """
    if find_database_problem() or Workflow._meta.db_table not in connection.introspection.table_names():
        return {}
    rows = sorted(Workflow.objects.all(), key=lambda row: (row.deleted_at is None, row.deleted_at or row.created_at))
    return {row.name: row for row in rows}


def find_database_problem() -> str:
    """Say why the database cannot be read; empty when it can."""
    try:
        connection.ensure_connection()
    except (OperationalError, ImproperlyConfigured) as error:
        return f"the database cannot be read: {str(error).strip()}"
    return ""


def list_owners() -> list[AppConfig]:
    """Return the apps in which workflows live: ours, and those of EXTRA_APPS."""
    return [apps.get_app_config("workflows"), *find_app_configs(settings.EXTRA_APPS)]


def find_owner(module: str) -> AppConfig | None:
    """Return the app in which a workflow's module lies, and so its migration."""
    found = apps.get_containing_app_config(module)
    return found if found in list_owners() else None


def _entry(name: str, row: Workflow | None, files: MigrationFiles, translations: Translations) -> Entry:
    instance, definition, problems = ALL_WORKFLOWS.get(name), None, []
    standing, migration = None, ""
    if instance is not None:
        try:
            definition = instance.load()
        except WorkflowCodeError as error:
            problems.append(f"code does not load: {error}")
        standing, migration = _find_standing(name, instance.module, row, files)
    is_gone = instance is None and row is not None and row.deleted_at is not None
    if not is_gone:
        problems += _row_problems(standing, migration, files.last_operations.get(name))
        if definition and row and row.deleted_at is None and row.target != definition.target:
            problems.append(f"target {definition.target} in code, {row.target} in the database")
        if name not in translations.words:
            problems.append(f"no {LANGUAGE} translation")
    return Entry(
        name=name,
        module=instance.module if instance else None,
        definition=definition,
        row=row,
        words=translations.words.get(name),
        standing=standing,
        migration=migration,
        problems=problems,
    )


def _find_standing(name: str, module: str, row: Workflow | None, files: MigrationFiles) -> tuple[Standing, str]:
    if row is not None and row.deleted_at is None:
        return Standing.REGISTERED, ""
    last = files.last_operations.get(name)
    if last is not None and not last.is_delete and not last.is_applied:
        return Standing.WAITING, last.migration
    if row is not None or (last is not None and last.is_delete):
        return Standing.DELETED, ""
    if last is not None:
        return Standing.LOST, last.migration
    owner = find_owner(module)
    waiting = files.find_waiting_code(owner.label) if owner else None
    return (Standing.UNDECIDED, waiting) if waiting else (Standing.UNREGISTERED, "")


def _row_problems(standing: Standing | None, migration: str, last: LastOperation | None) -> Iterator[str]:
    match standing:
        case None:
            yield "no code: no LazyWorkflowInstance registers it"
        case Standing.REGISTERED if last is not None and last.is_delete and not last.is_applied:
            yield f"migration {last.migration}, which deletes it, waits: run manage.py migrate"
        case Standing.UNREGISTERED:
            yield "no row: run manage.py workflows makemigration"
        case Standing.WAITING:
            yield f"no row: migration {migration} waits: run manage.py migrate"
        case Standing.UNDECIDED:
            yield f"no row: migration {migration} waits and may make it: run manage.py migrate"
        case Standing.LOST:
            yield f"no row, though migration {migration} is applied: reverse it and apply it again"
        case Standing.DELETED:
            yield "deleted, and its code is still registered: take that away, or write a migration with CreateTask"

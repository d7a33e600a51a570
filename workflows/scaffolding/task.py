"""Planning the files of a new task: its code, its registration, its migration and its translation."""

import json
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig

from workflows.inventory import list_owners, read_rows
from workflows.migration_files import MigrationFiles
from workflows.models import Workflow
from workflows.operations import CreateTask
from workflows.registry import ALL_WORKFLOWS
from workflows.scaffolding.edits import add_registration, add_translation
from workflows.scaffolding.files import FileChange, ScaffoldingRefused, read_text
from workflows.scaffolding.literals import quote
from workflows.scaffolding.migration import prepare_migration
from workflows.translations import TranslationFileError, read_words

LANGUAGE_FILE = Path("translations", "en-GB.json")
MAX_NAME_CHARACTERS = 255

TASK_TEMPLATE = """\
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("First step")
def first_step() -> State:
    return {{"first_step": "done"}}


{decorator}
def {name}() -> StepList:
    return init >> first_step >> done
"""
# What the file uses already: a workflow of such a name would take the place of what it needs.
TAKEN_NAMES = {"done", "init", "step", "workflow", "first_step"}

Edit = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The files of a new task, in the order in which they are written; `task_file` is the one to go on with."""

    task_file: Path
    description: str
    changes: list[FileChange]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an app keeps its workflows: the module that registers them, and the folder of the task files."""

    module: Path
    folder: Path


def plan_task(*, name: str, app_name: str | None = None, description: str | None = None) -> TaskPlan:
    """Prepare all that `workflows new` writes.

    Args:
        name: Of the workflow and its function.
        app_name: Label or package of the app; by default the one in EXTRA_APPS, or ours when there is none.
        description: One line for people; by default made from the name.

    Raises:
        ScaffoldingRefused: The name cannot be taken, or a file stands in the way.
    """
    check_name(name)
    app = _choose_app(app_name)
    description = _describe(name) if description is None else check_description(description)
    files = MigrationFiles()
    _refuse_known(name, files)
    place = _find_place(app)
    stem = _file_stem(name)
    task_file = place.folder / f"{stem}.py"
    for existing in (task_file, place.folder / stem):
        if existing.exists():
            raise ScaffoldingRefused(f"{existing} exists: choose another name, or take it away")
    operation = CreateTask(name=name, description=description)
    package = place.folder / "__init__.py"
    # The registration comes last: until then, nothing knows of the others.
    changes = [
        *([] if package.exists() else [FileChange(package, "")]),
        FileChange(task_file, render_task(name=name, description=description)),
        _plan_translation(app, name=name, words=description),
        *prepare_migration(app, [operation], files=files),
        _plan_edit(place.module, lambda text: add_registration(text, module=f".tasks.{stem}", name=name)),
    ]
    return TaskPlan(task_file, description, [change for change in changes if change.text != change.before])


def check_name(name: str) -> None:
    """Refuse what cannot name a function and a row.

    Raises:
        ScaffoldingRefused: The message says what would be right.
    """
    if not name.isidentifier() or not name.isascii() or name != name.lower() or keyword.iskeyword(name):
        hint = _suggest_name(name)
        raise ScaffoldingRefused(
            f"'{name}' cannot name a workflow: write a Python name of lower-case letters of ASCII, digits and '_', "
            f"such as '{hint}'"
        )
    if name in TAKEN_NAMES:
        raise ScaffoldingRefused(f"'{name}' is a name that the task file needs itself: take 'task_{name}'")
    if len(name) > MAX_NAME_CHARACTERS:
        raise ScaffoldingRefused(f"the name has {len(name)} characters; {MAX_NAME_CHARACTERS} are allowed")


def check_description(description: str) -> str:
    """Return a description without space around it.

    Raises:
        ScaffoldingRefused: It is empty, or more than a line.
    """
    description = description.strip()
    if not description or not description.isprintable():
        raise ScaffoldingRefused(f"the description {description!r} is no line of text: write one, such as 'Sync nodes'")
    return description


def render_task(*, name: str, description: str) -> str:
    """Return the text of a task file, which runs as it is, as ruff formats it."""
    decorator = f"@workflow({quote(description)}, target=Target.SYSTEM)"
    if len(decorator) > 120:  # noqa: PLR2004  # the length of a line
        decorator = f"@workflow(\n    {quote(description)},\n    target=Target.SYSTEM,\n)"
    return TASK_TEMPLATE.format(decorator=decorator, name=name)


def _suggest_name(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return words if words.isidentifier() and not keyword.iskeyword(words) else f"task_{words}".rstrip("_")


def _describe(name: str) -> str:
    words = name.removeprefix("task_").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else name


def _file_stem(name: str) -> str:
    stem = name.removeprefix("task_")
    return stem if stem.isidentifier() and not keyword.iskeyword(stem) else name


def _choose_app(app_name: str | None) -> AppConfig:
    owners = list_owners()
    ours, *extra = owners
    if app_name is None:
        if len(extra) > 1:
            labels = ", ".join(config.label for config in owners)
            raise ScaffoldingRefused(f"EXTRA_APPS has several apps: choose one of {labels} with --app")
        return extra[0] if extra else ours
    return choose_owner(app_name)


def choose_owner(app_name: str) -> AppConfig:
    """Return the app of this label or package in which workflows may live.

    Raises:
        ScaffoldingRefused: There is none.
    """
    owners = list_owners()
    for config in owners:
        if app_name in {config.label, config.name}:
            return config
    labels = ", ".join(config.label for config in owners)
    raise ScaffoldingRefused(f"no app '{app_name}': there are {labels}; apps of yours are named by EXTRA_APPS")


def _refuse_known(name: str, files: MigrationFiles) -> None:
    if instance := ALL_WORKFLOWS.get(name):
        raise ScaffoldingRefused(f"workflow '{name}' exists in code, in {instance.module}")
    row: Workflow | None = read_rows().get(name)
    if row is not None and row.deleted_at is None:
        raise ScaffoldingRefused(f"workflow '{name}' exists in the database, under the id {row.pk}")
    last = files.last_operations.get(name)
    if last is not None and not last.is_delete:
        raise ScaffoldingRefused(f"workflow '{name}' is created by the migration {last.migration} already")


def _find_place(app: AppConfig) -> Place:
    """Return where an app's workflows are, or will be.

    The module that registers them is the app itself if that is ours, else its `workflows`: a module if it is one, a
    package if it is one or there is none yet. Task files are in `tasks` beside it, as `.tasks.…` is written in it.
    """
    root = Path(app.path)
    package = root if app.name == "workflows" else root / "workflows"
    is_module = not (package / "__init__.py").exists() and package.with_suffix(".py").exists()
    place = Place(package.with_suffix(".py"), root / "tasks") if is_module else _package_place(package)
    in_the_way = place.folder.with_suffix(".py")
    if in_the_way.exists():
        remedy = f": make {place.module} a package, {package / '__init__.py'}" if is_module else ""
        raise ScaffoldingRefused(f"{in_the_way} stands where the folder of the task files has to be{remedy}")
    return place


def _package_place(package: Path) -> Place:
    return Place(package / "__init__.py", package / "tasks")


def _plan_edit(path: Path, edit: Edit) -> FileChange:
    before = read_text(path) if path.exists() else None
    try:
        return FileChange(path, edit(before or ""), before)
    except ScaffoldingRefused as error:
        raise ScaffoldingRefused(f"{path} cannot be edited: {error}") from error


def _plan_translation(app: AppConfig, *, name: str, words: str) -> FileChange:
    path = Path(app.path) / LANGUAGE_FILE
    if not path.exists():
        return FileChange(path, json.dumps({"workflows": {name: words}}, indent=2, ensure_ascii=False) + "\n")
    try:
        known = read_words(path)
    except TranslationFileError as error:
        raise ScaffoldingRefused(str(error)) from error
    change = _plan_edit(path, lambda text: add_translation(text, name=name, words=words))
    if json.loads(change.text)["workflows"] != {name: words} | known:
        raise ScaffoldingRefused(f'{path} cannot be edited: it has more than one "workflows"')
    return change

"""The example of orchestrator-core's documentation, in an app of a user's own, with nothing but its imports changed."""

import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

from tasks.models import Task, TaskStatus
from tests.process.conftest import Start, once_on_sqlite
from tests.support.processes import START_SECONDS
from tests.support.wait import wait_for
from workflows.models import Workflow

PAGE = Path(settings.BASE_DIR, "docs", "coming-from-orchestrator-core.md").read_text()
APP = "nightapp"

# As its readers have them, imports included.
TASK_FILE = """
import time

import structlog
from orchestrator.targets import Target
from orchestrator.types import State
from orchestrator.workflow import StepList, done, init, step, workflow

log = structlog.get_logger(__name__)


@step("NSO calls")
def nso_calls() -> State:
    log.info("sync_started", at=time.time())


@workflow("Sync nodes", target=Target.SYSTEM)
def task_sync_nodes() -> StepList:
    return init >> nso_calls >> done
"""
WORKFLOWS_MODULE = """
from orchestrator.workflows import LazyWorkflowInstance

LazyWorkflowInstance(".tasks.nightly_sync", "task_sync_nodes")
"""
SCHEDULE_FILE = """
from orchestrator.schedules.scheduler import scheduler
from orchestrator.services.processes import start_process


@scheduler.scheduled_job(id="nightly-sync", name="Nightly sync", trigger="cron", hour=1)
def run_nightly_sync() -> None:
    start_process("task_sync_nodes")
"""
TRANSLATION = '{"workflows": {"task_sync_nodes": "Verify and sync all nodes"}}'

# Older still.
OLDER_SCHEDULE_FILE = """
from orchestrator.schedules.scheduling import scheduler
from orchestrator.services.processes import start_process


@scheduler(name="Sync at night", time_unit="day", at="01:00")
def run_older_sync() -> None:
    start_process("task_sync_nodes")


ALL_SCHEDULERS = [run_older_sync]
"""


def read_import_table() -> dict[tuple[str, str], str]:
    """Return (their module, name) → our module."""
    found = {}
    for theirs, names, ours, our_names in re.findall(
        r"^\| `from (\S+) import ([^`]+)` \| `from (\S+) import ([^`]+)` \|$", PAGE, re.MULTILINE
    ):
        assert names == our_names
        found.update({(theirs, name): ours for name in names.split(", ")})
    return found


IMPORTS = read_import_table()


def with_our_imports(code: str) -> str:
    """Change the imports of a file as the page says, and nothing else."""

    def change(line: re.Match[str]) -> str:
        [ours] = {IMPORTS[line[1], name] for name in line[2].split(", ")}
        return f"from {ours} import {line[2]}"

    return re.sub(r"^from (orchestrator\S*) import (.+)$", change, code, flags=re.MULTILINE)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    """Return an app with the example's files."""
    folder = tmp_path / APP
    [migration] = re.findall(r"```python\n(from django.db import migrations\n.*?)```", PAGE, re.DOTALL)
    files = {
        "__init__.py": "",
        "workflows/__init__.py": WORKFLOWS_MODULE,
        "workflows/tasks/__init__.py": "",
        "workflows/tasks/nightly_sync.py": TASK_FILE,
        "schedules/__init__.py": "from . import nightly_sync, older",
        "schedules/nightly_sync.py": SCHEDULE_FILE,
        "schedules/older.py": OLDER_SCHEDULE_FILE,
        "migrations/__init__.py": "",
        "migrations/0001_nightly_sync.py": migration,
        "translations/en-GB.json": TRANSLATION,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(with_our_imports(text))
    yield folder
    shutil.rmtree(folder)


def test_the_page_names_imports_that_there_are() -> None:
    assert IMPORTS
    for (_, name), module in IMPORTS.items():
        assert hasattr(import_module(module), name), f"{module} has no {name}"


def test_the_example_of_a_schedule_file_on_the_page_is_the_one_that_runs_here() -> None:
    [example] = re.findall(r"```python\n(# nightapp/schedules.*?)```", PAGE, re.DOTALL)
    _, code = example.split("\n", 1)
    assert code.strip() == with_our_imports(SCHEDULE_FILE).strip()


@once_on_sqlite
@pytest.mark.timeout(180)
@pytest.mark.usefixtures("transactional_db")
def test_a_task_with_its_schedule_moves_over_with_its_imports_changed(start: Start, app: Path) -> None:
    def manage(*arguments: str) -> str:
        program = start(*arguments, EXTRA_APPS=APP, PYTHONPATH=app.parent)
        code = program.process.wait(START_SECONDS)
        printed = program.log.read_text()
        assert code == 0, printed
        return printed

    manage("migrate", APP)
    row = Workflow.objects.get(name="task_sync_nodes")
    assert (row.is_task, row.description) == (True, "Sync all nodes at night")
    assert "Verify and sync all nodes" in manage("workflows", "list")

    shown = manage("scheduler", "show-schedule")
    [line] = [line for line in shown.splitlines() if "nightly-sync" in line]
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells[:3] == ["nightly-sync", "Nightly sync", "decorator"]
    assert cells[4] == "cron[hour='1']"
    assert "Sync at night" in shown

    assert "Task executed successfully." in manage("scheduler", "force", "nightly-sync")
    assert "Task executed successfully." in manage("scheduler", "force", f"{APP}.schedules.older:run_older_sync")
    worker = start("worker", EXTRA_APPS=APP, PYTHONPATH=app.parent)
    completed = Task.objects.filter(workflow=row, status=TaskStatus.COMPLETED)
    wait_for(lambda: completed.count() == 2, timeout=START_SECONDS, describe="both tasks completed")
    assert [step.name for step in completed[0].steps.all()] == ["Start", "NSO calls", "Done"]
    assert worker.stop() == 0

    manage("migrate", APP, "zero")
    row.refresh_from_db()
    assert row.deleted_at is not None

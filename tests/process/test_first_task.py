"""The first task of one's own, from nothing to completed, with the commands that people type."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from tasks.models import Task, TaskStatus
from tasks.services import start_process
from tests.process.conftest import Start, once_on_sqlite
from tests.support.processes import START_SECONDS
from tests.support.wait import wait_for
from workflows.models import Workflow

APP = "acme_tasks"
NAME = "task_nightly_report"
FIRST_STEPS = [("Start", "success"), ("First step", "success"), ("Done", "complete")]

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("transactional_db"), once_on_sqlite]


class Terminal:
    """A shell in which somebody types commands of `manage.py`."""

    def __init__(self, manage_py: Path, environment: Mapping[str, str], folder: Path) -> None:
        self.manage_py = manage_py
        self.environment = dict(environment)
        self.folder = folder

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; return what it printed."""
        done = subprocess.run(
            [sys.executable, str(self.manage_py), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    @contextmanager
    def started(self, *arguments: str) -> Iterator[None]:
        """Have a command run for the block, then end it with SIGTERM."""
        command = [sys.executable, str(self.manage_py), *arguments]
        with subprocess.Popen(command, cwd=self.folder, env=self.environment, stderr=subprocess.DEVNULL) as process:
            try:
                yield
            finally:
                process.terminate()


def completed_steps(task_id: UUID) -> list[tuple[str, str]]:
    """Wait until the task has completed; return its steps."""
    tasks = Task.objects.filter(pk=task_id, status=TaskStatus.COMPLETED)
    task = wait_for(tasks.first, timeout=START_SECONDS, describe="the end of the task")
    assert task is not None
    return list(task.steps.order_by("position").values_list("name", "status"))


def test_a_task_in_an_app_of_ones_own_takes_three_commands(
    start: Start, child_environment: dict[str, str], tmp_path: Path
) -> None:
    terminal = Terminal(settings.BASE_DIR / "manage.py", child_environment, tmp_path)
    terminal.run("startapp", APP)
    terminal.environment |= {"EXTRA_APPS": APP, "PYTHONPATH": str(tmp_path)}
    printed = terminal.run("workflows", "new", NAME, "--description", "Nightly report")
    assert f"Put its work into {APP}/workflows/tasks/nightly_report.py" in printed
    assert f"migration {APP}.0001_{NAME} waits" in terminal.run("workflows", "list", "--check", code=1)
    terminal.run("migrate")
    row = Workflow.objects.get(name=NAME)
    assert (row.is_task, row.description) == (True, "Nightly report")
    [line] = [line for line in terminal.run("workflows", "list").splitlines() if NAME in line]
    assert line.strip("│").split("│")[-1].strip() == ""

    worker = start("worker", EXTRA_APPS=APP, PYTHONPATH=tmp_path)
    assert completed_steps(start_process(NAME)) == FIRST_STEPS
    assert worker.stop() == 0

    assert "Nothing to write" in terminal.run("workflows", "makemigration", "--check")
    assert "exists in code" in terminal.run("workflows", "new", NAME, code=1)
    terminal.run("migrate", APP, "zero")
    row.refresh_from_db()
    assert row.deleted_at is not None


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project, to write into."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(settings.BASE_DIR / name, folder)
    for name in ("orchestrator_site", "workflows", "tasks", "schedules", "templates"):
        shutil.copytree(settings.BASE_DIR / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_a_task_in_this_projects_own_package_passes_its_checks(
    child_environment: dict[str, str], project: Path
) -> None:
    terminal = Terminal(project / "manage.py", child_environment, project)
    before = sorted(path.stem for path in (project / "workflows/migrations").glob("0*.py"))
    printed = terminal.run("workflows", "new", NAME)
    assert "Wrote workflows/tasks/nightly_report.py" in printed
    assert "Added a line to workflows/__init__.py" in printed
    assert "Added a line to workflows/translations/en-GB.json" in printed
    for command in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "workflows"]
        done = subprocess.run(ruff, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    terminal.run("makemigrations", "--check", "--dry-run")

    terminal.run("migrate", "workflows")
    [line] = [line for line in terminal.run("workflows", "list").splitlines() if NAME in line]
    assert line.strip("│").split("│")[-1].strip() == ""
    task_id = start_process(NAME)
    with terminal.started("worker"):
        assert completed_steps(task_id) == FIRST_STEPS
    terminal.run("migrate", "workflows", before[-1])
    assert not Workflow.objects.filter(name=NAME, deleted_at=None).exists()


def test_without_a_database_a_migration_is_written_all_the_same_and_the_list_says_why_it_is_not(
    child_environment: dict[str, str], tmp_path: Path
) -> None:
    unreachable = {**child_environment, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    terminal = Terminal(settings.BASE_DIR / "manage.py", unreachable, tmp_path)
    terminal.run("startapp", APP)
    terminal.environment |= {"EXTRA_APPS": APP, "PYTHONPATH": str(tmp_path)}
    printed = terminal.run("workflows", "new", NAME)
    assert "Going by the migration files alone: the database cannot be read: " in printed
    (tmp_path / APP / "migrations" / f"0001_{NAME}.py").unlink()
    assert f"No row and no migration: {NAME}." in terminal.run("workflows", "makemigration", "--check", code=1)
    assert f"Wrote {APP}/migrations/0001_{NAME}.py" in terminal.run("workflows", "makemigration")
    assert "CommandError: the database cannot be read: " in terminal.run("workflows", "list", code=1)

"""`manage.py workflows makemigration`: the migration for every workflow in code that nothing registers yet."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.test.utils import override_settings

from tests.integration.workflows.conftest import UserApp, manage
from tests.support.factories import NOW, make_workflow, register_code
from workflows.operations import CreateTask, CreateWorkflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

TASK_FILE = """
    from workflows.engine import Target, done, init, workflow


    @workflow({description!r}, target=Target.{target})
    def {name}():
        return init >> done
"""
NOTHING = "Nothing to write: every workflow in code has a row or a migration.\n"


def add_code(app: UserApp, *names: str, target: str = "SYSTEM", description: str = "From Acme") -> None:
    """Write and register workflows of an app that is not installed yet."""
    for name in names:
        app.write(f"{name}.py", TASK_FILE.format(name=name, target=target, description=description))
    path = app.folder / "workflows.py"
    text = path.read_text() if path.exists() else "from workflows import LazyWorkflowInstance\n\n"
    path.write_text(text + "".join(f'LazyWorkflowInstance(".{name}", "{name}")\n' for name in names))


def load(app: UserApp, name: str) -> Migration:
    migration: Migration = MigrationLoader(connection).get_migration(app.name, name)
    return migration


def described(migration: Migration) -> list[tuple[type, str, str, str]]:
    operations = [each for each in migration.operations if isinstance(each, CreateWorkflow)]
    return [(type(each), each.name, each.target, each.description) for each in operations]


def assert_formatted(folder: Path) -> None:
    """Check that ruff would leave the files as they are, with this project's settings."""
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", settings.BASE_DIR / "pyproject.toml",
             folder],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_as_shipped_there_is_nothing_to_write() -> None:
    for arguments in ([], ["--check"]):
        printed = manage("makemigration", *arguments)
        assert (printed.code, printed.out) == (0, NOTHING)


def test_one_migration_registers_all_that_an_app_lacks(user_app: UserApp) -> None:
    add_code(user_app, "task_b", "task_a")
    add_code(user_app, "validate_port", target="VALIDATE", description='Look at "it"')
    user_app.install()
    printed = manage("makemigration")
    assert printed.code == 0
    name = "0001_task_a_task_b_validate_port"
    assert f"{name}.py" in printed.out
    assert "task_a, task_b, validate_port. Next: manage.py migrate" in printed.out
    migration = load(user_app, name)
    assert migration.dependencies == [("workflows", "0001_initial")]
    assert described(migration) == [
        (CreateTask, "task_a", "SYSTEM", "From Acme"),
        (CreateTask, "task_b", "SYSTEM", "From Acme"),
        (CreateWorkflow, "validate_port", "VALIDATE", 'Look at "it"'),
    ]
    assert_formatted(user_app.folder / "migrations")


def test_a_second_one_is_not_written_while_the_first_one_waits(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.install()
    assert manage("makemigration").code == 0
    before = user_app.files()
    waits = f"task_a: migration {user_app.name}.0001_task_a waits. Run manage.py migrate.\n"
    for arguments in ([], ["--check"]):
        printed = manage("makemigration", *arguments)
        assert (printed.code, printed.out) == (0, waits + NOTHING)
    assert user_app.files() == before


def test_the_next_one_goes_on_from_the_last_one_and_may_have_a_name(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.install()
    manage("makemigration", "--name", "first")
    user_app.uninstall()
    add_code(user_app, "task_b")
    user_app.install()
    assert "0002_second.py" in manage("makemigration", "--name", "second").out
    migration = load(user_app, "0002_second")
    assert sorted(migration.dependencies) == sorted([(user_app.name, "0001_first"), ("workflows", "0001_initial")])
    assert [name for _, name, _, _ in described(migration)] == ["task_b"]


def test_check_writes_nothing_and_fails(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.install()
    before = user_app.files()
    printed = manage("makemigration", "--check")
    assert (printed.code, printed.out) == (
        1,
        "No row and no migration: task_a. Run manage.py workflows makemigration.\n",
    )
    assert user_app.files() == before


def test_a_missing_package_is_made(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    (user_app.folder / "migrations/__init__.py").unlink()
    user_app.install()
    assert manage("makemigration").code == 0
    assert user_app.files()["migrations/__init__.py"] == ""
    user_app.uninstall()  # until a new process comes, Django takes the folder for what it was
    user_app.install()
    assert described(load(user_app, "0001_task_a"))


def test_lines_that_are_too_long_are_broken_as_ruff_breaks_them(user_app: UserApp) -> None:
    for length in range(45, 75):  # around the length of a line
        add_code(user_app, f"task_{length}", description="x" * length)
    add_code(user_app, "task_very_long", description="x" * 200)
    user_app.install()
    assert manage("makemigration", "--name", "all").code == 0
    assert_formatted(user_app.folder / "migrations")


def test_app_narrows_it_to_one_app(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.install()
    assert manage("makemigration", "--app", "workflows").out == NOTHING
    assert "0001_task_a.py" in manage("makemigration", "--app", user_app.name).out


class TestCodeInNoApp:
    def test_an_app_has_to_be_chosen(self) -> None:
        register_code("task_homeless")
        printed = manage("makemigration")
        assert printed.code == 1
        assert printed.err == (
            "the code of 'task_homeless' is in tests_workflow_code, in no app of EXTRA_APPS: choose one with --app"
        )

    def test_it_goes_into_the_chosen_one(self, user_app: UserApp) -> None:
        user_app.install()
        register_code("task_homeless")
        assert "0001_task_homeless.py" in manage("makemigration", "--app", user_app.name).out


class TestRunPython:
    """What RunPython registers cannot be seen in the file: the row counts, and until it can be there, nothing is."""

    MIGRATION = """
        from django.db import migrations

        from workflows.operations import create_task, delete_workflow


        class Migration(migrations.Migration):
            dependencies = [("workflows", "0001_initial")]
            operations = [migrations.RunPython(lambda apps, editor: create_task(apps, {"name": "task_a"}))]
    """

    @pytest.fixture
    def app(self, user_app: UserApp) -> UserApp:
        add_code(user_app, "task_a")
        user_app.write("migrations/0001_by_hand.py", self.MIGRATION)
        user_app.install()
        return user_app

    def test_before_it_is_applied_nothing_is_written(self, app: UserApp) -> None:
        printed = manage("makemigration")
        may = f"task_a: migration {app.name}.0001_by_hand waits and may register it. Run manage.py migrate first.\n"
        assert (printed.code, printed.out) == (0, may + NOTHING)

    def test_the_row_that_it_made_counts(self, app: UserApp) -> None:
        app.apply("0001_by_hand")
        make_workflow(name="task_a", has_code=False)
        assert manage("makemigration").out == NOTHING

    def test_without_a_row_after_it_one_is_written(self, app: UserApp) -> None:
        app.apply("0001_by_hand")
        assert "0002_task_a.py" in manage("makemigration").out


def test_one_that_was_deleted_is_not_brought_back(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.install()
    make_workflow(name="task_a", has_code=False, deleted_at=NOW)
    printed = manage("makemigration")
    assert printed.out.startswith("task_a: it was deleted. Take its registration away")
    assert printed.out.endswith(NOTHING)


class TestRefusals:
    def refused(self, app: UserApp, *arguments: str) -> str:
        app.install()
        before = app.files()
        printed = manage("makemigration", *arguments)
        assert (printed.code, printed.out) == (1, "")
        assert app.files() == before
        return printed.err

    def test_an_unknown_app_names_those_there_are(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        error = self.refused(user_app, "--app", "acme")
        assert error == f"no app 'acme': there are workflows, {user_app.name}; apps of yours are named by EXTRA_APPS"

    def test_a_name_that_is_none(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        assert self.refused(user_app, "--name", "../x").startswith("'../x' cannot name a migration: write a Python")

    def test_code_that_does_not_load(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        user_app.write("task_a.py", "1 / 0")
        error = self.refused(user_app)
        assert error.startswith("'task_a' cannot be registered: code does not load: ")
        assert "ZeroDivisionError" in error

    def test_two_last_migrations(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        for name in ("0001_left", "0001_right"):
            user_app.write(f"migrations/{name}.py", """
                from django.db import migrations


                class Migration(migrations.Migration):
                    dependencies = []
                    operations = []
            """)  # fmt: skip
        error = self.refused(user_app)
        assert "0001_left and 0001_right" in error
        assert f"run manage.py makemigrations --merge {user_app.name}" in error

    def test_models_without_a_migration(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        user_app.write("models.py", """
            from django.db import models


            class Device(models.Model):
                name = models.TextField()
        """)  # fmt: skip
        error = self.refused(user_app)
        assert error == (
            f"{user_app.name} has models (Device) and no migration: run manage.py makemigrations {user_app.name}"
        )

    def test_an_app_whose_migrations_are_switched_off(self, user_app: UserApp) -> None:
        add_code(user_app, "task_a")
        with override_settings(MIGRATION_MODULES={user_app.name: None}):
            assert "MIGRATION_MODULES says that" in self.refused(user_app)


def test_a_package_of_migrations_that_lies_elsewhere_is_used(user_app: UserApp) -> None:
    add_code(user_app, "task_a")
    user_app.write("stored/__init__.py", "")
    user_app.write("stored/steps/__init__.py", "")
    with override_settings(MIGRATION_MODULES={user_app.name: f"{user_app.name}.stored.steps"}):
        user_app.install()
        assert manage("makemigration").code == 0
        assert "stored/steps/0001_task_a.py" in user_app.files()

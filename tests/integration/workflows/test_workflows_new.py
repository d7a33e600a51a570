"""`manage.py workflows new`: all files of a task, or none."""

import json

import pytest
from django.apps import apps

from tests.integration.workflows.conftest import UserApp, manage
from tests.integration.workflows.test_makemigration import assert_formatted, load
from tests.support.factories import NOW, make_workflow, register_code
from workflows.models import Workflow
from workflows.operations import CreateTask, create_task
from workflows.registry import ALL_WORKFLOWS, get_definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

NAME = "task_nightly_report"
GONE = """
    from django.db import migrations

    from workflows.operations import DeleteWorkflow


    class Migration(migrations.Migration):
        dependencies = [("workflows", "0001_initial")]
        operations = [DeleteWorkflow(name="task_nightly_report")]
"""


@pytest.fixture
def app(user_app: UserApp) -> UserApp:
    """Return an installed app as `startapp` makes it."""
    user_app.install()
    return user_app


def restart(app: UserApp) -> None:
    """Do what a new process does: import the app anew."""
    app.uninstall()
    for name, instance in list(ALL_WORKFLOWS.items()):
        if instance.module.startswith(app.name):
            del ALL_WORKFLOWS[name]
    app.install()


class TestInAnEmptyApp:
    def test_all_parts_are_written_and_the_task_loads(self, app: UserApp) -> None:
        before = app.files()
        printed = manage("new", NAME)
        assert printed.code == 0
        written = {path: text for path, text in app.files().items() if before.get(path) != text}
        assert set(written) == {
            "workflows/__init__.py",
            "workflows/tasks/__init__.py",
            "workflows/tasks/nightly_report.py",
            "migrations/0001_task_nightly_report.py",
            "translations/en-GB.json",
        }
        for path in written:
            assert f"Wrote {app.folder / path}\n" in printed.out
        assert written["workflows/__init__.py"] == (
            "from workflows import LazyWorkflowInstance\n\n"
            'LazyWorkflowInstance(".tasks.nightly_report", "task_nightly_report")\n'
        )
        assert json.loads(written["translations/en-GB.json"]) == {"workflows": {NAME: "Nightly report"}}
        restart(app)
        definition = get_definition(NAME)
        assert (definition.name, definition.description) == (NAME, "Nightly report")
        assert manage("list").out.count(f"migration {app.name}.0001_task_nightly_report waits") == 1

    @pytest.mark.parametrize("description", ["Nightly report", 'The "big" one\'s \\ é', "x" * 75, "x" * 250])
    def test_what_is_written_is_formatted_whatever_the_description(self, app: UserApp, description: str) -> None:
        assert manage("new", NAME, "--description", description).code == 0
        assert_formatted(app.folder / "workflows")
        assert_formatted(app.folder / "migrations")
        restart(app)
        assert get_definition(NAME).description == description
        assert json.loads(app.read("translations/en-GB.json"))["workflows"][NAME] == description

    def test_the_next_two_commands_are_there_to_be_pasted(self, app: UserApp) -> None:
        out = manage("new", NAME, "--description", "It's new").out
        commands = [line.strip() for line in out.splitlines() if line.startswith("  ")]
        assert commands[0] == "python manage.py migrate"
        assert commands[1].startswith("curl -s http://127.0.0.1:8000/api/schedules ")
        assert len(commands) == 2

    @pytest.mark.parametrize(
        ("name", "file"), [("nightly_report", "nightly_report"), ("task_import", "task_import"), ("task_1", "task_1")]
    )
    def test_the_file_is_called_as_python_can_import_it(self, app: UserApp, name: str, file: str) -> None:
        assert manage("new", name).code == 0
        assert f"workflows/tasks/{file}.py" in app.files()
        restart(app)
        assert get_definition(name).name == name


class TestInAnAppWithWorkflows:
    def test_a_second_one_adds_lines_and_changes_no_other(self, app: UserApp) -> None:
        manage("new", "task_zeta")
        app.write("workflows/__init__.py", app.read("workflows/__init__.py") + "\n\nOTHER = [ 1,2 ]  # by hand\n")
        restart(app)
        before = app.files()
        printed = manage("new", NAME)
        assert f"Added a line to {app.folder / 'workflows/__init__.py'}\n" in printed.out
        assert f"Added a line to {app.folder / 'translations/en-GB.json'}\n" in printed.out
        after = app.files()
        for path in ("workflows/__init__.py", "translations/en-GB.json"):
            old, new = before[path].splitlines(), after[path].splitlines()
            assert len(new) == len(old) + 1
            assert [line for line in new if line in old] == old
        assert f'("{app.name}", "0001_task_zeta"),' in after["migrations/0002_task_nightly_report.py"]
        restart(app)
        assert {get_definition(name).name for name in ("task_zeta", NAME)} == {"task_zeta", NAME}

    def test_a_module_stays_one_and_task_files_lie_beside_it(self, app: UserApp) -> None:
        app.write("workflows.py", "")
        assert manage("new", NAME).code == 0
        assert {"workflows.py", "tasks/__init__.py", "tasks/nightly_report.py"} <= set(app.files())
        assert "workflows/__init__.py" not in app.files()
        restart(app)
        assert get_definition(NAME).name == NAME

    def test_a_translation_that_is_there_stays(self, app: UserApp) -> None:
        text = '{"workflows": {"task_nightly_report": "Mine"}}'
        app.write("translations/en-GB.json", text)
        assert manage("new", NAME).code == 0
        assert app.read("translations/en-GB.json") == text


class TestTheApp:
    def test_with_several_it_has_to_be_chosen(self, app: UserApp) -> None:
        app.write("second/__init__.py", "")
        second = UserApp(f"{app.name}.second", app.folder / "second")
        second.install()
        try:
            printed = manage("new", NAME)
            assert printed.err.startswith("EXTRA_APPS has several apps: choose one of workflows, ")
            assert manage("new", NAME, "--app", "second").code == 0
            assert "workflows/tasks/nightly_report.py" in second.files()
        finally:
            second.uninstall()


class TestRefusals:
    def refused(self, app: UserApp, *arguments: str) -> str:
        """Return why nothing was written, after looking at whether nothing was."""
        before = app.files()
        folders = {path for path in app.folder.rglob("*") if path.is_dir()}
        printed = manage("new", *arguments)
        assert (printed.code, printed.out) == (1, "")
        assert app.files() == before
        assert {path for path in app.folder.rglob("*") if path.is_dir()} == folders
        assert printed.err.endswith(". Nothing was written.")
        return printed.err

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("Nightly report", "nightly_report"),
            ("task-nightly", "task_nightly"),
            ("TaskNightly", "tasknightly"),
            ("1st", "task_1st"),
            ("class", "task_class"),
            ("täglich", "t_glich"),
            ("../../etc/passwd", "etc_passwd"),
            ("a.b", "a_b"),
            ("", "task"),
        ],
    )
    def test_a_name_that_no_function_can_have_says_what_would_be_right(
        self, app: UserApp, name: str, hint: str
    ) -> None:
        error = self.refused(app, name)
        assert error.startswith(f"'{name}' cannot name a workflow: write a Python name")
        assert f"such as '{hint}'." in error

    def test_a_name_that_the_file_needs_itself(self, app: UserApp) -> None:
        for name in ("done", "step", "first_step"):
            assert f"take 'task_{name}'" in self.refused(app, name)

    def test_a_name_too_long_for_its_row(self, app: UserApp) -> None:
        assert "256 characters; 255 are allowed" in self.refused(app, "x" * 256)

    @pytest.mark.parametrize("description", ["", "  ", "two\nlines", "a \0"])
    def test_a_description_that_is_no_line(self, app: UserApp, description: str) -> None:
        assert "is no line of text" in self.refused(app, NAME, "--description", description)

    def test_one_that_is_in_code(self, app: UserApp) -> None:
        register_code(NAME)
        assert f"workflow '{NAME}' exists in code, in tests_workflow_code" in self.refused(app, NAME)

    def test_one_that_is_in_the_database(self, app: UserApp) -> None:
        row = make_workflow(name=NAME, has_code=False)
        assert f"exists in the database, under the id {row.pk}" in self.refused(app, NAME)

    def test_one_that_a_migration_makes(self, app: UserApp) -> None:
        manage("new", NAME)
        (app.folder / "workflows/__init__.py").write_text("")
        (app.folder / "workflows/tasks/nightly_report.py").unlink()
        restart(app)
        assert f"is created by the migration {app.name}.0001_task_nightly_report already" in self.refused(app, NAME)

    @pytest.mark.parametrize("existing", ["nightly_report.py", "nightly_report/__init__.py"])
    def test_one_whose_file_exists(self, app: UserApp, existing: str) -> None:
        app.write(f"workflows/tasks/{existing}", "# mine")
        assert "nightly_report" in self.refused(app, NAME)

    def test_a_file_where_the_folder_has_to_be(self, app: UserApp) -> None:
        app.write("workflows.py", "")
        app.write("tasks.py", "")
        error = self.refused(app, NAME)
        assert f"{app.folder / 'tasks.py'} stands where the folder of the task files has to be: make " in error

    def test_a_registering_module_that_is_no_python(self, app: UserApp) -> None:
        path = app.write("workflows.py", "def f(:")
        assert f"{path} cannot be edited: it is no Python" in self.refused(app, NAME)

    def test_translations_that_cannot_be_read(self, app: UserApp) -> None:
        path = app.write("translations/en-GB.json", "{,")
        assert f"{path}, line 1, column 2: " in self.refused(app, NAME)

    def test_translations_in_two_sections(self, app: UserApp) -> None:
        app.write("translations/en-GB.json", '{"workflows": {"a": "A"}, "workflows": {"b": "B"}}')
        assert 'it has more than one "workflows"' in self.refused(app, NAME)

    def test_an_unknown_app(self, app: UserApp) -> None:
        assert f"no app 'tasks': there are workflows, {app.name}" in self.refused(app, NAME, "--app", "tasks")

    def test_what_the_system_refuses_is_undone(self, app: UserApp, monkeypatch: pytest.MonkeyPatch) -> None:
        app.write("workflows/__init__.py", "")

        def fail(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("os.replace", fail)
        assert "Permission denied" in self.refused(app, NAME)


def test_the_name_of_a_deleted_one_can_be_taken_again(app: UserApp) -> None:
    row = make_workflow(name=NAME, has_code=False, deleted_at=NOW)
    assert manage("new", NAME).code == 0
    [operation] = load(app, "0001_task_nightly_report").operations
    assert isinstance(operation, CreateTask)
    create_task(apps, {"name": operation.name, "description": operation.description})
    assert Workflow.objects.get(name=NAME, deleted_at=None).pk == row.pk


def test_it_is_made_after_the_migration_that_deleted_it_in_another_app(app: UserApp) -> None:
    app.write("older/__init__.py", "")
    app.write("older/migrations/__init__.py", "")
    app.write("older/migrations/0001_gone.py", GONE)
    older = UserApp(f"{app.name}.older", app.folder / "older")
    older.install()
    try:
        assert manage("new", NAME, "--app", app.name).code == 0
        assert ("older", "0001_gone") in load(app, f"0001_{NAME}").dependencies
    finally:
        older.uninstall()

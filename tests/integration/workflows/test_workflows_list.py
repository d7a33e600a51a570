"""`manage.py workflows list`: code, database, migrations and translations beside one another."""

import json
from typing import Any

import pytest
from django.apps import apps

from tests.integration.workflows.conftest import UserApp, manage
from tests.support.factories import NOW, make_workflow, register_code
from workflows.engine import Target
from workflows.models import Workflow
from workflows.operations import delete_workflow
from workflows.registry import LazyWorkflowInstance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

CREATE = """
    from django.db import migrations

    from workflows.operations import CreateTask


    class Migration(migrations.Migration):
        dependencies = [("workflows", "0001_initial")]
        operations = [CreateTask(name="task_acme", description="Acme")]
"""

NESTED = CREATE.replace("[CreateTask", "[migrations.SeparateDatabaseAndState([CreateTask").replace(
    '"Acme")]', '"Acme")])]'
)
DELETE = """
    from django.db import migrations

    from workflows.operations import DeleteWorkflow


    class Migration(migrations.Migration):
        dependencies = [("workflows", "0002_shipped_tasks")]
        operations = [DeleteWorkflow(name="task_sync_from")]
"""


def entries() -> dict[str, Any]:
    return {entry["name"]: entry for entry in json.loads(manage("list", "--json").out)}


def problems(name: str) -> list[str]:
    found: list[str] = entries()[name]["problems"]
    return found


def lines_of(name: str) -> list[str]:
    return [line for line in manage("list").out.splitlines() if f" {name} " in line]


def test_as_shipped_nothing_is_missing() -> None:
    printed = manage("list", "--check")
    assert (printed.code, printed.err) == (0, "")
    row = Workflow.objects.get(name="task_sync_from", deleted_at=None)
    [line] = lines_of("task_sync_from")
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "task_sync_from",
        "SYSTEM",
        "Nightly validate and NSO sync",
        "workflows.tasks.nightly_sync",
        str(row.pk),
        "Verify and NSO sync",
        "",
    ]
    assert entries()["task_sync_from"] == {
        "name": "task_sync_from",
        "target": "SYSTEM",
        "description": "Nightly validate and NSO sync",
        "module": "workflows.tasks.nightly_sync",
        "workflow_id": str(row.pk),
        "is_deleted": False,
        "translation": "Verify and NSO sync",
        "problems": [],
    }


def test_a_pipe_gets_every_text_whole_and_as_it_is() -> None:
    description = "[bold]not markup[/bold] " + "long " * 100 + "end"
    make_workflow(name="task_long", description=description)
    [line] = lines_of("task_long")
    assert description in line


@pytest.mark.parametrize("asked", [[], ["--json"]])
def test_what_is_wrong_changes_the_exit_code_only_when_asked(asked: list[str]) -> None:
    make_workflow(name="task_gone", has_code=False)
    assert manage("list", *asked).code == 0
    assert manage("list", "--check", *asked).code == 1


class TestWhatIsMissing:
    def test_a_row(self) -> None:
        register_code("task_new")
        assert problems("task_new") == ["no row: run manage.py workflows makemigration", "no en-GB translation"]
        assert entries()["task_new"]["target"] == "SYSTEM"
        assert entries()["task_new"]["description"] == "Test task_new"

    def test_a_row_that_a_migration_on_disk_will_make(self, user_app: UserApp) -> None:
        user_app.write("migrations/0001_acme.py", CREATE)
        user_app.install()
        register_code("task_acme")
        waits = f"no row: migration {user_app.name}.0001_acme waits: run manage.py migrate"
        assert problems("task_acme")[0] == waits
        user_app.apply("0001_acme")
        lost = f"no row, though migration {user_app.name}.0001_acme is applied: reverse it and apply it again"
        assert problems("task_acme")[0] == lost

    def test_an_operation_inside_of_another_one_counts(self, user_app: UserApp) -> None:
        user_app.write("migrations/0001_acme.py", NESTED)
        user_app.install()
        register_code("task_acme")
        assert problems("task_acme")[0].startswith(f"no row: migration {user_app.name}.0001_acme waits")

    def test_code(self) -> None:
        make_workflow(name="task_gone", has_code=False, description="Gone")
        assert problems("task_gone")[0] == "no code: no LazyWorkflowInstance registers it"
        assert entries()["task_gone"]["module"] is None

    def test_code_that_loads(self) -> None:
        make_workflow(name="task_broken", has_code=False)
        LazyWorkflowInstance("nothing.there", "task_broken")
        [problem, _] = problems("task_broken")
        assert problem.startswith("code does not load: code of workflow 'task_broken' cannot be imported from nothing.")
        assert "No module named 'nothing'" in problem

    def test_one_target(self) -> None:
        register_code("task_sync_from", target=Target.VALIDATE)
        assert problems("task_sync_from") == ["target VALIDATE in code, SYSTEM in the database"]

    def test_a_translation(self) -> None:
        make_workflow(name="task_untranslated")
        assert problems("task_untranslated") == ["no en-GB translation"]

    def test_a_file_of_translations_that_can_be_read(self, user_app: UserApp) -> None:
        path = user_app.write("translations/en-GB.json", "{")
        user_app.install()
        printed = manage("list", "--check")
        assert printed.code == 1
        assert str(path) in printed.err


class TestADeletedWorkflow:
    def test_it_is_shown_and_nothing_is_wrong_once_its_code_is_gone(self) -> None:
        make_workflow(name="task_gone", has_code=False, deleted_at=NOW)
        entry = entries()["task_gone"]
        assert (entry["is_deleted"], entry["problems"]) == (True, [])
        assert f"deleted ({entry['workflow_id']})" in lines_of("task_gone")[0]
        assert manage("list", "--check").code == 0

    def test_its_code_is_too_much(self) -> None:
        delete_workflow(apps, "task_sync_from")
        assert problems("task_sync_from")[0].startswith("deleted, and its code is still registered: ")

    def test_one_that_came_back_is_shown_once_as_it_is_now(self) -> None:
        make_workflow(name="task_back", has_code=False, description="older", deleted_at=NOW)
        row = make_workflow(name="task_back", description="newer")
        assert entries()["task_back"]["workflow_id"] == str(row.pk)
        assert entries()["task_back"]["description"] == "newer"

    def test_a_migration_that_will_delete_it_is_named(self, user_app: UserApp) -> None:
        user_app.write("migrations/0001_gone.py", DELETE)
        user_app.install()
        waits = f"migration {user_app.name}.0001_gone, which deletes it, waits: run manage.py migrate"
        assert problems("task_sync_from") == [waits]

import json
import re
from textwrap import dedent
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import get_commands

from orchestrator_site.management.commands.settings_docs import render_settings_page
from workflows.engine import Complete, State, Success, WorkflowDefinition
from workflows.operations import CreateTask
from workflows.registry import ALL_WORKFLOWS
from workflows.scaffolding.edits import add_registration
from workflows.scaffolding.migration import render_migration

PAGE = "docs/writing-tasks.md"
TASK = "task_nightly_report"


def test_the_settings_page_is_made_from_the_table_of_variables() -> None:
    page = (settings.BASE_DIR / "docs" / "settings.md").read_text()
    assert page == render_settings_page(), "run: .venv/bin/python manage.py settings_docs"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_docs_name_only_commands_that_make_has(name: str) -> None:
    makefile = (settings.BASE_DIR / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)(?=[`\s])", _code_of(name)))
    assert named
    assert named <= targets


def _code_of(name: str) -> str:
    """Return what the page shows as code: its fenced blocks and inline code."""
    text = (settings.BASE_DIR / name).read_text()
    return "\n".join(f"{code}\n" for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


@pytest.mark.parametrize("name", ["README.md", PAGE])
def test_the_task_in_the_docs_runs(name: str) -> None:
    [code] = [block for block in _blocks(name, "python") if f"def {TASK}()" in block]
    module: dict[str, object] = {}
    exec(code, module)
    [definition] = [value for value in module.values() if isinstance(value, WorkflowDefinition)]
    state: State = {}
    for each in definition.steps:
        outcome = each.run(state)
        assert isinstance(outcome, Success | Complete)
        state = outcome.state


def _blocks(name: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in a language, also those inside of lists, without their indentation."""
    text = (settings.BASE_DIR / name).read_text()
    return [dedent(block) for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)]


def _files() -> list[str]:
    """Return the files of an app that the page on tasks shows."""
    return [block for block in _blocks(PAGE, "python") if "# acme_tasks/" in block.partition("\n")[0]]


def _file(path: str) -> str:
    """Return the text of a file that the page on tasks shows under its path."""
    [block] = [each for each in _files() if each.startswith(f"# {path}\n")]
    return block.partition("\n")[2]


class TestThePageOnTasks:
    def test_every_file_that_it_shows_can_be_imported(self) -> None:
        blocks = [block for block in _files() if "/test" not in block.partition("\n")[0]]
        assert len(blocks) >= 5
        with mock.patch.dict(ALL_WORKFLOWS, clear=True):
            for block in blocks:
                exec(block, {"__name__": "acme_tasks.workflows", "__package__": "acme_tasks.workflows"})
            assert [each.module for each in ALL_WORKFLOWS.values()] == ["acme_tasks.workflows.tasks.nightly_report"]

    def test_the_registration_is_the_one_that_the_command_writes(self) -> None:
        written = add_registration("", module=".tasks.nightly_report", name=TASK)
        assert _file("acme_tasks/workflows/__init__.py") == written

    def test_the_migration_is_the_one_that_the_command_writes(self) -> None:
        operation = CreateTask(name=TASK, description="Nightly report")
        written = render_migration([operation], dependencies=[("workflows", "0001_initial")])
        assert _file(f"acme_tasks/migrations/0001_{TASK}.py") == written

    def test_the_translation_is_one(self) -> None:
        assert [json.loads(block) for block in _blocks(PAGE, "json")] == [{"workflows": {TASK: "Nightly report"}}]

    def test_the_commands_exist(self) -> None:
        named = set(re.findall(r"manage\.py (\w+)", (settings.BASE_DIR / PAGE).read_text()))
        assert {"startapp", "workflows", "migrate"} <= named
        assert named <= set(get_commands())

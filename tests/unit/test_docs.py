import re

import pytest
from django.conf import settings

from orchestrator_site.management.commands.settings_docs import render_settings_page
from workflows.engine import Complete, State, Success, WorkflowDefinition


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


@pytest.mark.parametrize("name", ["README.md", "docs/writing-tasks.md"])
def test_the_task_in_the_docs_runs(name: str) -> None:
    text = (settings.BASE_DIR / name).read_text()
    [code] = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "@workflow(" in block]
    module: dict[str, object] = {}
    exec(code, module)
    [definition] = [value for value in module.values() if isinstance(value, WorkflowDefinition)]
    state: State = {}
    for each in definition.steps:
        outcome = each.run(state)
        assert isinstance(outcome, Success | Complete)
        state = outcome.state

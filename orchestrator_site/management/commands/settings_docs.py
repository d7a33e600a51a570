from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from orchestrator_site.variables import VARIABLES, Variable

INTRODUCTION = """\
# Settings

Every setting is an environment variable, read once when a process starts. The file `.env` in the
project folder may hold them too, one `NAME=value` a line; the real environment wins over it.
`manage.py check` tells every value that cannot work, and what would be right.

This page is made from the table in `orchestrator_site/variables.py` by `manage.py settings_docs`.

| Variable | Type | Default | Effect |
|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Write docs/settings.md from the table of environment variables."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "settings.md").write_text(render_settings_page())


def render_settings_page() -> str:
    return INTRODUCTION + "".join(render_row(variable) for variable in VARIABLES)


def render_row(variable: Variable) -> str:
    default = variable.default_note or (f"`{variable.default}`" if variable.default else "empty")
    return f"| `{variable.name}` | {describe_type(variable)} | {default} | {variable.effect} |\n"


def describe_type(variable: Variable) -> str:
    if variable.choices:
        return " or ".join(f"`{choice}`" for choice in variable.choices)
    if variable.minimum is None:
        return variable.kind.value
    unit = f", {variable.unit}" if variable.unit else ""
    if variable.maximum is not None:
        return f"{variable.kind.value}{unit}, {variable.minimum} to {variable.maximum}"
    return f"{variable.kind.value}{unit}, at least {variable.minimum}"

"""Processes that serve no pages load none."""

import subprocess
import sys

import pytest
from django.conf import settings

from tests.process.conftest import once_on_sqlite

pytestmark = once_on_sqlite

LOADED = """
import sys
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", *sys.argv[1:]])
finally:
    print(*sorted({"graphene", "rest_framework.views", "schedules.forms", "orchestrator_site.urls"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "command", ["scheduler show-schedule", "scheduler load-initial-schedule", "workflows list", "tasks list --json"]
)
def test_a_command_loads_neither_pages_nor_graphql(child_environment: dict[str, str], command: str) -> None:
    assert modules_after(command, child_environment) == ""


def test_the_checks_load_every_page(child_environment: dict[str, str]) -> None:
    assert modules_after("check", child_environment).split() == [
        "graphene",
        "orchestrator_site.urls",
        "rest_framework.views",
        "schedules.forms",
    ]


def modules_after(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *command.split()],
        cwd=settings.BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "orchestrator_site.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.splitlines()[-1]

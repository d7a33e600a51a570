"""pytest plugin (`-p tests.database`): `--db` chooses the database that the whole run uses.

It sets the environment before Django reads its settings. Whatever variables the developer has set
do not reach the tests.
"""

import os
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orchestrator_site.variables import VARIABLES
from tests.postgres import find_binaries, throwaway_postgres

# Set for the workers of pytest-xdist, which share the server of the process they belong to.
SHARED_URL = "TESTS_DATABASE_URL"

database_server = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="database of the tests: a file, or a PostgreSQL started for them",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment; a wrapper runs before pytest-django's hook, which loads the settings."""
    if SHARED_URL not in os.environ:
        os.environ[SHARED_URL] = start_database(early_config.known_args_namespace.db)
    for variable in VARIABLES:
        os.environ.pop(variable.name, None)
    os.environ["ENV_FILE"] = ""
    os.environ["SECRET_KEY"] = "for-the-tests-only"
    os.environ["DATABASE_URL"] = os.environ[SHARED_URL]
    return (yield)


def start_database(kind: str) -> str:
    """Return the URL of a new, empty place for the test database; it goes when the run ends."""
    if kind == "postgres":
        return database_server.enter_context(throwaway_postgres())
    folder = database_server.enter_context(tempfile.TemporaryDirectory(prefix="test-sqlite-"))
    return f"sqlite:///{Path(folder) / 'db.sqlite3'}"


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("db") == "postgres":
        return f"database: PostgreSQL {find_binaries().version}"
    return f"database: SQLite {sqlite3.sqlite_version}"


def pytest_unconfigure(config: pytest.Config) -> None:
    database_server.close()

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.support.urls import database_url

# What they start wants all cores, and they wait for it: these come after all else, in this order.
LAST = [Path(__file__).parent / name for name in ("process", "browser")]

# `record_property(SUMMARY, "…")`: one line of a test for the end of the run, where it is shown although it has passed.
SUMMARY = "summary"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-kills", type=int, help="how many workers tests/process/test_chaos.py kills")
    parser.addoption("--chaos-seconds", type=float, default=60, help="how long tests/process/test_storm.py goes on")
    parser.addoption("--chaos-seed", type=int, help="repeats the choices of an earlier run of these two")
    parser.addoption(
        "--outage-seconds", type=float, default=6, help="how long the database is away in tests/process/test_outage.py"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == SUMMARY:
                terminalreporter.write_line(str(text))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: nearly all that is made stays to the end, and is not looked at again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Put what starts processes of its own last, and of that first what may take longest.

    So no worker of pytest-xdist begins with a test of a minute when the others have nothing left to do.
    """
    yield
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, float]:
    places = [place for place, folder in enumerate(LAST, 1) if folder in item.path.parents]
    timeout = item.get_closest_marker("timeout")
    return (places[0], -timeout.args[0] if timeout else 0) if places else (0, 0)


@pytest.fixture(autouse=True, scope="session")
def static_files() -> Iterator[None]:
    """Look for the static files once a run, not once a client: each makes its middleware anew, and that looks."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with mock.patch.object(WhiteNoiseMiddleware, "add_files_from_finders", look_once):
        yield


@pytest.fixture(autouse=True, scope="session")
def emptying() -> Iterator[None]:
    """Empty the tables quickly after a test that commits: Django would fill two of them anew each time."""
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", side_effect=_empty_tables):
        yield


def _empty_tables() -> None:
    """Delete all rows but content types and permissions, which are always the same."""
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - kept
    filled = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in sorted(tables))
    with transaction.atomic(), connection.cursor() as cursor:  # references are looked at when it commits
        cursor.execute(filled)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def child_environment(transactional_db: None) -> dict[str, str]:
    """Return the environment of a process that works on this test's database."""
    return {**os.environ, "DATABASE_URL": database_url(connection.settings_dict)}

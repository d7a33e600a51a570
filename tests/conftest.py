import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.support.urls import database_url

# What they start wants all cores, and they wait for it: beside other tests that would last too long.
ALONE = {Path(__file__).parent / name for name in ("process", "browser")}


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
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Have one worker of pytest-xdist run what has to be alone, one test after another, when all else is over."""
    for item in filter(_is_alone, items):
        item.add_marker(pytest.mark.xdist_group("alone"))
    yield
    items.sort(key=_is_alone)


def _is_alone(item: pytest.Item) -> bool:
    return not ALONE.isdisjoint(item.path.parents)


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


@pytest.fixture
def child_environment(transactional_db: None) -> dict[str, str]:
    """Return the environment of a process that works on this test's database."""
    return {**os.environ, "DATABASE_URL": database_url(connection.settings_dict)}

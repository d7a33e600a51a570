import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from orchestrator_site.databases import database_config
from tests.postgres import Server, stoppable_postgres
from tests.process.faultapp.effects import drop_table, make_table
from tests.process.faultapp.gate import GATES_VARIABLE, Gates
from tests.support.factories import make_workflow
from tests.support.forking import Parent
from tests.support.processes import Program
from tests.support.urls import database_url
from tests.support.witness import FILE_VARIABLE
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS, LazyWorkflowInstance

FAULT_APP = "tests.process.faultapp"
LEASE_SECONDS = 2

# What takes long and is the same on both databases runs on one of them.
once_on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on both databases: SQLite has it")
once_on_postgresql = pytest.mark.skipif(connection.vendor == "sqlite", reason="the same on both: PostgreSQL has it")

Start = Callable[..., Program]
ForkFrom = Callable[..., Program]
MakeFaultWorkflow = Callable[..., Workflow]


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file to which the steps of this test testify, in this process and in those it starts."""
    path = tmp_path / "witness"
    path.touch()
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """Return the gates of the processes that this test starts with `is_gated`."""
    return Gates(tmp_path)


@pytest.fixture
def fault_workflow(transactional_db: None) -> Iterator[MakeFaultWorkflow]:
    """Return what stores a workflow of the fault app; its code is known in this process as well."""

    def make(name: str, *, module: str = "definitions") -> Workflow:
        LazyWorkflowInstance(f"{FAULT_APP}.{module}", name)
        return make_workflow(name=name, has_code=False)

    with mock.patch.dict(ALL_WORKFLOWS):
        yield make


@pytest.fixture
def effects(transactional_db: None) -> Iterator[None]:
    """Have the table to which atomic steps write."""
    make_table()
    yield
    drop_table()


def fault_environment(url: str) -> dict[str, str]:
    """Return the environment of processes that have the fault app and work on a database."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "EXTRA_APPS": FAULT_APP,
        "LOG_FORMAT": "json",
        "TASK_LEASE_SECONDS": str(LEASE_SECONDS),
    }


@pytest.fixture(scope="session")
def parent(django_db_setup: None) -> Iterator[Parent]:
    """Return the process from which those of all tests are forked."""
    environment = fault_environment(database_url(connection.settings_dict))
    parent = Parent(environment, late_modules=(f"{FAULT_APP}.versions",))
    yield parent
    parent.end()


@pytest.fixture
def fork_from(witness: Path, gates: Gates, tmp_path: Path) -> Iterator[ForkFrom]:
    """Return what forks a command from a parent; what still runs when the test ends is killed.

    Besides variables of its environment it takes the number of the failpoint at which it is to be killed, and by how
    many seconds its clock is ahead.
    """
    programs: list[Program] = []

    def fork_one(
        parent: Parent,
        *arguments: str,
        failpoint: int | None = None,
        is_gated: bool = False,
        clock_offset_seconds: float = 0,
        **variables: str,
    ) -> Program:
        ours = {FILE_VARIABLE: str(witness), GATES_VARIABLE: str(gates.folder) if is_gated else "", **variables}
        log = tmp_path / f"forked-{len(programs)}-{'-'.join(arguments)}"
        program = parent.start(
            *arguments, log=log, variables=ours, failpoint=failpoint, clock_offset_seconds=clock_offset_seconds
        )
        programs.append(program)
        return program

    try:
        yield fork_one
    finally:
        for program in programs:
            program.kill()


@pytest.fixture
def fork(parent: Parent, transactional_db: None, fork_from: ForkFrom) -> Start:
    """Return what starts a command as `start` does, within milliseconds; settings are the same for all tests."""
    return partial(fork_from, parent)


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    """Run a PostgreSQL of the test's own that can be stopped, with its tables; this process works on it too."""
    with stoppable_postgres() as server:
        connection.close()
        with mock.patch.dict(connection.settings_dict, database_config(server.url, base_dir=settings.BASE_DIR)):
            call_command("migrate", verbosity=0)
            yield server
            connection.close()


@pytest.fixture
def parent_on_server(server: Server) -> Iterator[Parent]:
    """Return the process from which those are forked that work on the server of the test."""
    parent = Parent(fault_environment(server.url))
    yield parent
    parent.end()


@pytest.fixture
def fork_on_server(parent_on_server: Parent, fork_from: ForkFrom) -> Start:
    """Return what starts a command on the server of the test, as `fork` does."""
    return partial(fork_from, parent_on_server)


@pytest.fixture
def start(child_environment: dict[str, str], witness: Path, gates: Gates, tmp_path: Path) -> Iterator[Start]:
    """Return what starts a command with the fault app; whatever still runs is killed when the test ends."""
    programs: list[Program] = []

    def start_one(*arguments: str, **variables: object) -> Program:
        environment = {
            **fault_environment(child_environment["DATABASE_URL"]),
            FILE_VARIABLE: str(witness),
            GATES_VARIABLE: str(gates.folder) if variables.pop("is_gated", False) else "",
            **{name: str(value) for name, value in variables.items()},
        }
        log = tmp_path / f"log-{len(programs)}-{'-'.join(arguments)}"
        programs.append(Program.start(*arguments, environment=environment, log=log))
        return programs[-1]

    try:
        yield start_one
    finally:
        for program in programs:
            program.kill()

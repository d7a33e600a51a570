from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.process.faultapp.gate import GATES_VARIABLE, Gates
from tests.support.factories import make_workflow
from tests.support.processes import Program
from tests.support.witness import FILE_VARIABLE
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS, LazyWorkflowInstance

FAULT_APP = "tests.process.faultapp"
LEASE_SECONDS = 2

Start = Callable[..., Program]
MakeFaultWorkflow = Callable[[str], Workflow]


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

    def make(name: str) -> Workflow:
        LazyWorkflowInstance(f"{FAULT_APP}.definitions", name)
        return make_workflow(name=name, has_code=False)

    with mock.patch.dict(ALL_WORKFLOWS):
        yield make


@pytest.fixture
def start(child_environment: dict[str, str], witness: Path, gates: Gates, tmp_path: Path) -> Iterator[Start]:
    """Return what starts a command with the fault app; whatever still runs is killed when the test ends."""
    programs: list[Program] = []

    def start_one(*arguments: str, **variables: object) -> Program:
        environment = {
            **child_environment,
            FILE_VARIABLE: str(witness),
            GATES_VARIABLE: str(gates.folder) if variables.pop("is_gated", False) else "",
            "EXTRA_APPS": FAULT_APP,
            "LOG_FORMAT": "json",
            "TASK_LEASE_SECONDS": str(LEASE_SECONDS),
            **{name: str(value) for name, value in variables.items()},
        }
        log = tmp_path / f"log-{len(programs)}-{'-'.join(arguments)}"
        programs.append(Program(*arguments, environment=environment, log=log))
        return programs[-1]

    try:
        yield start_one
    finally:
        for program in programs:
            program.kill()

"""Files that a test makes when a process that waits for them may go on."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.support.wait import wait_for

GATES_VARIABLE = "GATES_FOLDER"


@dataclass(frozen=True, slots=True)
class Gates:
    """All gates of a test, each told by its name, and all closed at first."""

    folder: Path

    def open(self, name: object) -> None:
        (self.folder / f"open-{name}").touch()

    def is_open(self, name: object) -> bool:
        return (self.folder / f"open-{name}").exists()


def wait_at_gate(name: object) -> None:
    """Wait until a test opens the gate; a process that was started without gates goes on."""
    folder = os.environ.get(GATES_VARIABLE)
    if folder:
        gates = Gates(Path(folder))
        wait_for(lambda: gates.is_open(name), timeout=60, describe=f"the opening of gate {name}")

"""A file that a test makes when a process that waits for it may go on."""

import os
from pathlib import Path

from tests.support.wait import wait_for

GATE_VARIABLE = "GATE_FILE"


def wait_at_gate() -> None:
    """Wait until the gate is open; without one, go on."""
    gate = os.environ.get(GATE_VARIABLE)
    if gate:
        wait_for(Path(gate).exists, timeout=60, describe="the opening of the gate")

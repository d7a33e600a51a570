"""Load the initial schedules; those that are there stay as they are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from schedules.initial import Loaded, load_initial_schedules


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `load-initial-schedule`."""
    parser.add_argument("--recreate", action="store_true", help="put those that are there back to what they were")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Load them and say what was done with each; 1 if one of them is declared wrongly."""
    code = 0
    for initial, loaded, problem in load_initial_schedules(actor="load-initial-schedule", recreate=options["recreate"]):
        match loaded:
            case Loaded.NO_WORKFLOW:
                stderr.write(f"Workflow '{initial.workflow_name}' not found. Skipping schedule.")
            case Loaded.INVALID:
                stderr.write(f"Schedule '{initial.name}' cannot be loaded: {problem}")
                code = 1
            case Loaded.PRESENT:
                stdout.write(f"Schedule '{initial.name}' is there already.")
            case Loaded.CREATED | Loaded.RECREATED:
                stdout.write(f"Schedule '{initial.name}' {loaded}.")
    return code

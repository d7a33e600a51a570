"""What the subcommands about tasks take alike: the id of a task, and inputs."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator_site.common.commands import WrongUse
from tasks.selectors import MISSING, TaskNotFound


def add_task_id(parser: ArgumentParser) -> None:
    """Take the id of a task."""
    parser.add_argument("task_id", metavar="id", help="id of the task, as `list` prints it")


def add_inputs(parser: ArgumentParser, *, purpose: str) -> None:
    """Take inputs, in one of two ways."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--input",
        action="append",
        metavar="KEY=VALUE",
        help=f"{purpose}, one at a time; the value is taken as text",
    )
    group.add_argument("--inputs", metavar="JSON", help=f"{purpose}, all of them: '{{\"count\": 3}}'")


def read_task_id(options: Mapping[str, Any]) -> UUID:
    """Return the id of a task.

    Raises:
        TaskNotFound: It is no id, so no task can have it.
    """
    text = options["task_id"]
    try:
        return UUID(text)
    except ValueError:
        raise TaskNotFound(MISSING, field="task_id", value=text) from None


def read_inputs(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the inputs; None if there are none.

    Raises:
        WrongUse: They are none.
    """
    if options["input"] is not None:
        return _read_pairs(options["input"])
    return None if options["inputs"] is None else _read_object(options["inputs"])


def _read_pairs(pairs: list[str]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not key or not sign:
            raise WrongUse(f"--input: '{pair}' is no KEY=VALUE such as site=ams-1")
        if key in inputs:
            raise WrongUse(f"--input: '{key}' is given twice")
        inputs[key] = value
    return inputs


def _read_object(text: str) -> dict[str, Any]:
    """Return the inputs of `--inputs`.

    Raises:
        WrongUse: They are no JSON object.
    """
    try:
        inputs = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"--inputs: {text!r} is no JSON ({error}); give an object such as '{{\"count\": 3}}'") from error
    if not isinstance(inputs, dict):
        raise WrongUse(f"--inputs: {text!r} is no object; give one such as '{{\"count\": 3}}'")
    return inputs

"""Freeze the engine: nothing new starts, and tasks stop before their next step."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import read_instant
from orchestrator_site.common.commands import WrongUse, naming_options
from tasks.freezing import freeze_engine, say_freeze


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `freeze`."""
    parser.add_argument("--reason", required=True, help="why: people will ask")
    parser.add_argument("--until", metavar="MOMENT", help="when it ends by itself, as 2027-03-01T18:00:00Z")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Freeze it; where it is frozen, the new reason and end count."""
    text = options["until"]
    try:
        until = None if text is None else read_instant(text)
    except ValueError as error:
        raise WrongUse(f"--until: {error}") from error
    with naming_options("reason", "until"):
        freeze = freeze_engine(reason=options["reason"], until=until, actor="tasks freeze")
    stdout.write(f"The engine is frozen {say_freeze(freeze)}")
    return 0

"""End the freeze of the engine: what was frozen goes on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from tasks.freezing import unfreeze_engine


def add_arguments(parser: ArgumentParser) -> None:
    """Take nothing."""


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Unfreeze it."""
    was_frozen = unfreeze_engine(actor="tasks unfreeze")
    stdout.write("The engine goes on." if was_frozen else "The engine was not frozen.")
    return 0

"""Commands that are made of subcommands, each a module of its own."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class SubcommandsCommand(BaseCommand):
    """Parses the subcommand and hands over to its module.

    A module has `add_arguments(parser)` and `run(stdout, stderr, options)`, which returns the exit code; the first line
    of its docstring is the help.
    """

    subcommands: Mapping[str, ModuleType]

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each subcommand its arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="|".join(self.subcommands))
        for name, module in self.subcommands.items():
            summary = (module.__doc__ or "").strip().splitlines()[0]
            subparser: ArgumentParser = subparsers.add_parser(name, help=summary, description=summary)
            module.add_arguments(subparser)

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        """Run the subcommand and exit with its code."""
        code = self.subcommands[subcommand].run(self.stdout, self.stderr, options)
        if code:
            sys.exit(code)

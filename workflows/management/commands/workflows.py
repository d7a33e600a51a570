"""`manage.py workflows`: what there is, and how to make more."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows.management import list_workflows, make_migration, new

SUBCOMMANDS = {"list": list_workflows, "makemigration": make_migration, "new": new}


class Command(BaseCommand):
    """Parses the subcommand and hands over to its module."""

    # They load every page and form of the site, and what is wrong with workflows these commands say themselves.
    requires_system_checks: list[str] = []

    help = "Show which workflows there are and what they lack, write their migration, or write a new task."

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each subcommand its arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="|".join(SUBCOMMANDS))
        for name, module in SUBCOMMANDS.items():
            summary = (module.__doc__ or "").strip().splitlines()[0]
            subparser: ArgumentParser = subparsers.add_parser(name, help=summary, description=summary)
            module.add_arguments(subparser)

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        """Run the subcommand and exit with its code."""
        code = SUBCOMMANDS[subcommand].run(self.stdout, self.stderr, options)
        if code:
            sys.exit(code)

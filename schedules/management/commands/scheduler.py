"""`manage.py scheduler`: run it, look at it, try it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from schedules.management import force, load_initial, run, show

SUBCOMMANDS = {"run": run, "show-schedule": show, "force": force, "load-initial-schedule": load_initial}


class Command(BaseCommand):
    """Parses the subcommand and hands over to its module."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Run the scheduler, show its schedules, force one to run, or load the initial ones."

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

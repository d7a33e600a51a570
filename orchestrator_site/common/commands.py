"""Commands that are made of subcommands, each a module of its own."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orchestrator_site.common.errors import Conflict, Forbidden, InvalidFields, InvalidValue, NotFound, Refused


class WrongUse(Exception):
    """What was typed cannot be understood; the message says which option, and what would be right."""


@contextmanager
def naming_options(*names: str, **other_names: str) -> Iterator[None]:
    """Take an error about a value for the wrong use of the option that holds it.

    Args:
        names: Options that are called as the fields of the errors are.
        other_names: Those that are called otherwise, field → option.

    Raises:
        WrongUse: A value of one of them cannot be used; an error about anything else passes as it is.
    """
    options = {name: name for name in names} | other_names
    try:
        yield
    except InvalidValue as error:
        if error.field not in options:
            raise
        raise WrongUse(f"--{options[error.field]}: {error}") from error


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


class RefusableCommand(SubcommandsCommand):
    """Says in a line on standard error what was refused: exit code 1, or 2 if what was typed cannot be understood."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand."""
        try:
            super().handle(*args, **options)
        except WrongUse as error:
            self._refuse(error, code=2)
        except (InvalidValue, Conflict, Forbidden, Refused) as error:
            self._refuse(error, code=1)

    def say(self, error: Exception) -> str:
        """Return an error as it is printed."""
        return say_error(error)

    def _refuse(self, error: Exception, *, code: int) -> None:
        self.stderr.write(self.say(error))
        sys.exit(code)


def say_error(error: Exception) -> str:
    """Return an error in one line, with the fields and the id that are at fault."""
    match error:
        case InvalidFields():
            said = "; ".join(f"{field}: {each}" for field, found in error.errors.items() for each in found)
        case NotFound():
            said = f"{error}: {error.field} '{error.value}'"
        case _:
            said = str(error)
    return " ".join(said.split())

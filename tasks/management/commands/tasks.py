"""`manage.py tasks`: start tasks, look at them, and move them; hold the engine still."""

import sys
from typing import Any

from orchestrator_site.common.commands import SubcommandsCommand
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidFields, InvalidValue, NotFound, Refused
from tasks.management import abort, delete, freeze, list_tasks, resume, retry, show, start, unfreeze
from tasks.management.options import WrongUse
from tasks.resuming import StepsChanged


class Command(SubcommandsCommand):
    """The subcommands about tasks: 0 if what was asked for is done, 1 if it cannot be, 2 if it cannot be understood."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Start tasks, look at them, resume, retry, abort and delete them; freeze and unfreeze the engine."
    subcommands = {
        "list": list_tasks,
        "show": show,
        "start": start,
        "resume": resume,
        "retry": retry,
        "abort": abort,
        "delete": delete,
        "freeze": freeze,
        "unfreeze": unfreeze,
    }

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand; an error is a line on standard error."""
        try:
            super().handle(*args, **options)
        except WrongUse as error:
            self._refuse(error, code=2)
        except (InvalidValue, Conflict, Forbidden, Refused) as error:
            self._refuse(error, code=1)

    def _refuse(self, error: Exception, *, code: int) -> None:
        self.stderr.write(_say(error))
        sys.exit(code)


def _say(error: Exception) -> str:
    """Return an error in one line; only the two lists of steps that were changed take more."""
    match error:
        case StepsChanged():
            return str(error)
        case InvalidFields():
            said = "; ".join(f"{field}: {each}" for field, found in error.errors.items() for each in found)
        case NotFound():
            said = f"{error}: {error.field} '{error.value}'"
        case _:
            said = str(error)
    return " ".join(said.split())

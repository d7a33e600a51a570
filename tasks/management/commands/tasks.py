"""`manage.py tasks`: start tasks, look at them, and move them; hold the engine still."""

from orchestrator_site.common.commands import RefusableCommand
from tasks.management import abort, delete, freeze, list_tasks, resume, retry, show, start, unfreeze
from tasks.resuming import StepsChanged


class Command(RefusableCommand):
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

    def say(self, error: Exception) -> str:
        """Return an error in one line; only the two lists of steps that were changed take more."""
        return str(error) if isinstance(error, StepsChanged) else super().say(error)

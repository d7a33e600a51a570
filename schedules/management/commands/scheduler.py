"""`manage.py scheduler`: run it, look at it, try it."""

from orchestrator_site.common.commands import SubcommandsCommand
from schedules.management import force, history, load_initial, preview, run, show


class Command(SubcommandsCommand):
    """The subcommands about schedules."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Run the scheduler, show its schedules, when they run and what they did, force one, load the initial ones."
    subcommands = {
        "run": run,
        "show-schedule": show,
        "preview": preview,
        "history": history,
        "force": force,
        "load-initial-schedule": load_initial,
    }

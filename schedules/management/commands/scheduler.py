"""`manage.py scheduler`: run it, look at it, try it."""

from orchestrator_site.common.commands import SubcommandsCommand
from schedules.management import force, load_initial, preview, run, show


class Command(SubcommandsCommand):
    """The subcommands about schedules."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Run the scheduler, show its schedules and when they run, force one to run, or load the initial ones."
    subcommands = {
        "run": run,
        "show-schedule": show,
        "preview": preview,
        "force": force,
        "load-initial-schedule": load_initial,
    }

"""`manage.py scheduler`: run it, look at it, try it."""

from orchestrator_site.common.commands import SubcommandsCommand
from schedules.management import force, forecast, load_initial, preview, run, show


class Command(SubcommandsCommand):
    """The subcommands about schedules."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Run the scheduler, show schedules, when they run and what runs when; force one; load the initial ones."
    subcommands = {
        "run": run,
        "show-schedule": show,
        "preview": preview,
        "forecast": forecast,
        "force": force,
        "load-initial-schedule": load_initial,
    }

"""`manage.py scheduler`: run it, look at it, try it."""

from orchestrator_site.common.commands import SubcommandsCommand
from schedules.management import check, force, forecast, history, load_initial, preview, run, show


class Command(SubcommandsCommand):
    """The subcommands about schedules."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = (
        "Run the scheduler, check that it is alive, show schedules, what they did and what runs when, force one, load "
        "the initial ones."
    )
    subcommands = {
        "run": run,
        "show-schedule": show,
        "preview": preview,
        "history": history,
        "check": check,
        "forecast": forecast,
        "force": force,
        "load-initial-schedule": load_initial,
    }

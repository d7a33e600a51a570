"""`manage.py scheduler`: run it, look at it, try it."""

from orchestrator_site.common.commands import RefusableCommand
from schedules.management import (
    backfill,
    check,
    explain,
    force,
    forecast,
    history,
    load_initial,
    pause,
    preview,
    resume,
    run,
    run_now,
    show,
)
from schedules.selectors import ScheduleNotFound


class Command(RefusableCommand):
    """The subcommands about schedules: 1 if what was asked for cannot be done, 2 if it cannot be understood."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = (
        "Run the scheduler, check that it is alive, show schedules, what they did and why, what runs when, pause, "
        "resume and run them, load the initial ones."
    )
    subcommands = {
        "run": run,
        "show-schedule": show,
        "preview": preview,
        "history": history,
        "explain": explain,
        "check": check,
        "forecast": forecast,
        "pause": pause,
        "resume": resume,
        "run-now": run_now,
        "backfill": backfill,
        "force": force,
        "load-initial-schedule": load_initial,
    }

    def say(self, error: Exception) -> str:
        """Return an error in one line."""
        return f"Schedule '{error.value}' not found." if isinstance(error, ScheduleNotFound) else super().say(error)

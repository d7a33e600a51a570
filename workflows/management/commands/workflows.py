"""`manage.py workflows`: what there is, and how to make more."""

from orchestrator_site.common.commands import SubcommandsCommand
from workflows.management import list_workflows, make_migration, new


class Command(SubcommandsCommand):
    """The subcommands about workflows."""

    # They load every page and form of the site, and what is wrong with workflows these commands say themselves.
    requires_system_checks: list[str] = []

    help = "Show which workflows there are and what they lack, write their migration, or write a new task."
    subcommands = {"list": list_workflows, "makemigration": make_migration, "new": new}

"""Write the migration that registers every workflow in code that has no row."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from workflows.inventory import find_database_problem
from workflows.management.paths import show_path
from workflows.scaffolding.files import ScaffoldingRefused, write_changes
from workflows.scaffolding.registering import plan_migrations


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `makemigration`."""
    parser.add_argument("--app", metavar="LABEL", help="only for the workflows whose code is in this app")
    parser.add_argument("--name", help="what follows the number in the file's name; by default what it registers")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a migration is missing")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Write a migration for each app that needs one, and say what still waits; 1 if it may not and should."""
    if problem := find_database_problem():
        stderr.write(f"Going by the migration files alone: {problem}")
    try:
        plan = plan_migrations(app_name=options["app"], name=options["name"] or "")
        if not options["check"]:
            write_changes(plan.changes)
    except (ScaffoldingRefused, OSError) as error:
        raise CommandError(str(error)) from error
    for note in plan.notes:
        stdout.write(note)
    if not plan.names:
        stdout.write("Nothing to write: every workflow in code has a row or a migration.")
        return 0
    if options["check"]:
        stdout.write(f"No row and no migration: {', '.join(plan.names)}. Run manage.py workflows makemigration.")
        return 1
    for change in plan.changes:
        stdout.write(f"Wrote {show_path(change.path)}")
    stdout.write(f"It registers {', '.join(plan.names)}. Next: manage.py migrate")
    return 0

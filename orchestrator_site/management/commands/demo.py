from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestrator_site.common.errors import Conflict
from orchestrator_site.demo.loading import load_demo, remove_demo


class Command(BaseCommand):
    help = "Load the demo, schedules of a network's operations with their history, or take it out again."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("load", help="Write the demo into the database; needs the setting DEMO.")
        actions.add_parser("remove", help="Take the demo out of the database again, and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "load":
            self.load()
        else:
            self.remove()

    def load(self) -> None:
        try:
            load_demo()
        except Conflict as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The demo is loaded.")

    def remove(self) -> None:
        for name in remove_demo():
            self.stdout.write(f"Workflow '{name}' stays: a schedule runs it that is not of the demo.")
        self.stdout.write("The demo is removed.")
        if settings.DEMO:
            self.stdout.write("Set DEMO=false (in .env) and restart what runs, so that its code goes as well.")

"""`manage.py measure NAME`: one measurement on the database of the environment, as JSON on standard output."""

import json
import logging
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tests.bench.measurements import MEASUREMENTS
from tests.bench.processes import MeasurementFailed
from tests.bench.results import Figure


class Command(BaseCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=MEASUREMENTS)
        parser.add_argument("--quick", action="store_true")

    def handle(self, *args: Any, name: str, quick: bool, **options: Any) -> None:
        # A plain exit, so that blocks which end processes are left in order.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        logging.getLogger().setLevel(logging.ERROR)
        try:
            figures = MEASUREMENTS[name](is_quick=quick)
        except MeasurementFailed as error:
            figures = [Figure(name, None, "", note=str(error))]
        self.stdout.write(json.dumps([figure.as_json() for figure in figures]))

"""`manage.py worker`: run the tasks on the queue."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from orchestrator_site.common.stop import StopRequest
from orchestrator_site.common.wakeup import Listener
from tasks.worker import worker_from_settings


class Command(BaseCommand):
    """Runs a worker until Ctrl-C or SIGTERM: running steps finish, the rest goes back to the queue."""

    requires_system_checks = ["environment"]  # the others load every page and form of the site

    help = "Run tasks from the queue until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options."""
        parser.add_argument(
            "--concurrency",
            type=int,
            default=settings.WORKER_CONCURRENCY,
            help="tasks at a time (default: WORKER_CONCURRENCY, %(default)s)",
        )

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        """Start the loop in a thread and wait; exit 0 after SIGTERM, 130 after Ctrl-C, 1 when the loop crashed."""
        stop = StopRequest()
        worker = worker_from_settings(concurrency=concurrency)
        listener = Listener(worker.wakes)
        thread = stop.start_thread("worker", worker.run)
        listener.start()
        stop.wait()
        worker.stop()
        thread.join()
        listener.stop()
        sys.exit(stop.exit_code)

"""`manage.py stock COUNT`: django-apscheduler as it ships, with COUNT jobs that are due at once.

Prints the moment from which they are due; then it runs until SIGTERM.
"""

import signal
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from django.core.management.base import BaseCommand, CommandParser
from django_apscheduler.jobstores import DjangoJobStore


def do_nothing() -> None:
    pass


class Command(BaseCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_jobstore(DjangoJobStore(), "default")
        scheduler.start(paused=True)
        due_at = datetime.now(UTC)
        for number in range(count):
            # Without a grace time of None it drops what it does not get to within a second.
            scheduler.add_job(
                do_nothing, "interval", hours=1, id=str(number), next_run_time=due_at, misfire_grace_time=None
            )
        # Due is all that is stored from the moment on at which the scheduler may look.
        self.stdout.write(f"due at {datetime.now(UTC).isoformat()}")
        self.stdout.flush()
        scheduler.resume()
        signal.sigwait([signal.SIGTERM])

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run the web server in the foreground until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        # The server takes this process's place, so that signals reach it directly.
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
        os.execv(command[0], command)  # noqa: S606  no shell is wanted

import errno
import os
import secrets
import socket
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from orchestrator_site.demo.loading import DemoImpossible, is_demo_loaded, is_untouched, load_demo
from orchestrator_site.management.commands.tokens import create_token

ADMIN = "admin"


class Command(BaseCommand):
    help = (
        "Start everything for one machine: migrates, makes an administrator, the initial schedules and, where the "
        "setting DEMO is on, the demo on the first start, then runs web server and scheduler until Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="load no demo on the first start")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_busy_port(settings.HOST, settings.PORT)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        if get_user_model().objects.filter(is_superuser=True).exists():
            self.show_address()
        else:
            self.prepare_first_start(with_demo=settings.DEMO and not options["no_demo"])
        # The supervisor takes this process's place, so that signals reach it directly.
        sys.stdout.flush()
        # Its children write into a pipe: whether that ends at a terminal is known only here.
        os.environ["LOG_FORMAT"] = settings.LOG_FORMAT
        # The code of its workflows without their rows would be reported as something that is missing.
        os.environ["DEMO"] = str(settings.DEMO and is_demo_loaded()).lower()
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", "orchestrator_site.supervisor"]
        os.execv(command[0], command)  # noqa: S606  no shell is wanted

    def prepare_first_start(self, *, with_demo: bool) -> None:
        """Make the administrator, an API token and the initial schedules, and show them once; the demo if wanted."""
        call_command("scheduler", "load-initial-schedule")
        if with_demo and is_untouched():
            self.load_demo()
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            get_user_model().objects.create_superuser(ADMIN, password=password)
            token = create_token(ADMIN, days=None)
        self.stdout.write(
            f"\n  Address:   {base_url()}/\n"
            f"  User:      {ADMIN}\n"
            f"  Password:  {password}\n"
            f"  API token: {token}\n\n"
            "  Password and token are shown this once and stored only as hashes.\n\n"
        )

    def load_demo(self) -> None:
        """Load the demo, or say why that cannot be; everything else runs without it."""
        try:
            load_demo()
        except DemoImpossible as error:
            self.stderr.write(f"{error}\n")
        else:
            self.stdout.write("The demo is loaded. To take it out again: manage.py demo remove")

    def show_address(self) -> None:
        self.stdout.write(
            f"\n  Address:       {base_url()}/\n"
            f"  New password:  manage.py changepassword {ADMIN}\n"
            f"  New API token: manage.py tokens create {ADMIN}\n\n"
        )


def base_url() -> str:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"http://{host}:{settings.PORT}"


def refuse_busy_port(host: str, port: int) -> None:
    """Raise CommandError when the web server will not be able to listen on `host` and `port`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As the web server does: a connection that lingers from the last run is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} is in use by another program. Stop it or choose another port: "
                f"PORT={port % 65535 + 1} make up"
            ) from None
        raise CommandError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None

"""The whole site as its user starts it, `manage.py up`: web server, scheduler and worker."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import psutil
import psycopg
from django.conf import settings

from tests.support.wait import wait_for

GATE_APP = "tests.browser.gateapp"
ZONE = "Europe/Amsterdam"
START_SECONDS = 120
STOP_SECONDS = 15


class Site:
    """A site that runs, with the administrator that its first start made."""

    user = "admin"

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        self._environment = environment
        self.url = f"http://127.0.0.1:{environment['PORT']}"
        with log.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def password(self) -> str:
        found = re.search(r"Password:  (\S+)", self.log.read_text())
        assert found, self.log.read_text()
        return found[1]

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready, timeout=START_SECONDS, describe="an answer of the web server")
        wait_for(lambda: "scheduler started" in self.log.read_text(), timeout=START_SECONDS, describe="the scheduler")

    def call(self, function: str) -> None:
        """Call a function without arguments, given as `module:name`, in a process of its own on the site's database."""
        module, _, name = function.partition(":")
        code = f"from {module} import {name}; {name}()"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        subprocess.run(command, cwd=settings.BASE_DIR, env=self._environment, check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """End it as Ctrl-C does; by force what does not end."""
        left = [self._process, *psutil.Process(self._process.pid).children(recursive=True)]
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for process in left:
                process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"{self.url}/health/ready") as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            return False


@contextmanager
def running_site(folder: Path, **variables: str) -> Iterator[Site]:
    """Run a site on a database of its own, with some variables of its environment, for the length of the block."""
    with _empty_database(folder) as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "PORT": str(_free_port()),
            "EXTRA_APPS": GATE_APP,
            "TIME_ZONE": ZONE,
            "LOG_FORMAT": "json",
            **variables,
        }
        site = Site(environment, folder / "log")
        try:
            site.wait_until_ready()
            yield site
        finally:
            site.stop()


@contextmanager
def _empty_database(folder: Path) -> Iterator[str]:
    server_url = os.environ["DATABASE_URL"]
    if server_url.startswith("sqlite"):
        yield f"sqlite:///{folder}/db.sqlite3"
        return
    name = f"browser_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        try:
            yield server_url.replace("@/postgres?", f"@/{name}?")
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

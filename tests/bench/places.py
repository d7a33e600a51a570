"""Databases to measure on: each measurement gets a new one, with the tables in place."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from orchestrator_site.variables import VARIABLES
from tests.postgres import find_binaries, throwaway_postgres

PROJECT = Path(__file__).resolve().parent.parent.parent
APP = "tests.bench.benchapp"


@dataclass(frozen=True, slots=True)
class Place:
    """A database system; `new_database` makes a migrated database and returns its URL."""

    kind: str
    version: str
    new_database: Callable[[str], str]


def environment(url: str) -> dict[str, str]:
    """Return the environment of a process: all settings at their defaults, the bench's app installed."""
    names = {variable.name for variable in VARIABLES}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    ours = {"ENV_FILE": "", "SECRET_KEY": "for-the-bench-only", "DATABASE_URL": url, "EXTRA_APPS": APP}
    return {**inherited, **ours}


@contextmanager
def sqlite_place() -> Iterator[Place]:
    """Keep SQLite files in a temporary folder for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="bench-sqlite-") as folder:
        migrated = Path(folder) / "migrated.sqlite3"
        _migrate(f"sqlite:///{migrated}")

        def new_database(name: str) -> str:
            path = migrated.with_name(f"{name}.sqlite3")
            shutil.copy(migrated, path)
            return f"sqlite:///{path}"

        yield Place("sqlite", f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=NORMAL", new_database)


@contextmanager
def postgres_place() -> Iterator[Place]:
    """Run a PostgreSQL with its own, durable defaults for the length of the block."""
    with throwaway_postgres(durable=True) as server_url:

        def create(name: str, template: str) -> str:
            with psycopg.connect(server_url, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
                # What was written to make it is not to be paid for by what is measured.
                connection.execute("CHECKPOINT")
            return server_url.replace("@/postgres?", f"@/{name}?")

        _migrate(create("migrated", "template1"))
        version = f"PostgreSQL {find_binaries().version}, fsync on, synchronous_commit on"
        yield Place("postgres", version, lambda name: create(name, "migrated"))


PLACES = {"sqlite": sqlite_place, "postgres": postgres_place}


def _migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=PROJECT, env=environment(url), check=True, timeout=120)

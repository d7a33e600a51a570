"""Measure firing and running. Exits 1 when a target is missed."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from tests.bench.places import PLACES, PROJECT, Place, environment
from tests.bench.results import Figure, print_table

NAMES = (
    *("burst", "alone", "tasks", "steady", "idle", "lists", "pages", "ledger", "forecast"),
    *("startup", "triggers", "stock"),
)
PACKAGES = ("Django", "APScheduler", "django-apscheduler", "psycopg")
# No measurement takes half as long, however slow the machine.
LONGEST_SECONDS = 300


def main() -> int:
    """Measure what was asked for, print the tables, and return the exit code."""
    options = _parse_arguments()
    # A plain exit, so that blocks which end processes are left in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report: dict[str, Any] = {"versions": _versions(), "quick": options.quick, "databases": {}}
    print(", ".join(f"{name} {number}" for name, number in report["versions"].items()))
    has_missed = False
    kinds: list[str] = list(PLACES) if options.db == "both" else [options.db]
    for kind in kinds:
        with PLACES[kind]() as place:
            results: dict[str, Any] = {"version": place.version}
            report["databases"][kind] = results
            for name in [options.only] if options.only else NAMES:
                figures = _measure(place, name, is_quick=options.quick)
                print_table(f"{name} on {place.version}", figures, is_judged=not options.quick)
                has_missed |= any(figure.value is None or (figure.misses and not options.quick) for figure in figures)
                results[name] = [figure.as_json() for figure in figures]
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 1 if has_missed else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--db", choices=(*PLACES, "both"), default="both", help="default: both")
    parser.add_argument("--only", choices=NAMES, help="one measurement instead of all")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything works; no verdicts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser.parse_args()


def _versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "CPUs": str(os.cpu_count()),
    }


def _measure(place: Place, name: str, *, is_quick: bool) -> list[Figure]:
    """Measure in a process of its own, on a database of its own."""
    command = [sys.executable, "manage.py", "measure", name, *(["--quick"] if is_quick else [])]
    with _ended_with_its_children(
        subprocess.Popen(
            command, cwd=PROJECT, env=environment(place.new_database(name)), stdout=subprocess.PIPE, text=True
        )
    ) as process:
        try:
            printed, _ = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            return [Figure(name, None, "", note=f"stopped after {LONGEST_SECONDS} s")]
    if process.returncode:
        return [Figure(name, None, "", note=f"exit code {process.returncode}")]
    return [Figure.from_json(fields) for fields in json.loads(printed)]


@contextmanager
def _ended_with_its_children(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        if process.poll() is None:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())

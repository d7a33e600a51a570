"""Show every workflow, in code and in the database, and what is missing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from orchestrator_site.common.tables import print_table
from workflows.inventory import LANGUAGE, Entry, find_database_problem, list_entries
from workflows.migration_files import MigrationFiles
from workflows.translations import load_translations

COLUMNS = ("name", "target", "description", "in code", "in database", "translation", "missing")


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `list`."""
    parser.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    parser.add_argument("--check", action="store_true", help="exit 1 if anything is missing or contradicts itself")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print them by name; 1 if that was asked for and something is wrong."""
    if problem := find_database_problem():
        raise CommandError(problem)
    entries, problems = list_entries(MigrationFiles()), load_translations(LANGUAGE).problems
    if options["json"]:
        stdout.write(json.dumps([_as_json(entry) for entry in entries], indent=2))
    else:
        print_table(
            stdout,
            title="Workflows",
            columns=COLUMNS,
            rows=[_as_row(entry) for entry in entries],
            unwrapped={"name", "target"},
        )
    for problem in problems:
        stderr.write(problem)
    is_wrong = bool(problems) or any(entry.problems for entry in entries)
    return int(options["check"] and is_wrong)


def _as_row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        entry.target,
        entry.description,
        entry.module or "",
        _in_database(entry),
        entry.words or "",
        "; ".join(entry.problems),
    )


def _in_database(entry: Entry) -> str:
    if entry.workflow_id is None:
        return ""
    return f"deleted ({entry.workflow_id})" if entry.is_deleted else str(entry.workflow_id)


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "target": entry.target,
        "description": entry.description,
        "module": entry.module,
        "workflow_id": str(entry.workflow_id) if entry.workflow_id else None,
        "is_deleted": entry.is_deleted,
        "translation": entry.words,
        "problems": entry.problems,
    }

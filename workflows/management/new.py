"""Write a new task: its code, its registration, its migration and its translation."""

import json
import shlex
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from workflows.inventory import find_database_problem
from workflows.management.paths import show_path
from workflows.scaffolding.files import FileChange, ScaffoldingRefused, write_changes
from workflows.scaffolding.task import TaskPlan, plan_task


def add_arguments(parser: ArgumentParser) -> None:
    """Take the name and the options of `new`."""
    parser.add_argument("name", help="of the workflow, a Python name such as task_nightly_report")
    parser.add_argument("--app", metavar="LABEL", help="the app to write it into; by default the one in EXTRA_APPS")
    parser.add_argument("--description", help="one line for people; by default made from the name")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Write all of its files or none, and say what to do next."""
    if problem := find_database_problem():
        stderr.write(f"Going by the migration files alone: {problem}")
    try:
        plan = plan_task(name=options["name"], app_name=options["app"], description=options["description"])
        write_changes(plan.changes)
    except (ScaffoldingRefused, OSError) as error:
        raise CommandError(f"{error}. Nothing was written.") from error
    for change in plan.changes:
        stdout.write(_describe_change(change))
    stdout.write(_next_steps(options["name"], plan))
    return 0


def _describe_change(change: FileChange) -> str:
    return f"{'Wrote' if change.is_new else 'Added a line to'} {show_path(change.path)}"


def _next_steps(name: str, plan: TaskPlan) -> str:
    body = {"name": plan.description, "workflow_name": name, "trigger": "cron", "trigger_kwargs": {"hour": 1}}
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return (
        f"\nIt runs as it is. Put its work into {show_path(plan.task_file)}, then register it, restart what runs,"
        " and schedule it:\n\n"
        "  python manage.py migrate\n"
        f"  curl -s http://{host}:{settings.PORT}/api/schedules"
        ' -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
        f" -d {shlex.quote(json.dumps(body, ensure_ascii=False))}\n"
    )

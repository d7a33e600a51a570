"""Print tasks, the newest first: id, workflow, status, when it was created and ended, and why it stopped."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import database_now, in_words
from orchestrator_site.common.commands import WrongUse
from orchestrator_site.common.tables import print_table
from tasks.management.showing import as_json
from tasks.models import TaskStatus
from tasks.selectors import list_tasks, list_tasks_with_steps
from tasks.standing import CurrentSteps

COLUMNS = ("id", "workflow", "status", "created", "finished", "reason")
DEFAULT_LIMIT, MAX_LIMIT = 20, 1_000


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `list`."""
    parser.add_argument("--status", choices=TaskStatus.values, metavar="STATUS", help=" | ".join(TaskStatus.values))
    parser.add_argument("--workflow", help="name of the workflow")
    parser.add_argument(
        "--limit", type=int, default=DEFAULT_LIMIT, help=f"how many, {DEFAULT_LIMIT} unless given, at most {MAX_LIMIT}"
    )
    parser.add_argument("--json", action="store_true", help="a JSON list with the steps, as the REST API answers")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print them."""
    limit = options["limit"]
    if not 1 <= limit <= MAX_LIMIT:
        raise WrongUse(f"--limit: {limit} is not a number from 1 to {MAX_LIMIT}")
    rows = list_tasks_with_steps() if options["json"] else list_tasks()
    if options["status"] is not None:
        rows = rows.filter(status=options["status"])
    if options["workflow"] is not None:
        rows = rows.filter(workflow__name=options["workflow"])
    if options["json"]:
        steps = CurrentSteps(now=database_now())
        stdout.write(json.dumps([as_json(task, steps) for task in rows[:limit]], indent=2))
        return 0
    print_table(
        stdout,
        title="Tasks",
        columns=COLUMNS,
        rows=[
            (
                str(task.pk),
                task.workflow.name,
                task.status,
                in_words(task.created_at),
                in_words(task.finished_at),
                task.failed_reason.partition("\n")[0],
            )
            for task in rows[:limit]
        ],
        unwrapped={"id", "status", "created", "finished"},
    )
    return 0

"""Explain why a schedule fired, fires or does not fire at a moment; nothing is written."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.commands import naming_options
from orchestrator_site.common.tables import print_table
from schedules.explaining import Explanation
from schedules.explanations import explain_schedule
from schedules.management.options import add_schedule_id, read_schedule_id
from schedules.policies import say

COLUMNS = ("check", "result", "why")


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id and the moment of `explain`."""
    add_schedule_id(parser, may_be_deleted=True)
    parser.add_argument(
        "--at", help="ISO 8601, on the schedule's clocks without an offset; default now, or what is due by now"
    )
    parser.add_argument("--json", action="store_true", help="JSON, as the REST API answers, instead of a table")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print the explanation.

    Raises:
        ScheduleNotFound: There is none of this id, nor has the ledger one.
        WrongUse: `--at` is no moment.
    """
    schedule_id = read_schedule_id(options)
    with naming_options("at"):
        explanation = explain_schedule(schedule_id=schedule_id, at=options["at"], now=database_now())
    if options["json"]:
        stdout.write(json.dumps(explanation.as_json(), indent=2))
    else:
        _print(stdout, explanation)
    return 0


def _print(stdout: OutputWrapper, explanation: Explanation) -> None:
    stdout.write(f"{explanation.schedule_name} at {say(explanation.at)}: {explanation.verdict.code}")
    stdout.write(explanation.verdict.sentence)
    if explanation.task is not None:
        stdout.write(f"{explanation.task.sentence} ({explanation.task.task_id})")
    rows = [(each.name, each.result, each.sentence) for each in explanation.checks]
    print_table(stdout, title="Checks", columns=COLUMNS, rows=rows, unwrapped={"check", "result"})
    for label, moment in (("Previous", explanation.previous), ("Next", explanation.next)):
        stdout.write(f"{label}: {say(moment) if moment else 'none'}")

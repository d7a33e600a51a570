"""Run instants of a schedule again that have passed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.commands import naming_options
from schedules.management.options import add_schedule_id, read_moment, read_schedule_id
from schedules.policies import say
from schedules.running import DEFAULT_BACKFILL, MAX_BACKFILL, ONLY, backfill_schedule


def add_arguments(parser: ArgumentParser) -> None:
    """Take the arguments of `backfill`."""
    add_schedule_id(parser)
    parser.add_argument(
        "--from", required=True, metavar="MOMENT", help="the first moment that counts, as 2027-03-01T18:00:00Z"
    )
    parser.add_argument("--to", required=True, metavar="MOMENT", help="the first moment that counts no more")
    parser.add_argument(
        "--limit",
        type=int,
        default=DEFAULT_BACKFILL,
        help=f"how many at most, the oldest first; default {DEFAULT_BACKFILL}, up to {MAX_BACKFILL:,}",
    )
    parser.add_argument(
        "--only",
        choices=ONLY,
        default=ONLY[0],
        help="those of which the ledger has no task, which is the default, or all",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would come of it, and write nothing")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print a line for each instant, and how many there were."""
    with naming_options("from", "to", "limit"):
        done = backfill_schedule(
            schedule_id=read_schedule_id(options),
            first=read_moment(options, "from"),
            until=read_moment(options, "to"),
            actor="scheduler backfill",
            limit=options["limit"],
            only=options["only"],
            is_dry_run=options["dry_run"],
        )
    for entry in done.entries:
        task = "" if done.is_dry_run else f" as task {entry.task_id}"
        stdout.write(f"{say(entry.decision.scheduled_for)} {entry.decision.outcome}{task}: {entry.decision.reason}")
    number = len(done.entries)
    instants = "1 instant" if number == 1 else f"{number} instants"
    more = ", and there are more: begin after the last of them" if done.is_truncated else ""
    stdout.write(f"{instants} would be run again{more}." if done.is_dry_run else f"{instants} put on the queue{more}.")
    return 0

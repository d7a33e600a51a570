"""What the subcommands about one schedule take alike: its id, and moments."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_site.common.clock import read_instant
from orchestrator_site.common.commands import WrongUse
from schedules.selectors import ScheduleNotFound


def add_schedule_id(parser: ArgumentParser) -> None:
    """Take the id of a schedule."""
    parser.add_argument("schedule_id", metavar="id", help="id of the schedule, as `show-schedule` prints it")


def read_schedule_id(options: Mapping[str, Any]) -> UUID:
    """Return the id of a schedule.

    Raises:
        ScheduleNotFound: It is no id, so no schedule can have it.
    """
    text = options["schedule_id"]
    try:
        return UUID(text)
    except ValueError:
        raise ScheduleNotFound("Schedule does not exist", field="schedule_id", value=text) from None


def read_moment(options: Mapping[str, Any], name: str) -> datetime:
    """Return the moment that an option holds.

    Raises:
        WrongUse: It holds none, or one without an offset from UTC.
    """
    try:
        return read_instant(options[name])
    except ValueError as error:
        raise WrongUse(f"--{name}: {error}") from error

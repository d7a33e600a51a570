"""What the subcommands about one schedule take alike: its id, and moments."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_site.common.clock import read_instant
from orchestrator_site.common.commands import WrongUse
from schedules.selectors import ScheduleNotFound


def add_schedule_id(parser: ArgumentParser, *, may_be_deleted: bool = False) -> None:
    """Take the id of a schedule."""
    remark = ", which may be deleted by now" if may_be_deleted else ""
    parser.add_argument("schedule_id", metavar="id", help=f"id of the schedule, as `show-schedule` prints it{remark}")


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


def read_moment_if_given(options: Mapping[str, Any], name: str) -> datetime | None:
    """Return the moment that an option holds; None if the option is left out.

    Raises:
        WrongUse: It holds none, or one without an offset from UTC.
    """
    return None if options[name] is None else read_moment(options, name)

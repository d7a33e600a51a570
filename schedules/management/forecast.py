"""Print what runs between two moments: the planned instants of all schedules, and the busiest minutes."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.commands import naming_options
from orchestrator_site.common.tables import print_table
from schedules.forecasts import Forecast, MinuteLoad, as_json, forecast

COLUMNS = ("UTC", "local time", "dst", "name", "workflow", "id")
LOAD_COLUMNS = ("UTC", "planned")
BUSIEST = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `forecast`."""
    parser.add_argument("--from", help="ISO 8601 with an offset, as 2027-03-01T01:00:00Z; default now")
    parser.add_argument("--to", help="the same, at most 31 days later; default one day later")
    parser.add_argument("--json", action="store_true", help="JSON, as the REST API answers, instead of tables")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print it.

    Raises:
        WrongUse: The two moments make no window.
    """
    with naming_options("from", "to"):
        found = forecast(start=options["from"], end=options["to"])
    if options["json"]:
        stdout.write(json.dumps(as_json(found), indent=2))
    else:
        _print(stdout, found)
    return 0


def _print(stdout: OutputWrapper, found: Forecast) -> None:
    rows = [
        (
            _say(each.fire.at),
            f"{each.fire.local:%a %Y-%m-%d %H:%M:%S} {each.fire.offset}",
            each.fire.dst or "",
            each.name,
            each.workflow_name or "",
            str(each.schedule_id),
        )
        for each in found.instants
    ]
    title = f"Planned from {_say(found.window.start)} to {_say(found.window.end)} UTC"
    print_table(stdout, title=title, columns=COLUMNS, rows=rows, unwrapped={"UTC", "local time", "dst", "id"})
    if found.is_truncated:
        stdout.write(f"From {_say(found.exact_until)} on, some may be missing above.")
        _print_load(stdout, found)
    if found.freeze is not None:
        end = f"until {_say(found.freeze.until)}" if found.freeze.until else "until somebody unfreezes it"
        stdout.write(f"The engine is frozen {end}, and nothing starts: {found.freeze.reason}")


def _print_load(stdout: OutputWrapper, found: Forecast) -> None:
    """Print the minutes in which most is planned, and how far that is known."""
    if found.as_of is None or found.load_until is None:
        stdout.write("The load has not been counted yet: a scheduler does that a minute after its start.")
        return
    rows = [(f"{each.minute:%Y-%m-%d %H:%M}", f"{each.count:,}") for each in _busiest(found.load or ())]
    print_table(stdout, title="The busiest minutes", columns=LOAD_COLUMNS, rows=rows, unwrapped=set(LOAD_COLUMNS))
    stdout.write(f"Counted as of {_say(found.as_of)}, up to {_say(found.load_until)}.")


def _busiest(load: Sequence[MinuteLoad]) -> list[MinuteLoad]:
    most = sorted(load, key=lambda each: (-each.count, each.minute))[:BUSIEST]
    return sorted(most, key=lambda each: each.minute)


def _say(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"

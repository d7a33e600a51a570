"""Print when a schedule runs, or when a trigger would: local time, UTC, and what the clocks do; nothing is written."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import as_iso
from orchestrator_site.common.commands import WrongUse
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.tables import print_table
from schedules.loading import load_decorated_functions
from schedules.previews import (
    DEFAULT_COUNT,
    MAX_COUNT,
    Preview,
    preview_draft,
    preview_function,
    preview_schedule,
    read_after,
)
from schedules.selectors import ScheduleNotFound, get_schedule
from schedules.triggers import DST_FOLDS, DST_GAPS, MISSING_DAYS, OPTIONS, TriggerError

COLUMNS = ("UTC", "local time", "dst")
# Field of an error → the option that is at fault.
FLAGS = {name: f"--{name.replace('_', '-')}" for name in ("trigger", "kwargs", "crontab", *OPTIONS, "from", "n")}


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id or the options of `preview`."""
    parser.add_argument("schedule_id", metavar="id", nargs="?", help="id of a schedule, as `show-schedule` prints it")
    draft = parser.add_argument_group("in place of an id")
    draft.add_argument("--trigger", help="interval, cron, date, calendarinterval, and, or")
    draft.add_argument("--kwargs", help="its arguments, as JSON: '{\"hour\": 2}'")
    draft.add_argument("--crontab", help="a cron trigger as a crontab has it: '30 2 * * 1-5'")
    draft.add_argument("--timezone", help="IANA name; default the setting TIME_ZONE")
    draft.add_argument("--dst-gap", help=" | ".join(DST_GAPS))
    draft.add_argument("--dst-fold", help=" | ".join(DST_FOLDS))
    draft.add_argument("--on-missing-day", help=" | ".join(MISSING_DAYS))
    draft.add_argument("--spread-seconds", type=int, help="the most by which it runs later")
    parser.add_argument("--n", type=int, default=DEFAULT_COUNT, help=f"how many times, at most {MAX_COUNT}")
    parser.add_argument("--from", help="only times after this moment, ISO 8601; default now")
    parser.add_argument("--json", action="store_true", help="JSON, as the REST API answers, instead of a table")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print the preview; 1 if there is no schedule or function of this id.

    Raises:
        WrongUse: The options do not go together, or one of them cannot be used.
    """
    try:
        preview = _find_preview(options)
    except (TriggerError, InvalidValue) as error:
        raise WrongUse(f"{_flag_of(error.field, options)}: {error}") from error
    if preview is None:
        stderr.write(f"Task '{options['schedule_id']}' not found.")
        return 1
    if options["json"]:
        stdout.write(json.dumps(_as_json(preview), indent=2))
    else:
        _print(stdout, preview)
    return 0


def _find_preview(options: Mapping[str, Any]) -> Preview | None:
    """Return the preview of what the options name; None if there is nothing of the id.

    Raises:
        WrongUse: They do not go together.
        InvalidValue: One of them cannot be used.
        TriggerError: The trigger cannot be used.
    """
    after, count = _read_after(options["from"]), options["n"]
    if not 1 <= count <= MAX_COUNT:
        raise InvalidValue(f"{count} is not a number from 1 to {MAX_COUNT}", field="n", value=count)
    given = {name: options[name] for name in OPTIONS}
    used = [FLAGS[name] for name in ("trigger", "kwargs", "crontab", *OPTIONS) if options[name] is not None]
    if options["schedule_id"] is None:
        kind, kwargs = _read_trigger(options)
        return preview_draft(kind=kind, kwargs=kwargs, given_options=given, after=after, count=count)
    if used:
        raise WrongUse(f"{used[0]}: a stored schedule has a trigger of its own; give an id or a trigger, not both")
    return _preview_stored(options["schedule_id"], after=after, count=count)


def _read_after(text: str | None) -> datetime | None:
    return None if text is None else read_after(text)


def _read_trigger(options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind of trigger and its arguments, from `--trigger` and `--kwargs` or from `--crontab`."""
    kind, text, crontab = options["trigger"], options["kwargs"], options["crontab"]
    if crontab is not None:
        if text is not None or kind not in {None, "cron"}:
            other = "--kwargs" if text is not None else "--trigger"
            raise WrongUse(f"{other}: --crontab is a whole cron trigger; leave {other} out, or --crontab")
        return "cron", {"crontab": crontab}
    if kind is None or text is None:
        missing = "--trigger" if kind is None else "--kwargs"
        raise WrongUse(f"{missing}: give the id of a schedule, or --trigger with --kwargs, or --crontab")
    try:
        return kind, json.loads(text)
    except ValueError as error:
        raise WrongUse(f"--kwargs: {text!r} is no JSON ({error}); give an object such as '{{\"hour\": 2}}'") from error


def _preview_stored(given: str, *, after: datetime | None, count: int) -> Preview | None:
    load_decorated_functions()
    preview = preview_function(function_id=given, after=after, count=count)
    if preview is not None:
        return preview
    try:
        schedule = get_schedule(UUID(given))
    except (ValueError, ScheduleNotFound):
        return None
    return preview_schedule(schedule=schedule, after=after, count=count)


def _flag_of(field: str, options: Mapping[str, Any]) -> str:
    """Return the option that a field of an error came from."""
    if field.startswith("trigger_kwargs"):
        return "--kwargs" if options["crontab"] is None else "--crontab"
    return FLAGS.get(field, field)


def _as_json(preview: Preview) -> dict[str, Any]:
    """Return what the REST API answers; the scheduler, which has this module too, does without its libraries."""
    return {
        "summary": preview.summary,
        "fires": [
            {
                "at": as_iso(each.at),
                "local": each.local.isoformat(),
                "offset": each.offset,
                "dst": each.dst,
            }
            for each in preview.fires
        ],
        "warnings": [asdict(each) for each in preview.notices],
        "truncated": preview.is_truncated,
    }


def _print(stdout: OutputWrapper, preview: Preview) -> None:
    stdout.write(preview.summary)
    rows = [
        (f"{each.at:%Y-%m-%d %H:%M:%S}", f"{each.local:%a %Y-%m-%d %H:%M:%S} {each.offset}", each.dst or "")
        for each in preview.fires
    ]
    print_table(stdout, title="Next times", columns=COLUMNS, rows=rows, unwrapped=set(COLUMNS))
    if preview.is_truncated:
        stdout.write("There may be more, which would take too long to find.")
    for notice in preview.notices:
        stdout.write(f"{notice.code}: {notice.detail}")

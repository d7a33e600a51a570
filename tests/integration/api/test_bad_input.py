"""Every wrong body is a 4xx that names the field, says what would be right, and writes nothing."""

import json
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.parsers import MAX_BODY_BYTES, MAX_DEPTH
from tasks.models import Task, TaskStatus
from tests.integration.api.support import UNKNOWN_ID, fields_at_fault, read_problem, store_schedule, stored_rows
from tests.support.factories import make_task, make_workflow
from workflows.engine import Target

pytestmark = pytest.mark.django_db

TASK_ID = "01970000-0000-7000-8000-000000000001"
OTHER_ID = "01970000-0000-7000-8000-000000000002"
PLACES = {"schedule": "01970000-0000-7000-8000-000000000003", "failed": "01970000-0000-7000-8000-000000000004"}

# Two grids half a second apart.
OFTEN = {"trigger": "interval", "trigger_kwargs": {"seconds": 2, "start_date": "2027-01-01T00:00:00Z"}}
LATER = {"trigger": "interval", "trigger_kwargs": {"seconds": 2, "start_date": "2027-01-01T00:00:00.5Z"}}

MANY_IDS = [f"01970000-0000-7000-8000-{number:012}" for number in range(1001)]
CREATE = {"name": "Nightly", "workflow_name": "task_one", "trigger": "interval", "trigger_kwargs": {"hours": 1}}


def create(**changes: Any) -> dict[str, Any]:
    """Return a good body with changes; `...` leaves a key out."""
    return {key: value for key, value in {**CREATE, **changes}.items() if value is not ...}


def interval(**kwargs: Any) -> dict[str, Any]:
    return create(trigger_kwargs=kwargs)


def cron(**kwargs: Any) -> dict[str, Any]:
    return create(trigger="cron", trigger_kwargs=kwargs)


def date(**kwargs: Any) -> dict[str, Any]:
    return create(trigger="date", trigger_kwargs=kwargs)


def calendar(**kwargs: Any) -> dict[str, Any]:
    return create(trigger="calendarinterval", trigger_kwargs=kwargs)


def combined(kind: str, *triggers: Any) -> dict[str, Any]:
    return create(trigger=kind, trigger_kwargs={"triggers": list(triggers)})


def preview_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return what is left of a body for a preview."""
    return {key: value for key, value in body.items() if key not in {"name", "workflow_name"}}


def nested(levels: int) -> str:
    """Return a body whose inputs make it so many levels deep."""
    return json.dumps(create())[:-1] + ', "inputs": {"x": ' + "[" * (levels - 2) + "]" * (levels - 2) + "}}"


NO_ZONES: list[Any] = ["", 0, 5, False, 1.5, [], ["UTC"], {}]
WORDS = {
    "misfire_policy": "known are run_all, run_once, skip",
    "overlap_policy": "known are allow, cancel_running, queue_all, queue_one, skip",
    "concurrency_key": "known are schedule, workflow",
    "resume_policy": "known are run_once, skip",
}
# Policy → the smallest and the largest number that it takes, whether it takes null.
NUMBERS = {
    "misfire_window_seconds": (0, 2_147_483_647, True),
    "max_catchup_runs": (1, 1_000, False),
    "pause_after_failures": (1, 100, True),
}

# A row: an id, the body (text and bytes are sent as they are), the field at fault ("" for none), what the answer says.
Row = tuple[str, Any, str, str]

NOT_JSON: list[Row] = [
    ("no_json", "name=Nightly", "", "JSON parse error"),
    ("cut_off", '{"name": "Night', "", "JSON parse error"),
    ("two_objects", "{}{}", "", "JSON parse error"),
    ("trailing_comma", '{"name": "x",}', "", "JSON parse error"),
    ("single_quotes", "{'name': 'x'}", "", "JSON parse error"),
    ("no_utf8", b'{"name": "\xff"}', "", "utf-8"),
    ("byte_order_mark", b"\xef\xbb\xbf{}", "", "BOM"),
    ("nan", '{"name": NaN}', "", "NaN"),
    ("infinity", '{"name": Infinity}', "", "Infinity"),
    ("minus_infinity", '{"inputs": {"x": -Infinity}}', "", "-Infinity"),
    ("overflowing_float", '{"name": 1e999}', "", "a number is out of range"),
    ("overflowing_float_in_inputs", json.dumps(create())[:-1] + ', "inputs": {"x": -1e999}}', "", "out of range"),
    ("overflowing_float_in_kwargs", '{"trigger_kwargs": {"hours": 1e999}}', "", "out of range"),
    ("enormous_integer", '{"name": ' + "1" * 5_000 + "}", "", "Exceeds the limit"),
    ("half_surrogate", '{"name": "\\ud800"}', "", "half of a surrogate pair"),
    ("half_surrogate_in_key", '{"\\udfff": 1}', "", "half of a surrogate pair"),
    ("half_surrogate_in_inputs", '{"inputs": {"x": ["\\ud800x"]}}', "", "half of a surrogate pair"),
    ("too_deep", nested(MAX_DEPTH + 1), "", f"nested too deeply: {MAX_DEPTH} levels at most"),
    *((f"depth_{levels}", nested(levels), "", "nested too deeply") for levels in (850, 900, 950, 1_000, 100_000)),
    ("deep_objects", '{"a":' * 50_000 + "1" + "}" * 50_000, "", "nested too deeply"),
]
NO_OBJECT: list[Row] = [
    ("null", "null", "body", "a JSON object such as {}, not null"),
    ("list", "[]", "body", "a JSON object such as {}, not list"),
    ("list_of_bodies", [create()], "body", "not list"),
    ("string", '"x"', "body", "not str"),
    ("number", "5", "body", "not int"),
    ("boolean", "true", "body", "not bool"),
]
FIELDS: list[Row] = [
    ("name_missing", create(name=...), "name", "required"),
    ("name_null", create(name=None), "name", "may not be null"),
    ("name_number", create(name=5), "name", "give a string, not int"),
    ("name_boolean", create(name=True), "name", "give a string, not bool"),
    ("name_list", create(name=["x"]), "name", "give a string, not list"),
    ("name_empty", create(name=""), "name", "may not be blank"),
    ("name_blank", create(name=" \t "), "name", "may not be blank"),
    ("name_too_long", create(name="x" * 256), "name", "no more than 255 characters"),
    ("name_nul", create(name="a\0b"), "name", "Null characters"),
    ("workflow_not_named", create(workflow_name=...), "workflow_name", "workflow_name or workflow_id"),
    ("workflow_name_number", create(workflow_name=1), "workflow_name", "give a string"),
    ("workflow_name_null", create(workflow_name=None), "workflow_name", "may not be null"),
    ("workflow_name_nul", create(workflow_name="task_one\0"), "workflow_name", "Null characters"),
    ("workflow_id_word", create(workflow_id="task_one"), "workflow_id", "valid UUID"),
    ("workflow_id_number", create(workflow_id=1), "workflow_id", "give a UUID as a string, not int"),
    ("workflow_id_empty", create(workflow_id=""), "workflow_id", "valid UUID"),
    ("workflow_id_null", create(workflow_id=None), "workflow_id", "may not be null"),
    ("workflow_id_of_another", create(workflow_id=OTHER_ID), "workflow_id", "leave one of the two out"),
    ("workflow_no_task", create(workflow_name="modify_one"), "workflow_name", "target SYSTEM"),
    ("trigger_missing", create(trigger=...), "trigger", "required"),
    ("trigger_number", create(trigger=1), "trigger", "give a string"),
    ("trigger_object", create(trigger={"hours": 1}), "trigger", "give a string, not dict"),
    ("trigger_misspelt", create(trigger="crn"), "trigger", "did you mean 'cron'?"),
    (
        "trigger_upper_case",
        create(trigger="INTERVAL"),
        "trigger",
        "known are and, calendarinterval, cron, date, interval, or",
    ),
    ("trigger_nul", create(trigger="cron\0"), "trigger", "Null characters"),
    ("kwargs_missing", create(trigger_kwargs=...), "trigger_kwargs", "required"),
    ("kwargs_null", create(trigger_kwargs=None), "trigger_kwargs", "may not be null"),
    ("kwargs_list", create(trigger_kwargs=[1]), "trigger_kwargs", "give a JSON object such as {}, not list"),
    ("kwargs_string", create(trigger_kwargs="hours=1"), "trigger_kwargs", "give a JSON object"),
    ("unknown_key", create(trigger_kwarg={}), "trigger_kwarg", "did you mean 'trigger_kwargs'?"),
    ("key_in_wrong_case", create(Name="x"), "Name", "did you mean 'name'?"),
    ("key_like_none", create(colour="red"), "colour", "known are"),
    ("key_of_another_api", create(schedule_id=UNKNOWN_ID), "schedule_id", "unknown key"),
    ("empty_key", create(**{"": 1}), "", "unknown key"),
    ("nul_in_key", create(**{"na\0me": 1}), "na\0me", "unknown key"),
]
ZONES: list[Row] = [
    ("zone_misspelt", create(timezone="Europe/Amsterdan"), "timezone", "did you mean 'Europe/Amsterdam'?"),
    ("zone_lower_case", create(timezone="europe/amsterdam"), "timezone", "did you mean 'Europe/Amsterdam'?"),
    ("zone_unknown", create(timezone="Mars"), "timezone", "IANA name such as 'Europe/Amsterdam'"),
    ("zone_path", create(timezone="../../etc/passwd"), "timezone", "IANA name"),
    ("zone_offset", create(timezone="+02:00"), "timezone", "IANA name"),
    ("zone_number", create(timezone=2), "timezone", "give a string"),
    ("zone_null", create(timezone=None), "timezone", "may not be null"),
    ("zone_empty", create(timezone=""), "timezone", "may not be blank"),
    ("zone_nul", create(timezone="UTC\0"), "timezone", "Null characters"),
    ("inner_zone_unknown", interval(hours=1, timezone="Mars"), "timezone", "IANA name"),
    *(
        (f"inner_zone_{type(value).__name__}", interval(hours=1, timezone=value), "timezone", "IANA name")
        for value in NO_ZONES
    ),
    ("zones_differ", create(timezone="UTC", trigger_kwargs={"hours": 1, "timezone": "CET"}), "timezone", "give one"),
    ("zone_alone", interval(timezone="UTC"), "trigger_kwargs", "needs at least one of weeks, days"),
]
INTERVALS: list[Row] = [
    ("interval_empty", interval(), "trigger_kwargs", "needs at least one of weeks, days, hours, minutes, seconds"),
    ("interval_misspelt", interval(hour=1), "trigger_kwargs.hour", "did you mean 'hours'?"),
    ("interval_unknown", interval(zzz=1), "trigger_kwargs.zzz", "known are"),
    ("interval_string", interval(hours="1"), "trigger_kwargs.hours", "give a number of 0 or more"),
    ("interval_boolean", interval(hours=True), "trigger_kwargs.hours", "give a number"),
    ("interval_list", interval(hours=[1]), "trigger_kwargs.hours", "give a number"),
    ("interval_negative", interval(hours=-1), "trigger_kwargs.hours", "0 or more"),
    ("interval_negative_part", interval(hours=2, minutes=-1), "trigger_kwargs.minutes", "0 or more"),
    ("interval_zero", interval(hours=0), "trigger_kwargs", "shortest one allowed is 1 s"),
    ("interval_short", interval(seconds=0.5), "trigger_kwargs", "shortest one allowed is 1 s"),
    ("interval_null", interval(hours=None), "trigger_kwargs", "shortest one allowed"),
    ("interval_overflow", interval(weeks=10**400), "trigger_kwargs", "longer than can be computed"),
    ("interval_overflow_float", interval(weeks=1e300), "trigger_kwargs", "longer than can be computed"),
    ("interval_past_9999", interval(weeks=1e8), "trigger_kwargs", "never_fires"),
    ("interval_start_word", interval(hours=1, start_date="tomorrow"), "trigger_kwargs.start_date", "ISO 8601"),
    ("interval_start_number", interval(hours=1, start_date=0), "trigger_kwargs.start_date", "ISO 8601"),
    ("interval_start_nul", interval(hours=1, start_date="2027-01-01\0"), "trigger_kwargs.start_date", "ISO 8601"),
    ("interval_30_february", interval(hours=1, start_date="2027-02-30"), "trigger_kwargs.start_date", "ISO 8601"),
    (
        "interval_ends_before_it_starts",
        interval(hours=1, start_date="2099-01-02", end_date="2099-01-01"),
        "trigger_kwargs.end_date",
        "is before 'start_date'",
    ),
    ("interval_ended", interval(hours=1, end_date="2020-01-01"), "trigger_kwargs", "never_fires"),
    ("interval_cron_argument", interval(day_of_week="mon"), "trigger_kwargs.day_of_week", "unknown argument"),
]
CRONS: list[Row] = [
    ("cron_empty", cron(), "trigger_kwargs", "needs at least one of year, month, day"),
    ("cron_all_null", cron(hour=None), "trigger_kwargs", "needs at least one of year, month"),
    ("cron_bounds_only", cron(start_date="2027-01-01"), "trigger_kwargs", "needs at least one of year, month"),
    ("cron_misspelt", cron(hours=1), "trigger_kwargs.hours", "did you mean 'hour'?"),
    ("cron_word", cron(hour="noon"), "trigger_kwargs.hour", "'noon'"),
    ("cron_empty_field", cron(hour=""), "trigger_kwargs.hour", "'' cannot be read; write for example '0'"),
    ("cron_too_high", cron(hour=24), "trigger_kwargs.hour", "24 is not between 0 and 23"),
    ("cron_too_low", cron(day=0), "trigger_kwargs.day", "0 is not between 1 and 31"),
    ("cron_negative", cron(minute=-1), "trigger_kwargs.minute", "cannot be read"),
    ("cron_backwards", cron(hour="17-9"), "trigger_kwargs.hour", "ends before it begins"),
    ("cron_step_zero", cron(minute="*/0"), "trigger_kwargs.minute", "a step of 0 never moves on"),
    ("cron_float", cron(hour=1.5), "trigger_kwargs.hour", "give a number or an expression such as"),
    ("cron_boolean", cron(hour=True), "trigger_kwargs.hour", "give a number or an expression"),
    ("cron_list", cron(hour=[1, 2]), "trigger_kwargs.hour", "give a number or an expression"),
    ("cron_nul", cron(hour="1\0"), "trigger_kwargs.hour", "cannot be read"),
    ("cron_weekday_word", cron(day_of_week="funday"), "trigger_kwargs.day_of_week", "there is no day of week 'funday'"),
    ("cron_weekday_7", cron(day_of_week=7), "trigger_kwargs.day_of_week", "0 is Monday and 6 is Sunday"),
    ("cron_enormous", cron(hour=10**400), "trigger_kwargs.hour", "cannot be read"),
    ("cron_30_february", cron(month=2, day=30), "trigger_kwargs", "never_fires"),
    ("cron_in_the_past", cron(year=2020), "trigger_kwargs", "never_fires"),
    ("cron_ended", cron(hour=1, end_date="2020-01-01"), "trigger_kwargs", "never_fires"),
    ("cron_past_9999", cron(hour=1, start_date="9999-12-31T23:59:59"), "trigger_kwargs", "never_fires"),
    ("cron_start_word", cron(hour=1, start_date="soon"), "trigger_kwargs.start_date", "ISO 8601"),
]
DATES: list[Row] = [
    ("date_empty", date(), "trigger_kwargs", "needs at least one of run_date"),
    ("date_null", date(run_date=None), "trigger_kwargs.run_date", "needs 'run_date'"),
    ("date_misspelt", date(rundate="2099-01-01"), "trigger_kwargs.rundate", "did you mean 'run_date'?"),
    ("date_word", date(run_date="tomorrow"), "trigger_kwargs.run_date", "ISO 8601 moment such as"),
    ("date_number", date(run_date=4070908800), "trigger_kwargs.run_date", "ISO 8601"),
    ("date_wrong_day", date(run_date="2099-02-30"), "trigger_kwargs.run_date", "ISO 8601"),
    ("date_past", date(run_date="2020-01-01T00:00:00Z"), "trigger_kwargs", "never_fires"),
    (
        "date_before_the_first_year",
        create(trigger="date", trigger_kwargs={"run_date": "0001-01-01T00:00:00Z"}, timezone="America/New_York"),
        "trigger_kwargs",
        "never_fires: date[1-01-01 00:00:00 UTC]",
    ),
    ("date_overflow", date(run_date="9999-12-31T23:59:59-10:00"), "trigger_kwargs.run_date", "ISO 8601"),
]
INPUTS: list[Row] = [
    ("inputs_list", create(inputs=[]), "inputs", "give a JSON object"),
    ("inputs_null", create(inputs=None), "inputs", "may not be null"),
    ("inputs_string", create(inputs="{}"), "inputs", "give a JSON object"),
    ("inputs_nul", create(inputs={"x": "a\0b"}), "inputs", "NUL"),
    ("inputs_nul_deep", create(inputs={"x": [{"y": "\0"}]}), "inputs", "NUL"),
    ("inputs_nul_in_key", create(inputs={"a\0": 1}), "inputs", "NUL"),
    *(
        (f"inputs_{key}", create(inputs={key: "x"}), "inputs", f"'{key}' is set by the task itself")
        for key in ("task_id", "workflow_name", "workflow_target", "reporter")
    ),
    ("user_inputs_object", create(user_inputs={}), "user_inputs", "Expected a list"),
    ("user_inputs_string", create(user_inputs="x"), "user_inputs", "Expected a list"),
    ("user_inputs_null", create(user_inputs=None), "user_inputs", "may not be null"),
    ("user_inputs_of_numbers", create(user_inputs=[{}, 1]), "user_inputs[1]", "give a JSON object such as {}, not int"),
    ("user_inputs_of_nulls", create(user_inputs=[None]), "user_inputs[0]", "may not be null"),
    ("user_inputs_reserved", create(user_inputs=[{}, {"reporter": 1}]), "user_inputs", "'reporter' is set by the task"),
    ("user_inputs_nul", create(user_inputs=[{"x": "\0"}]), "user_inputs", "NUL"),
    ("both_inputs", create(inputs={}, user_inputs=[]), "user_inputs", "inputs or user_inputs, not both"),
]
POLICIES: list[Row] = [
    *(
        (f"{key}_{value!r}", {key: value}, key, says)
        for key, known in WORDS.items()
        for value, says in [
            ("zzz", known),
            ("SKIP", "is not known"),
            ("", "may not be blank"),
            (1, "give a string, not int"),
            (True, "give a string, not bool"),
            ([], "give a string, not list"),
            (None, "may not be null"),
        ]
    ),
    *(
        (f"{key}_{value!r}", {key: value}, key, says)
        for key, (smallest, largest, _) in NUMBERS.items()
        for value, says in [
            (smallest - 1, f"greater than or equal to {smallest}"),
            (largest + 1, f"less than or equal to {largest}"),
            ("5", "give a whole number, not str"),
            (1.5, "give a whole number, not float"),
            (True, "give a whole number, not bool"),
            ([], "give a whole number, not list"),
        ]
    ),
    *(
        (f"{key}_null", {key: None}, key, "may not be null")
        for key, (_, _, is_optional) in NUMBERS.items()
        if not is_optional
    ),
    ("policy_misspelt", {"overlap_polcy": "skip"}, "overlap_polcy", "did you mean 'overlap_policy'?"),
]
CALENDARS: list[Row] = [
    ("calendar_empty", calendar(), "trigger_kwargs", "needs at least one of years, months, weeks, days"),
    ("calendar_no_period", calendar(hour=8), "trigger_kwargs", "the period is nothing"),
    ("calendar_interval_argument", calendar(hours=1), "trigger_kwargs.hours", "did you mean 'hour'?"),
    ("calendar_part_of_a_day", calendar(days=1.5), "trigger_kwargs.days", "give a whole number from 0"),
    ("calendar_hour_24", calendar(days=1, hour=24), "trigger_kwargs.hour", "from 0 to 23"),
    ("calendar_start_word", calendar(days=1, start_date="soon"), "trigger_kwargs.start_date", "ISO 8601"),
    (
        "calendar_30_february",
        calendar(years=1, start_date="2027-02-30"),
        "trigger_kwargs.start_date",
        "ISO 8601",
    ),
    ("calendar_ended", calendar(days=1, end_date="2020-01-01"), "trigger_kwargs", "never_fires"),
]
CRONTABS: list[Row] = [
    ("crontab_four_fields", cron(crontab="0 1 * *"), "trigger_kwargs.crontab", "'0 1 * *'"),
    ("crontab_with_a_field", cron(crontab="0 1 * * *", hour=1), "trigger_kwargs.hour", "crontab"),
    ("crontab_reboot", cron(crontab="@reboot"), "trigger_kwargs.crontab", "@hourly"),
    ("crontab_every", cron(crontab="@every 5m"), "trigger_kwargs.crontab", "@every"),
    ("crontab_number", cron(crontab=5), "trigger_kwargs.crontab", "crontab"),
    ("crontab_hour_24", cron(crontab="0 24 * * *"), "trigger_kwargs.crontab", "24 is not between 0 and 23"),
]
LEAF = {"trigger": "interval", "trigger_kwargs": {"hours": 1}}
DEEP = {"trigger": "or", "trigger_kwargs": {"triggers": [LEAF]}}
COMBINED: list[Row] = [
    *((f"{kind}_empty", combined(kind), "trigger_kwargs.triggers", "give a list such as") for kind in ("and", "or")),
    ("and_of_hours", create(trigger="and"), "trigger_kwargs.hours", "unknown argument 'hours' of trigger 'and'"),
    ("and_no_list", create(trigger="and", trigger_kwargs={"triggers": LEAF}), "trigger_kwargs.triggers", "a list"),
    ("and_of_text", combined("and", "hourly"), "trigger_kwargs.triggers[0].trigger", "'hourly' is no trigger"),
    (
        "and_unknown_kind",
        combined("and", LEAF, {"trigger": "crn", "trigger_kwargs": {}}),
        "trigger_kwargs.triggers[1].trigger",
        "did you mean 'cron'?",
    ),
    (
        "or_nested_field",
        combined("or", LEAF, {"trigger": "cron", "trigger_kwargs": {"hour": 25}}),
        "trigger_kwargs.triggers[1].trigger_kwargs.hour",
        "25 is not between 0 and 23",
    ),
    (
        "or_deeply_nested_field",
        combined(
            "or", {"trigger": "and", "trigger_kwargs": {"triggers": [LEAF, {**LEAF, "trigger_kwargs": {"h": 1}}]}}
        ),
        "trigger_kwargs.triggers[0].trigger_kwargs.triggers[1].trigger_kwargs.h",
        "unknown argument 'h' of trigger 'interval'",
    ),
    (
        "or_four_levels",
        combined("or", {**DEEP, "trigger_kwargs": {"triggers": [{**DEEP, "trigger_kwargs": {"triggers": [DEEP]}}]}}),
        "trigger_kwargs.triggers[0].trigger_kwargs.triggers[0].trigger_kwargs.triggers[0].trigger_kwargs",
        "nested more than 3 deep",
    ),
    ("or_eleven_leaves", combined("or", *[LEAF] * 11), "trigger_kwargs.triggers", "holds 11 triggers; 10 is the most"),
    (
        "and_threshold",
        create(trigger="and", trigger_kwargs={"triggers": [LEAF], "threshold_seconds": 3601}),
        "trigger_kwargs.threshold_seconds",
        "3600",
    ),
    ("or_too_often", combined("or", OFTEN, LATER), "trigger_kwargs", "fires twice within 0.5 s"),
]
OPTIONS: list[Row] = [
    ("gap_misspelt", create(dst_gap="run_aftr"), "dst_gap", "did you mean 'run_after'?"),
    ("gap_word", create(dst_gap="zzz"), "dst_gap", "known are run_after, skip"),
    ("gap_boolean", create(dst_gap=True), "dst_gap", "give a string, not bool"),
    ("gap_null", create(dst_gap=None), "dst_gap", "may not be null"),
    ("fold_word", create(dst_fold="run_after"), "dst_fold", "known are both, first, second"),
    ("missing_day_word", create(on_missing_day="last"), "on_missing_day", "did you mean 'last_day'?"),
    ("spread_negative", create(spread_seconds=-1), "spread_seconds", "greater than or equal to 0"),
    ("spread_too_long", create(spread_seconds=86_401), "spread_seconds", "less than or equal to 86400"),
    ("spread_text", create(spread_seconds="60"), "spread_seconds", "give a whole number, not str"),
    ("spread_boolean", create(spread_seconds=True), "spread_seconds", "give a whole number, not bool"),
    ("spread_part", create(spread_seconds=1.5), "spread_seconds", "give a whole number, not float"),
    ("inner_gap_word", interval(hours=1, dst_gap="zzz"), "trigger_kwargs.dst_gap", "known are run_after, skip"),
    ("inner_spread_text", interval(hours=1, spread_seconds="5"), "trigger_kwargs.spread_seconds", "whole number"),
    ("jitter_text", interval(hours=1, jitter="5"), "trigger_kwargs.jitter", "give a whole number of seconds"),
    ("gaps_differ", create(dst_gap="skip", trigger_kwargs={"hours": 1, "dst_gap": "run_after"}), "dst_gap", "give one"),
    (
        "spreads_differ",
        create(spread_seconds=5, trigger_kwargs={"hours": 1, "jitter": 6}),
        "spread_seconds",
        "give one",
    ),
    (
        "zones_of_parts_differ",
        combined("or", *({**LEAF, "trigger_kwargs": {"hours": 1, "timezone": zone}} for zone in ("UTC", "CET"))),
        "timezone",
        "trigger_kwargs.triggers[1].trigger_kwargs.timezone says 'CET'",
    ),
]
TRIGGERS = [*ZONES, *INTERVALS, *CRONS, *CRONTABS, *DATES, *CALENDARS, *COMBINED, *OPTIONS]
CREATING = [
    *NOT_JSON,
    *NO_OBJECT,
    *FIELDS,
    *TRIGGERS,
    *INPUTS,
    *((name, create(**body), field, says) for name, body, field, says in POLICIES),
]
PREVIEWING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    *((name, preview_of(body), field, phrase) for name, body, field, phrase in TRIGGERS),
    ("empty", {}, "trigger", "required"),
    ("name", {**preview_of(CREATE), "name": "x"}, "name", "unknown key"),
    ("inputs", {**preview_of(CREATE), "inputs": {}}, "inputs", "unknown key"),
    *(
        (f"n_{value}", {**preview_of(CREATE), "n": value}, "n", phrase)
        for value, phrase in [(0, "1"), (101, "100"), ("5", "not str"), (1.5, "not float"), (None, "null")]
    ),
    ("from_word", {**preview_of(CREATE), "from": "soon"}, "from", "give an ISO 8601 moment such as 2027-03-28"),
    ("from_number", {**preview_of(CREATE), "from": 5}, "from", "give a string"),
    ("from_null", {**preview_of(CREATE), "from": None}, "from", "null"),
    ("from_long_ago", {**preview_of(CREATE), "from": "1900-01-01"}, "from", "1973 to 9980"),
    ("from_too_late", {**preview_of(CREATE), "from": "9999-12-31"}, "from", "1973 to 9980"),
]

SCHEDULE = {"schedule_id": PLACES["schedule"]}
PUTTING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "schedule_id", "required"),
    ("id_word", {"schedule_id": "Nightly"}, "schedule_id", "valid UUID"),
    ("id_number", {"schedule_id": 1}, "schedule_id", "give a UUID as a string, not int"),
    ("id_null", {"schedule_id": None}, "schedule_id", "may not be null"),
    ("id_misspelt", {"scheduleid": PLACES["schedule"]}, "scheduleid", "did you mean 'schedule_id'?"),
    ("name_number", {**SCHEDULE, "name": 1}, "name", "give a string"),
    ("name_null", {**SCHEDULE, "name": None}, "name", "may not be null"),
    ("name_empty", {**SCHEDULE, "name": ""}, "name", "may not be blank"),
    ("name_nul", {**SCHEDULE, "name": "\0"}, "name", "Null characters"),
    ("name_too_long", {**SCHEDULE, "name": "x" * 256}, "name", "255"),
    ("trigger_unknown", {**SCHEDULE, "trigger": "crn", "trigger_kwargs": {"hour": 1}}, "trigger", "did you mean"),
    ("trigger_alone", {**SCHEDULE, "trigger": "cron"}, "trigger_kwargs", "needs its trigger_kwargs"),
    ("kwargs_list", {**SCHEDULE, "trigger_kwargs": []}, "trigger_kwargs", "give a JSON object"),
    ("kwargs_empty", {**SCHEDULE, "trigger_kwargs": {}}, "trigger_kwargs", "needs at least one of"),
    ("kwargs_of_another", {**SCHEDULE, "trigger_kwargs": {"day_of_week": 1}}, "trigger_kwargs.day_of_week", "unknown"),
    ("zone_empty", {**SCHEDULE, "trigger_kwargs": {"hours": 1, "timezone": ""}}, "timezone", "IANA name"),
    *(
        (name, {**SCHEDULE, name: value}, name, "unknown key")
        for name, value in [("dst_gap", "skip"), ("spread_seconds", 5)]
    ),
]
PATCHING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("unknown_key", {"nmae": "x"}, "nmae", "did you mean 'name'?"),
    ("workflow", {"workflow_name": "task_one"}, "workflow_name", "unknown key"),
    ("name_null", {"name": None}, "name", "may not be null"),
    ("zone_unknown", {"timezone": "Mars"}, "timezone", "IANA name"),
    ("zones_differ", {"timezone": "UTC", "trigger_kwargs": {"hours": 1, "timezone": "CET"}}, "timezone", "give one"),
    ("never_fires", {"trigger": "date", "trigger_kwargs": {"run_date": "2020-01-01"}}, "trigger_kwargs", "never_fires"),
    ("inputs_reserved", {"inputs": {"task_id": 1}}, "inputs", "'task_id' is set by the task itself"),
    ("both_inputs", {"inputs": {}, "user_inputs": []}, "user_inputs", "not both"),
    *POLICIES,
    ("gap_word", {"dst_gap": "zzz"}, "dst_gap", "known are run_after, skip"),
    ("spread_too_long", {"spread_seconds": 86_401}, "spread_seconds", "less than or equal to 86400"),
    ("inner_gap_word", {"trigger_kwargs": {"hours": 1, "dst_gap": 5}}, "trigger_kwargs.dst_gap", "known are"),
]
DELETING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "schedule_id", "required"),
    ("id_word", {"schedule_id": "Nightly"}, "schedule_id", "valid UUID"),
    ("id_list", {"schedule_id": [PLACES["schedule"]]}, "schedule_id", "give a UUID as a string, not list"),
    ("name", {**SCHEDULE, "name": "Nightly"}, "name", "unknown key"),
    ("workflow_word", {**SCHEDULE, "workflow_id": "task_one"}, "workflow_id", "valid UUID"),
    ("workflow_null", {**SCHEDULE, "workflow_id": None}, "workflow_id", "may not be null"),
    ("workflow_differs", {**SCHEDULE, "workflow_id": OTHER_ID}, "workflow_id", "leave workflow_id out"),
]
STARTING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "workflow_name", "required"),
    ("name_number", {"workflow_name": 1}, "workflow_name", "give a string"),
    ("name_nul", {"workflow_name": "task\0"}, "workflow_name", "Null characters"),
    ("name_misspelt", {"workflow_nam": "task_one"}, "workflow_nam", "did you mean 'workflow_name'?"),
    ("no_task", {"workflow_name": "modify_one"}, "workflow_name", "target SYSTEM"),
    ("inputs_list", {"workflow_name": "task_one", "inputs": []}, "inputs", "give a JSON object"),
    ("inputs_null", {"workflow_name": "task_one", "inputs": None}, "inputs", "may not be null"),
    ("inputs_nul", {"workflow_name": "task_one", "inputs": {"x": "\0"}}, "inputs", "NUL"),
    ("inputs_reserved", {"workflow_name": "task_one", "inputs": {"task_id": 1}}, "inputs", "'task_id' is set by"),
]
ACTING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("any_key", {"reason": "x"}, "reason", "unknown key; known are none"),
]
RESUMING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("unknown_key", {"input": {}}, "input", "did you mean 'inputs'?"),
    ("inputs_list", {"inputs": []}, "inputs", "give a JSON object"),
    ("inputs_null", {"inputs": None}, "inputs", "may not be null"),
    ("inputs_not_asked_for", {"inputs": {"reason": "x"}}, "inputs", "stands at step 'Start', which asks for no inputs"),
    ("step_number", {"resume_at": 1}, "resume_at", "give a string"),
    ("step_empty", {"resume_at": ""}, "resume_at", "may not be blank"),
    ("step_null", {"resume_at": None}, "resume_at", "may not be null"),
    ("step_nul", {"resume_at": "Start\0"}, "resume_at", "Null characters"),
    ("step_unknown", {"resume_at": "Strat"}, "resume_at", "did you mean 'Start'?"),
    ("step_of_one_that_has_not_run", {"resume_at": "Start"}, "resume_at", "none of its steps has run yet"),
]
BULK: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("unknown_key", {"task_ids": []}, "task_ids", "known are ids, status, workflow_name, dry_run"),
    ("ids_word", {"ids": "all"}, "ids", 'Expected a list of items but got type "str"'),
    ("ids_none", {"ids": []}, "ids", "may not be empty"),
    ("ids_null", {"ids": None}, "ids", "may not be null"),
    ("ids_of_a_number", {"ids": [PLACES["failed"], 5]}, "ids[1]", "give a UUID as a string, not int"),
    ("ids_of_a_word", {"ids": ["latest"]}, "ids[0]", "valid UUID"),
    ("ids_too_many", {"ids": [UNKNOWN_ID] * 1001}, "ids", "no more than 1000"),
    ("status_unknown", {"status": "faild"}, "status", "give api_unavailable, failed, inconsistent_data or waiting"),
    ("status_not_to_be_tried_again", {"status": "suspended"}, "status", "others by their ids"),
    ("status_null", {"status": None}, "status", "may not be null"),
    ("status_list", {"status": ["failed"]}, "status", "others by their ids"),
    ("ids_and_status", {"ids": [PLACES["failed"]], "status": "failed"}, "status", "give ids or status, not both"),
    ("ids_and_workflow", {"ids": [PLACES["failed"]], "workflow_name": "task_one"}, "workflow_name", "not both"),
    ("workflow_number", {"workflow_name": 5}, "workflow_name", "give a string"),
    ("dry_run_word", {"dry_run": "true"}, "dry_run", "give true or false, not str"),
    ("dry_run_number", {"dry_run": 1}, "dry_run", "give true or false, not int"),
    ("dry_run_null", {"dry_run": None}, "dry_run", "may not be null"),
]
FREEZING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "reason", "required"),
    ("reason_blank", {"reason": "  "}, "reason", "may not be blank"),
    ("reason_number", {"reason": 5}, "reason", "give a string"),
    ("reason_nul", {"reason": "x\0"}, "reason", "Null characters"),
    ("reason_too_long", {"reason": "x" * 1001}, "reason", "1000"),
    ("reason_misspelt", {"reson": "x"}, "reson", "did you mean 'reason'?"),
    ("until_number", {"reason": "x", "until": 5}, "until", "give a moment as a string, not int"),
    (
        "until_word",
        {"reason": "x", "until": "soon"},
        "until",
        "'soon' is no moment with an offset; give one such as 20",
    ),
    ("until_without_offset", {"reason": "x", "until": "2099-01-01T00:00:00"}, "until", "no moment with an offset"),
    ("until_day", {"reason": "x", "until": "2099-01-01"}, "until", "no moment with an offset"),
    ("until_beyond_all", {"reason": "x", "until": "9999-12-31T23:59:59-12:00"}, "until", "no moment with an offset"),
    ("until_past", {"reason": "x", "until": "2020-01-01T00:00:00Z"}, "until", "has passed"),
]
RUNNING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("unknown_key", {"input": {}}, "input", "did you mean 'inputs'?"),
    ("inputs_list", {"inputs": []}, "inputs", "give a JSON object"),
    ("inputs_null", {"inputs": None}, "inputs", "may not be null"),
    ("inputs_nul", {"inputs": {"x": "\0"}}, "inputs", "NUL"),
    ("inputs_reserved", {"inputs": {"task_id": 1}}, "inputs", "'task_id' is set by"),
    ("reason_number", {"reason": 5}, "reason", "give a string"),
    ("reason_blank", {"reason": " "}, "reason", "may not be blank"),
    ("reason_too_long", {"reason": "x" * 1001}, "reason", "1000"),
]
STRETCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
BACKFILLING: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "from", "required"),
    ("no_end", {"from": STRETCH["from"]}, "to", "required"),
    ("unknown_key", {**STRETCH, "until": STRETCH["to"]}, "until", "unknown key"),
    ("from_without_offset", {**STRETCH, "from": "2026-03-01T00:00:00"}, "from", "no moment with an offset"),
    ("from_null", {**STRETCH, "from": None}, "from", "may not be null"),
    ("to_number", {**STRETCH, "to": 5}, "to", "give a moment as a string, not int"),
    ("to_future", {**STRETCH, "to": "2099-03-02T00:00:00Z"}, "to", "lies in the future"),
    ("backwards", {"from": STRETCH["to"], "to": STRETCH["from"]}, "from", "has to lie before 'to'"),
    ("nothing_between", {"from": STRETCH["to"], "to": STRETCH["to"]}, "from", "has to lie before 'to'"),
    ("limit_0", {**STRETCH, "limit": 0}, "limit", "greater than or equal to 1"),
    ("limit_too_high", {**STRETCH, "limit": 1001}, "limit", "less than or equal to 1000"),
    ("limit_word", {**STRETCH, "limit": "5"}, "limit", "give a whole number, not str"),
    ("only_word", {**STRETCH, "only": "mising"}, "only", "did you mean 'missing'?"),
    ("dry_run_word", {**STRETCH, "dry_run": "true"}, "dry_run", "give true or false, not str"),
]
PAST = "2020-01-01T00:00:00Z"
SOME = {"ids": [PLACES["schedule"]]}
BULK_SCHEDULES: list[Row] = [
    *NOT_JSON,
    *NO_OBJECT,
    ("empty", {}, "action", "required"),
    ("action_unknown", {**SOME, "action": "stop"}, "action", "known are delete, pause, resume, run"),
    ("action_null", {**SOME, "action": None}, "action", "may not be null"),
    ("none_chosen", {"action": "run"}, "ids", "give ids or filter, one of them"),
    ("both", {**SOME, "filter": {"name": "x"}, "action": "run"}, "ids", "give ids or filter, one of them"),
    ("ids_none", {"ids": [], "action": "run"}, "ids", "may not be empty"),
    ("ids_of_a_word", {"ids": ["Nightly"], "action": "run"}, "ids[0]", "valid UUID"),
    ("ids_too_many", {"ids": MANY_IDS, "action": "run"}, "ids", "1,001 schedules are meant, and at most 1,000"),
    (
        "filter_empty",
        {"filter": {}, "action": "run"},
        "filter",
        "give at least one of name, workflow_name, trigger, state",
    ),
    ("filter_list", {"filter": [], "action": "run"}, "filter", "Expected a dictionary"),
    ("filter_null", {"filter": None, "action": "run"}, "filter", "may not be null"),
    ("filter_key", {"filter": {"nam": "x"}, "action": "run"}, "filter.nam", "did you mean 'name'?"),
    ("filter_blank", {"filter": {"name": ""}, "action": "run"}, "filter.name", "may not be blank"),
    ("filter_state", {"filter": {"state": "pausd"}, "action": "run"}, "filter.state", "did you mean 'paused'?"),
    ("filter_trigger", {"filter": {"trigger": 5}, "action": "run"}, "filter.trigger", "give a string"),
    ("pause_without_reason", {**SOME, "action": "pause"}, "reason", "say why"),
    (
        "pause_in_the_past",
        {**SOME, "action": "pause", "reason": "x", "until": "2020-01-01T00:00:00Z"},
        "until",
        "passed",
    ),
    ("reason_of_a_resume", {**SOME, "action": "resume", "reason": "x"}, "reason", "'resume' has none: leave it out"),
    ("reason_of_a_delete", {**SOME, "action": "delete", "reason": "x"}, "reason", "'delete' has none: leave it out"),
    ("until_of_a_run", {**SOME, "action": "run", "until": "2099-01-01T00:00:00Z"}, "until", "'run' has none"),
    ("dry_run_number", {**SOME, "action": "run", "dry_run": 1}, "dry_run", "give true or false, not int"),
]

ROUTES = [
    ("POST", "/api/schedules", CREATING),
    ("POST", "/api/schedules/preview", PREVIEWING),
    ("PUT", "/api/schedules", PUTTING),
    ("PATCH", "/api/schedules/{schedule}", PATCHING),
    ("DELETE", "/api/schedules", DELETING),
    ("POST", "/api/schedules/{schedule}/pause", FREEZING),
    ("POST", "/api/schedules/{schedule}/resume", ACTING),
    ("POST", "/api/schedules/{schedule}/run", RUNNING),
    ("POST", "/api/schedules/{schedule}/backfill", BACKFILLING),
    ("POST", "/api/schedules/bulk", BULK_SCHEDULES),
    ("POST", "/api/tasks", STARTING),
    ("POST", "/api/tasks/{failed}/resume", RESUMING),
    ("POST", "/api/tasks/{failed}/retry", RESUMING),
    ("POST", "/api/tasks/{failed}/abort", ACTING),
    ("POST", "/api/tasks/resume", BULK),
    ("POST", "/api/engine/freeze", FREEZING),
    ("POST", "/api/engine/unfreeze", ACTING),
]
CASES = [
    pytest.param((method, path), body, field, phrase, id=f"{method} {path} {name}")
    for method, path, rows in ROUTES
    for name, body, field, phrase in rows
]


@pytest.fixture(autouse=True)
def _things(db: None) -> None:
    """Store what the bodies name."""
    task = make_workflow(name="task_one", id=UUID(TASK_ID))
    make_workflow(name="task_other", id=UUID(OTHER_ID))
    make_workflow(name="modify_one", target=Target.MODIFY)
    make_task(task, id=UUID(PLACES["failed"]), status=TaskStatus.FAILED)
    schedule = store_schedule(task)
    link, schedule.pk = schedule.link, UUID(PLACES["schedule"])
    schedule.save(force_insert=True)
    link.delete()
    type(link).objects.create(schedule=schedule, workflow=task)


def send(client: APIClient, method: str, path: str, body: Any) -> Any:
    content: Any = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic(method, path.format(**PLACES), content, content_type="application/json")


@pytest.mark.parametrize(("route", "body", "field", "phrase"), CASES)
def test_it_is_refused_by_name_and_nothing_is_written(
    client: APIClient, route: tuple[str, str], body: Any, field: str, phrase: str
) -> None:
    before = stored_rows()
    problem = read_problem(send(client, *route, body), 400)
    assert phrase in problem["detail"]
    if field:
        [error] = [error for error in problem["errors"] if error["field"] == field]
        assert phrase in error["detail"]
    assert stored_rows() == before


def test_the_bodies_that_the_table_makes_worse_are_good(client: APIClient) -> None:
    assert send(client, "POST", "/api/schedules", create()).status_code == 201
    assert send(client, "PUT", "/api/schedules", {**SCHEDULE, "name": "New"}).status_code == 200
    assert send(client, "PATCH", "/api/schedules/{schedule}", {"name": "Newer"}).status_code == 200
    assert send(client, "POST", "/api/tasks", {"workflow_name": "task_one"}).status_code == 201
    failed = {"status": "failed", "workflow_name": "task_one", "dry_run": True}
    assert send(client, "POST", "/api/tasks/resume", failed).json()["results"][0]["resumed"]
    assert send(client, "POST", "/api/tasks/resume", {"ids": [PLACES["failed"]]}).json()["results"][0]["resumed"]
    Task.objects.filter(pk=PLACES["failed"]).update(status=TaskStatus.FAILED, available_at=None)
    assert send(client, "POST", "/api/tasks/{failed}/retry", {}).status_code == 202
    Task.objects.filter(pk=PLACES["failed"]).update(status=TaskStatus.FAILED, available_at=None)
    assert send(client, "POST", "/api/tasks/{failed}/resume", {"inputs": {}}).status_code == 202
    assert send(client, "POST", "/api/tasks/{failed}/abort", {}).status_code == 202
    freeze = {"reason": "Maintenance", "until": "2099-01-01T00:00:00+01:00"}
    assert send(client, "POST", "/api/schedules/{schedule}/pause", freeze).status_code == 200
    assert send(client, "POST", "/api/schedules/{schedule}/resume", {}).status_code == 200
    run = {"inputs": {"x": 1}, "reason": "To see"}
    assert send(client, "POST", "/api/schedules/{schedule}/run", run).status_code == 202
    assert send(client, "POST", "/api/schedules/{schedule}/backfill", STRETCH).status_code == 202
    pause = {**SOME, "action": "pause", "reason": "Maintenance", "until": "2099-01-01T00:00:00Z"}
    assert send(client, "POST", "/api/schedules/bulk", pause).json()["results"][0]["status"] == "done"
    assert send(client, "POST", "/api/engine/freeze", freeze).status_code == 200
    assert send(client, "POST", "/api/engine/unfreeze", {}).status_code == 200
    assert send(client, "POST", "/api/schedules/preview", preview_of(create())).status_code == 200
    assert send(client, "DELETE", "/api/schedules", {**SCHEDULE, "workflow_id": TASK_ID}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/schedules", create(workflow_name="task_two"), "workflow_name"),
        ("POST", "/api/schedules", create(workflow_name=..., workflow_id=UNKNOWN_ID), "workflow_id"),
        ("POST", "/api/schedules", create(workflow_id=UNKNOWN_ID), "workflow_id"),
        ("POST", "/api/schedules", create(workflow_name="TASK_ONE"), "workflow_name"),
        ("POST", "/api/tasks", {"workflow_name": "task_two"}, "workflow_name"),
        ("PUT", "/api/schedules", {"schedule_id": UNKNOWN_ID}, "schedule_id"),
        ("DELETE", "/api/schedules", {"schedule_id": UNKNOWN_ID}, "schedule_id"),
        ("PATCH", f"/api/schedules/{UNKNOWN_ID}", {}, "schedule_id"),
        ("DELETE", f"/api/schedules/{UNKNOWN_ID}", {}, "schedule_id"),
        ("POST", f"/api/schedules/{UNKNOWN_ID}/pause", {"reason": "x"}, "schedule_id"),
        ("POST", f"/api/schedules/{UNKNOWN_ID}/resume", {}, "schedule_id"),
        ("POST", f"/api/schedules/{UNKNOWN_ID}/run", {}, "schedule_id"),
        ("POST", f"/api/schedules/{UNKNOWN_ID}/backfill", STRETCH, "schedule_id"),
        ("POST", f"/api/tasks/{UNKNOWN_ID}/resume", {}, "task_id"),
        ("POST", f"/api/tasks/{UNKNOWN_ID}/retry", {}, "task_id"),
        ("POST", f"/api/tasks/{UNKNOWN_ID}/abort", {}, "task_id"),
        ("DELETE", f"/api/tasks/{UNKNOWN_ID}", {}, "task_id"),
    ],
)
def test_what_does_not_exist_is_a_404(client: APIClient, method: str, path: str, body: Any, field: str) -> None:
    before = stored_rows()
    problem = read_problem(send(client, method, path, body), 404)
    assert "does not exist" in problem["detail"]
    assert fields_at_fault(problem) == [field]
    assert stored_rows() == before


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ROUTES])
@pytest.mark.parametrize("content", ["[" * (MAX_BODY_BYTES + 1), '{"name": "' + "x" * MAX_BODY_BYTES + '"}'])
def test_a_body_that_is_too_long_is_a_413(client: APIClient, method: str, path: str, content: str) -> None:
    before = stored_rows()
    problem = read_problem(send(client, method, path, content), 413)
    assert str(MAX_BODY_BYTES) in problem["detail"]
    assert stored_rows() == before


def test_a_body_as_long_as_allowed_is_read(client: APIClient) -> None:
    filling = MAX_BODY_BYTES - len(json.dumps(create(inputs={"x": ""})))
    body = json.dumps(create(inputs={"x": "x" * filling}))
    assert len(body) == MAX_BODY_BYTES
    assert send(client, "POST", "/api/schedules", body).status_code == 201
    assert send(client, "POST", "/api/schedules", body + " ").status_code == 413


def test_a_body_as_deep_as_allowed_is_stored_and_answered(client: APIClient) -> None:
    assert send(client, "POST", "/api/schedules", nested(MAX_DEPTH)).status_code == 201
    assert client.get("/api/schedules").status_code == 200


@pytest.mark.parametrize(
    "value",
    ["\\u0000", "🜁", "a" * 70_000, 10**400, -(2**70), 1.5e10, 5e-324, 0.1, True, None, [], {"": {}}, {"id": [1, [2]]}],
    ids=lambda value: str(value)[:20],
)
def test_any_other_input_reads_back_as_it_was_sent(client: APIClient, value: Any) -> None:
    answer = send(client, "POST", "/api/schedules", create(inputs={"x": value}))
    assert answer.status_code == 201
    assert client.get(f"/api/schedules/{answer.json()['schedule_id']}").json()["inputs"] == {"x": value}


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_last_moment_of_all_can_be_planned(client: APIClient, zone: str) -> None:
    body = create(trigger="date", trigger_kwargs={"run_date": "9999-12-31T23:59:59Z"}, timezone=zone)
    answer = send(client, "POST", "/api/schedules", body)
    assert answer.json()["next_run_at"] == "9999-12-31T23:59:59Z"


def test_a_body_of_thousands_of_unknown_keys_is_told_the_first_ten(client: APIClient) -> None:
    answer = client.post("/api/schedules", {f"{number}" + "k" * 200: 1 for number in range(1000)})
    unknown = [each for each in answer.json()["errors"] if "unknown key" in each["detail"]]
    assert answer.status_code == 400
    assert len(unknown) == 10
    assert max(len(each["field"]) for each in unknown) == 100

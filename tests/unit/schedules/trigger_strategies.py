"""Triggers of all kinds for hypothesis: plausible ones, nested ones, and ones that are meant to do harm."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schedules.triggers import DST_FOLDS, DST_GAPS, MISSING_DAYS, Trigger, build_trigger
from tests.unit.schedules.factories import GRID_START, utc

ZONES = (
    "UTC",
    "Europe/Amsterdam",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
FIRST, LAST = datetime(2024, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone

moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
# Within a day of the moments at which Amsterdam's clocks change: where mistakes would be.
changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([utc("2027-03-28T01:00"), utc("2027-10-31T01:00")]),
    st.integers(-1_440, 1_440),
)
instants = moments | changes


class Draft(NamedTuple):
    """What a trigger is built from."""

    kind: str
    kwargs: dict[str, Any]
    zone: str = "UTC"
    options: dict[str, str] = {}

    def build(self) -> Trigger:
        return build_trigger(self.kind, self.kwargs, timezone=self.zone, grid_start=GRID_START, **self.options)  # type: ignore[arg-type]

    def as_part(self) -> dict[str, Any]:
        return {"trigger": self.kind, "trigger_kwargs": self.kwargs}

    def parts(self) -> list["Draft"]:
        """Return the triggers that an `and` or an `or` is made of, in its zone and under its policies."""
        triggers = self.kwargs["triggers"]
        return [self._replace(kind=each["trigger"], kwargs=each["trigger_kwargs"]) for each in triggers]


def expressions(smallest: int, largest: int) -> st.SearchStrategy[object]:
    """Return expressions for a field of cron whose values lie between the two."""
    numbers = st.integers(smallest, largest)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.integers(1, largest - smallest).map(lambda step: f"*/{step}")
    lists = st.lists(numbers.map(str) | ranges, min_size=1, max_size=4).map(",".join)
    return st.just("*") | numbers | ranges | steps | lists


crons = st.fixed_dictionaries(
    {"minute": expressions(0, 59), "hour": st.none() | expressions(0, 23)},
    optional={
        "month": expressions(1, 12),
        "day": expressions(1, 31) | st.sampled_from(["last", "last fri", "1st mon", "3rd sun,15"]),
        "day_of_week": expressions(0, 6) | st.sampled_from(["mon-fri", "sat,sun"]),
        "week": expressions(1, 53),
        "year": st.sampled_from(["*/2", "2027", "2025-2040"]),
        "second": st.sampled_from([0, 30, "*/20", "0,59"]),
    },
)
crontabs = st.tuples(
    *(expressions(*ends).map(str) for ends in ((0, 59), (0, 23))),
    expressions(1, 31).map(str) | st.just("L"),
    expressions(1, 12).map(str),
    expressions(0, 6).map(str) | st.sampled_from(["7", "5L", "1#2", "mon-FRI"]),
).map(lambda words: {"crontab": " ".join(words)})
intervals = st.fixed_dictionaries(
    {"seconds": st.integers(1, 10**7)},
    optional={"start_date": moments.map(str), "weeks": st.integers(0, 20)},
)
dates = moments.map(lambda moment: {"run_date": str(moment)})
calendar_intervals = st.fixed_dictionaries(
    {"hour": st.integers(0, 23), "minute": st.sampled_from([0, 30])},
    optional={"start_date": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str)},
).flatmap(
    lambda times: st.dictionaries(
        st.sampled_from(["years", "months", "weeks", "days"]), st.integers(1, 20), min_size=1
    ).map(lambda units: {**units, **times})
)
options = st.fixed_dictionaries(
    {},
    optional={
        "dst_gap": st.sampled_from(DST_GAPS),
        "dst_fold": st.sampled_from(DST_FOLDS),
        "on_missing_day": st.sampled_from(MISSING_DAYS),
    },
)


def of_kind(kind: str, kwargs: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Draft]:
    return kwargs.map(lambda each: Draft(kind, each))


leaves = (
    of_kind("cron", crons)
    | of_kind("cron", crontabs)
    | of_kind("interval", intervals)
    | of_kind("date", dates)
    | of_kind("calendarinterval", calendar_intervals)
)
# For `and`: what fires often has a chance to meet.
frequent_leaves = of_kind("interval", st.fixed_dictionaries({"seconds": st.integers(1, 900)})) | of_kind(
    "cron", st.fixed_dictionaries({"minute": expressions(0, 59)})
)


def _combine(parts: list[Draft], threshold: float | None, kind: str) -> Draft:
    kwargs: dict[str, Any] = {"triggers": [part.as_part() for part in parts]}
    return Draft(kind, {**kwargs, "threshold_seconds": threshold} if kind == "and" else kwargs)


def combine(
    parts: st.SearchStrategy[Draft], kinds: tuple[str, ...] = ("and", "or"), most: int = 3
) -> st.SearchStrategy[Draft]:
    thresholds = st.none() | st.sampled_from([0, 0.5, 30, 600, 3_600])
    return st.builds(_combine, st.lists(parts, min_size=1, max_size=most), thresholds, st.sampled_from(kinds))


flat = combine(leaves | frequent_leaves)
# Ten leaves at most: 3 of (3 of 1, or one).
nested = combine(flat | leaves) | combine(combine(combine(leaves, most=2), most=2), most=2)


def placed(drafts: st.SearchStrategy[Draft]) -> st.SearchStrategy[Draft]:
    """Return the same in any zone and under any policies."""
    return st.builds(
        lambda draft, zone, policies: draft._replace(zone=zone, options=policies),
        drafts,
        st.sampled_from(ZONES),
        options,
    )


drafts = placed(leaves | flat | nested)


def part(kind: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"trigger": kind, "trigger_kwargs": kwargs}


THE_30TH = part("cron", month="*/2", day=30, second="*")
# Each answers within its bounds, or is given up.
HOSTILE = {
    "coprime intervals": Draft(
        "and",
        {
            "triggers": [
                part("interval", seconds=86_399, start_date="2027-01-01T00:00:00.3"),
                part("interval", seconds=86_401, start_date="2027-01-01T00:00:02.6"),
            ],
            "threshold_seconds": 0,
        },
    ),
    "intervals that pass by one another": Draft(
        "and",
        {"triggers": [part("interval", hours=1), part("interval", hours=1, start_date="2027-01-01T00:30")]},
    ),
    "30 February": Draft("cron", {"month": 2, "day": 30}),
    "30 February, every second": Draft("cron", {"month": 2, "day": 30, "second": "*"}),
    "29 February on a Monday": Draft("cron", {"month": 2, "day": 29, "day_of_week": "mon"}),
    "29 February in week 20": Draft("cron", {"month": 2, "day": 29, "week": 20, "minute": "*"}),
    "the 31st of short months": Draft("cron", {"crontab": "* * 31 2,4,6,9,11 *"}),
    "a fifth Monday of February in week 1": Draft("cron", {"month": 2, "day": "5th mon", "week": 1}),
    "every second, in January and in July": Draft(
        "and", {"triggers": [part("cron", month=1, second="*"), part("cron", month=7, second="*")]}
    ),
    "every second, in January only": Draft(
        "and", {"triggers": [part("interval", seconds=1), part("cron", month=1, second="*")]}
    ),
    "ten leaves": Draft("and", {"triggers": [part("interval", seconds=seconds) for seconds in range(3_571, 3_581)]}),
    "ten leaves, nested": Draft(
        "and",
        {
            "triggers": [
                part("or", triggers=[part("and", triggers=[part("interval", seconds=seconds), THE_30TH])])
                for seconds in (7, 11, 13, 17, 19)
            ]
        },
    ),
    "dense leaves far apart": Draft(
        "and",
        {
            "triggers": [*[part("cron", second="*", minute="*/2") for _ in range(9)], part("cron", minute="1-59/2")],
            "threshold_seconds": 3_600,
        },
    ),
    "a calendar interval of centuries from a leap day": Draft(
        "calendarinterval", {"years": 100, "start_date": "2000-02-29"}
    ),
    "a calendar interval that began long ago": Draft(
        "calendarinterval", {"days": 1, "start_date": "0001-01-02"}, options={"on_missing_day": "last_day"}
    ),
    "an interval that began long ago": Draft("interval", {"seconds": 1, "start_date": "0001-01-02"}),
    "a year far away": Draft("cron", {"year": 9999, "second": "*"}),
    "a start far away": Draft("cron", {"minute": "*", "start_date": "9998-12-31"}),
}

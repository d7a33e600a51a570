"""What a trigger says of itself: by example, and that it says enough to tell one pattern from another."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.triggers import KINDS, BoundsExceeded, Trigger, TriggerError, build_trigger
from schedules.triggers.summary import summarise
from tests.unit.schedules.factories import GRID_START, utc

ZONE = "Europe/Amsterdam"


def summary_of(kind: str, /, **kwargs: Any) -> str:
    """Return the summary without the zone at its end."""
    return summarise(kind, kwargs, timezone=ZONE).removesuffix(f", {ZONE}")


def leaf(kind: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"trigger": kind, "trigger_kwargs": kwargs}


class TestCron:
    @pytest.mark.parametrize(
        ("crontab", "summary"),
        [
            ("30 2 * * *", "At 02:30 every day"),
            ("30 2 * * 1-5", "At 02:30, Monday to Friday"),
            ("0 8 * * 0", "At 08:00, every Sunday"),
            ("0 8 * * 7,6", "At 08:00, every Saturday and Sunday"),
            ("0 8 * * mon-wed,sat", "At 08:00, every Monday to Wednesday and Saturday"),
            ("0 2,3 * * *", "At 02:00 and 03:00 every day"),
            ("0 */2 * * *", "Every 2 hours from 00:00"),
            ("0 0-22/2 * * *", "At every 2nd hour from 00:00 to 22:00 every day"),
            ("30 */6 * * *", "Every 6 hours from 00:30"),
            ("0 */5 * * *", "Every 5 hours from 00:00 to 20:00"),
            ("* * * * *", "Every minute"),
            ("*/5 * * * *", "Every 5 minutes"),
            ("*/5 1-4 * * *", "Every 5 minutes, from 01:00 to 04:59"),
            ("*/5 0-6,22-23 * * *", "Every 5 minutes, from 00:00 to 06:59 and from 22:00 to 23:59"),
            ("*/5 0,4,9 * * *", "Every 5 minutes, in the hours 00, 04 and 09"),
            ("*/5 */2 * * *", "Every 5 minutes, in every 2nd hour from 00 to 22"),
            ("0-59/5 0-23 * * *", "At every 5th minute from 0 to 55 of every hour every day"),
            ("*/7 * * * *", "Every hour at every 7th minute from 0 to 56"),
            ("0 * * * *", "Every hour"),
            ("0 0-23 * * *", "Hourly from 00:00 to 23:00 every day"),
            ("15 * * * *", "Every hour at minute 15"),
            ("0,30 9-17 * * *", "At minutes 0 and 30 of the hours 09 to 17 every day"),
            ("0 9-17 * * 1-5", "Hourly from 09:00 to 17:00, Monday to Friday"),
            ("*/30 2 * * *", "Every 30 minutes, from 02:00 to 02:59"),
            ("*/45 2 * * *", "Whenever the clock shows 02:00 or 02:45"),
            ("0 0 1 * *", "On the 1st of the month at 00:00"),
            ("0 0 1,15 * *", "On the 1st and the 15th of the month at 00:00"),
            ("0 0 1-7 * *", "On the 1st to 7th of the month at 00:00"),
            ("0 0 */10 * *", "On every 10th day from the 1st to the 31st of the month at 00:00"),
            ("0 6 L * *", "On the last day of the month at 06:00"),
            ("0 6 * * 5L", "On the last Friday of the month at 06:00"),
            ("0 6 * * 5#2,5#4", "On the 2nd Friday and the 4th Friday of the month at 06:00"),
            ("0 6 * * 1,5L", "At 06:00, every Monday and on the last Friday of the month"),
            ("*/5 * 1 * *", "Every 5 minutes, on the 1st of the month"),
            ("0 0 1 1 *", "On the 1st of January at 00:00"),
            ("0 0 1 */3 *", "On the 1st of January, April, July and October at 00:00"),
            ("0 0 * 1-3 *", "At 00:00 every day, in January to March"),
            ("0 0 * 6 1-5", "At 00:00, Monday to Friday, in June"),
            # a day of the month and a weekday: either is enough, unless one of them begins with a star
            ("0 0 13 * 5", "At 00:00, on the 13th of the month and also every Friday"),
            ("0 0 13 6 5", "At 00:00, on the 13th of the month and also every Friday, in June"),
            ("0 0 */2 * 1", "At 00:00, on every 2nd day from the 1st to the 31st of the month if it is Monday"),
            ("0 0 1-31 * 1", "At 00:00 every day"),
            ("0 0 13 * 0-6", "At 00:00 every day"),
            ("@hourly", "Every hour"),
            ("@daily", "At 00:00 every day"),
            ("@weekly", "At 00:00, every Sunday"),
            ("@monthly", "On the 1st of the month at 00:00"),
            ("@yearly", "On the 1st of January at 00:00"),
            ("30 0 2 * * *", "At 02:00:30 every day"),
            ("* * * * * *", "Every second"),
            ("*/10 * 2 * * *", "Every 10 seconds, from 02:00 to 02:59"),
            ("5,15 */10 * * * *", "Every 10 minutes, at seconds 5 and 15"),
        ],
    )
    def test_a_crontab(self, crontab: str, summary: str) -> None:
        assert summary_of("cron", crontab=crontab) == summary

    @pytest.mark.parametrize(
        ("kwargs", "summary"),
        [
            ({"hour": 2, "minute": 30}, "At 02:30 every day"),
            ({"hour": 2, "minute": 30, "day_of_week": "0-4"}, "At 02:30, Monday to Friday"),
            ({"hour": 2, "minute": "0,20,40", "second": None}, "At 02:00, 02:20 and 02:40, every day"),
            ({"minute": 30}, "Every hour at minute 30"),
            ({"day": "last", "hour": 6}, "On the last day of the month at 06:00"),
            ({"day": "2nd fri, last mon, 15"}, "On the 15th, the 2nd Friday and the last Monday of the month at 00:00"),
            ({"day": 13, "day_of_week": "fri"}, "At 00:00, on the 13th of the month if it is Friday"),
            (
                {"day": "1-7", "day_of_week": "sat,sun"},
                "At 00:00, on the 1st to 7th of the month if it is Saturday or Sunday",
            ),
            ({"month": "jan-mar"}, "On the 1st of January to March at 00:00"),
            ({"year": 2027}, "On the 1st of January at 00:00, in 2027"),
            ({"year": "2027-2029,2031", "hour": 8}, "At 08:00 every day, from 2027 to 2029 and in 2031"),
            ({"year": "2028/4", "hour": 8}, "At 08:00 every day, in every 4th year from 2028 on"),
            ({"year": "2027-9999", "hour": 8}, "At 08:00 every day, from 2027 on"),
            ({"week": 5, "hour": 8}, "At 08:00 every day, in ISO week 5"),
            ({"week": "1-10", "day_of_week": "mon"}, "At 00:00, every Monday, in ISO weeks 1 to 10"),
            ({"week": "*/2", "day_of_week": 0}, "At 00:00, every Monday, in every 2nd ISO week from 1 to 53"),
            ({"second": "*/20"}, "Every 20 seconds"),
            ({"hour": 2, "second": "*"}, "Every second, from 02:00 to 02:59"),
            ({"hour": 2, "minute": 30, "second": "*"}, "At 02:30, at every second, every day"),
            ({"hour": 2, "minute": 30, "second": "*/20"}, "At 02:30:00, 02:30:20 and 02:30:40, every day"),
            (
                {"hour": 8, "start_date": "2027-01-01", "end_date": "2027-12-31T23:59:59"},
                "At 08:00 every day, from 2027-01-01 at 00:00 until 2027-12-31 at 23:59:59",
            ),
            ({"hour": 8, "end_date": "2027-10-31T02:30"}, "At 08:00 every day, until 2027-10-31 at 02:30 (+02:00)"),
        ],
    )
    def test_fields(self, kwargs: dict[str, Any], summary: str) -> None:
        assert summary_of("cron", **kwargs) == summary

    def test_a_thousand_years_are_not_listed(self) -> None:
        assert len(summary_of("cron", year="*/2,*/3,2000-5000/7", month=1)) < 250

    def test_it_ends_with_the_zone(self) -> None:
        assert summarise("cron", {"hour": 8}, timezone="Asia/Kolkata") == "At 08:00 every day, Asia/Kolkata"


class TestOtherKinds:
    @pytest.mark.parametrize(
        ("kwargs", "summary"),
        [
            ({"hours": 12}, "Every 12 hours"),
            ({"minutes": 60}, "Every hour"),
            ({"seconds": 30}, "Every 30 seconds"),
            ({"seconds": 1.5}, "Every 1.5 seconds"),
            ({"minutes": 90}, "Every 1 hour and 30 minutes"),
            ({"hours": 1, "minutes": 1, "seconds": 1}, "Every 1 hour, 1 minute and 1 second"),
            # days of an interval are so many hours, whatever the clocks do
            ({"days": 1}, "Every 24 hours"),
            ({"days": 2}, "Every 48 hours"),
            ({"weeks": 1}, "Every 7 days of 24 hours"),
            ({"days": 3, "hours": 2}, "Every 3 days of 24 hours and 2 hours"),
            ({"hours": 1, "start_date": "2027-01-01T09:00"}, "Every hour, counted from 2027-01-01 at 09:00"),
            ({"hours": 1, "end_date": "2027-01-02"}, "Every hour, until 2027-01-02 at 00:00"),
            (
                {"hours": 1, "start_date": "2027-01-01T09:00:05.5", "end_date": "2027-01-02T00:00:00Z"},
                "Every hour, counted from 2027-01-01 at 09:00:05.500000 until 2027-01-02 at 01:00",
            ),
        ],
    )
    def test_an_interval(self, kwargs: dict[str, Any], summary: str) -> None:
        assert summary_of("interval", **kwargs) == summary

    def test_an_interval_names_a_zone_only_where_it_has_a_bound(self) -> None:
        assert summarise("interval", {"hours": 1}, timezone=ZONE) == "Every hour"
        bounded = summarise("interval", {"hours": 1, "start_date": "2027-01-01"}, timezone=ZONE)
        assert bounded == f"Every hour, counted from 2027-01-01 at 00:00, {ZONE}"

    @pytest.mark.parametrize(
        ("run_date", "summary"),
        [
            ("2027-03-27T02:30", "Once, on 2027-03-27 at 02:30"),
            ("2027-03-27T02:30:00Z", "Once, on 2027-03-27 at 03:30"),
            ("2027-03-28T02:30", "Once, on 2027-03-28 at 03:00"),  # the clocks skip 02:30
            ("2027-10-31T02:30", "Once, on 2027-10-31 at 02:30 (+02:00)"),  # and show this one twice
            ("2027-10-31T01:30:00Z", "Once, on 2027-10-31 at 02:30 (+01:00)"),
            ("9999-12-31T23:59:59Z", "Once, on 9999-12-31 at 23:59:59"),  # 00:59 in the year 10000
        ],
    )
    def test_a_date(self, run_date: str, summary: str) -> None:
        assert summary_of("date", run_date=run_date) == summary

    @pytest.mark.parametrize(
        ("kwargs", "summary"),
        [
            ({"days": 1, "hour": 8}, "Every day at 08:00"),
            ({"months": 1}, "Every month at 00:00"),
            (
                {"months": 2, "hour": 8, "start_date": "2027-01-15"},
                "Every 2 months on the 15th at 08:00, from 2027-01-15",
            ),
            (
                {"months": 1, "start_date": "2027-01-31"},
                "Every month on the 31st at 00:00, left out where a month has no 31st, from 2027-01-31",
            ),
            ({"weeks": 2, "hour": 8, "start_date": "2027-01-04"}, "Every 2 weeks on Monday at 08:00, from 2027-01-04"),
            ({"years": 1, "start_date": "2027-07-01"}, "Every year on 1 July at 00:00, from 2027-07-01"),
            (
                {"years": 1, "months": 6, "days": 3, "minute": 5, "second": 7, "start_date": "2027-07-01"},
                "Every 1 year, 6 months and 3 days at 00:05:07, from 2027-07-01",
            ),
            # on its first day, 08:00 has passed by the time that it starts
            ({"days": 1, "hour": 8, "start_date": "2027-01-15T12:00"}, "Every day at 08:00, from 2027-01-15 at 12:00"),
            ({"days": 1, "end_date": "2027-12-31"}, "Every day at 00:00, until 2027-12-31"),
            ({"days": 1, "end_date": "2027-12-31T12:00"}, "Every day at 00:00, until 2027-12-31 at 12:00"),
        ],
    )
    def test_a_calendar_interval(self, kwargs: dict[str, Any], summary: str) -> None:
        assert summary_of("calendarinterval", **kwargs) == summary

    def test_a_calendar_interval_says_what_it_does_in_a_shorter_month(self) -> None:
        monthly = {"months": 2, "hour": 8, "start_date": "2027-01-31"}
        assert summarise("calendarinterval", monthly, timezone=ZONE, on_missing_day="last_day") == (
            "Every 2 months on the 31st at 08:00, last day where a month is shorter, from 2027-01-31, Europe/Amsterdam"
        )
        daily = {"days": 1}
        assert summarise("calendarinterval", daily, timezone="UTC", on_missing_day="last_day") == (
            "Every day at 00:00, UTC"
        )

    def test_a_calendar_interval_names_its_day_when_it_is_told_from_when_it_counts(self) -> None:
        found = summarise("calendarinterval", {"months": 1}, timezone="UTC", grid_start=utc("2027-01-30T12:00"))
        assert found == "Every month on the 30th at 00:00, left out where a month has no 30th, UTC"

    def test_one_of_several(self) -> None:
        triggers = [leaf("cron", hour=2, minute=30, day_of_week="mon-fri"), leaf("interval", hours=12)]
        assert summary_of("or", triggers=triggers) == "Either (at 02:30, Monday to Friday) or every 12 hours"

    def test_several_together(self) -> None:
        triggers = [leaf("cron", hour=8), leaf("interval", hours=12)]
        assert summary_of("and", triggers=triggers) == "When both at 08:00 every day and every 12 hours coincide"
        assert summary_of("and", triggers=triggers, threshold_seconds=1).endswith("coincide")
        assert summary_of("and", triggers=triggers, threshold_seconds=90).endswith("coincide within 90 seconds")
        assert summary_of("and", triggers=triggers, threshold_seconds=0).endswith("coincide exactly")

    def test_nested_ones(self) -> None:
        inner = leaf("or", triggers=[leaf("interval", hours=8), leaf("cron", hour=9)])
        assert summary_of("and", triggers=[leaf("interval", hours=1), inner, leaf("cron", minute=0)]) == (
            "When all of every hour, (either every 8 hours or at 09:00 every day) and every hour coincide"
        )

    def test_one_alone_reads_as_it_would_without_the_others(self) -> None:
        assert summary_of("or", triggers=[leaf("cron", hour=9)]) == "At 09:00 every day"
        assert summary_of("and", triggers=[leaf("cron", hour=9)]) == "At 09:00 every day"

    def test_only_grids_of_elapsed_time_need_no_zone(self) -> None:
        grids = {"triggers": [leaf("interval", hours=1), leaf("interval", hours=2)]}
        assert summarise("or", grids, timezone=ZONE) == "Either every hour or every 2 hours"
        mixed = {"triggers": [leaf("interval", hours=1), leaf("cron", hour=2)]}
        assert summarise("or", mixed, timezone=ZONE).endswith(f", {ZONE}")

    @pytest.mark.parametrize(
        ("kind", "kwargs"),
        [("crn", {}), ("cron", {"hour": 25}), ("or", {}), ("or", {"triggers": [{"trigger": "cron"}]})],
    )
    def test_what_cannot_be_built_has_no_summary(self, kind: str, kwargs: dict[str, Any]) -> None:
        with pytest.raises(TriggerError):
            summarise(kind, kwargs, timezone=ZONE)


def test_the_page_on_time_says_what_the_summaries_say() -> None:
    page = (Path(__file__).parents[3] / "docs" / "time.md").read_text()
    rows = re.findall(r"^\| (?:`(\w+)`)? *\| `({.*})` \| (.*) \|$", page, flags=re.MULTILINE)
    assert {kind for kind, _, _ in rows if kind} == set(KINDS)
    kind = ""
    for named, kwargs, summary in rows:
        kind = named or kind
        assert summarise(kind, json.loads(kwargs), timezone=ZONE) == summary


LIMITS = {
    "year": (2026, 2031),
    "month": (1, 12),
    "day": (1, 31),
    "week": (1, 53),
    "day_of_week": (0, 6),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}


@cache
def expressions(name: str) -> st.SearchStrategy[str]:
    """Return expressions for a field; some say the same in other words, so that summaries do meet."""
    smallest, largest = LIMITS[name]
    numbers = st.integers(smallest, largest)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    items = [
        st.just("*"),
        st.sampled_from([2, 3, 5]).map("*/{}".format),
        st.integers(1, largest - smallest).map("*/{}".format),
        numbers.map(str),
        ranges,
        st.just(f"{smallest}-{largest}"),
        st.sampled_from([2, 3, 5]).map(f"{smallest}-{largest}/{{}}".format),
    ]
    if name == "day":
        items.append(st.sampled_from(["last", "1st mon", "last fri"]))
    return st.lists(st.one_of(items), min_size=1, max_size=3).map(",".join)


WEEKDAYS = st.lists(st.sampled_from(["*", "*/2", "1-5", "0-6", "mon", "5#2", "5l", "0", "7"]), min_size=1, max_size=2)
CRONTAB = {
    "minute": expressions("minute"),
    "hour": expressions("hour"),
    "day": expressions("day").filter(lambda text: " " not in text).map(lambda text: text.replace("last", "L")),
    "month": st.sampled_from(["*", "*/3", "1-6", "2"]),
    "day_of_week": WEEKDAYS.map(",".join),
}
patterns = st.fixed_dictionaries({}, optional={name: expressions(name) for name in LIMITS}).filter(bool)
crontabs = st.fixed_dictionaries(CRONTAB)


def join_fields(fields: dict[str, str]) -> dict[str, str]:
    return {"crontab": " ".join(fields[name] for name in CRONTAB)}


@st.composite
def families(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return a pattern, and variations of it in one field or two: among them some that read the same."""
    is_crontab = draw(st.booleans())
    base = draw(crontabs if is_crontab else patterns)
    fields = {name: CRONTAB[name] if is_crontab else expressions(name) for name in base}
    changes = st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: fields[name] for name in names})
    )
    found = [base, *({**base, **change} for change in draw(st.lists(changes, min_size=10, max_size=20)))]
    return [join_fields(each) for each in found] if is_crontab else found


# The new year, and so long before each change of the clocks that patterns of days, minutes and seconds come to it.
STARTS = [
    utc(text)
    for text in (
        "2027-01-01",
        "2027-03-27T12:00",
        "2027-03-28T00:30",
        "2027-03-28T00:59:40",
        "2027-10-30T12:00",
        "2027-10-31T00:30",
        "2027-10-31T00:59:40",
    )
]


def instants_of(kwargs: dict[str, Any]) -> list[datetime | None]:
    """Return fifty instants from each of the starts on."""
    trigger = build_trigger("cron", kwargs, timezone=ZONE, grid_start=GRID_START)
    found: list[datetime | None] = []
    for start in STARTS:
        latest: datetime | None = start
        for _ in range(50):
            latest = latest and next_or_none(trigger, latest)
            found.append(latest)
    return found


def next_or_none(trigger: Trigger, after: datetime) -> datetime | None:
    try:
        return trigger.next_after(after)
    except BoundsExceeded:
        return None


@settings(max_examples=150, deadline=None)
@given(families())
def test_patterns_that_read_the_same_fire_at_the_same_instants(family: list[dict[str, Any]]) -> None:
    by_summary: dict[str, dict[str, Any]] = {}
    instants: dict[str, list[datetime | None]] = {}
    for kwargs in family:
        summary = summary_of("cron", **kwargs)
        first = by_summary.setdefault(summary, kwargs)
        if first != kwargs:
            expected = instants.get(summary) or instants.setdefault(summary, instants_of(first))
            assert instants_of(kwargs) == expected, (first, kwargs)


# Each says the same in two ways: what the property above has to compare must not be too rare.
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"minute": "*/15"}, {"hour": "*", "minute": "0,15,30,45"}),
        ({"hour": 2, "minute": 30}, {"crontab": "30 2 * * *"}),
        ({"hour": 0, "day_of_week": "0-4"}, {"crontab": "0 0 * * mon-fri"}),
        ({"day": "1-31", "hour": 4}, {"hour": 4}),
        ({"day": "1st mon"}, {"crontab": "0 0 * * 1#1"}),
    ],
)
def test_the_same_pattern_reads_the_same_however_it_is_written(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert summary_of("cron", **one) == summary_of("cron", **other)
    assert instants_of(one) == instants_of(other)


@pytest.mark.parametrize(
    ("fixed", "elapsed"),
    [
        ({"hour": "0-23", "minute": 0}, {"hour": "*", "minute": 0}),
        ({"hour": "0-22/2"}, {"hour": "*/2"}),
        ({"hour": 2, "minute": "0-59"}, {"hour": 2, "minute": "*"}),
        ({"hour": "0-23", "minute": "0-59/5"}, {"minute": "*/5"}),
        ({"hour": 2, "minute": "0,45"}, {"hour": 2, "minute": "*/45"}),
    ],
)
def test_fixed_times_and_elapsed_time_read_differently(fixed: dict[str, Any], elapsed: dict[str, Any]) -> None:
    assert instants_of(fixed) != instants_of(elapsed)
    assert summary_of("cron", **fixed) != summary_of("cron", **elapsed)


moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(str)  # noqa: DTZ001 - read in the zone
bounds: dict[str, st.SearchStrategy[Any]] = {
    "start_date": moments,
    "end_date": moments.map(lambda text: f"9{text[1:]}"),
}
counts = st.integers(0, 40)
leaves = st.one_of(
    st.tuples(st.just("cron"), patterns),
    st.tuples(st.just("cron"), crontabs.map(join_fields)),
    st.tuples(st.just("date"), st.fixed_dictionaries({"run_date": moments})),
    st.tuples(
        st.just("interval"),
        st.fixed_dictionaries({"seconds": st.floats(1, 10**9)}, optional={"weeks": counts, **bounds}),
    ),
    st.tuples(
        st.just("calendarinterval"),
        st.fixed_dictionaries(
            {"days": st.integers(1, 400)},
            optional={"years": counts, "months": counts, "hour": st.integers(0, 23), **bounds},
        ),
    ),
)
triggers = st.recursive(
    leaves,
    lambda parts: st.tuples(
        st.sampled_from(["and", "or"]),
        st.lists(parts, min_size=1, max_size=3).map(
            lambda found: {"triggers": [leaf(kind, **kw) for kind, kw in found]}
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=timedelta(seconds=5))
@given(
    triggers, st.sampled_from(["UTC", ZONE, "Australia/Lord_Howe", "Pacific/Apia"]), st.sampled_from([None, "last_day"])
)
def test_whatever_can_be_built_has_a_summary_of_one_line(
    trigger: tuple[str, dict[str, Any]], zone: str, on_missing_day: str | None
) -> None:
    kind, kwargs = trigger
    try:
        build_trigger(kind, kwargs, timezone=zone, grid_start=datetime(2027, 1, 1, tzinfo=UTC))
    except TriggerError:
        return
    found = summarise(kind, kwargs, timezone=zone, on_missing_day=on_missing_day)
    assert found[:1].isupper()
    assert "\n" not in found
    assert len(found) < 2_000

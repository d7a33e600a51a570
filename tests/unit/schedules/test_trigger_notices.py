"""What is said of a trigger that may not do what was meant, and what is not said of one that does."""

from typing import Any

import pytest

from schedules.triggers import build_trigger, split_options
from schedules.triggers.notices import Notice, find_notices
from tests.unit.schedules.factories import GRID_START, utc

AMSTERDAM = "Europe/Amsterdam"
IN_MARCH = "On 2027-03-28 the clocks of Europe/Amsterdam go from 02:00 to 03:00:"
LAST = "'last' is the last day of every month."
FROM_MONDAY = "its numbers count from 0 = Monday, unlike a crontab's."


def notices_of(
    kind: str, kwargs: dict[str, Any], *, zone: str = AMSTERDAM, after: str = "2027-01-01", **given: Any
) -> list[Notice]:
    rest, options = split_options(kwargs, {"timezone": zone, **given})
    policies = {name: options[name] for name in ("dst_gap", "dst_fold", "on_missing_day") if options[name]}
    trigger = build_trigger(kind, rest, timezone=zone, grid_start=GRID_START, **policies)
    return find_notices(kind, kwargs, options=options, trigger=trigger, after=utc(after))


def details(code: str, kind: str, kwargs: dict[str, Any], **given: Any) -> list[str]:
    return [notice.detail for notice in notices_of(kind, kwargs, **given) if notice.code == code]


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("interval", {"hours": 1}),
        ("cron", {"hour": 8, "day_of_week": "mon-fri"}),
        ("cron", {"crontab": "0 8 * * 1-5"}),
        ("cron", {"hour": "*", "minute": 30}),
        ("date", {"run_date": "2027-03-28T03:00"}),
        ("calendarinterval", {"months": 1, "start_date": "2027-01-28"}),
        ("or", {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": 8}}]}),
    ],
)
def test_nothing_is_said_where_nothing_can_be_mistaken(kind: str, kwargs: dict[str, Any]) -> None:
    assert notices_of(kind, kwargs) == []


class TestWeekdayNumbers:
    @pytest.mark.parametrize(
        ("given", "days", "names"),
        [
            ("0-4", "Monday to Friday", "mon-fri"),
            (6, "Sunday", "sun"),
            ("*/3", "Monday, Thursday and Sunday", "mon,thu,sun"),
        ],
    )
    def test_they_are_named(self, given: object, days: str, names: str) -> None:
        [detail] = details("weekday_numbers", "cron", {"day_of_week": given})
        assert detail == f"day_of_week '{given}' is {days}: {FROM_MONDAY} '{names}' says the same without doubt."

    @pytest.mark.parametrize("given", ["mon-fri", "*", "0-6"])
    def test_names_and_all_seven_need_no_word(self, given: str) -> None:
        assert details("weekday_numbers", "cron", {"day_of_week": given}) == []


class TestGap:
    def test_a_time_in_the_gap_runs_after_it(self) -> None:
        [detail] = details("dst_gap", "cron", {"hour": 2, "minute": 30})
        fate = "what is planned at 02:30 runs at 03:00 (dst_gap 'run_after'); 'skip' would leave it out."
        assert detail == f"{IN_MARCH} {fate}"

    def test_or_is_left_out(self) -> None:
        [detail] = details("dst_gap", "cron", {"hour": 2, "minute": 30}, dst_gap="skip")
        fate = "does not run on that day (dst_gap 'skip'); 'run_after' would run it at 03:00."
        assert detail == f"{IN_MARCH} what is planned at 02:30 {fate}"

    def test_several_times_in_the_gap_are_one(self) -> None:
        [detail] = details("dst_gap", "cron", {"hour": 2, "minute": "15,45"})
        assert "what is planned in between (from 02:15 on) runs once at 03:00" in detail

    def test_a_pattern_of_minutes_in_a_given_hour_does_not_run(self) -> None:
        [detail] = details("dst_gap", "cron", {"hour": 2, "minute": "*/30"})
        assert detail.endswith(
            "what is planned in between (from 02:00 on) does not run on that day, as it is no fixed time of day "
            "(its minute begins with '*')."
        )

    @pytest.mark.parametrize("kwargs", [{"minute": "*/30"}, {"hour": "*/2"}, {"crontab": "30 */2 * * *"}])
    def test_a_pattern_of_every_hour_needs_no_word(self, kwargs: dict[str, Any]) -> None:
        assert details("dst_gap", "cron", kwargs) == []

    def test_a_day_that_the_zone_leaves_out(self) -> None:
        [detail] = details("dst_gap", "cron", {"hour": 12}, zone="Pacific/Apia", after="2011-06-01")
        change = "On 2011-12-30 the clocks of Pacific/Apia go from 00:00 to 00:00 on 2011-12-31:"
        assert detail.startswith(f"{change} what is planned at 12:00 runs at 00:00 on 2011-12-31 (dst_gap")

    def test_a_calendar_interval(self) -> None:
        assert len(details("dst_gap", "calendarinterval", {"days": 1, "hour": 2, "minute": 30})) == 1
        weekly = {"weeks": 1, "hour": 2, "minute": 30, "start_date": "2027-01-04"}  # on Mondays
        assert details("dst_gap", "calendarinterval", weekly) == []

    def test_a_moment_that_never_was(self) -> None:
        [detail] = details("dst_gap", "date", {"run_date": "2027-03-28T02:30"})
        assert detail == f"{IN_MARCH} it runs at 03:00, as there is no 02:30 on that day."
        assert details("dst_gap", "date", {"run_date": "2027-03-28T02:30:00+01:00"}) == []

    def test_only_the_year_to_come_counts(self) -> None:
        nightly = {"hour": 2, "minute": 30, "year": 2029}
        assert details("dst_gap", "cron", nightly, after="2027-06-01") == []
        assert len(details("dst_gap", "cron", nightly, after="2028-06-01")) == 1

    def test_what_lies_outside_of_the_bounds_does_not_count(self) -> None:
        nightly = {"hour": 2, "minute": 30}
        assert details("dst_gap", "cron", {**nightly, "start_date": "2027-03-29"}) == []
        assert details("dst_gap", "cron", {**nightly, "end_date": "2027-03-27"}) == []
        assert len(details("dst_gap", "cron", {**nightly, "end_date": "2027-03-28T03:00"})) == 1
        assert details("dst_gap", "calendarinterval", {**nightly, "days": 1, "end_date": "2027-03-27"}) == []
        assert len(details("dst_gap", "calendarinterval", {**nightly, "days": 1, "end_date": "2027-03-28"})) == 1


class TestMissingDay:
    @pytest.mark.parametrize(
        ("kwargs", "expected"),
        [
            ({"day": 31}, f"Day 31 is left out in February, April, June, September and November; {LAST}"),
            ({"day": 30}, f"Day 30 is left out in February; {LAST}"),
            ({"day": 29}, f"Day 29 is left out in February, except in leap years; {LAST}"),
            ({"day": "1,31", "month": "jan-apr"}, f"Day 31 is left out in February and April; {LAST}"),
            ({"crontab": "0 0 30 * *"}, "Day 30 is left out in February; 'L' is the last day of every month."),
        ],
    )
    def test_of_a_cron_pattern(self, kwargs: dict[str, Any], expected: str) -> None:
        assert details("missing_day", "cron", kwargs) == [expected]

    @pytest.mark.parametrize(
        "kwargs",
        [
            {"day": 28},
            {"day": "*"},
            {"day": "1-31"},
            {"day": "*/2"},
            {"day": "31,last"},
            {"day": "5th fri"},
            {"day": 31, "month": "jan,mar"},
            {"day": 29, "month": 2, "year": 2028},
            {"day": 31, "start_date": "2027-03-01", "end_date": "2027-03-31"},
        ],
    )
    def test_none_of_a_pattern_whose_months_all_have_its_day(self, kwargs: dict[str, Any]) -> None:
        assert details("missing_day", "cron", kwargs) == []

    def test_of_a_calendar_interval(self) -> None:
        monthly = {"months": 1, "start_date": "2027-01-31"}
        [detail] = details("missing_day", "calendarinterval", monthly, after="2027-02-10")
        remedy = "on_missing_day 'last_day' takes its last day instead."
        assert detail == f"A month without a 31st is left out, the next one is February 2027; {remedy}"
        assert details("missing_day", "calendarinterval", monthly, on_missing_day="last_day") == []

    @pytest.mark.parametrize(
        ("kwargs", "count"),
        [
            ({"months": 12, "start_date": "2027-01-31"}, 0),
            ({"months": 2, "start_date": "2027-01-31"}, 1),  # September
            ({"years": 1, "start_date": "2028-02-29"}, 1),
            ({"years": 4, "start_date": "2028-02-29"}, 0),
            ({"months": 1, "days": 1, "start_date": "2027-01-29"}, 1),
            ({"days": 1, "start_date": "2027-01-31"}, 0),
            ({"months": 1, "start_date": "2027-01-31", "end_date": "2027-01-31"}, 0),
            ({"months": 1}, 0),  # from the day on which it was made, the first
        ],
    )
    def test_only_where_it_comes_to_such_a_month(self, kwargs: dict[str, Any], count: int) -> None:
        assert len(details("missing_day", "calendarinterval", kwargs)) == count


class TestOptions:
    def test_jitter(self) -> None:
        assert notices_of("interval", {"hours": 1, "jitter": 30}) == [
            Notice(
                "jitter_as_spread",
                "jitter is taken as spread_seconds 30: a delay of at most 30 s that is the same every time, so that "
                "previews come true.",
            )
        ]

    @pytest.mark.parametrize("option", [{"dst_gap": "skip"}, {"dst_fold": "second"}, {"dst_fold": "both"}])
    @pytest.mark.parametrize(
        ("kind", "kwargs", "count"),
        [
            ("interval", {"hours": 1}, 1),
            ("cron", {"minute": "*/5"}, 1),
            ("date", {"run_date": "2027-05-01"}, 1),
            ("cron", {"hour": 8}, 0),
            ("calendarinterval", {"days": 1}, 0),
        ],
    )
    def test_a_policy_for_the_clocks_that_nothing_goes_by(
        self, kind: str, kwargs: dict[str, Any], count: int, option: dict[str, str]
    ) -> None:
        assert len(details("option_unused", kind, kwargs, **option)) == count

    def test_its_detail_says_what_goes_by_it(self) -> None:
        [detail] = details("option_unused", "interval", {"hours": 1}, dst_gap="skip")
        users = "cron with a minute and an hour that do not begin with '*', and for calendarinterval."
        assert detail == f"dst_gap 'skip' changes nothing here: it is for {users}"

    @pytest.mark.parametrize(
        ("kwargs", "count"), [({"days": 1}, 1), ({"weeks": 1}, 1), ({"months": 1}, 0), ({"years": 1}, 0)]
    )
    def test_a_policy_for_missing_days_that_nothing_goes_by(self, kwargs: dict[str, Any], count: int) -> None:
        assert len(details("option_unused", "calendarinterval", kwargs, on_missing_day="last_day")) == count

    def test_a_default_that_is_given_is_no_matter(self) -> None:
        given = {"dst_gap": "run_after", "dst_fold": "first", "on_missing_day": "skip"}
        assert notices_of("interval", {"hours": 1}, **given) == []


class TestParts:
    TRIGGERS: tuple[dict[str, Any], ...] = (
        {"trigger": "cron", "trigger_kwargs": {"hour": 2, "minute": 30, "jitter": 5}},
        {
            "trigger": "and",
            "trigger_kwargs": {
                "triggers": [
                    {"trigger": "interval", "trigger_kwargs": {"hours": 1}},
                    {"trigger": "cron", "trigger_kwargs": {"day_of_week": 6}},
                ]
            },
        },
    )

    def test_each_is_looked_at_and_its_place_is_said(self) -> None:
        found = notices_of("or", {"triggers": list(self.TRIGGERS)})
        assert [(notice.code, notice.detail.partition("On")[0].partition("day_of")[0]) for notice in found] == [
            ("dst_gap", "triggers[0]: "),
            ("weekday_numbers", "triggers[1]: triggers[1]: "),
            ("jitter_as_spread", found[2].detail),
        ]

    def test_an_option_is_unused_only_if_no_part_uses_it(self) -> None:
        assert details("option_unused", "or", {"triggers": list(self.TRIGGERS)}, dst_gap="skip") == []

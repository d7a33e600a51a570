"""`and` and `or`: several triggers as one. What holds of all of them see test_triggers_properties."""

from typing import Any

import pytest

from schedules.triggers import BoundsExceeded, Budget, HorizonPassed, TriggerError
from tests.unit.schedules.factories import GRID_START, make_trigger, times_of, utc


def part(kind: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"trigger": kind, "trigger_kwargs": kwargs}


FRIDAY = part("cron", day_of_week="fri", hour=2)
THE_13TH = part("cron", day=13, hour=2)


def test_or_fires_whenever_one_of_them_does() -> None:
    trigger = make_trigger("or", triggers=[FRIDAY, part("cron", day=4, hour=3)])
    assert times_of(trigger, after="2027-01-01", count=4) == [
        "2027-01-01 02:00",
        "2027-01-04 03:00",
        "2027-01-08 02:00",
        "2027-01-15 02:00",
    ]


def test_or_fires_once_where_two_fire_at_the_same_instant() -> None:
    trigger = make_trigger("or", triggers=[FRIDAY, THE_13TH])
    assert times_of(trigger, after="2027-08-12", count=2) == ["2027-08-13 02:00", "2027-08-20 02:00"]


def test_or_goes_on_while_one_of_them_does() -> None:
    trigger = make_trigger("or", triggers=[part("date", run_date="2027-01-02"), part("date", run_date="2027-01-03")])
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-01-02 00:00", "2027-01-03 00:00"]


def test_and_fires_where_all_of_them_do() -> None:
    trigger = make_trigger("and", triggers=[FRIDAY, THE_13TH])
    assert times_of(trigger, after="2027-01-01", count=3) == [
        "2027-08-13 02:00",
        "2028-10-13 02:00",
        "2029-04-13 02:00",
    ]


def test_and_ends_with_the_first_of_them() -> None:
    trigger = make_trigger("and", triggers=[part("cron", hour=2), part("cron", hour=2, end_date="2027-01-02T12:00")])
    assert times_of(trigger, after="2027-01-01", count=9) == ["2027-01-01 02:00", "2027-01-02 02:00"]


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(None, ["2027-01-01 00:10:01"]), (1, ["2027-01-01 00:10:01"]), (0.5, []), (0, [])],
)
def test_and_fires_at_the_latest_of_instants_that_are_close_enough(threshold: object, expected: list[str]) -> None:
    parts = [part("date", run_date="2027-01-01T00:10:00"), part("date", run_date="2027-01-01T00:10:01")]
    trigger = make_trigger("and", triggers=parts, threshold_seconds=threshold)
    assert times_of(trigger, after="2027-01-01", count=9) == expected


def test_by_default_more_than_a_second_is_too_far_apart() -> None:
    parts = [part("date", run_date="2027-01-01T00:10:00"), part("date", run_date="2027-01-01T00:10:01.5")]
    assert times_of(make_trigger("and", triggers=parts), after="2027-01-01", count=9) == []


def test_and_fires_once_for_instants_that_come_together() -> None:
    trigger = make_trigger("and", triggers=[part("cron", second="*"), part("cron", minute="*/10")], threshold_seconds=5)
    assert times_of(trigger, after="2027-01-01T00:01", count=2) == ["2027-01-01 00:10", "2027-01-01 00:20"]


def test_and_finds_a_window_that_has_begun_already() -> None:
    parts = [part("date", run_date="2027-01-01T00:10:00"), part("date", run_date="2027-01-01T00:20:00")]
    trigger = make_trigger("and", triggers=parts, threshold_seconds=600)
    assert times_of(trigger, after="2027-01-01T00:15", count=1) == ["2027-01-01 00:20"]


def test_a_rare_part_makes_a_dense_one_cheap() -> None:
    trigger = make_trigger("and", triggers=[part("interval", seconds=1), part("cron", month=3, day=1)])
    budget = Budget()
    trigger.next_after(GRID_START, budget)
    assert budget.spent < 50


def test_they_nest() -> None:
    inner = part("or", triggers=[part("cron", hour=2), part("cron", hour=14)])
    trigger = make_trigger("and", triggers=[inner, part("cron", day_of_week="mon", hour="*/2")])
    assert times_of(trigger, after="2027-01-01", count=2) == ["2027-01-04 02:00", "2027-01-04 14:00"]
    assert str(trigger) == ("and[or[cron[hour='2'], cron[hour='14']], cron[day_of_week='mon', hour='*/2']]")


def test_parts_that_never_meet_are_given_up_after_so_many_steps() -> None:
    parts = [part("interval", hours=1), part("interval", hours=1, start_date="2027-01-01T00:30")]
    trigger = make_trigger("and", triggers=parts)
    budget = Budget()
    with pytest.raises(BoundsExceeded, match=r"no instant was found within 10,000 steps"):
        trigger.next_after(GRID_START, budget)
    assert 10_000 < budget.spent <= 10_002


def test_parts_that_meet_too_late_are_given_up() -> None:
    parts = [part("cron", month=2, day=29), part("cron", month=2, day="1-29", day_of_week="mon")]
    with pytest.raises(HorizonPassed):
        make_trigger("and", triggers=parts).next_after(GRID_START)


def test_a_part_of_or_that_has_nothing_for_ten_years_leaves_it_to_the_others() -> None:
    never = part("cron", month=2, day=30)
    trigger = make_trigger("or", triggers=[never, part("cron", hour=2, end_date="2027-01-02")])
    assert times_of(trigger, after="2027-01-01", count=1) == ["2027-01-01 02:00"]
    with pytest.raises(HorizonPassed):
        trigger.next_after(utc("2027-01-02"))
    with pytest.raises(HorizonPassed):
        make_trigger("and", triggers=[never, FRIDAY]).next_after(GRID_START)


TEN = [FRIDAY] * 10


@pytest.mark.parametrize(
    ("kwargs", "field", "why"),
    [
        ({}, "", "trigger 'and' needs at least one of triggers"),
        ({"triggers": []}, ".triggers", "'triggers' is []; give a list such as"),
        ({"triggers": None}, ".triggers", "'triggers' is None"),
        ({"triggers": "cron"}, ".triggers", "'triggers' is 'cron'"),
        ({"triggers": [5]}, ".triggers[0].trigger", "triggers[0]: 5 is no trigger"),
        ({"triggers": [{**FRIDAY, "name": 1}]}, ".triggers[0].trigger", "is no trigger; give an object such as"),
        (
            {"triggers": [part("crn")]},
            ".triggers[0].trigger",
            "triggers[0]: unknown trigger 'crn': did you mean 'cron'?",
        ),
        ({"triggers": [{"trigger": ["cron"], "trigger_kwargs": {}}]}, ".triggers[0].trigger", "unknown trigger"),
        ({"triggers": [{"trigger": "cron"}]}, ".triggers[0].trigger_kwargs", "triggers[0]: trigger_kwargs is None"),
        (
            {"triggers": [FRIDAY, part("cron", hour=25)]},
            ".triggers[1].trigger_kwargs.hour",
            "triggers[1]: 'hour' is 25: 25 is not between 0 and 23",
        ),
        (
            {"triggers": [part("or", triggers=[part("interval", hour=1)])]},
            ".triggers[0].trigger_kwargs.triggers[0].trigger_kwargs.hour",
            "triggers[0]: triggers[0]: unknown argument 'hour' of trigger 'interval': did you mean 'hours'?",
        ),
        ({"triggers": [*TEN, FRIDAY]}, ".triggers", "'triggers' holds 11 triggers; 10 is the most"),
        ({"triggers": [part("or", triggers=TEN), FRIDAY]}, ".triggers", "'triggers' holds 11 triggers"),
        ({"triggers": [FRIDAY], "threshold": 2}, ".threshold", "did you mean 'threshold_seconds'?"),
        ({"triggers": [FRIDAY], "threshold_seconds": -1}, ".threshold_seconds", "give a number from 0 to 3600"),
        ({"triggers": [FRIDAY], "threshold_seconds": "1"}, ".threshold_seconds", "'threshold_seconds' is '1'"),
        ({"triggers": [FRIDAY], "threshold_seconds": 3601}, ".threshold_seconds", "3601"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(kwargs: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("and", **kwargs)
    assert why in str(refusal.value)
    assert refusal.value.field == f"trigger_kwargs{field}"


def test_three_levels_are_enough() -> None:
    three = part("or", triggers=[part("and", triggers=[FRIDAY])])
    make_trigger("or", triggers=[three])
    with pytest.raises(TriggerError, match="'and' is nested more than 3 deep"):
        make_trigger("or", triggers=[part("or", triggers=[three])])

"""Instants as people read them."""

from datetime import datetime
from typing import Any

import pytest

from schedules.triggers import next_fire_times
from schedules.triggers.fires import Fire, describe_fires
from tests.unit.schedules.factories import make_trigger, utc

AMSTERDAM = "Europe/Amsterdam"
GAP, FOLD = "2027-03-28T00:30", "2027-10-30T23:30"  # shortly before each


def fires_of(kind: str, /, *, after: str, count: int = 1, zone: str = AMSTERDAM, **kwargs: Any) -> list[Fire]:
    trigger = make_trigger(kind, zone=zone, **kwargs)
    return describe_fires(trigger, timezone=zone, times=next_fire_times(trigger, after=utc(after), count=count))


def leaf(kind: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"trigger": kind, "trigger_kwargs": kwargs}


def readings(fires: list[Fire]) -> list[tuple[str, str, str | None]]:
    return [(f"{fire.local:%H:%M}", fire.offset, fire.dst) for fire in fires]


def test_an_instant_is_shown_on_both_clocks() -> None:
    [fire] = fires_of("cron", hour=8, after="2027-07-01")
    assert fire.at == utc("2027-07-01T06:00")
    assert fire.local.isoformat() == "2027-07-01T08:00:00+02:00"
    assert fire.local.tzinfo is not None
    assert (fire.offset, fire.dst) == ("+02:00", None)


@pytest.mark.parametrize(
    ("zone", "offset"), [("UTC", "+00:00"), ("America/St_Johns", "-02:30"), ("Asia/Kathmandu", "+05:45")]
)
def test_offsets(zone: str, offset: str) -> None:
    [fire] = fires_of("cron", hour=8, after="2027-07-01", zone=zone)
    assert fire.offset == offset


def test_an_offset_of_old_has_seconds() -> None:
    trigger = make_trigger("interval", hours=1, zone=AMSTERDAM, start_date="1900-01-01T00:00:00Z")
    [fire] = describe_fires(trigger, timezone="Africa/Monrovia", times=[utc("1900-01-01")])
    assert fire.offset == "-00:43:08"


class TestGap:
    def test_what_takes_the_place_of_a_skipped_time(self) -> None:
        assert readings(fires_of("cron", hour=2, minute=30, after=GAP)) == [("03:00", "+02:00", "gap")]
        assert readings(fires_of("calendarinterval", days=1, hour=2, minute=30, after=GAP)) == [
            ("03:00", "+02:00", "gap")
        ]

    def test_what_is_planned_there_anyway_is_not_moved(self) -> None:
        assert readings(fires_of("cron", hour="2,3", minute=0, after=GAP)) == [("03:00", "+02:00", None)]
        assert readings(fires_of("cron", hour=3, after=GAP)) == [("03:00", "+02:00", None)]

    def test_what_follows_elapsed_time_is_not_moved(self) -> None:
        assert readings(fires_of("cron", minute="*/20", after="2027-03-28T00:45")) == [("03:00", "+02:00", None)]
        hourly = fires_of("interval", hours=1, start_date="2027-01-01T00:00:00Z", after=GAP)
        assert readings(hourly) == [("03:00", "+02:00", None)]

    def test_the_second_instant_after_the_gap_is_no_matter(self) -> None:
        fires = fires_of("cron", hour="2,3", minute="30", after=GAP, count=2)
        assert readings(fires) == [("03:00", "+02:00", "gap"), ("03:30", "+02:00", None)]

    def test_one_part_of_several_was_moved(self) -> None:
        moved, other = leaf("cron", hour=2, minute=30), leaf("cron", hour=5)
        assert fires_of("or", triggers=[moved, other], after=GAP)[0].dst == "gap"

    def test_a_part_that_plans_the_same_instant_itself_was_not(self) -> None:
        moved, own = leaf("cron", hour=2, minute=30), leaf("cron", hour=3)
        assert fires_of("or", triggers=[moved, own], after=GAP)[0].dst is None

    def test_parts_that_meet_because_one_was_moved(self) -> None:
        moved, own = leaf("cron", hour=2, minute=30), leaf("cron", hour=3)
        assert fires_of("and", triggers=[moved, own], after=GAP)[0].dst == "gap"

    def test_a_part_whose_next_instant_is_too_far_away_is_no_matter(self) -> None:
        trigger = make_trigger("or", zone=AMSTERDAM, triggers=[leaf("cron", hour=3), leaf("cron", month=2, day=30)])
        [fire] = describe_fires(trigger, timezone=AMSTERDAM, times=[utc("2027-03-28T01:00")])
        assert fire.dst is None


class TestFold:
    def test_readings_that_come_twice(self) -> None:
        fires = fires_of("cron", minute=30, after="2027-10-30T23:00", count=4)
        assert readings(fires) == [
            ("01:30", "+02:00", None),
            ("02:30", "+02:00", "fold"),
            ("02:30", "+01:00", "fold"),
            ("03:30", "+01:00", None),
        ]

    def test_its_edges(self) -> None:
        fires = fires_of("interval", hours=1, start_date="2027-10-31T00:00:00Z", after="2027-10-30T23:59", count=3)
        assert readings(fires) == [("02:00", "+02:00", "fold"), ("02:00", "+01:00", "fold"), ("03:00", "+01:00", None)]

    def test_the_policy_chooses_one_of_them(self) -> None:
        first = fires_of("cron", hour=2, minute=30, after=FOLD)
        second = fires_of("cron", hour=2, minute=30, dst_fold="second", after=FOLD)
        assert readings(first) == [("02:30", "+02:00", "fold")]
        assert readings(second) == [("02:30", "+01:00", "fold")]


def test_nothing_is_described_where_nothing_fires() -> None:
    times: list[datetime] = []
    assert describe_fires(make_trigger("interval", hours=1), timezone="UTC", times=times) == []

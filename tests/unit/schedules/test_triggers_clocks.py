"""The clocks of a zone: stretches, gaps, and readings without an offset. All worked out by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.triggers.clocks import Gap, first_moment_of, gaps_between, is_shown_twice, stretch_at
from tests.unit.schedules.factories import utc

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)


def reading(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_stretch_lies_between_two_changes() -> None:
    summer = stretch_at(AMSTERDAM, utc("2027-07-01"))
    assert (summer.start, summer.end) == (utc("2027-03-28T01:00"), utc("2027-10-31T01:00"))
    assert (summer.offset, summer.skipped, summer.repeats, summer.is_repeated) == (2 * HOUR, HOUR, 0 * HOUR, HOUR)
    winter = stretch_at(AMSTERDAM, utc("2027-10-31T01:00"))
    assert (winter.start, winter.offset, winter.skipped, winter.repeats) == (summer.end, HOUR, 0 * HOUR, HOUR)


def test_a_stretch_holds_its_start_and_not_its_end() -> None:
    change = utc("2027-03-28T01:00")
    assert stretch_at(AMSTERDAM, change).start == change
    assert stretch_at(AMSTERDAM, change - timedelta(microseconds=1)).end == change


def test_the_decades_of_a_table_leave_no_seam() -> None:
    zone = ZoneInfo("Pacific/Apia")
    moment = utc("1999-06-01")
    while moment < utc("2031-01-01"):
        stretch = stretch_at(zone, moment)
        assert stretch.start <= moment < stretch.end
        assert stretch.offset == moment.astimezone(zone).utcoffset()
        moment = stretch.end


def test_the_gaps_of_a_year() -> None:
    assert gaps_between(AMSTERDAM, utc("2027-01-01"), utc("2028-01-01")) == [
        Gap(utc("2027-03-28T01:00"), reading("2027-03-28T02:00"), reading("2027-03-28T03:00"))
    ]
    assert gaps_between(ZoneInfo("Pacific/Apia"), utc("2011-12-01"), utc("2012-01-01")) == [
        Gap(utc("2011-12-30T10:00"), reading("2011-12-30"), reading("2011-12-31"))
    ]
    assert gaps_between(ZoneInfo("UTC"), utc("2027-01-01"), utc("2060-01-01")) == []


def test_a_gap_belongs_to_the_time_after_the_first_moment_and_up_to_the_last() -> None:
    change = utc("2027-03-28T01:00")
    tick = timedelta(microseconds=1)
    assert gaps_between(AMSTERDAM, change, change + HOUR) == []
    assert gaps_between(AMSTERDAM, change - tick, change - tick) == []
    assert len(gaps_between(AMSTERDAM, change - HOUR, change)) == 1


def test_readings_of_the_fold_are_shown_twice() -> None:
    shown = {text: is_shown_twice(AMSTERDAM, utc(f"2027-10-{text}")) for text in SHOWN}
    assert shown == SHOWN
    assert not is_shown_twice(ZoneInfo("UTC"), utc("2027-10-31T01:00"))


SHOWN = {
    "30T23:59:59": False,
    "31T00:00": True,
    "31T00:59:59": True,
    "31T01:00": True,
    "31T01:59:59": True,
    "31T02:00": False,
}


def test_a_reading_is_a_moment() -> None:
    assert first_moment_of(reading("2027-07-01T12:00"), AMSTERDAM) == utc("2027-07-01T10:00")
    # in the gap: the first moment after it
    assert first_moment_of(reading("2027-03-28T02:30"), AMSTERDAM) == utc("2027-03-28T01:00")
    assert first_moment_of(reading("2011-12-30T17:00"), ZoneInfo("Pacific/Apia")) == utc("2011-12-30T10:00")
    # in the fold: the first of both
    assert first_moment_of(reading("2027-10-31T02:30"), AMSTERDAM) == utc("2027-10-31T00:30")

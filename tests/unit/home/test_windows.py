from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.home.windows import Span, list_usual, read_span

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("", "", Span(NOW, NOW + DAY)),
        ("2027-03-02T01:00", "2027-03-02T03:00", Span(utc := NOW.replace(day=2, hour=0), utc + timedelta(hours=2))),
        ("2027-03-02T01:00Z", "", Span(NOW.replace(day=2, hour=1), NOW.replace(day=3, hour=1))),
        ("2027-02-28T12:00", "2027-02-28T13:00", Span(NOW - timedelta(hours=22), NOW - timedelta(hours=21))),
    ],
)
def test_moments_are_read_on_the_clocks_of_whoever_typed_them(start: str, end: str, span: Span) -> None:
    assert read_span(start, end, zone=ZONE, now=NOW) == span


def test_a_time_that_the_clocks_skip_is_the_first_after_the_gap() -> None:
    span = read_span("2027-03-28T02:30", "2027-03-28T04:00", zone=ZONE, now=NOW)
    assert span.start == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "field", "told"),
    [
        ("tonight", "", "from", "“tonight” is no moment"),
        ("", "soon", "to", "“soon” is no moment"),
        ("2027-03-02T03:00", "2027-03-02T03:00", "to", "after the one from which it begins"),
        ("2027-03-02T03:00", "2027-05-02T03:00", "to", "within 31 days"),
    ],
)
def test_what_makes_no_window_is_refused_at_its_field(start: str, end: str, field: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told) as refused:
        read_span(start, end, zone=ZONE, now=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(("hour", "day"), [(0, 1), (1, 1), (2, 2), (9, 2)])
def test_tonight_is_the_night_that_is_not_over(hour: int, day: int) -> None:
    usual = dict(list_usual(zone=ZONE, now=NOW.replace(hour=hour)))
    tonight = usual["Tonight, 01:00 to 03:00"]
    assert tonight.start.astimezone(ZONE) == datetime(2027, 3, day, 1, tzinfo=ZONE)
    assert tonight.end.astimezone(ZONE) == datetime(2027, 3, day, 3, tzinfo=ZONE)


def test_tomorrow_is_the_whole_day_also_where_the_clocks_change() -> None:
    tomorrow = dict(list_usual(zone=ZONE, now=datetime(2027, 3, 27, 12, tzinfo=UTC)))["Tomorrow"]
    assert tomorrow.end - tomorrow.start == timedelta(hours=23)

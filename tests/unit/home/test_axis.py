from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator_site.home.axis import PAST_SHARE, Axis, find_ticks

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AXIS = Axis(NOW - 6 * HOUR, NOW, NOW + 24 * HOUR)


@pytest.mark.parametrize(
    ("moment", "place"),
    [
        (NOW - 6 * HOUR, 0),
        (NOW - 3 * HOUR, PAST_SHARE / 2),
        (NOW, PAST_SHARE),
        (NOW + 12 * HOUR, PAST_SHARE + (100 - PAST_SHARE) / 2),
        (NOW + 24 * HOUR, 100),
        (NOW - 60 * HOUR, 0),
        (NOW + 60 * HOUR, 100),
    ],
)
def test_the_past_has_its_share_of_the_axis_and_nothing_lies_beyond_it(moment: datetime, place: float) -> None:
    assert AXIS.place(moment) == place


def labels(zone: str, start: datetime, hours: int) -> list[str]:
    return [tick.label for tick in find_ticks(start, start + hours * HOUR, ZoneInfo(zone))]


def test_hours_are_those_of_somebodys_clocks() -> None:
    start = datetime(2027, 3, 1, 9, 10, tzinfo=UTC)
    ticks = find_ticks(start, start + 3 * HOUR, ZoneInfo("Asia/Kathmandu"))
    assert [tick.label for tick in ticks] == ["15:00", "16:00", "17:00"]
    assert ticks[0].at == datetime(2027, 3, 1, 9, 15, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_not_there() -> None:
    start = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    assert labels("Europe/Amsterdam", start, 3) == ["01:00", "03:00 CEST", "04:00"]


def test_an_hour_that_the_clocks_show_twice_is_there_twice_and_named() -> None:
    start = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)
    assert labels("Europe/Amsterdam", start, 3) == ["02:00", "02:00 CET", "03:00"]


def test_a_change_of_half_an_hour_leaves_full_hours() -> None:
    start = datetime(2026, 10, 3, 14, 0, tzinfo=UTC)
    ticks = find_ticks(start, start + 3 * HOUR, ZoneInfo("Australia/Lord_Howe"))
    assert [(tick.at - start, tick.label[:5]) for tick in ticks] == [
        (0.5 * HOUR, "01:00"),
        (2 * HOUR, "03:00"),
    ]


def test_the_first_hour_of_a_day_has_its_date() -> None:
    start = datetime(2027, 3, 1, 22, 0, tzinfo=UTC)
    days = [tick.day for tick in find_ticks(start, start + 3 * HOUR, ZoneInfo("Europe/Amsterdam"))]
    assert days == [None, date(2027, 3, 2), None]


def test_the_end_is_exclusive_and_the_start_is_not() -> None:
    ticks = find_ticks(NOW, NOW + 2 * HOUR, UTC)
    assert [tick.at for tick in ticks] == [NOW, NOW + HOUR]

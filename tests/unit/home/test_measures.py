from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator_site.home.measures import MINUTE, add_up, find_step, find_worst, make_rows

NOW = datetime(2027, 3, 1, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("count", "step"), [(1, 1), (9, 1), (10, 2), (24, 2), (25, 3), (50, 4), (75, 5), (100, 5)])
def test_a_number_has_a_step_by_its_share_of_the_largest(count: int, step: int) -> None:
    assert find_step(count, 100) == step


def test_the_only_number_is_of_the_highest_step() -> None:
    assert find_step(1, 1) == 5


def test_an_hour_has_the_minutes_of_the_clocks_in_which_something_runs() -> None:
    load = {NOW.replace(minute=30): 4, NOW.replace(hour=10, minute=0): 8, NOW.replace(hour=10, minute=59): 1}
    rows = make_rows(load, start=NOW + timedelta(seconds=30), end=NOW + 2 * HOUR, zone=ZoneInfo("Asia/Kolkata"))
    assert [(row.start, row.end) for row in rows] == [
        (NOW, NOW.replace(minute=30)),
        (NOW.replace(minute=30), NOW.replace(hour=10, minute=30)),
        (NOW.replace(hour=10, minute=30), NOW.replace(hour=11, minute=20)),
    ]
    assert [[(cell.column, cell.count) for cell in row.cells] for row in rows] == [[], [(0, 4), (30, 8)], [(29, 1)]]
    assert [row.total for row in rows] == [0, 12, 1]
    assert rows[0].fullest is None
    assert rows[1].fullest is not None
    assert rows[1].fullest.count == 8


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        (datetime(2027, 3, 28, 0, tzinfo=UTC), [1, 3, 4]),
        (datetime(2027, 10, 31, 0, tzinfo=UTC), [2, 2, 3]),
    ],
)
def test_hours_follow_a_change_of_the_clocks(start: datetime, hours: list[int]) -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    rows = make_rows({}, start=start, end=start + 3 * HOUR, zone=zone)
    assert [row.start.astimezone(zone).hour for row in rows] == hours
    assert all(row.end - row.start == HOUR for row in rows)


def test_no_minute_is_lost_where_the_clocks_change_by_half_an_hour() -> None:
    start = datetime(2026, 10, 3, 14, tzinfo=UTC)
    load = {start + at * MINUTE: 1 for at in range(180)}
    rows = make_rows(load, start=start, end=start + 3 * HOUR, zone=ZoneInfo("Australia/Lord_Howe"))
    assert sum(row.total for row in rows) == 180
    assert all(len({cell.column for cell in row.cells}) == len(row.cells) for row in rows)


def test_the_worst_minutes_are_the_fullest_and_of_equal_ones_the_earliest() -> None:
    load = {NOW: 3, NOW + MINUTE: 9, NOW + 2 * MINUTE: 3, NOW + 3 * MINUTE: 1}
    assert find_worst(load, number=3) == [(NOW + MINUTE, 9), (NOW, 3), (NOW + 2 * MINUTE, 3)]


def test_counts_are_added_up_slot_by_slot() -> None:
    counts = [(NOW, 1), (NOW + 9 * MINUTE, 2), (NOW + 10 * MINUTE, 4), (NOW + 35 * MINUTE, 8)]
    sums = add_up(counts, start=NOW, slot=10 * MINUTE)
    assert sums == {NOW: 3, NOW + 10 * MINUTE: 4, NOW + 30 * MINUTE: 8}

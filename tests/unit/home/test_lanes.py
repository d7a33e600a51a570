from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator_site.home.axis import Axis
from orchestrator_site.home.lanes import Item, Kind, choose_lanes, draw

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AXIS = Axis(NOW - 360 * MINUTE, NOW, NOW + 1_440 * MINUTE)


def make_item(minutes: float, *, kind: Kind = Kind.DONE, lasts: float = 1, **fields: Any) -> Item:
    start = NOW + minutes * MINUTE
    values: dict[str, Any] = {"word": kind.value, "end": start + lasts * MINUTE, "planned_at": start, "url": "/"}
    return Item(kind=kind, start=start, **values | fields)


def test_lanes_are_those_of_the_first_lists_each_once() -> None:
    assert choose_lanes(["a", "b"], ["b", "c"], ["d", "a", "e"], limit=4) == ["a", "b", "c", "d"]
    assert choose_lanes([], limit=4) == []


def test_what_is_far_apart_is_drawn_where_it_was() -> None:
    first, second = draw([make_item(-60, lasts=30), make_item(-180)], AXIS)
    assert (first.x, second.x) == (20.0, 33.33)
    assert second.width == 3.34
    assert [len(each.items) for each in (first, second)] == [1, 1]


def test_what_is_too_near_is_drawn_as_one_that_shows_the_worst() -> None:
    items = [make_item(-60 + at, kind=Kind.FAILED if at == 2 else Kind.DONE) for at in range(5)]
    [drawn] = draw(items, AXIS)
    assert drawn.kind is Kind.FAILED
    assert drawn.first is items[2]
    assert drawn.words == "4 done, 1 failed"
    assert drawn.x == AXIS.place(items[0].start)
    assert drawn.x + drawn.width == AXIS.place(items[4].end)


def test_a_long_row_of_near_ones_is_not_drawn_as_one() -> None:
    drawn = draw([make_item(-200 + at) for at in range(60)], AXIS)
    assert len(drawn) > 5
    assert sum(len(each.items) for each in drawn) == 60


def test_what_passed_and_what_is_planned_stay_apart() -> None:
    drawn = draw([make_item(-0.5), make_item(0.5, kind=Kind.PLANNED, lasts=0)], AXIS)
    assert [each.kind for each in drawn] == [Kind.DONE, Kind.PLANNED]


def test_a_task_that_began_before_the_time_line_begins_at_its_edge() -> None:
    [drawn] = draw([make_item(-600, kind=Kind.RUNNING, lasts=600)], AXIS)
    assert (drawn.x, drawn.width) == (0.0, 40.0)

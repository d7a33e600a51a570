"""The time line and the load as the templates take them: places in percent, texts, links."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import show_duration, show_moment
from orchestrator_site.home.axis import Axis, find_ticks
from orchestrator_site.home.everything import Heap
from orchestrator_site.home.lanes import Drawn, Kind
from orchestrator_site.home.links import firings_url, say, tasks_url, window_url
from orchestrator_site.home.look import VIEW_TASKS, Look
from orchestrator_site.home.timeline import Lane, TimeLine, list_items, list_url
from orchestrator_site.home.words import show_number
from tasks.models import EngineFreeze

HEAD, LANE, TALL = 40, 28, 44
BAR = 14
# How the first hour of a day is marked: `Sat 28`.
DAY = "D j"
NARROWEST, THINNEST = 0.35, 2.5
# Labels that stand nearer together than this would touch, in percent.
LABEL_ROOM = 5.2
MAX_TABLE_ROWS = 200
# Drawn as a mark, and not as a bar, if it takes no time.
MARKS = frozenset({Kind.NOT_RUN, Kind.PLANNED})


def describe_timeline(look: Look) -> dict[str, Any]:
    """Return what the template of the time line takes."""
    timeline = TimeLine(look)
    axis = timeline.axis
    bottom = HEAD + LANE * len(timeline.lanes)
    lanes = [_describe_lane(lane, place) for place, lane in enumerate(timeline.lanes)]
    rows = [_describe_row(lane, drawn) for lane, drawn in list_items(timeline.lanes)]
    return {
        "lanes": lanes,
        "heaps": [_describe_heap(heap, bottom, look) for heap in timeline.heaps],
        "ticks": list(_describe_ticks(timeline)),
        "now_x": axis.place(axis.now),
        "freeze": _describe_freeze(look.freeze, axis) if look.freeze else None,
        "bottom": bottom,
        "height": bottom + TALL + 4,
        "rows": rows[:MAX_TABLE_ROWS],
        "more_rows": max(0, len(rows) - MAX_TABLE_ROWS),
        "drawn_from": _clock(timeline.drawn_from) if timeline.drawn_from > axis.start else None,
        "is_complete": timeline.is_complete,
        "is_empty": not lanes and not timeline.heaps,
    }


def _describe_ticks(timeline: TimeLine) -> Iterator[dict[str, Any]]:
    """Yield the hours; their labels as far as there is room for them."""
    axis, free_from = timeline.axis, 0.0
    for tick in find_ticks(axis.start, axis.end, get_current_timezone()):
        x = axis.place(tick.at)
        # Cut off at an edge, or under the word that marks the present.
        is_in_the_way = min(x, 100 - x, abs(x - axis.place(axis.now))) < LABEL_ROOM / 2
        is_told = not is_in_the_way and (bool(tick.day) or x >= free_from)
        if is_told:
            free_from = x + LABEL_ROOM
        yield {"x": x, "label": tick.label if is_told else "", "day": format_date(tick.day, DAY) if tick.day else ""}


def _describe_freeze(freeze: EngineFreeze, axis: Axis) -> dict[str, Any]:
    """Return the stretch in which nothing starts."""
    x, end = axis.place(freeze.started_at), axis.place(freeze.until or axis.end)
    until = show_moment(freeze.until)
    told = _("Hatched: the engine is frozen until %(until)s.") if until else _("Hatched: the engine is frozen.")
    return {"x": x, "width": round(end - x, 2), "text": told % {"until": until}}


def _describe_lane(lane: Lane, place: int) -> dict[str, Any]:
    y = HEAD + LANE * place
    return {
        "id": lane.schedule_id,
        "name": lane.name,
        "url": lane.url,
        "timezone": lane.timezone,
        "y": y,
        "is_odd": place % 2,
        "drawn": [_describe_drawn(drawn, lane, y) for drawn in lane.drawn],
    }


def _describe_drawn(drawn: Drawn, lane: Lane, y: int) -> dict[str, Any]:
    is_mark = drawn.kind in MARKS and drawn.width < NARROWEST
    return {
        "kind": drawn.kind.value,
        "is_mark": is_mark,
        "x": drawn.x,
        "y": y + LANE // 2 if is_mark else y + (LANE - BAR) // 2,
        "width": max(drawn.width, NARROWEST),
        "url": list_url(lane.schedule_id, drawn),
        "text": _tell(drawn, lane),
    }


def _tell(drawn: Drawn, lane: Lane) -> str:
    """Return the name of something that is drawn: whose it is, when it was, and what became of it."""
    item = drawn.first
    if len(drawn.items) > 1:
        span = f"{_clock(drawn.items[0].start)}–{_clock(drawn.items[-1].start)}"  # noqa: RUF001  # from … to …
        return f"{lane.name}: {span}, {drawn.words}"
    if item.kind is Kind.PLANNED:
        text = _("%(name)s: planned again and again, from %(at)s to %(end)s") if item.end > item.start else ""
        text = text or _("%(name)s: planned at %(at)s")
        return text % {"name": lane.name, "at": show_moment(item.start), "end": show_moment(item.end)}
    if item.kind is Kind.NOT_RUN:
        text = _("%(name)s: %(outcome)s, planned at %(at)s")
        told = text % {"name": lane.name, "outcome": item.word, "at": show_moment(item.planned_at)}
        return f"{told}. {item.note}" if item.note else told
    parts = {
        "name": lane.name,
        "outcome": item.word,
        "at": show_moment(item.start),
        "took": show_duration(timedelta(seconds=round((item.end - item.start).total_seconds(), 3))),
    }
    if item.planned_at is None:
        return _("%(name)s: %(outcome)s, by hand, started %(at)s, took %(took)s") % parts
    parts["planned"] = _clock(item.planned_at)
    return _("%(name)s: %(outcome)s, planned %(planned)s, started %(at)s, took %(took)s") % parts


def _describe_row(lane: Lane, drawn: Drawn) -> dict[str, Any]:
    item = drawn.first
    is_one = len(drawn.items) == 1
    has_run = item.kind not in MARKS
    return {
        "name": lane.name,
        "url": list_url(lane.schedule_id, drawn),
        "outcome": item.word if is_one else drawn.words,
        "planned": show_moment(item.planned_at) if is_one else "",
        "started": show_moment(item.start if is_one else drawn.items[0].start) if has_run else "",
        "took": show_duration(timedelta(seconds=round((item.end - item.start).total_seconds(), 3)))
        if is_one and has_run
        else "",
    }


def _describe_heap(heap: Heap, bottom: int, look: Look) -> dict[str, Any]:
    return {
        "kind": next(kind.value for kind in Kind if heap.counts.get(kind)),
        "x": heap.x,
        "width": heap.width,
        "parts": list(_stack(heap, bottom + TALL)),
        "text": f"{_clock(heap.start)}–{_clock(heap.end)}: {', '.join(_tell_counts(heap))}",  # noqa: RUF001  # from … to
        "url": _url_of_heap(heap, look),
    }


def _stack(heap: Heap, floor: int) -> Iterator[dict[str, Any]]:
    """Yield the parts of a heap, one upon the other; none is too small to be seen."""
    height, total = (TALL - 8) * heap.height / 100, sum(heap.counts.values())
    y = float(floor)
    for kind in reversed(Kind):
        if count := heap.counts.get(kind):
            part = max(THINNEST, height * count / total)
            y -= part
            yield {"kind": kind.value, "y": round(y, 1), "height": round(part, 1)}


def _tell_counts(heap: Heap) -> Iterable[str]:
    counts = heap.counts
    ended = sum(counts.get(kind, 0) for kind in (Kind.DONE, Kind.FAILED, Kind.ABORTED))
    if ended:
        yield ngettext("%(count)s task ended", "%(count)s tasks ended", ended) % {"count": show_number(ended)}
    for kind, text in (
        (Kind.FAILED, _("%(count)s failed")),
        (Kind.NOT_RUN, _("%(count)s did not run")),
        (Kind.PLANNED, _("%(count)s planned")),
    ):
        if counts.get(kind):
            yield text % {"count": show_number(counts[kind])}


def _url_of_heap(heap: Heap, look: Look) -> str:
    if heap.counts.get(Kind.PLANNED):
        return window_url(heap.start, heap.end)
    has_ended = any(heap.counts.get(kind) for kind in (Kind.DONE, Kind.FAILED, Kind.ABORTED))
    if not has_ended or not look.may(VIEW_TASKS):
        return firings_url(due_at__gte=say(heap.start), due_at__lt=say(heap.end))
    return tasks_url(finished_at__gte=say(heap.start), finished_at__lt=say(heap.end))


def _clock(moment: datetime) -> str:
    return f"{localtime(moment):%H:%M}"

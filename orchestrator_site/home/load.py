"""The load by minute: where planned instants collide."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.html import format_html_join
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import show_moment, show_time
from orchestrator_site.home.links import window_url
from orchestrator_site.home.look import DAY, Look
from orchestrator_site.home.measures import MINUTE, HeatCell, HeatRow, add_up, find_worst, make_rows
from orchestrator_site.home.words import show_number
from schedules.forecasting import floor_to_minute
from schedules.forecasts import Forecast

ROW, HEAD = 17, 18
CELL_WIDTH = 100 / 60
WORST = 6
CELL = '<rect x="{}%" y="{}" width="1.5%" height="{}" class="home-heat-{}"><title>{}</title></rect>'


def describe_load(look: Look) -> dict[str, Any]:
    """Return what the template of the load takes."""
    found = look.forecast
    load = read_load(found)
    end = look.now + DAY
    rows = make_rows(load, start=floor_to_minute(look.now), end=end, zone=get_current_timezone())
    is_counted = found.load_until is not None
    return {
        "hours": [_describe_row(row, place) for place, row in enumerate(rows)],
        "columns": [{"x": round(minute * CELL_WIDTH, 2), "label": f":{minute:02}"} for minute in range(0, 60, 10)],
        "height": HEAD + ROW * len(rows) + 2,
        "worst": [_describe_minute(at, count) for at, count in find_worst(load, number=WORST)],
        "total": show_number(sum(load.values())),
        "is_counted": is_counted,
        "is_listed": not is_counted and not found.is_truncated,
        "counted_until": show_moment(found.load_until) if found.load_until and found.load_until < end else None,
        "as_of": show_time(found.as_of, now=look.now),
        "steps": range(1, 6),
    }


def read_load(found: Forecast) -> dict[datetime, int]:
    """Return how many instants are planned in each minute, as they were counted; by the list, before they ever were."""
    if found.load_until is not None:
        return {each.minute: each.count for each in found.load or ()}
    return dict(add_up(((planned.fire.at, 1) for planned in found.instants), start=_origin(found), slot=MINUTE))


def _origin(found: Forecast) -> datetime:
    return floor_to_minute(found.window.start)


def _describe_row(row: HeatRow, place: int) -> dict[str, Any]:
    local = localtime(row.start)
    y = HEAD + ROW * place
    fullest = row.fullest
    return {
        "label": f"{local:%H}",
        "day": format_date(local, "D j") if place == 0 or local.hour == 0 else "",
        "y": y,
        "url": window_url(row.start, row.end),
        "total": show_number(row.total),
        "fullest": f"{localtime(fullest.at):%H:%M}" if fullest else "",
        "most": show_number(fullest.count) if fullest else "",
        # By hand: a template takes five times as long for a thousand of them.
        "cells": format_html_join("", CELL, (_draw_cell(cell, y) for cell in row.cells)),
    }


def _draw_cell(cell: HeatCell, y: int) -> tuple[float, int, int, int, str]:
    """Return what stands in CELL."""
    height = 3 + 2 * cell.step
    x = round(cell.column * CELL_WIDTH + 0.1, 2)
    return x, y + ROW - 2 - height, height, cell.step, f"{localtime(cell.at):%H:%M} · {show_number(cell.count)}"


def _describe_minute(at: datetime, count: int) -> dict[str, Any]:
    return {
        "at": format_date(localtime(at), "D H:i"),
        "count": ngettext("%(count)s planned", "%(count)s planned", count) % {"count": show_number(count)},
        "url": window_url(at, at + timedelta(minutes=1)),
    }

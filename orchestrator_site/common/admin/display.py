"""How values look on the admin pages: times with their zone, coloured states, readable JSON, links."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.admin import display
from django.contrib.admin.utils import quote
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.admin.viewer import may_open

Column = Callable[[Any, Any], Any]

MAX_JSON_CHARACTERS = 50_000
# From here on a date says more than a number of days.
FAR_SECONDS = 14 * 86_400
# How services write times: `2026-11-27 01:30:00Z`, or with +00:00.
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:Z|\+00:00)")
# A time on the clocks of a schedule before the same one of whoever looks, which then say the same.
SAME_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[+-]\d\d:\d\d \((\1 [^()]+)\)")

# What unfold calls its colours.
GOOD, BAD, BUSY, ODD = "success", "danger", "info", "warning"

NO_LABELS: Mapping[str, str] = MappingProxyType({})


def show_moment(moment: datetime | None) -> str | None:
    """Return a time in the zone of whoever looks, which is named: `2026-02-11 13:21:09 CET`."""
    return None if moment is None else f"{localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def show_sentence(text: object) -> SafeString:
    """Return a sentence of a service, in English as the API has it; its times in the zone of whoever looks."""
    return format_html('<span lang="en">{}</span>', SAME_TIME.sub(r"\2", UTC_TIME.sub(_show_found, str(text))))


def _show_found(found: re.Match[str]) -> str:
    try:
        return str(show_moment(datetime.fromisoformat(found[0])))
    except (ValueError, OverflowError):  # it only looks like a time
        return found[0]


def show_time(moment: datetime | None, *, now: datetime, zone: str = "") -> SafeString | None:
    """Return how far away a time is, and when it is in full: for a pointer that rests on it, and to be read out.

    Args:
        moment: The time.
        now: What it is told from; the time of the page.
        zone: A zone in which it is told as well, such as that of its schedule, if it is another one.
    """
    if moment is None:
        return None
    full = str(show_moment(moment))
    if zone and zone != get_current_timezone_name():
        full = f"{full} · {moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z} ({zone})"
    distance = show_distance(moment, now=now)
    return format_html(
        '<time class="admin-time" datetime="{}" title="{}">{}<span class="admin-unseen">, {}</span></time>',
        moment.astimezone(UTC).isoformat(),
        full,
        distance,
        full,
    )


def show_distance(moment: datetime, *, now: datetime) -> str:
    """Return how far away a time is: `in 5 min`, `3 h ago`, `now`; of what is weeks away, the date."""
    seconds = round((moment - now).total_seconds())
    length = abs(seconds)
    if length >= FAR_SECONDS:
        return f"{localtime(moment):%Y-%m-%d}"
    if length == 0:
        return _("now")
    # Each unit is used from twice its length on: 90 min, and not 1 h.
    units = (
        (86_400, _("in %(count)s d"), _("%(count)s d ago")),
        (3_600, _("in %(count)s h"), _("%(count)s h ago")),
        (60, _("in %(count)s min"), _("%(count)s min ago")),
        (1, _("in %(count)s s"), _("%(count)s s ago")),
    )
    size, ahead, ago = next(unit for unit in units if length >= 2 * unit[0] or unit[0] == 1)
    return (ahead if seconds > 0 else ago) % {"count": length // size}


def show_duration(length: timedelta | None) -> str | None:
    """Return a length of time: `0.250 s`, `1 min 5 s`, `2 h 0 min`."""
    if length is None:
        return None
    seconds = length.total_seconds()
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def show_elapsed(length: timedelta) -> str:
    """Return a length of time that still grows, to the second: `17 s`, `1 min 5 s`."""
    seconds = int(length.total_seconds())
    return f"{seconds} s" if seconds < 60 else str(show_duration(timedelta(seconds=seconds)))  # noqa: PLR2004


def show_label(
    value: str, colours: Mapping[str, str], labels: Mapping[str, str] = NO_LABELS, *, title: str = ""
) -> SafeString:
    """Return a state in the colour that `colours` gives it, else grey; in words where `labels` has some.

    The title is what a pointer that rests on it is shown.
    """
    context = {"text": labels.get(value, value), "type": colours.get(value, ""), "label_title": title}
    return render_to_string("unfold/helpers/label.html", context)


def show_json(value: object) -> SafeString:
    """Return JSON as one reads it, up to a length."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    if len(text) > MAX_JSON_CHARACTERS:
        more = _("%(count)s characters more; the API has them all") % {"count": len(text) - MAX_JSON_CHARACTERS}
        text = f"{text[:MAX_JSON_CHARACTERS]}\n… {more}"
    return show_block(text)


def show_block(text: str) -> SafeString:
    """Return text with its line breaks, in letters of one width."""
    return format_html('<pre class="admin-block">{}</pre>', text)


def show_unbroken(text: str | None) -> SafeString | None:
    """Return a value that stays on one line of its column: a number with its unit, a time with its zone."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text) if text else None


def show_line(text: str) -> SafeString | None:
    """Return a sentence for a column of a list, which gives it room: the others would leave it a word's width."""
    return format_html('<span class="admin-line">{}</span>', text) if text else None


def show_left_alone(problems: Iterable[tuple[object, str]]) -> SafeString:
    """Return which rows of many were left as they are, and why, a line each."""
    return format_html(
        '<p>{}</p><ul class="admin-list">{}</ul>',
        _("These stay as they are:"),
        format_html_join("", "<li>{}: {}</li>", problems),
    )


def show_link(url: str, text: object) -> SafeString:
    """Return a link."""
    return format_html('<a class="text-link" href="{}">{}</a>', url, text)


def page_link(model: str, pk: str | UUID, text: object) -> SafeString:
    """Return a link to the page of a row, the text alone where that is not open; `model` is as `schedules_schedule`."""
    if not may_open(model):
        return format_html("{}", text)
    return show_link(reverse(f"admin:{model}_change", args=[quote(pk)]), text)


def list_link(model: str, query: str, text: object) -> SafeString:
    """Return a link to a list, filtered by `query`; the text alone where that is not open."""
    if not may_open(model):
        return format_html("{}", text)
    return show_link(f"{reverse(f'admin:{model}_changelist')}?{query}", text)


def moment_column(name: str, label: Text) -> Column:
    """Return a column of times; lists are sorted by it where `sortable_by` says so."""

    @display(description=label, ordering=name)
    def column(_: Any, row: Any) -> str | None:
        return show_unbroken(show_moment(getattr(row, name)))

    return column


def label_column(
    name: str, colours: Mapping[str, str], labels: Mapping[str, str] = NO_LABELS, *, label: Text = ""
) -> Column:
    """Return a column of coloured states, with a heading of its own."""

    @display(description=label or name.replace("_", " "))
    def column(_: Any, row: Any) -> str:
        return show_label(getattr(row, name), colours, labels)

    return column


def json_column(name: str, label: Text = "") -> Column:
    """Return a column of readable JSON, with a heading of its own."""

    @display(description=label or name.replace("_", " "))
    def column(_: Any, row: Any) -> str:
        return show_json(getattr(row, name))

    return column

"""The page that tells what runs between two moments, and what ran if they have passed."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from orchestrator_site.common.admin.display import show_distance, show_moment
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.clock import as_iso
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.home.links import explain_url, firing_url, firings_url, say, schedule_url, task_url, window_url
from orchestrator_site.home.lists import is_kept
from orchestrator_site.home.look import VIEW_FIRINGS, VIEW_SCHEDULES, VIEW_TASKS, Look
from orchestrator_site.home.measures import add_up
from orchestrator_site.home.windows import Span, list_usual, read_moment, read_span
from orchestrator_site.home.words import show_number
from schedules.admin.outcomes import show_outcome
from schedules.forecasts import Forecast, PlannedFire, forecast
from schedules.history import History
from schedules.models import Firing
from schedules.overview import Shown, count_paused, find_shown

PAGE = "admin/home/forecast.html"
MAX_PAST = 200
# How finely the counts are shown, by how long the time is that they cover.
SLOTS = (
    (timedelta(hours=2), timedelta(minutes=1)),
    (timedelta(hours=12), timedelta(minutes=10)),
    (timedelta(days=31), timedelta(hours=1)),
)


class SpanForm(forms.Form):
    """Asks from when to when, on the clocks of whoever looks; the texts are read by `read_span`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("from", gettext_lazy("From")), ("to", gettext_lazy("To"))):
            field = forms.CharField(required=False, label=label, widget=forms.DateTimeInput)
            self.fields[name] = dress(field)


@require_safe
def show_forecast(request: HttpRequest) -> HttpResponse:
    """Show the form, and what runs in the window that it asks for."""
    look = Look(request, most_not_run=0)
    if not look.may(VIEW_SCHEDULES):
        raise PermissionDenied
    zone = ZoneInfo(get_current_timezone_name())
    context = {
        **admin.site.each_context(request),
        "title": _("What runs"),
        "usual": [(name, window_url(span.start, span.end)) for name, span in list_usual(zone=zone, now=look.now)],
        "zone": zone.key,
    }
    try:
        span = read_span(request.GET.get("from", ""), request.GET.get("to", ""), zone=zone, now=look.now)
        found = _find(span, look)
    except InvalidValue as error:
        form = SpanForm(_keep_readable(request, zone))
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return TemplateResponse(request, PAGE, {**context, "form": form})
    typed = {"from": _on_clocks(span.start, zone), "to": _on_clocks(span.end, zone)}
    shown = {"form": SpanForm(initial=typed), "begins": show_moment(span.start), "ends": show_moment(span.end)}
    return TemplateResponse(request, PAGE, {**context, **shown, **found})


def _keep_readable(request: HttpRequest, zone: ZoneInfo) -> dict[str, str]:
    """Return what was typed as the browser's pickers take it; they cannot show anything else, the error quotes that."""
    kept = {}
    for name in ("from", "to"):
        with suppress(InvalidValue):
            kept[name] = _on_clocks(read_moment(name, request.GET.get(name, ""), zone), zone)
    return kept


def _on_clocks(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _find(span: Span, look: Look) -> dict[str, Any]:
    """Return what was, of the part of a window that has passed, and what is planned in the rest of it."""
    found: dict[str, Any] = {"past": None, "planned": None, "paused": count_paused()}
    if span.start < look.now and look.may(VIEW_FIRINGS):
        found |= _find_past(span, look)
    if span.end > look.now:
        first = max(span.start, look.now)
        found |= _find_planned(forecast(start=as_iso(first), end=as_iso(span.end), now=look.now), look)
    return found


def _find_past(span: Span, look: Look) -> dict[str, Any]:
    rows = History(scheduled_from=span.start, scheduled_to=span.end).read_older(than=None, limit=MAX_PAST + 1)
    schedules = find_shown({row.schedule_id for row in rows}) if rows else {}
    shown = [_describe_past(row, look, schedules.get(row.schedule_id)) for row in rows[:MAX_PAST]]
    url = firings_url(scheduled_for__gte=say(span.start), scheduled_for__lt=say(span.end))
    return {"past": shown, "has_more_past": len(rows) > MAX_PAST, "past_url": url}


def _describe_past(row: Firing, look: Look, schedule: Shown | None) -> dict[str, Any]:
    return {
        "url": firing_url(row.pk),
        "schedule_url": schedule_url(row.schedule_id) if schedule else "",
        "name": schedule.name if schedule else row.schedule_name,
        "distance": show_distance(row.scheduled_for, now=look.now),
        "at": show_moment(row.scheduled_for),
        "outcome": show_outcome(row.outcome),
        "reason": row.reason,
        "task_url": task_url(row.task_id) if row.task_id and look.may(VIEW_TASKS) else "",
    }


def _find_planned(found: Forecast, look: Look) -> dict[str, Any]:
    return {
        "planned": [_describe_planned(each, found, look) for each in found.instants],
        "exact_until": show_moment(found.exact_until) if found.is_truncated else None,
        "beyond": _count_beyond(found) if found.is_truncated else [],
        "is_counted": found.load_until is not None and found.load_until >= found.window.end,
        "counted_until": show_moment(found.load_until),
    }


def _describe_planned(planned: PlannedFire, found: Forecast, look: Look) -> dict[str, Any]:
    fire = planned.fire
    zone = str(fire.local.tzinfo)
    return {
        "distance": show_distance(fire.at, now=look.now),
        "at": show_moment(fire.at),
        "there": f"{fire.local:%H:%M:%S %Z} ({zone})" if zone != get_current_timezone_name() else "",
        "url": schedule_url(planned.schedule_id),
        "name": planned.name,
        "workflow": planned.workflow_name,
        "remarks": _list_remarks(planned, found),
        "why_url": explain_url(planned.schedule_id, fire.at),
    }


def _list_remarks(planned: PlannedFire, found: Forecast) -> Sequence[str]:
    """Return what will keep an instant from running as planned, as far as a forecast tells."""
    remarks = []
    if found.freeze is not None and is_kept(planned.fire.at, found.freeze):
        remarks.append(_("kept by the freeze of the engine"))
    if planned.fire.dst == "gap":
        remarks.append(_("the clocks skip the planned time"))
    if planned.fire.dst == "fold":
        remarks.append(_("the clocks show this time twice"))
    if planned.workflow_name is None:
        remarks.append(_("linked to no workflow"))
    return remarks


def _count_beyond(found: Forecast) -> list[dict[str, Any]]:
    """Return how much is planned from where the list ends, slot by slot."""
    begin = found.exact_until.replace(second=0, microsecond=0)
    slot = next(slot for length, slot in SLOTS if found.window.end - begin <= length)
    counts = ((each.minute, each.count) for each in found.load or () if each.minute >= begin)
    return [
        {"at": show_moment(at), "count": show_number(count), "url": window_url(at, min(at + slot, found.window.end))}
        for at, count in sorted(add_up(counts, start=begin, slot=slot).items())
    ]

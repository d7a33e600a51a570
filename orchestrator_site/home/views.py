"""The first page of the admin, and its parts, which a script asks for again every few seconds."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.home.drawing import describe_timeline
from orchestrator_site.home.figures import find_cards
from orchestrator_site.home.lists import ROWS, describe_lists
from orchestrator_site.home.load import describe_load
from orchestrator_site.home.look import MAX_NOT_RUN, VIEW_SCHEDULES, Look
from orchestrator_site.home.standing import describe_standing
from schedules.overview import has_schedules

PAGE = "admin/home/index.html"


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Show everything at a glance, as far as the user may see it."""
    look = Look(request, most_not_run=MAX_NOT_RUN)
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("Home")}
    if not look.sees_anything:
        return TemplateResponse(request, "admin/home/nothing.html", context)
    context |= {"numbers": _describe_numbers(look), "shows_freeze": True}
    if look.may(VIEW_SCHEDULES):
        context |= {"timeline": describe_timeline(look), "load": describe_load(look)}
    return TemplateResponse(request, PAGE, context)


def _describe_numbers(look: Look) -> dict[str, Any]:
    return {
        "standing": describe_standing(look),
        "has_no_schedules": look.may(VIEW_SCHEDULES) and not look.forecast.instants and not has_schedules(),
        "cards": find_cards(look),
        **describe_lists(look),
    }


def _describe_for_viewers(describe: Callable[[Look], dict[str, Any]]) -> Callable[[Look], dict[str, Any]]:
    def checked(look: Look) -> dict[str, Any]:
        if not look.may(VIEW_SCHEDULES):
            raise PermissionDenied
        return describe(look)

    return checked


# Name of a part, which is that of its template and of what the template takes → what describes it.
PARTS: dict[str, Callable[[Look], dict[str, Any]]] = {
    "numbers": _describe_numbers,
    "timeline": _describe_for_viewers(describe_timeline),
    "load": _describe_for_viewers(describe_load),
}


@require_safe
def show_part(request: HttpRequest, part: str) -> HttpResponse:
    """Show one part anew; whoever opens its address in a browser is led to the page."""
    if not is_part_wanted(request):
        return redirect("admin:index")
    look = Look(request, most_not_run=MAX_NOT_RUN if part == "timeline" else ROWS)
    return TemplateResponse(request, f"admin/home/{part}.html", {part: PARTS[part](look)})

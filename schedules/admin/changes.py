"""Changes: what was deployed and what people did, in one time line; and what is different between two releases."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from orchestrator_site.common.admin.filters import find_start
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.clock import read_instant
from schedules.admin.change_events import show_concerns, show_difference, show_events
from schedules.changes import Event, Kind, Window, find_concerns, list_changes
from workflows.models import Release, ReleasePart
from workflows.releases.reading import compare_releases, find_newest, list_releases

LIST, PAGE = "workflows_release_changelist", "workflows_release_change"

KINDS: dict[str, Promise] = {
    "": gettext_lazy("Everything"),
    Kind.DEPLOYS: gettext_lazy("Deploys"),
    Kind.SCHEDULES: gettext_lazy("Schedules"),
    Kind.TASKS: gettext_lazy("Tasks"),
    Kind.ENGINE: gettext_lazy("Engine"),
    Kind.ACCESS: gettext_lazy("Users"),
}
PERIODS: dict[str, Promise] = {
    "": gettext_lazy("Any time"),
    "hour": gettext_lazy("Last hour"),
    "today": gettext_lazy("Today"),
    "week": gettext_lazy("Last 7 days"),
    "month": gettext_lazy("Last 30 days"),
}


@admin.register(Release)
class ChangesAdmin(ReadOnlyAdmin):
    """The time line in place of a list of releases, and a page for each of those."""

    def get_urls(self) -> list[URLPattern]:
        """Return the two pages; nothing else can be done to a release."""
        return [url for url in super().get_urls() if url.name in {LIST, PAGE}]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the time line; an address that asks for what there is not leads to all of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = {name: request.GET.get(name, "") for name in ("kind", "since", "before")}
        try:
            before = read_instant(asked["before"]) if asked["before"] else None
        except ValueError:
            return redirect(f"admin:{LIST}")
        if asked["kind"] not in KINDS or asked["since"] not in PERIODS:
            return redirect(f"admin:{LIST}")
        kinds = [Kind(asked["kind"])] if asked["kind"] else list(Kind)
        page = list_changes(Window(find_start(asked["since"]), before), kinds=kinds, may=request.user.has_perm)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Changes"),
            "opts": self.opts,
            "kinds": _choices("kind", KINDS, asked),
            "periods": _choices("since", PERIODS, asked),
            "days": list(_by_day(page.events)),
            "is_first_page": before is None,
            "newest_url": _address(asked | {"before": ""}),
            "older_url": _address(asked | {"before": page.older.isoformat()}) if page.older else "",
        }
        if before is None and Kind.DEPLOYS in kinds:
            context |= self._show_newest(request)
        return TemplateResponse(request, "admin/changes/timeline.html", context)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what is different between a release and the one before it, or another one that is chosen."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        release = _find_release(object_id)
        others = list_releases().filter(part=release.part).exclude(pk=release.pk).defer("contents", "former__contents")
        chosen = request.GET.get("against", "")
        other = _find_release(chosen, part=release.part) if chosen else release.former
        difference = compare_releases(other, release) if other else None
        newest = find_newest(ReleasePart.WORKFLOWS)
        is_newest = newest is not None and newest.pk == release.pk
        concerns = find_concerns(release, may=request.user.has_perm) if is_newest else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Release %(name)s") % {"name": release},
            "opts": self.opts,
            "release": release,
            "other": other,
            "others": others,
            "difference": show_difference(difference) if difference else None,
            "is_newest": is_newest,
            "concerns": None if concerns is None else show_concerns(concerns),
            "back_url": reverse(f"admin:{LIST}"),
        }
        return TemplateResponse(request, "admin/changes/release.html", context)

    def _show_newest(self, request: HttpRequest) -> dict[str, Any]:
        """Return what stands above the time line: the release in use, and what it means for what is stored."""
        newest = find_newest(ReleasePart.WORKFLOWS)
        if newest is None:
            return {}
        return {"newest": newest, "concerns": show_concerns(find_concerns(newest, may=request.user.has_perm))}


def _find_release(text: str, **fields: Any) -> Release:
    """Return a release.

    Raises:
        Http404: There is none of this id.
    """
    release = list_releases().filter(pk=int(text), **fields).first() if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004
    if release is None:
        raise Http404
    return release


def _choices(name: str, labels: dict[str, Promise], asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return the links by which one chooses, from the newest change on."""
    return [
        {"label": label, "url": _address(asked | {name: value, "before": ""}), "is_chosen": asked[name] == value}
        for value, label in labels.items()
    ]


def _address(asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse(f'admin:{LIST}')}{'?' if query else ''}{query}"


def _by_day(events: Iterable[Event]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Yield the days of the user's zone, each with its events."""
    for day, group in groupby(events, key=lambda event: localtime(event.at).date()):
        yield _name_day(day), list(show_events(group))


def _name_day(day: Any) -> str:
    today = localtime().date()
    name = date_format(day, "l j F Y")
    return _("Today, %(day)s") % {"day": name} if day == today else name

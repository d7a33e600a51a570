"""What a trigger will do, beside the form: of what is stored, of what was typed, and anew while one types."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.dateformat import format as format_date
from django.utils.timezone import get_current_timezone_name, localtime, now
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import show_distance
from orchestrator_site.common.admin.pages import PageAdmin
from schedules.forms import FIRES_SHOWN, ScheduleForm, SchedulePreviewForm
from schedules.models import Schedule
from schedules.previews import Preview, preview_schedule
from schedules.triggers.fires import Fire

PANEL = "admin/schedules/schedule/preview.html"
# The button that asks for a preview where no script does.
BUTTON = "_preview"
UTC_NAMES = frozenset({"UTC", "Etc/UTC"})


@dataclass(frozen=True, slots=True)
class Row:
    """A time at which a schedule runs, as people read it: on its clocks, on those of whoever looks, and in UTC."""

    local: str
    here: str
    utc: str
    distance: str
    mark: str

    @classmethod
    def of(cls, fire: Fire, moment: datetime) -> "Row":
        """Return the row of a fire, as of a moment."""
        local = fire.local
        return cls(
            local=f"{format_date(local, 'D Y-m-d H:i:s')} {fire.offset}",
            here=format_date(localtime(fire.at), "D H:i:s"),
            utc=f"{fire.at:%Y-%m-%d %H:%M:%S}",
            distance=show_distance(fire.at, now=moment),
            mark=_mark(fire),
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands beside the form: the next times, or why there are none to show."""

    zone: str
    preview: Preview | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)
    hint: str = ""

    @property
    def is_in_utc(self) -> bool:
        """Whether the clocks of the zone show UTC, so that one column will do."""
        return self.zone in UTC_NAMES

    @property
    def zone_here(self) -> str:
        """The zone of whoever looks, if it is neither that of the schedule nor UTC."""
        here = get_current_timezone_name()
        return "" if here == self.zone or here in UTC_NAMES else here

    @property
    def width(self) -> int:
        """How many columns there are."""
        return 1 + (not self.is_in_utc) + bool(self.zone_here)

    @property
    def rows(self) -> list[Row]:
        """The next times."""
        moment = now()
        return [Row.of(fire, moment) for fire in self.preview.fires] if self.preview else []


def look_at_form(form: ScheduleForm) -> Panel:
    """Return the panel of a form that was sent."""
    errors = [
        (str(form.fields[name].label or name.capitalize()), message)
        for name, messages in form.trigger_errors().items()
        for message in messages
    ]
    if not errors and form.preview is None:
        return ask_for(form.cleaned_data.get("trigger", ""))
    return Panel(zone=form.cleaned_data.get("timezone", ""), preview=form.preview, errors=errors)


def look_at_schedule(schedule: Schedule) -> Panel:
    """Return the panel of a schedule as it is stored."""
    return Panel(zone=schedule.timezone, preview=preview_schedule(schedule=schedule, after=None, count=FIRES_SHOWN))


def ask_for(kind: str) -> Panel:
    """Return the panel of a form in which nothing stands yet."""
    if kind:
        return Panel(zone="", hint=_("Fill in %(kind)s: its next times appear here.") % {"kind": kind})
    return Panel(zone="", hint=_("Fill in the trigger: its next times appear here."))


class PreviewAdmin(PageAdmin):
    """A page with a preview of the trigger."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that the script asks while one types."""
        view = self.admin_site.admin_view(self.preview_view)
        own = [
            path("add/preview/", view, name="schedules_schedule_preview_new"),
            path("<uuid:object_id>/preview/", view, name="schedules_schedule_preview"),
        ]
        return own + list(super().get_urls())

    def preview_view(self, request: HttpRequest, object_id: UUID | None = None) -> HttpResponse:
        """Answer what the typed trigger would do, or what is wrong with it; nothing is written."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = SchedulePreviewForm(request.POST, instance=self._schedule_to_change(request, object_id))
        form.full_clean()
        panel = render_to_string(PANEL, {"panel": look_at_form(form)})
        return JsonResponse({"panel": panel, "errors": form.trigger_errors()})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the panel to the page."""
        schedule: Schedule | None = kwargs.get("obj")
        more = {
            "panel": _look(context["adminform"].form, schedule),
            "preview_url": _url(schedule) if self._may_type(request, is_new=schedule is None) else "",
            "preview_button": BUTTON,
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, **kwargs)
        return answer

    def _schedule_to_change(self, request: HttpRequest, object_id: UUID | None) -> Schedule | None:
        schedule: Schedule | None = None if object_id is None else self.get_object(request, str(object_id))
        if not self._may_type(request, is_new=object_id is None):
            raise PermissionDenied
        if schedule is None and object_id is not None:
            raise Http404
        return schedule

    def _may_type(self, request: HttpRequest, *, is_new: bool) -> bool:
        return bool(self.has_add_permission(request) if is_new else self.has_change_permission(request))


def _look(form: ScheduleForm, schedule: Schedule | None) -> Panel:
    if form.is_bound:
        return look_at_form(form)
    return ask_for("") if schedule is None else look_at_schedule(schedule)


def _url(schedule: Schedule | None) -> str:
    if schedule is None:
        return reverse("admin:schedules_schedule_preview_new")
    return reverse("admin:schedules_schedule_preview", args=[schedule.pk])


def _mark(fire: Fire) -> str:
    """Return in words what the clocks do to the time that was planned."""
    if fire.dst == "gap":
        return _("The clocks skip the planned time: it runs after the gap.")
    return _("The clocks show the planned time twice: its offset tells which.") if fire.dst == "fold" else ""

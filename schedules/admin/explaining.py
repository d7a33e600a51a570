"""Why a schedule fired, fires or does not fire at a moment: a page with a form for the moment, and the answer."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, page_link, show_label, show_link, show_moment
from orchestrator_site.common.admin.pages import PageAdmin
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import InvalidValue
from schedules.explaining import Code, Explanation, Result
from schedules.explanations import explain_schedule
from schedules.models import Schedule
from schedules.selectors import ScheduleNotFound

PAGE = "admin/schedules/schedule/explain.html"
RESULT_COLOURS: dict[str, str] = {Result.PASS: GOOD, Result.FAIL: BAD}
# Every other verdict says that it did not run, or will not.
RUNS = frozenset({Code.STARTED, Code.QUEUED, Code.WILL_FIRE, Code.BEING_DECIDED})


class MomentForm(forms.Form):
    """Asks for the moment, on the clocks of the schedule; its text is read by the service, to any precision."""

    at = forms.CharField(required=False, widget=forms.DateTimeInput)

    def __init__(self, *args: Any, timezone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"] = dress(self.fields["at"])
        self.fields["at"].label = f"Moment on the clocks of {timezone}"


def explain_link(schedule_id: UUID, text: str, *, at: str = "") -> SafeString:
    """Return a link to the page."""
    url = reverse("admin:schedules_schedule_explain", args=[schedule_id])
    return show_link(f"{url}?{urlencode({'at': at})}" if at else url, text)


class ExplainAdmin(PageAdmin):
    """A page that explains one row."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the page."""
        view = self.admin_site.admin_view(self.explain_view)
        return [path("<uuid:object_id>/explain/", view, name="schedules_schedule_explain"), *super().get_urls()]

    def explain_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Show the form, and the explanation of the moment that it has; also of a schedule that was deleted."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        schedule = Schedule.objects.filter(pk=object_id).first()
        timezone = schedule.timezone if schedule else "UTC"
        context = {**self.admin_site.each_context(request), "opts": self.opts, "schedule": schedule}
        try:
            found = explain_schedule(
                schedule_id=object_id, at=request.GET.get("at") or None, now=database_now(), user=request.user
            )
        except ScheduleNotFound as error:
            raise Http404 from error
        except InvalidValue as error:
            form = MomentForm(request.GET, timezone=timezone)
            form.add_error("at", str(error))
            return TemplateResponse(request, PAGE, {**context, "title": "Why it fires or not", "form": form})
        shown = _show(found) | {"form": MomentForm(initial={"at": _on_clocks(found, timezone)}, timezone=timezone)}
        return TemplateResponse(request, PAGE, {**context, **shown, "title": f"Why: {found.schedule_name}"})


def _on_clocks(explanation: Explanation, timezone: str) -> str:
    """Return the moment as the form takes it."""
    return explanation.at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None).isoformat(timespec="seconds")


def _show(explanation: Explanation) -> dict[str, Any]:
    """Return what the page shows of an explanation."""
    verdict, task, firing = explanation.verdict, explanation.task, explanation.firing
    colours = {str(verdict.code): GOOD if verdict.code in RUNS else ODD}
    beside = {"Previous": explanation.previous, "Next": explanation.next}
    return {
        "explanation": explanation,
        "moment": f"{show_moment(explanation.at)} ({settings.TIME_ZONE})",
        "verdict": show_label(verdict.code, colours),
        "checks": [(each, show_label(each.result, RESULT_COLOURS)) for each in explanation.checks],
        "task": page_link("tasks_task", task.task_id, "Task") if task else "",
        "firing": page_link("schedules_firing", firing.firing_id, "Firing") if firing else "",
        "beside": [
            (label, explain_link(explanation.schedule_id, str(show_moment(moment)), at=moment.isoformat()))
            for label, moment in beside.items()
            if moment is not None
        ],
    }

"""Why a schedule fired, fires or does not fire at a moment: a tab with a form for the moment, and the answer."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD, page_link
from orchestrator_site.common.admin.marks import QUIET, Mark, show_mark
from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import InvalidValue
from schedules.admin.explained_instants import list_picks
from schedules.admin.explained_steps import list_next_steps
from schedules.admin.tabs import EXPLAIN, Subject, TabsAdmin, say_here_and_there
from schedules.explaining import CheckName, Code, Explanation, Result, Tense
from schedules.explanations import VIEW_FIRING, explain_schedule
from schedules.selectors import ScheduleNotFound

PAGE = "admin/schedules/schedule/explain.html"
RESULTS: dict[str, Mark] = {
    Result.PASS: Mark(gettext_lazy("pass"), GOOD, "check_circle"),
    Result.FAIL: Mark(gettext_lazy("fail"), BAD, "cancel"),
    Result.UNKNOWN: Mark(gettext_lazy("unknown"), QUIET, "help"),
}
CHECKS: dict[str, Text] = {
    CheckName.EXISTS: gettext_lazy("The schedule and its workflow are there"),
    CheckName.NOT_PAUSED: gettext_lazy("It is not paused"),
    CheckName.NOT_FROZEN: gettext_lazy("The engine is not frozen"),
    CheckName.IN_BOUNDS: gettext_lazy("It lies between start and end"),
    CheckName.TRIGGER: gettext_lazy("The trigger fires then"),
    CheckName.OVERLAP: gettext_lazy("Tasks before let it run"),
    CheckName.PREDICATE: gettext_lazy("The workflow lets it start"),
    CheckName.INPUTS: gettext_lazy("The workflow takes its inputs"),
    CheckName.SCHEDULER: gettext_lazy("A scheduler is alive"),
}
# Verdict → its words, the name of its symbol, and its colour. Every other one says that it did not run, or will not.
RUNS: dict[str, tuple[Text, str, str]] = {
    Code.STARTED: (gettext_lazy("It ran"), "check_circle", GOOD),
    Code.QUEUED: (gettext_lazy("It ran"), "check_circle", GOOD),
    Code.WILL_FIRE: (gettext_lazy("It will run"), "event_upcoming", GOOD),
    Code.BEING_DECIDED: (gettext_lazy("It is about to run"), "hourglass_top", BUSY),
}
# It was never to run then, so that nothing is wrong.
UNPLANNED: tuple[Text, str, str] = (gettext_lazy("Nothing is planned then"), "event_busy", "")
DOES_NOT: dict[str, tuple[Text, str, str]] = {
    Tense.PAST: (gettext_lazy("It did not run"), "event_busy", ODD),
    Tense.NOW: (gettext_lazy("It does not run"), "event_busy", ODD),
    Tense.FUTURE: (gettext_lazy("It will not run"), "event_busy", ODD),
}
UNTOLD: dict[str, tuple[Text, str, str]] = {
    code: (gettext_lazy("Nobody can tell"), "help", "")
    for code in (Code.CHANGED_SINCE, Code.NOT_COMPUTABLE, Code.TOO_OLD)
}


class MomentForm(forms.Form):
    """Asks for the moment, on the clocks of the schedule; its text is read by the service, to any precision."""

    at = forms.CharField(required=False, widget=forms.DateTimeInput)

    def __init__(self, *args: Any, timezone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"] = dress(self.fields["at"])
        self.fields["at"].label = _("Moment on the clocks of %(zone)s") % {"zone": timezone}


class ExplainAdmin(TabsAdmin):
    """A page that explains one row."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the page."""
        view = self.admin_site.admin_view(self.explain_view)
        return [path("<uuid:object_id>/explain/", view, name="schedules_schedule_explain"), *super().get_urls()]

    def explain_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Show the form, and the explanation of the moment that it has; also of a schedule that was deleted."""
        subject = self.find_visible(request, object_id)
        picks = list_picks(subject, now(), may_see_firings=request.user.has_perm(VIEW_FIRING))
        try:
            shown = self._explain(request, subject)
        except InvalidValue as error:
            form = MomentForm(request.GET, timezone=subject.timezone)
            form.add_error("at", str(error))
            shown = {"form": form}
        answer: HttpResponse = self.show_tab(request, subject, EXPLAIN, PAGE, {"picks": picks, **shown})
        return answer

    def _explain(self, request: HttpRequest, subject: Subject) -> dict[str, Any]:
        """Return what the page shows of the moment that was asked about.

        Raises:
            InvalidValue: It is none.
        """
        try:
            found = explain_schedule(
                schedule_id=subject.id, at=request.GET.get("at") or None, now=database_now(), user=request.user
            )
        except ScheduleNotFound:  # somebody has just deleted it, before it ever ran
            return {"form": MomentForm(timezone=subject.timezone)}
        offered = self._offered(request, subject.schedule) if subject.schedule else {}
        verbs = {verb.name: url for offers in offered.values() for verb, url in offers}
        return {
            **_show(found, subject),
            "next_steps": list_next_steps(found, user=request.user, verbs=verbs, has_settings=bool(subject.schedule)),
            "form": MomentForm(initial={"at": _on_clocks(found, subject.timezone)}, timezone=subject.timezone),
        }


def _on_clocks(explanation: Explanation, timezone: str) -> str:
    """Return the moment as the form takes it."""
    return explanation.at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None).isoformat(timespec="seconds")


def _show(explanation: Explanation, subject: Subject) -> dict[str, Any]:
    """Return what the page shows of an explanation."""
    code, task, firing = explanation.verdict.code, explanation.task, explanation.firing
    words, symbol, colour = {**RUNS, **UNTOLD, Code.NOT_PLANNED: UNPLANNED}.get(code, DOES_NOT[explanation.tense])
    beside = (
        ("previous", _("The time before"), explanation.previous),
        ("next", _("The time after"), explanation.next),
    )
    url = reverse("admin:schedules_schedule_explain", args=[subject.id])
    return {
        "explanation": explanation,
        "moment": say_here_and_there(explanation.at, subject.timezone),
        "verdict": {"words": words, "symbol": symbol, "colour": colour, "code": code},
        "checks": [(check, CHECKS[check.name], show_mark(RESULTS[check.result])) for check in explanation.checks],
        "task": page_link("tasks_task", task.task_id, _("Task")) if task else "",
        "firing": page_link("schedules_firing", firing.firing_id, _("Firing")) if firing else "",
        "beside": [
            (
                name,
                label,
                f"{url}?{urlencode({'at': moment.isoformat()})}",
                say_here_and_there(moment, subject.timezone),
            )
            for name, label, moment in beside
            if moment is not None
        ],
    }

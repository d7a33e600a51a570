"""The pages about one schedule, side by side, under what is known of it: its settings, its history, an explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import (
    ODD,
    list_link,
    page_link,
    show_label,
    show_moment,
    show_sentence,
    show_time,
)
from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.common.admin.tabs import Tab, Tabs
from orchestrator_site.common.admin.verbs import VerbsAdmin
from schedules.admin.outcomes import outcome_words
from schedules.admin.schedule_states import FROZEN, STATE_COLOURS, is_held, say_pause, state_words
from schedules.admin.sparks import show_sparks
from schedules.explanations import VIEW_FIRING, VIEW_TASK
from schedules.models import Schedule
from schedules.recent_outcomes import read_recent_outcomes
from schedules.selectors import find_name_in_ledger, list_schedules
from schedules.unsettled import find_unsettled
from tasks.freezing import current_freeze
from tasks.models import EngineFreeze

SUMMARY = "admin/schedules/schedule/summary.html"
VIEW_WORKFLOW = "workflows.view_workflow"
SETTINGS, HISTORY, EXPLAIN = "settings", "history", "explain"


@dataclass(frozen=True, slots=True)
class Subject:
    """The schedule that the tabs are about; a deleted one is known by its name in the ledger."""

    id: UUID
    name: str
    schedule: Any = None

    @property
    def timezone(self) -> str:
        """The zone on whose clocks its times are told."""
        return self.schedule.timezone if self.schedule else "UTC"


def find_subject(schedule_id: UUID) -> Subject | None:
    """Return a schedule that is there, or of which the ledger has rows."""
    schedule = list_schedules().filter(pk=schedule_id).first()
    if schedule is not None:
        return Subject(schedule_id, schedule.name, schedule)
    name = find_name_in_ledger(schedule_id)
    return None if name is None else Subject(schedule_id, name)


class TabsAdmin(VerbsAdmin):
    """A page with tabs, and with the standing of its schedule above them."""

    change_form_outer_before_template = "admin/schedules/schedule/head.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the part that keeps itself fresh."""
        view = self.admin_site.admin_view(self.summary_view)
        return [path("<uuid:object_id>/summary/", view, name="schedules_schedule_summary"), *super().get_urls()]

    def summary_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Answer how a schedule stands, without the page around it; whoever opens it as a page is led to that."""
        subject = self.find_visible(request, object_id)
        if not is_part_wanted(request):
            return redirect("admin:schedules_schedule_change", object_id)
        return TemplateResponse(request, SUMMARY, {"standing": describe_standing(subject, request.user)})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add what stands above the form."""
        schedule = kwargs.get("obj")
        head = {}
        if schedule is not None:
            head = self._head(request, Subject(schedule.pk, schedule.name, schedule), SETTINGS)
        answer: HttpResponse = super().render_change_form(request, {**head, **context}, **kwargs)
        return answer

    def find_visible(self, request: HttpRequest, schedule_id: UUID) -> Subject:
        """Return the schedule of a tab.

        Raises:
            PermissionDenied: The user may not see schedules.
            Http404: There is none, and never was.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        subject = find_subject(schedule_id)
        if subject is None:
            raise Http404
        return subject

    def show_tab(self, request: HttpRequest, subject: Subject, tab: str, page: str, shown: dict[str, Any]) -> Any:
        """Return a tab that is no form of the admin."""
        offered = self._offered(request, subject.schedule) if subject.schedule else {}
        head = self._head(request, subject, tab)
        label = next(page.label for page in head["tabs"].pages if page.name == tab)
        context = {
            **self.admin_site.each_context(request),
            **offered,
            **head,
            "title": label if subject.schedule else _("%(tab)s: %(name)s") % {"tab": label, "name": subject.name},
            "opts": self.opts,
            "original": subject.schedule,
            "media": self.media,
            **shown,
        }
        return TemplateResponse(request, page, context)

    def _head(self, request: HttpRequest, subject: Subject, current: str) -> dict[str, Any]:
        return {
            "standing": describe_standing(subject, request.user),
            "tabs": Tabs(_("Pages about this schedule"), _list_tabs(subject, request.user), current),
        }


def _list_tabs(subject: Subject, user: Any) -> Sequence[Tab]:
    """Return the tabs that somebody may see; one that was deleted has no settings."""
    tabs = [Tab(EXPLAIN, _("Explain"), reverse("admin:schedules_schedule_explain", args=[subject.id]), "help")]
    if user.has_perm(VIEW_FIRING):
        url = reverse("admin:schedules_schedule_firings", args=[subject.id])
        tabs.insert(0, Tab(HISTORY, _("History"), url, "history"))
    if subject.schedule is not None:
        url = reverse("admin:schedules_schedule_change", args=[subject.id])
        tabs.insert(0, Tab(SETTINGS, _("Settings"), url, "tune"))
    return tabs


def describe_standing(subject: Subject, user: Any) -> dict[str, Any]:
    """Return what stands above the tabs: how it is with the schedule, in the words of the page."""
    schedule, moment = subject.schedule, now()
    if schedule is None:
        return {"name": subject.name, "is_deleted": True}
    freeze = current_freeze(now=moment)
    return {
        "url": reverse("admin:schedules_schedule_summary", args=[subject.id]),
        "name": schedule.name,
        **_describe_state(schedule, freeze),
        "since": show_time(_find_since(schedule), now=moment, zone=schedule.timezone),
        "runs": show_sentence(schedule.summary),
        "rule": schedule.trigger_text,
        "next_run": show_time(schedule.next_run_at, now=moment, zone=schedule.timezone),
        "next_run_in_full": say_here_and_there(schedule.next_run_at, schedule.timezone),
        "workflow": _show_workflow(schedule, user),
        "links": _list_links(subject, user),
        "sparks": _show_sparks(subject.id, user),
        # Nothing passes unsettled but in a pause or a freeze, and the freeze is known.
        "unsettled": find_unsettled(schedule, now=moment) if freeze or say_pause(schedule) else None,
        "created": _say_by(schedule.created_at, schedule.created_by),
        "updated": _say_by(schedule.updated_at, schedule.updated_by),
        "version": schedule.version,
        "changes_url": reverse("admin:schedules_schedule_history", args=[subject.id]),
    }


def say_here_and_there(moment: datetime | None, timezone: str) -> str | None:
    """Return a time as whoever looks reads it, and on the clocks of a schedule if these are others."""
    here = show_moment(moment)
    if moment is None or timezone == get_current_timezone_name():
        return here
    there = f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S %Z}"
    return _("%(here)s; in %(zone)s %(there)s") % {"here": here, "zone": timezone, "there": there}


def _describe_state(schedule: Any, freeze: EngineFreeze | None) -> dict[str, Any]:
    colours = {**STATE_COLOURS, FROZEN: ODD}
    if freeze is not None and is_held(schedule, freeze):
        why = _("The engine is frozen by %(who)s: %(why)s") % {"who": freeze.started_by, "why": freeze.reason}
        return {"state": show_label(FROZEN, colours, state_words()), "why": why}
    return {
        "state": show_label(schedule.shown_state, colours, state_words()),
        "why": say_pause(schedule) or schedule.state_reason,
    }


def _show_sparks(schedule_id: UUID, user: Any) -> SafeString | None:
    """Return what became of its last instants at a glance, to those who may see it."""
    if not user.has_perm(VIEW_FIRING):
        return None
    outcomes = read_recent_outcomes([schedule_id], with_tasks=user.has_perm(VIEW_TASK))[schedule_id]
    return show_sparks(schedule_id, outcomes, outcome_words())


def _find_since(schedule: Any) -> datetime:
    """Return since when it is in the state that is shown."""
    moment: datetime = schedule.paused_until if schedule.shown_state != schedule.state else schedule.state_since
    return moment


def _show_workflow(schedule: Schedule, user: Any) -> SafeString | str:
    workflow = schedule.workflow
    return page_link("workflows_workflow", workflow.pk, workflow) if user.has_perm(VIEW_WORKFLOW) else str(workflow)


def _list_links(subject: Subject, user: Any) -> Sequence[SafeString]:
    """Return where to find what it did."""
    query = f"schedule_id={subject.id}"
    lists = (("schedules_firing", VIEW_FIRING, _("Firings")), ("tasks_task", VIEW_TASK, _("Tasks")))
    return [list_link(model, query, label) for model, permission, label in lists if user.has_perm(permission)]


def _say_by(moment: datetime, who: str) -> SafeString:
    return format_html(_("{} by {}"), show_moment(moment), who)

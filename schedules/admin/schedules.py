"""The page of a schedule: add, change, delete; its list and its verbs have modules of their own."""

from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.timezone import now

from orchestrator_site.common.admin.display import json_column, list_link, show_moment
from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin
from orchestrator_site.common.admin.verbs import VerbsAdmin
from schedules.admin.explaining import ExplainAdmin, explain_link
from schedules.admin.previews import BUTTON, PreviewAdmin
from schedules.admin.schedule_list import ScheduleListAdmin
from schedules.admin.schedule_states import say_pause
from schedules.admin.verbs import VERBS
from schedules.forms import ScheduleForm, SchedulePreviewForm
from schedules.models import Schedule
from schedules.policy_fields import EXPLANATION
from schedules.previews import notices_of
from schedules.rules import POLICIES
from schedules.selectors import ScheduleNotFound
from schedules.services import delete_schedule
from schedules.trigger_fields import ARGUMENTS, can_hold, field_names
from schedules.triggers import OPTIONS
from schedules.unsettled import find_unsettled

# What the page says of a schedule, above its form.
KNOWN = (
    "in_words",
    "rule",
    "state_label",
    "why",
    "since",
    "next_run_here_and_there",
    "workflow_link",
    "what_it_did",
    "not_in_the_ledger_yet",
    "created",
    "updated",
)
CLOCKS_AND_SPREAD = [name for name in OPTIONS if name != "timezone"]
OPTION_SET = ("Clock changes and spread", {"fields": CLOCKS_AND_SPREAD})
POLICY_SET = ("Policies", {"fields": list(POLICIES), "description": EXPLANATION, "classes": ["schedule-policies"]})
# One set of fields for each kind of trigger, of which the script shows the chosen one.
KIND_SETS = [
    (f"Trigger: {kind}", {"fields": field_names(kind), "classes": ["trigger-kind", f"trigger-kind-{kind}"]})
    for kind in ARGUMENTS
]


@admin.register(Schedule)
class ScheduleAdmin(ExplainAdmin, ScheduleListAdmin, PreviewAdmin, VerbsAdmin, ServiceAdmin):
    """Schedules, by name."""

    form = ScheduleForm
    verbs = VERBS
    readonly_fields = (*KNOWN, "zone", "arguments", "shown_inputs")

    class Media:
        css: ClassVar = {"all": ("admin-pages/schedule-form.css",)}
        js = ("admin-pages/schedule-form.js", "admin-pages/schedule-preview.js")

    arguments = json_column("trigger_kwargs")
    shown_inputs = json_column("inputs")

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> type[BaseForm]:
        """Return the form that writes; the one that does not, if a preview was asked for."""
        return SchedulePreviewForm if BUTTON in request.POST else super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Schedule | None = None) -> Fieldsets:
        """Return what is known about a schedule, and the fields of each kind of trigger for those who may change it."""
        if obj is None:
            first = (None, {"fields": ["name", "workflow", "timezone", "trigger"]})
            return [first, *KIND_SETS, OPTION_SET, POLICY_SET, (None, {"fields": ["inputs"]})]
        known = (None, {"fields": list(KNOWN)})
        if not self.has_change_permission(request, obj):
            settings_ = ["zone", "trigger", "arguments", *CLOCKS_AND_SPREAD, *POLICIES, "shown_inputs"]
            return [known, ("Settings", {"fields": settings_})]
        last = (None, {"fields": ["inputs", "version"]})
        if not can_hold(obj.trigger, obj.trigger_kwargs):
            return [known, ("Change", {"fields": ["name", "timezone", "arguments"]}), OPTION_SET, POLICY_SET, last]
        settable = ("Change", {"fields": ["name", "timezone", "trigger"]})
        return [known, settable, *KIND_SETS, OPTION_SET, POLICY_SET, last]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Find out once what is not in the ledger: the page asks for the value of a field several times."""
        schedule = kwargs.get("obj")
        if schedule is not None:
            schedule.unsettled = find_unsettled(schedule, now=now())
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return answer

    def save_model(self, request: HttpRequest, obj: Schedule, form: ServiceForm, *args: Any, **kwargs: Any) -> None:
        """Save nothing, since the service has; tell what in it may not be what was meant."""
        assert isinstance(form, ScheduleForm)
        for notice in notices_of(schedule=obj, kwargs_as_given=form.given_kwargs()):
            messages.warning(request, notice.detail)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what goes: the schedules alone, since firings and tasks name them as data."""
        names = [f"Schedule: {schedule}" for schedule in objs]
        return names, {"schedules": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Delete it by the service."""
        _delete(obj.pk, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Delete them by the service, each in a transaction of its own."""
        for schedule_id in list(queryset.values_list("pk", flat=True)):
            _delete(schedule_id, request)

    @display(description="state reason")
    def why(self, schedule: Any) -> str:
        """Show why it does not run."""
        return say_pause(schedule) or schedule.state_reason

    @display(description="in this state since")
    def since(self, schedule: Any) -> str | None:
        """Show since when it is in the state that is shown."""
        is_released = schedule.shown_state != schedule.state
        return show_moment(schedule.paused_until if is_released else schedule.state_since)

    @display(description="runs")
    def in_words(self, schedule: Schedule) -> str:
        """Show its trigger in words, at the top of its page."""
        return format_html("<strong>{}</strong>", schedule.summary)

    @display(description="trigger")
    def rule(self, schedule: Schedule) -> str:
        """Show its trigger in full."""
        return schedule.trigger_text

    @display(description="time zone")
    def zone(self, schedule: Schedule) -> str:
        """Show the zone on whose clocks it runs."""
        return schedule.timezone

    @display(description="next run")
    def next_run_here_and_there(self, schedule: Schedule) -> str | None:
        """Show when it runs next, also on the clocks of its own zone."""
        here = show_moment(schedule.next_run_at)
        if schedule.next_run_at is None or schedule.timezone == settings.TIME_ZONE:
            return here
        there = schedule.next_run_at.astimezone(ZoneInfo(schedule.timezone))
        return f"{here}; in {schedule.timezone} {there:%Y-%m-%d %H:%M:%S %Z}"

    @display(description="what it did")
    def what_it_did(self, schedule: Schedule) -> str:
        """Link to its firings and its tasks, and to why it fired or not."""
        query = f"schedule_id={schedule.pk}"
        firings = list_link("schedules_firing", query, "Firings")
        tasks = list_link("tasks_task", query, "Tasks")
        return format_html("{} · {} · {}", firings, tasks, explain_link(schedule.pk, "Why it fires or not"))

    @display(description="not in the ledger yet")
    def not_in_the_ledger_yet(self, schedule: Any) -> str | None:
        """Show what has passed while something holds it."""
        return str(schedule.unsettled) if schedule.unsettled else None

    @display(description="created")
    def created(self, schedule: Schedule) -> str:
        """Show when, and by whom."""
        return f"{show_moment(schedule.created_at)} by {schedule.created_by}"

    @display(description="changed")
    def updated(self, schedule: Schedule) -> str:
        """Show when it was changed last, by whom, and how often that was."""
        return f"{show_moment(schedule.updated_at)} by {schedule.updated_by} (version {schedule.version})"


def _delete(schedule_id: UUID, request: HttpRequest) -> None:
    try:
        delete_schedule(schedule_id=schedule_id, actor=request.user.get_username())
    except ScheduleNotFound:  # somebody else was first, and that is what was asked for
        return

"""Schedules: add, change, delete, run now."""

from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter, display
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.html import format_html

from orchestrator_site.common.admin.display import (
    BAD,
    GOOD,
    json_column,
    label_column,
    list_link,
    moment_column,
    page_link,
    show_line,
    show_moment,
)
from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin
from orchestrator_site.common.admin.verbs import Verb, VerbsAdmin
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import Forbidden
from schedules.admin.previews import BUTTON, PreviewAdmin
from schedules.forms import ScheduleForm, SchedulePreviewForm
from schedules.models import Schedule, ScheduleState
from schedules.policy_fields import EXPLANATION
from schedules.previews import notices_of
from schedules.rules import POLICIES
from schedules.running import run_schedule_now
from schedules.selectors import ScheduleNotFound, list_schedules
from schedules.services import delete_schedule
from schedules.trigger_fields import ARGUMENTS, can_hold, field_names
from schedules.triggers import KINDS, OPTIONS
from schedules.unsettled import find_unsettled
from tasks.starting import check_may_start, find_definition

STATE_COLOURS: dict[str, str] = {ScheduleState.ACTIVE: GOOD, ScheduleState.BROKEN: BAD}

# What the page says of a schedule, above its form.
KNOWN = (
    "in_words",
    "rule",
    "state_label",
    "state_reason",
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


def run_now(schedule: Schedule, user: Any) -> str:
    """Start its task, and say where to look."""
    task = run_schedule_now(schedule=schedule, actor=user.get_username(), user=user)
    return format_html("Started {} of “{}”.", page_link("tasks_task", task.pk, "a task"), schedule.name)


def may_run(schedule: Schedule, user: Any) -> bool:
    """Tell whether its workflow lets a user start it."""
    try:
        check_may_start(find_definition(schedule.workflow.name), user)
    except Forbidden:
        return False
    return True


class TriggerFilter(SimpleListFilter):
    """Schedules by the kind of their trigger."""

    title = "trigger"
    parameter_name = "trigger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds."""
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> QuerySet[Schedule]:
        """Keep those of the kind."""
        return queryset.filter(trigger=self.value()) if self.value() else queryset


@admin.register(Schedule)
class ScheduleAdmin(PreviewAdmin, VerbsAdmin, ServiceAdmin):
    """Schedules, by name."""

    form = ScheduleForm
    list_display = ("name", "state_label", "runs", "workflow_link", "next_run")
    list_filter = ("state", TriggerFilter)
    search_fields = ("name", "link__workflow__name")
    sortable_by = ("name", "next_run")
    verbs = (Verb(name="run", label="Run now", permission="schedules.run_schedule", act=run_now, is_allowed=may_run),)
    readonly_fields = (*KNOWN, "zone", "arguments", "shown_inputs")

    class Media:
        css: ClassVar = {"all": ("admin-pages/schedule-form.css",)}
        js = ("admin-pages/schedule-form.js", "admin-pages/schedule-preview.js")

    state_label = label_column("state", STATE_COLOURS)
    next_run = moment_column("next_run_at", "next run")
    since = moment_column("state_since", "in this state since")
    arguments = json_column("trigger_kwargs")
    shown_inputs = json_column("inputs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Return the schedules with their workflows."""
        return list_schedules()

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

    @display(description="runs")
    def runs(self, schedule: Schedule) -> str | None:
        """Show its trigger in words."""
        return show_line(schedule.summary)

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

    @display(description="workflow")
    def workflow_link(self, schedule: Schedule) -> str:
        """Show which workflow it runs."""
        return page_link("workflows_workflow", schedule.workflow.pk, schedule.workflow)

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
        """Link to its firings and its tasks."""
        query = f"schedule_id={schedule.pk}"
        firings = list_link("schedules_firing", query, "Firings")
        return format_html("{} · {}", firings, list_link("tasks_task", query, "Tasks"))

    @display(description="not in the ledger yet")
    def not_in_the_ledger_yet(self, schedule: Schedule) -> str | None:
        """Show what has passed while something holds it."""
        unsettled = find_unsettled(schedule, now=database_now())
        return str(unsettled) if unsettled else None

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

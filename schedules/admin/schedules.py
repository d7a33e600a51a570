"""The page of a schedule: add, change, delete; its list and its verbs have modules of their own."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import json_column
from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin, for_user
from schedules.admin.conflicts import ConflictAdmin
from schedules.admin.explaining import ExplainAdmin
from schedules.admin.history import HistoryAdmin
from schedules.admin.inputs import InputsAdmin, inputs_fieldsets
from schedules.admin.previews import BUTTON, PreviewAdmin
from schedules.admin.schedule_list import ScheduleListAdmin
from schedules.admin.verbs import VERBS
from schedules.forms import ScheduleForm, SchedulePreviewForm
from schedules.models import Schedule
from schedules.policy_fields import EXPLANATION
from schedules.previews import notices_of
from schedules.rules import POLICIES
from schedules.selectors import ScheduleNotFound
from schedules.services import delete_schedule
from schedules.trigger_fields import ARGUMENTS, can_hold, field_names

CLOCKS = ["dst_gap", "dst_fold", "on_missing_day"]
# One set of fields for each kind of trigger, of which the script shows the chosen one. It goes on where "When" ends.
KIND_SETS: Fieldsets = [
    (
        format_lazy("{} {}", gettext_lazy("Trigger:"), kind),  # type: ignore[misc]  # Django takes a lazy one as well
        {"fields": field_names(kind), "classes": ["schedule-more", "trigger-kind", f"trigger-kind-{kind}"]},
    )
    for kind in ARGUMENTS
]


@admin.register(Schedule)
class ScheduleAdmin(
    ConflictAdmin, ExplainAdmin, HistoryAdmin, InputsAdmin, PreviewAdmin, ScheduleListAdmin, ServiceAdmin
):
    """Schedules, by name."""

    form = ScheduleForm
    verbs = VERBS
    readonly_fields = ("zone", "arguments", "shown_inputs")

    class Media:
        css: ClassVar = {
            "all": ("admin-pages/schedule-form.css", "admin-pages/schedule-page.css", "admin-pages/sparks.css")
        }
        js = ("admin-pages/schedule-form.js", "admin-pages/schedule-preview.js")

    arguments = json_column("trigger_kwargs", gettext_lazy("arguments"))
    shown_inputs = json_column("inputs", gettext_lazy("inputs"))

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> type[BaseForm]:
        """Return the form that writes, or the one that does not if a preview was asked for, with its inputs."""
        form = SchedulePreviewForm if BUTTON in request.POST else self.form
        schedule = obj if isinstance(obj, Schedule) else None
        return for_user(form, request, asked=self.find_asked(request, schedule).form)

    def get_fieldsets(self, request: HttpRequest, obj: Schedule | None = None) -> Fieldsets:
        """Return the fields of each kind of trigger for those who may change it, and what is stored for the others."""
        inputs = inputs_fieldsets(self.find_asked(request, obj))
        spread = (_("Spread"), {"fields": ["spread_seconds"], "classes": ["schedule-more"]})
        clocks = (_("Clock changes"), {"fields": CLOCKS})
        policies = (
            _("Policies"),
            {"fields": list(POLICIES), "description": EXPLANATION, "classes": ["schedule-policies"]},
        )
        when = (_("When"), {"fields": ["timezone", "trigger"], "classes": ["schedule-when"]})
        if obj is None:
            basics = (_("Basics"), {"fields": ["name", "workflow"]})
            return [basics, when, *KIND_SETS, spread, clocks, policies, *inputs]
        if not self.has_change_permission(request, obj):
            stored = (_("When"), {"fields": ["zone", "trigger", "arguments", "spread_seconds"]})
            shown_inputs = (_("Inputs"), {"fields": ["shown_inputs"]})
            return [stored, clocks, policies, shown_inputs]
        basics = (_("Basics"), {"fields": ["name"]})
        unseen = (None, {"fields": ["version", "opened"], "classes": ["schedule-unseen"]})
        if not can_hold(obj.trigger, obj.trigger_kwargs):
            stored = (_("When"), {"fields": ["timezone", "arguments"], "classes": ["schedule-when"]})
            return [basics, stored, spread, clocks, policies, *inputs, unseen]
        return [basics, when, *KIND_SETS, spread, clocks, policies, *inputs, unseen]

    def save_model(self, request: HttpRequest, obj: Schedule, form: ServiceForm, *args: Any, **kwargs: Any) -> None:
        """Save nothing, since the service has; tell what in it may not be what was meant."""
        assert isinstance(form, ScheduleForm)
        for notice in notices_of(schedule=obj, kwargs_as_given=form.given_kwargs()):
            messages.warning(request, notice.detail)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what goes: the schedules alone, since firings and tasks name them as data."""
        names = [_("Schedule: %(name)s") % {"name": schedule} for schedule in objs]
        return names, {str(_("schedules")): len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Delete it by the service."""
        _delete(obj.pk, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Delete them by the service, each in a transaction of its own."""
        for schedule_id in list(queryset.values_list("pk", flat=True)):
            _delete(schedule_id, request)

    @display(description=gettext_lazy("time zone"))
    def zone(self, schedule: Schedule) -> str:
        """Show the zone on whose clocks it runs."""
        return schedule.timezone


def _delete(schedule_id: UUID, request: HttpRequest) -> None:
    try:
        delete_schedule(schedule_id=schedule_id, actor=request.user.get_username())
    except ScheduleNotFound:  # somebody else was first, and that is what was asked for
        return

"""The form of a schedule: typed fields for each kind of trigger, written by the same services as over REST."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.display import show_moment
from orchestrator_site.common.admin.forms import ServiceForm
from schedules.models import Schedule, ScheduleState
from schedules.selectors import ScheduleNotFound
from schedules.services import ChangedMeanwhile, ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from schedules.trigger_fields import (
    ARGUMENTS,
    ZoneWidget,
    can_hold,
    field_name,
    field_names,
    read_kwargs,
    show,
)
from schedules.triggers import TriggerError, build_trigger
from tasks.forms import InputsField, TaskWorkflowField


class ScheduleForm(ServiceForm):
    """Creates or changes a schedule."""

    name = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget)
    workflow = TaskWorkflowField(help_text="What it runs; this cannot be changed later.")
    timezone = forms.CharField(
        label="Time zone", widget=ZoneWidget, help_text="An IANA name, such as Europe/Amsterdam."
    )
    trigger = forms.ChoiceField(
        choices=[(kind, kind) for kind in ARGUMENTS],
        widget=UnfoldAdminSelectWidget({"data-trigger-kinds": "true"}),
        help_text="interval: again and again after a time. cron: at times of the wall clock. date: once.",
    )
    inputs = InputsField()
    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta(ServiceForm.Meta):
        model = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, arguments in ARGUMENTS.items():
            for argument in arguments:
                self.fields[field_name(kind, argument.name)] = argument.make_field()
        self.fields["timezone"].initial = settings.TIME_ZONE
        if self.instance.updated_by:
            self._show(self.instance)
        else:
            del self.fields["version"]

    def clean(self) -> dict[str, Any]:
        """Refuse what is filled in for another kind than the chosen one: it would be lost."""
        values = self.cleaned_data
        chosen = values.get("trigger")
        for kind in ARGUMENTS:
            for name in field_names(kind):
                if chosen and kind != chosen and values.get(name):
                    self.add_error(name, f"This belongs to '{kind}', and the trigger is '{chosen}': clear one of them.")
        return values

    def explain(self) -> None:
        """Say what is wrong with the trigger as well."""
        kind, zone = self.cleaned_data.get("trigger"), self.cleaned_data.get("timezone")
        if kind and zone and self._is_changed():
            try:
                build_trigger(
                    kind,
                    self._kwargs(),
                    timezone=zone,
                    grid_start=now(),
                    shortest_seconds=settings.MIN_INTERVAL_SECONDS,
                )
            except TriggerError as error:
                self._add_trigger_error(error)

    def write(self) -> Schedule | None:
        """Create or change it."""
        try:
            return self._update() if "version" in self.fields else self._create()
        except TriggerError as error:
            self._add_trigger_error(error)
        except ChangedMeanwhile as error:
            when = show_moment(error.schedule.updated_at)
            message = f"{error.schedule.updated_by} changed this schedule at {when}, after you had opened it."
            self.add_error(None, f"{message} Nothing of yours was saved: open it again to see what it is now.")
        except ScheduleNotFound:
            self.add_error(None, "Somebody has deleted this schedule. Nothing was saved.")
        return None

    def _create(self) -> Schedule:
        values = self.cleaned_data
        draft = ScheduleDraft(
            name=values["name"],
            trigger=values["trigger"],
            trigger_kwargs=self._kwargs(),
            timezone=values["timezone"],
            inputs=values["inputs"],
        )
        return create_schedule(draft=draft, workflow=values["workflow"], actor=self.actor)

    def _update(self) -> Schedule:
        values = self.cleaned_data
        # A trigger that stays is not written again: its grid begins when it was set. One that broke is tried anew.
        has_trigger = "trigger" in self.fields and (self._is_changed() or self.instance.state == ScheduleState.BROKEN)
        changes = ScheduleChanges(
            name=values["name"],
            trigger=values["trigger"] if has_trigger else None,
            trigger_kwargs=self._kwargs() if has_trigger else None,
            timezone=values["timezone"],
            inputs=values["inputs"],
        )
        return update_schedule(
            schedule_id=self.instance.pk, changes=changes, actor=self.actor, expected_version=values["version"]
        )

    def _show(self, schedule: Schedule) -> None:
        """Fill in what is stored; leave the trigger out if the fields would lose something of it."""
        del self.fields["workflow"]
        for name in ("name", "timezone", "inputs", "version", "trigger"):
            self.fields[name].initial = getattr(schedule, name)
        if can_hold(schedule.trigger, schedule.trigger_kwargs):
            for argument, value in schedule.trigger_kwargs.items():
                self.fields[field_name(schedule.trigger, argument)].initial = show(value)
            return
        for name in ["trigger", *(name for kind in ARGUMENTS for name in field_names(kind))]:
            del self.fields[name]

    def _kwargs(self) -> dict[str, Any]:
        kind = self.cleaned_data["trigger"]
        stored = self.instance.trigger_kwargs if kind == self.instance.trigger else {}
        return read_kwargs(kind, self.cleaned_data, stored)

    def _is_changed(self) -> bool:
        now_stored = (self.instance.trigger, self.instance.trigger_kwargs, self.instance.timezone)
        return (self.cleaned_data["trigger"], self._kwargs(), self.cleaned_data["timezone"]) != now_stored

    def _add_trigger_error(self, error: TriggerError) -> None:
        """Show it at the field that holds the argument at fault, else at the trigger."""
        at_fault = error.field.removeprefix("trigger_kwargs.")
        argument = field_name(self.cleaned_data.get("trigger", ""), at_fault)
        fields = [name for name in (argument, at_fault, "trigger") if name in self.fields]
        self.add_error(fields[0] if fields else None, str(error))

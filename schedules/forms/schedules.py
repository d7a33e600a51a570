"""The form of a schedule: typed fields for each kind of trigger, written by the same services as over REST."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.display import show_moment
from orchestrator_site.common.admin.forms import ServiceForm, list_messages
from orchestrator_site.common.errors import Forbidden, InvalidValue
from schedules.models import Schedule, ScheduleState
from schedules.option_fields import choose_fold, choose_gap, choose_missing_day, choose_spread
from schedules.policy_fields import make_policy_fields
from schedules.previews import Preview, preview_draft, preview_schedule
from schedules.rules import POLICIES
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
from schedules.triggers import KINDS, OPTIONS, TriggerError
from tasks.forms import InputsField, TaskWorkflowField
from tasks.starting import FormBroken

FIRES_SHOWN = 10

KIND_WORDS = {
    "interval": "again and again after a time",
    "cron": "at times of the wall clock",
    "date": "once",
    "calendarinterval": "every so many days, weeks, months or years",
    "and": "when several triggers fire together",
    "or": "when any of several triggers fires",
}


class ScheduleForm(ServiceForm):
    """Creates or changes a schedule. Where it could be read, `preview` is what its trigger will do."""

    name = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget)
    workflow = TaskWorkflowField(help_text="What it runs; this cannot be changed later.")
    timezone = forms.CharField(
        label="Time zone", widget=ZoneWidget, help_text="An IANA name, such as Europe/Amsterdam."
    )
    trigger = forms.ChoiceField(
        choices=[(kind, f"{kind}: {KIND_WORDS[kind]}") for kind in KINDS],
        widget=UnfoldAdminSelectWidget({"data-trigger-kinds": "true"}),
    )
    dst_gap = choose_gap()
    dst_fold = choose_fold()
    on_missing_day = choose_missing_day()
    spread_seconds = choose_spread()
    inputs = InputsField()
    version = forms.IntegerField(widget=forms.HiddenInput)

    preview: Preview | None = None

    class Meta(ServiceForm.Meta):
        model = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, arguments in ARGUMENTS.items():
            for argument in arguments:
                self.fields[field_name(kind, argument.name)] = argument.make_field()
        self.fields |= make_policy_fields()
        for name in POLICIES:
            self.fields[name].initial = getattr(self.instance, name)
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
        """Say what is wrong with the trigger as well, or what it will do."""
        if not self.trigger_errors():
            self._look_ahead()

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
        except Forbidden as error:
            self.add_error(None, str(error))
        except InvalidValue as error:  # what is left: a policy, or the workflow does not take these inputs
            self.add_error(error.field if error.field in POLICIES else "inputs", list_messages(error))
        except FormBroken as error:
            self.add_error("inputs", str(error))
        return None

    def trigger_errors(self) -> dict[str, list[str]]:
        """Return the errors of the fields that make up the trigger, by name."""
        others = {"name", "workflow", "inputs", "version", NON_FIELD_ERRORS, *POLICIES}
        return {name: [str(error) for error in errors] for name, errors in self.errors.items() if name not in others}

    def is_blank(self) -> bool:
        """Tell whether nothing has been filled in for the chosen kind."""
        return not self._rule()[1]

    def given_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the trigger as they were given."""
        return self._rule()[1]

    def _create(self) -> Schedule:
        values = self.cleaned_data
        kind, kwargs = self._rule()
        draft = ScheduleDraft(
            name=values["name"],
            trigger=kind,
            trigger_kwargs=kwargs,
            inputs=values["inputs"],
            policies=self._policies(),
            **self._options(),
        )
        return create_schedule(draft=draft, workflow=values["workflow"], actor=self.actor, user=self.user)

    def _update(self) -> Schedule:
        values = self.cleaned_data
        kind, kwargs = self._rule()
        # A trigger that stays is not written again: its grid begins when it was set. One that broke is tried anew.
        has_trigger = "trigger" in self.fields and (self._is_changed() or self.instance.state == ScheduleState.BROKEN)
        changes = ScheduleChanges(
            name=values["name"],
            trigger=kind if has_trigger else None,
            trigger_kwargs=kwargs if has_trigger else None,
            inputs=values["inputs"],
            policies=self._policies(),
            **self._options(),
        )
        return update_schedule(
            schedule_id=self.instance.pk,
            changes=changes,
            actor=self.actor,
            user=self.user,
            expected_version=values["version"],
        )

    def _show(self, schedule: Schedule) -> None:
        """Fill in what is stored; leave the trigger out if the fields would lose something of it."""
        del self.fields["workflow"]
        for name in ("name", "inputs", "version", "trigger", *OPTIONS):
            self.fields[name].initial = getattr(schedule, name)
        self.fields["spread_seconds"].initial = schedule.spread_seconds or None
        if can_hold(schedule.trigger, schedule.trigger_kwargs):
            for argument, value in schedule.trigger_kwargs.items():
                self.fields[field_name(schedule.trigger, argument)].initial = show(value)
            return
        for name in ["trigger", *(name for kind in ARGUMENTS for name in field_names(kind))]:
            del self.fields[name]

    def _rule(self) -> tuple[str, dict[str, Any]]:
        """Return the kind of trigger and its arguments; those stored where there are no fields for them."""
        if "trigger" not in self.fields:
            return self.instance.trigger, self.instance.trigger_kwargs
        kind = self.cleaned_data["trigger"]
        stored = self.instance.trigger_kwargs if kind == self.instance.trigger else {}
        return kind, read_kwargs(kind, self.cleaned_data, stored)

    def _options(self) -> dict[str, Any]:
        """Return the options by name, None for one that is left empty, which may stand among the arguments.

        A spread that is taken away is 0.
        """
        options = {name: None if (value := self.cleaned_data[name]) == "" else value for name in OPTIONS}
        if options["spread_seconds"] is None and self.instance.spread_seconds:
            options["spread_seconds"] = 0
        return options

    def _policies(self) -> dict[str, Any]:
        """Return the policies that are to be others than those that are stored, or than the defaults."""
        return {name: value for name in POLICIES if (value := self.cleaned_data[name]) != getattr(self.instance, name)}

    def _is_changed(self) -> bool:
        stored = self.instance
        options = {name: value for name, value in self._options().items() if value is not None}
        return self._rule() != (stored.trigger, stored.trigger_kwargs) or any(
            getattr(stored, name) != value for name, value in options.items()
        )

    def _look_ahead(self) -> None:
        """Compute what the trigger will do; or add an error, as writing it would."""
        try:
            self.preview = self._preview()
        except TriggerError as error:
            self._add_trigger_error(error)

    def _preview(self) -> Preview:
        is_stored = "version" in self.fields
        if is_stored and not self._is_changed():
            return preview_schedule(schedule=self.instance, after=None, count=FIRES_SHOWN)
        kind, kwargs = self._rule()
        return preview_draft(
            kind=kind,
            kwargs=kwargs,
            given_options=self._options(),
            after=None,
            count=FIRES_SHOWN,
            schedule=self.instance if is_stored else None,
        )

    def _add_trigger_error(self, error: TriggerError) -> None:
        """Show it at the field that holds the argument at fault, else at the trigger."""
        path = error.field.removeprefix("trigger_kwargs.")
        at_fault = re.split(r"[.\[]", path, maxsplit=1)[0]
        argument = field_name(self.cleaned_data.get("trigger", ""), at_fault)
        fields = [name for name in (argument, at_fault, "trigger") if name in self.fields]
        is_named = path == at_fault or str(error).startswith(f"{at_fault}[")
        message = str(error) if is_named else f"{path}: {error}"
        self.add_error(fields[0] if fields else None, message)


class SchedulePreviewForm(ScheduleForm):
    """Looks ahead at what was typed of the trigger, and never writes: it is not valid, whatever was typed."""

    def is_valid(self) -> bool:
        """Never."""
        self.full_clean()
        return False

    def _post_clean(self) -> None:
        """Look ahead, in place of writing; what is wrong with the rest of the form can wait, and so can a blank one."""
        wrong = self.trigger_errors()
        for name in self.errors.keys() - wrong.keys():
            del self.errors[name]
        if not wrong and not self.is_blank():
            self._look_ahead()

"""The form of a schedule: typed fields for each kind of trigger, written by the same services as over REST."""

import re
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.text import format_lazy
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.errors import Forbidden, InvalidValue
from schedules.forms.conflicts import Snapshot, make_snapshot, snapshot_of
from schedules.forms.inputs import InputsForm
from schedules.models import Schedule, ScheduleState
from schedules.option_fields import choose_fold, choose_gap, choose_missing_day, choose_spread
from schedules.policy_fields import make_policy_fields
from schedules.previews import Preview, preview_draft, preview_schedule
from schedules.rules import POLICIES
from schedules.selectors import ScheduleNotFound
from schedules.services import ChangedMeanwhile, ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from schedules.trigger_fields import (
    ARGUMENTS,
    can_hold,
    field_name,
    field_names,
    read_kwargs,
    show,
)
from schedules.triggers import KINDS, OPTIONS, TriggerError
from schedules.zone_fields import make_zone_field
from tasks.forms import TaskWorkflowField
from tasks.starting import FormBroken

FIRES_SHOWN = 10

KIND_WORDS: dict[str, Text] = {
    "interval": gettext_lazy("again and again after a time"),
    "cron": gettext_lazy("at times of the wall clock"),
    "date": gettext_lazy("once"),
    "calendarinterval": gettext_lazy("every so many days, weeks, months or years"),
    "and": gettext_lazy("when several triggers fire together"),
    "or": gettext_lazy("when any of several triggers fires"),
}
# What a script says when another kind is chosen (static/admin-pages/schedule-form.js).
TAKEN_OUT = gettext_lazy("Taken out of %(kind)s: %(fields)s. They come back when you choose %(kind)s again.")
# The words of the form for whoever may only look at a schedule, and gets no form.
LABELS = {
    "dst_gap": choose_gap().label,
    "dst_fold": choose_fold().label,
    "on_missing_day": choose_missing_day().label,
    "spread_seconds": choose_spread().label,
    **{name: field.label for name, field in make_policy_fields().items()},
}


class ScheduleForm(InputsForm):
    """Creates or changes a schedule.

    Attributes:
        preview: What its trigger will do, where that could be read.
        stored_meanwhile: The schedule as somebody else has stored it since this form was opened.
    """

    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, widget=UnfoldAdminTextInputWidget)
    workflow = TaskWorkflowField(
        label=gettext_lazy("Workflow"), help_text=gettext_lazy("What it runs; this cannot be changed later.")
    )
    trigger = forms.ChoiceField(
        label=gettext_lazy("Trigger"),
        choices=[(kind, format_lazy("{}: {}", kind, KIND_WORDS[kind])) for kind in KINDS],
        widget=UnfoldAdminSelectWidget({"data-trigger-kinds": "true", "data-taken": TAKEN_OUT}),
    )
    dst_gap = choose_gap()
    dst_fold = choose_fold()
    on_missing_day = choose_missing_day()
    spread_seconds = choose_spread()
    version = forms.IntegerField(widget=forms.HiddenInput)
    # What was stored when the form was opened, for whoever finds that somebody else saved it first.
    opened = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    preview: Preview | None = None
    stored_meanwhile: Schedule | None = None

    class Meta(InputsForm.Meta):
        model = Schedule
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, arguments in ARGUMENTS.items():
            for argument in arguments:
                self.fields[field_name(kind, argument.name)] = argument.make_field()
        self.fields |= make_policy_fields()
        for name in ("dst_gap", "dst_fold", "on_missing_day", *POLICIES):
            self.fields[name].initial = getattr(self.instance, name)
        self.fields["timezone"] = make_zone_field()
        # Whoever fills it in reads and types every other time here in their own zone, too.
        self.fields["timezone"].initial = get_current_timezone_name()
        if self.instance.updated_by:
            self._show(self.instance)
        else:
            del self.fields["version"], self.fields["opened"]
        self.show_inputs(self.instance.inputs)

    def clean(self) -> dict[str, Any]:
        """Refuse what is filled in for another kind than the chosen one: it would be lost."""
        values = self.cleaned_data
        chosen = values.get("trigger")
        for kind in ARGUMENTS:
            for name in field_names(kind):
                if chosen and kind != chosen and values.get(name):
                    words = _("This belongs to '%(kind)s', and the trigger is '%(chosen)s': clear one of them.")
                    self.add_error(name, words % {"kind": kind, "chosen": chosen})
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
            self.stored_meanwhile = error.schedule
            self.add_error(None, _("Somebody else saved this schedule first: choose what is to be kept."))
        except ScheduleNotFound:
            self.add_error(None, _("Somebody has deleted this schedule. Nothing was saved."))
        except Forbidden as error:
            self.add_error(None, str(error))
        except InvalidValue as error:  # what is left: a policy, or the workflow does not take these inputs
            if error.field in POLICIES:
                self.add_error(error.field, str(error))
            else:
                self.add_inputs_error(error)
        except FormBroken as error:
            self.add_inputs_error(error)
        return None

    def trigger_errors(self) -> dict[str, list[str]]:
        """Return the errors of the fields that make up the trigger, by name."""
        others = {"name", "workflow", "version", "opened", NON_FIELD_ERRORS, *POLICIES}
        return {
            name: [str(error) for error in errors]
            for name, errors in self.errors.items()
            if name not in others and self.is_of_trigger(name)
        }

    def is_blank(self) -> bool:
        """Tell whether nothing has been filled in for the chosen kind."""
        return not self._rule()[1]

    def given_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the trigger as they were given."""
        return self._rule()[1]

    def snapshot(self) -> Snapshot:
        """Return what was filled in, as it is compared with what is stored."""
        kind, kwargs = self._rule()
        options = {
            name: getattr(self.instance, name) if value is None else value for name, value in self._options().items()
        }
        values = {name: self.cleaned_data[name] for name in ("name", *POLICIES)} | options
        return make_snapshot(values, kind=kind, kwargs=kwargs, inputs=self.read_inputs())

    def _create(self) -> Schedule:
        values = self.cleaned_data
        kind, kwargs = self._rule()
        draft = ScheduleDraft(
            name=values["name"],
            trigger=kind,
            trigger_kwargs=kwargs,
            inputs=self.read_inputs(),
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
            inputs=self.read_inputs(),
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
        self.fields["opened"].initial = snapshot_of(schedule).as_text()
        for name in ("name", "version", "trigger", *OPTIONS):
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

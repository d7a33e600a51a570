"""Running a schedule by hand: now, with other inputs than its own, or again for instants that have passed."""

from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.asking import AskingForm
from orchestrator_site.common.admin.forms import ServiceForm, list_messages
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidFields, InvalidValue, Refused
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from schedules.models import Schedule
from schedules.running import (
    DEFAULT_BACKFILL,
    MAX_BACKFILL,
    Backfill,
    backfill_schedule,
    run_schedule_now,
)
from tasks.forms import InputsField
from tasks.models import Task

# No field of a workflow's form has this name: it is none that Python takes.
REASON = "run-reason"

ONLY_WORDS = {
    "missing": gettext_lazy("only times of which no task was started"),
    "all": gettext_lazy("all times, also those that were run"),
}
# What the service calls the two ends of the stretch; a form has no field of that name.
_FIELDS = {"from": "first", "to": "until"}


def ask_reason() -> forms.CharField:
    """Return the field that asks why."""
    return forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARACTERS,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the ledger; it may be left empty."),
        widget=UnfoldAdminTextInputWidget,
    )


class RunForm(ServiceForm):
    """Runs a schedule now, with inputs as JSON.

    Attributes:
        problem: Why the form of its workflow cannot be shown, if it has one that cannot.
        task: The task that was started.
    """

    problem = ""
    task: Task | None = None
    inputs = InputsField()
    reason = ask_reason()

    class Meta(ServiceForm.Meta):
        model = Schedule

    def write(self) -> Schedule | None:
        """Start its task."""
        try:
            return run(self, self.cleaned_data["inputs"], self.cleaned_data["reason"])
        except InvalidValue as error:
            self.add_error("inputs", list_messages(error))
        return None


class RunByFormForm(AskingForm):
    """Runs a schedule now, by the form that its workflow declares.

    Attributes:
        task: The task that was started.
    """

    task: Task | None = None

    class Meta(AskingForm.Meta):
        model = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[REASON] = ask_reason()

    def write(self) -> Schedule | None:
        """Start its task."""
        inputs = {name: value for name, value in self.cleaned_data.items() if name != REASON}
        try:
            return run(self, inputs, (self.cleaned_data[REASON] or "").strip())
        except InvalidValue as error:
            if error.field == "reason":
                self.add_error(REASON, str(error))
            else:
                self.show_refusal(error)
        return None


def run(form: RunForm | RunByFormForm, inputs: dict[str, Any], reason: str) -> Schedule | None:
    """Run the schedule of a form; show why not above it if that is not about its fields.

    Raises:
        InvalidValue, InvalidFields: No task can start with these inputs.
    """
    schedule: Schedule = form.instance
    try:
        form.task = run_schedule_now(schedule=schedule, actor=form.actor, user=form.user, inputs=inputs, reason=reason)
    except (Conflict, Forbidden, Refused) as error:
        form.add_error(None, str(error))
        return None
    return schedule


class BackfillForm(ServiceForm):
    """Runs instants of a schedule again that have passed, or says which would run.

    Attributes:
        is_dry_run: Only say it.
        backfill: What came of it, or would.
    """

    is_dry_run: bool
    backfill: Backfill | None = None

    first = dress(
        forms.DateTimeField(label=gettext_lazy("From"), help_text=gettext_lazy("The first moment that counts."))
    )
    until = dress(
        forms.DateTimeField(
            label=gettext_lazy("To"),
            help_text=gettext_lazy("The first moment that counts no more; it has to be over."),
        )
    )
    limit = forms.IntegerField(
        min_value=1,
        max_value=MAX_BACKFILL,
        initial=DEFAULT_BACKFILL,
        label=gettext_lazy("At most so many"),
        help_text=gettext_lazy("The oldest come first."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    only = forms.ChoiceField(
        choices=list(ONLY_WORDS.items()),
        initial="missing",
        label=gettext_lazy("Which times"),
        widget=UnfoldAdminSelectWidget,
    )

    class Meta(ServiceForm.Meta):
        model = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clocks = _("On the clocks of %(zone)s.") % {"zone": get_current_timezone_name()}
        for name in ("first", "until"):
            self.fields[name].help_text += f" {clocks}"

    def write(self) -> Schedule | None:
        """Run them, or find out which would run."""
        try:
            self.backfill = backfill_schedule(
                schedule_id=self.instance.pk,
                actor=self.actor,
                user=self.user,
                is_dry_run=self.is_dry_run,
                **self.cleaned_data,
            )
        except InvalidFields as error:
            where = _("inputs of the schedule")
            self.add_error(None, [f"{where}: {message}" for message in list_messages(error)])
        except InvalidValue as error:
            name = _FIELDS.get(error.field, error.field)
            self.add_error(name if name in self.fields else None, str(error))
        except (Conflict, Forbidden, Refused) as error:
            self.add_error(None, str(error))
        else:
            schedule: Schedule = self.instance
            return schedule
        return None

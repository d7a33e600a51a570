"""Pausing a schedule by hand."""

from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.errors import Conflict, InvalidValue
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from schedules.models import Schedule
from schedules.pausing import pause_schedule


class ReasonForm(ServiceForm):
    """Asks why, and until when."""

    reason = forms.CharField(
        max_length=MAX_REASON_CHARACTERS,
        widget=UnfoldAdminTextInputWidget,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("People will read it on the schedule's page."),
    )
    until = dress(
        forms.DateTimeField(
            required=False,
            label=gettext_lazy("Until"),
            help_text=gettext_lazy("When it goes on by itself; empty: when somebody resumes it."),
        )
    )

    class Meta(ServiceForm.Meta):
        model = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].help_text += " " + _("On the clocks of %(zone)s.") % {"zone": get_current_timezone_name()}

    def write(self) -> Schedule | None:
        """Pause; show what cannot be used at its field."""
        try:
            return self.pause()
        except InvalidValue as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        except Conflict as error:
            self.add_error(None, str(error))
        return None

    def pause(self) -> Schedule:
        """Call the service.

        Raises:
            InvalidValue, Conflict: It refuses.
        """
        raise NotImplementedError


class PauseForm(ReasonForm):
    """Pauses a schedule; one that is paused gets another reason and end."""

    def pause(self) -> Schedule:
        """Pause it."""
        return pause_schedule(schedule_id=self.instance.pk, actor=self.actor, **self.cleaned_data)

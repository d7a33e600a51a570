"""Doing one thing to many schedules: each kind of it asks for what it needs, and for no more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from schedules.bulk_actions import Action, Request, Result, act_on_schedules
from schedules.models import Schedule

# A dry run before anybody has typed a reason: it is written nowhere.
NO_REASON_YET = "…"


class BulkForm(ServiceForm):
    """Does something to many schedules that needs no more than their ids.

    Attributes:
        action: What.
        schedule_ids: To which.
        results: What became of each, once it has been done.
    """

    action: Action
    schedule_ids: Sequence[UUID]
    results: Sequence[Result] = ()

    class Meta(ServiceForm.Meta):
        model = Schedule

    def write(self) -> Schedule | None:
        """Do it, to each as far as it can be."""
        try:
            self.results = act_on_schedules(ids=self.schedule_ids, request=self._request(**self.cleaned_data))
        except InvalidValue as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
            return None
        schedule: Schedule = self.instance
        return schedule

    def look_ahead(self) -> Sequence[Result]:
        """Return what would become of each; nothing is written."""
        reason = {"reason": NO_REASON_YET} if self.action == Action.PAUSE else {}
        return act_on_schedules(ids=self.schedule_ids, request=self._request(**reason), is_dry_run=True)

    def _request(self, **asked: Any) -> Request:
        return Request(self.action, actor=self.actor, user=self.user, **asked)


class BulkPauseForm(BulkForm):
    """Pauses them, for one reason."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON_CHARACTERS,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("People will read it on the page of each schedule."),
    )
    until = dress(forms.DateTimeField(label=gettext_lazy("Until"), required=False))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = gettext("When they go on by themselves; empty: when somebody resumes them. On the clocks of %(zone)s.")
        self.fields["until"].help_text = told % {"zone": get_current_timezone_name()}


class BulkRunForm(BulkForm):
    """Runs them now."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=MAX_REASON_CHARACTERS,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("For the ledger; it may be left empty."),
    )


FORMS: dict[Action, type[BulkForm]] = {
    Action.PAUSE: BulkPauseForm,
    Action.RESUME: BulkForm,
    Action.RUN: BulkRunForm,
    Action.DELETE: BulkForm,
}

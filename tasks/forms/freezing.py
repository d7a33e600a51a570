"""Freezing the engine by hand."""

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from tasks.freezing import freeze_engine
from tasks.models import EngineFreeze


class FreezeForm(ServiceForm):
    """Freezes the engine; one that is frozen gets another reason and end."""

    reason = forms.CharField(
        max_length=MAX_REASON_CHARACTERS,
        widget=UnfoldAdminTextInputWidget,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("People will read it above every page."),
    )
    until = dress(
        forms.DateTimeField(
            label=gettext_lazy("Until"),
            required=False,
            help_text=gettext_lazy("When it ends by itself; empty: when somebody unfreezes it."),
        )
    )

    class Meta(ServiceForm.Meta):
        model = EngineFreeze

    def write(self) -> EngineFreeze | None:
        """Freeze it."""
        values = self.cleaned_data
        try:
            return freeze_engine(reason=values["reason"], until=values["until"], actor=self.actor)
        except InvalidValue as error:
            self.add_error(error.field, str(error))
        return None

"""Changing what is said of a workflow by hand."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.errors import Conflict, InvalidValue
from workflows.models import Workflow
from workflows.services import MAX_DESCRIPTION_CHARACTERS, change_description


class DescriptionForm(ServiceForm):
    """Changes the description of a workflow; `seen` is the one that whoever changes it was shown."""

    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=MAX_DESCRIPTION_CHARACTERS,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=gettext_lazy("What it does, in words that help whoever has to choose it. The code is not changed."),
    )
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    class Meta(ServiceForm.Meta):
        model = Workflow

    def write(self) -> Workflow | None:
        """Store it."""
        values = self.cleaned_data
        try:
            return change_description(
                workflow_id=self.instance.pk,
                description=values["description"],
                seen=values["seen"],
                actor=self.actor,
            )
        except InvalidValue as error:
            self.add_error("description", str(error))
        except Conflict as error:
            self.add_error(None, f"{error} {_('Go back to see it; what you typed is still here.')}")
        return None

"""Fields of forms about tasks: inputs as JSON, and the workflow."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.serializers import ValidationError as RefusedInputs
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from orchestrator_site.common.admin.forms import read_json
from tasks.serializers import check_inputs
from workflows.models import Workflow
from workflows.selectors import list_workflows


class InputsField(forms.CharField):
    """The inputs of a task: a JSON object, under the same rules as over REST."""

    widget = UnfoldAdminTextareaWidget({"rows": 6, "spellcheck": "false", "class": "admin-code"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Inputs"),
            required=False,
            help_text=gettext_lazy('A JSON object, such as {"region": "north"}; empty for none.'),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> str:
        """Return an object as text; text that was typed stays as it is."""
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return value or ""

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # text there
        """Return the object.

        Raises:
            ValidationError: It is no JSON object, or one with which no task can start.
        """
        text = str(value or "").strip()
        inputs = read_json(text) if text else {}
        if not isinstance(inputs, dict):
            said = _("Give a JSON object such as {}, not %(kind)s.")
            raise forms.ValidationError(said % {"kind": type(inputs).__name__})
        return self._checked(inputs)

    def validate(self, value: Any) -> None:
        """Leave it at that: what the field gives is no text."""

    def run_validators(self, value: Any) -> None:
        """Leave it at that: what the field gives is no text."""

    @staticmethod
    def _checked(inputs: dict[str, Any]) -> dict[str, Any]:
        try:
            return check_inputs(inputs)
        except RefusedInputs as error:
            raise forms.ValidationError([str(detail) for detail in error.detail]) from error


class TaskWorkflowField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """One of the workflows that can be scheduled and started."""

    widget = UnfoldAdminSelectWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=list_workflows().filter(is_task=True), empty_label=gettext_lazy("Choose a workflow"), **kwargs
        )

    def label_from_instance(self, obj: Workflow) -> str:
        """Return its name, and what it does."""
        return f"{obj.name} ({obj.description})" if obj.description else obj.name

"""The inputs of a schedule's tasks: the fields of the form that its workflow declares, or a JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.asking import find_initial, read_typed
from orchestrator_site.common.admin.forms import ServiceForm, list_messages
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.clock import as_iso
from orchestrator_site.common.errors import InvalidFields, InvalidValue
from tasks.forms import InputsField

# No field of a schedule begins like that, so that theirs may have any name.
PREFIX = "inputs-"
_BLANK: tuple[Any, ...] = (None, "", [])


class InputsForm(ServiceForm):
    """A form with inputs.

    What their fields hold is not cleaned here: the service does that, by the same rules as over REST.

    Attributes:
        asked: The form of the workflow, made for this page; None where the inputs are given as JSON.
    """

    asked: forms.BaseForm | None = None

    inputs = InputsField()

    def is_of_trigger(self, name: str) -> bool:
        """Tell whether a field has to do with the trigger, and not with the inputs."""
        return name != "inputs" and not name.startswith(PREFIX)

    def input_names(self) -> list[str]:
        """Return the names of the fields for inputs."""
        return [name for name in self.fields if not self.is_of_trigger(name)]

    def show_inputs(self, stored: Mapping[str, Any]) -> None:
        """Fill in what is stored, or the defaults of the form where nothing is."""
        given = self.initial.pop("inputs", stored)
        self.fields["inputs"].initial = given
        if self.asked is None:
            return
        del self.fields["inputs"]
        for name, field in self.asked.fields.items():
            self.fields[PREFIX + name] = dressed = dress(field)
            dressed.label = self.asked[name].label
        answers = given if isinstance(given, Mapping) else {}
        known = {**self.asked.initial, **find_initial(self.asked, answers)}
        self.initial.update({PREFIX + name: value for name, value in known.items()})
        if self.is_bound and not any(name.startswith(PREFIX) for name in self.data):
            self.data = self._with_defaults()

    def read_inputs(self) -> dict[str, Any]:
        """Return the inputs as they were given; those that nobody has touched are what is stored."""
        if self.asked is None:
            inputs: dict[str, Any] = self.cleaned_data["inputs"]
            return inputs
        return self._read_fields()

    def add_inputs_error(self, error: Exception) -> None:
        """Show what is wrong with the inputs, each at its field where there is one."""
        if self.asked is None:
            self.add_error("inputs", list_messages(error) if isinstance(error, InvalidValue) else str(error))
        elif not isinstance(error, InvalidFields):
            self.add_error(None, _("Inputs: %(error)s") % {"error": error})
        else:
            self._spread_errors(error)

    def _spread_errors(self, error: InvalidFields) -> None:
        for path, messages in error.errors.items():
            name = PREFIX + path.removeprefix("inputs.")
            if name in self.fields:
                self.add_error(name, list(messages))
            else:
                one = InvalidFields("", errors={path: messages}, values={})
                self.add_error(None, [_("Inputs: %(error)s") % {"error": each} for each in list_messages(one)])

    def _clean_fields(self) -> None:
        """Clean the fields of the schedule; read what was typed into those of the workflow."""
        every = self.fields
        theirs = {name: field for name, field in every.items() if name.startswith(PREFIX)}
        self.fields = {name: field for name, field in every.items() if name not in theirs}
        super()._clean_fields()  # type: ignore[misc]  # not known to its stubs
        self.fields = every
        for name, field in theirs.items():
            try:
                self.cleaned_data[name] = _read(field, self[name].data)
            except forms.ValidationError as error:
                self.add_error(name, error)

    def _read_fields(self) -> dict[str, Any]:
        assert self.asked is not None, "there are fields only where there is a form"
        is_new = not self.instance.updated_by
        stored = {} if is_new else self.instance.inputs
        inputs: dict[str, Any] = {}
        for name in self.asked.fields:
            field, typed = self.fields[PREFIX + name], self.cleaned_data.get(PREFIX + name)
            is_same = field.disabled or _is_same(field, self[PREFIX + name])
            if is_same and name in stored:
                inputs[name] = stored[name]
            elif not is_same or (is_new and typed not in _BLANK):
                inputs[name] = typed
        return inputs

    def _with_defaults(self) -> QueryDict:
        """Return what was sent, with what the fields show at first: they were not on the page from which it came."""
        assert self.asked is not None, "defaults are those of a form"
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name in self.asked.fields:
            field, bound = self.fields[PREFIX + name], self[PREFIX + name]
            value = field.prepare_value(bound.initial)
            if value in _BLANK or value is False or isinstance(field, forms.MultiValueField):
                continue
            shown = field.widget.format_value(value) if not isinstance(field, forms.BooleanField) else "on"
            data.setlist(PREFIX + name, shown if isinstance(shown, list) else [shown])
        return data


def typed_as_json(form: InputsForm) -> str:
    """Return what the fields of a form hold as the text of a JSON object."""
    return json.dumps(form.read_inputs(), indent=2, ensure_ascii=False)


def _read(field: forms.Field, typed: Any) -> Any:
    """Return what was typed as JSON; a moment with its offset, for it is read again where the clocks are others.

    Raises:
        ValidationError: A field for JSON holds something else.
    """
    if not isinstance(field, forms.DateTimeField | forms.SplitDateTimeField) or typed in _BLANK:
        return read_typed(field, typed)
    try:
        moment = field.to_python(typed) if isinstance(field, forms.DateTimeField) else field.clean(typed)
    except forms.ValidationError:
        return read_typed(field, typed)  # the service says what is wrong
    return as_iso(moment) if moment else read_typed(field, typed)


def _is_same(field: forms.Field, bound: forms.BoundField) -> bool:
    """Tell whether a field still has what it showed at first."""
    return str(bound.data) == str(bound.initial) or not field.has_changed(bound.initial, bound.data)

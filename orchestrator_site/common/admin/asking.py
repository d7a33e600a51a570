"""Forms of somebody else, such as that of a workflow, as real fields of the admin."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.forms import ServiceForm, list_messages, read_json
from orchestrator_site.common.admin.widgets import dress
from orchestrator_site.common.errors import InvalidFields, InvalidValue

MAX_MESSAGE_CHARACTERS = 500


class UnusableForm(Exception):
    """The code of a form raises something when it is made; the message says what."""


def make_asked(form: type[forms.BaseForm]) -> forms.BaseForm:
    """Return an instance of a form that somebody wrote.

    Raises:
        UnusableForm: Its code raised something.
    """
    try:
        return form()
    except Exception as error:  # user code: anything may come out of it
        reason = f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARACTERS]
        what = {"form": form.__name__, "reason": reason}
        raise UnusableForm(_("its form %(form)s cannot be shown: %(reason)s") % what) from error


class AskingForm(ServiceForm):
    """Shows the fields of a form that somebody wrote, and hands on what was typed as JSON.

    Nothing is cleaned here: the service does that, by the same rules as over REST, and what it refuses is an error of
    the field. The form's own `clean` so runs once.

    Attributes:
        asked: The form, made for this page.
    """

    asked: forms.BaseForm
    # No field of theirs can have the name of one of the page.
    prefix = "inputs"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {name: dress(field) for name, field in self.asked.fields.items()}
        self.initial = {**self.asked.initial, **self.initial}

    def show_refusal(self, error: InvalidValue) -> None:
        """Show what a service refuses, at its field where there is one."""
        if not isinstance(error, InvalidFields):
            self.add_error(None, str(error))
            return
        for path, messages in error.errors.items():
            name = path.removeprefix("inputs.")
            if name in self.fields:
                self.add_error(name, list(messages))
            else:
                self.add_error(None, list_messages(InvalidFields("", errors={path: messages}, values={})))

    def _clean_fields(self) -> None:
        """Read what was typed; of a disabled field the service ignores it."""
        for name, field in self.fields.items():
            try:
                self.cleaned_data[name] = read_typed(field, self[name].data)
            except forms.ValidationError as error:
                self.add_error(name, error)


def read_typed(field: forms.Field, typed: Any) -> Any:
    """Return what a widget made of HTML as JSON; most of it is text.

    Raises:
        ValidationError: A field for JSON holds something else.
    """
    if isinstance(field, forms.JSONField):
        return read_json(typed) if typed and typed.strip() else None
    if isinstance(field, forms.MultiValueField) and isinstance(typed, list):
        return [read_typed(part, each) for part, each in zip(field.fields, typed, strict=False)]
    return typed


def can_show(asked: forms.BaseForm, answers: Mapping[str, Any]) -> bool:
    """Tell whether the fields of a form show everything that there is of earlier answers."""
    return all(name in asked.fields and not isinstance(asked.fields[name], forms.MultiValueField) for name in answers)


def find_initial(asked: forms.BaseForm, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return earlier answers as what the fields show at first; those of fields with several parts are left out."""
    return {
        name: _show(field, answers[name])
        for name, field in asked.fields.items()
        if name in answers and not isinstance(field, forms.MultiValueField)
    }


def _show(field: forms.Field, answer: Any) -> Any:
    """Return an answer as a value that the widget shows: a moment in the zone of whoever looks, not in UTC."""
    if not isinstance(field, forms.DateTimeField):
        return answer
    try:
        return field.to_python(answer)
    except forms.ValidationError:  # of a field that was another one then
        return answer

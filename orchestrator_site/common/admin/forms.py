"""Forms that write through a service, and JSON that was typed into one."""

import json
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext as _

from orchestrator_site.common.errors import InvalidFields, InvalidValue
from orchestrator_site.common.parsers import MAX_DEPTH, is_too_deep


def read_json(text: str) -> Any:
    """Return the JSON value that was typed.

    Raises:
        ValidationError: It is no JSON, is nested too deeply, or holds what is none: NaN, half of a surrogate pair.
    """
    try:
        value = json.loads(text)
        is_deep = is_too_deep(value)
    except ValueError as error:  # also a number of too many digits
        raise forms.ValidationError(_("This is no JSON that can be read: %(error)s.") % {"error": error}) from error
    except RecursionError:
        is_deep = True
    if is_deep:
        raise forms.ValidationError(
            _("This is nested too deeply: at most %(depth)s levels can be read.") % {"depth": MAX_DEPTH}
        )
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # which an error of the encoding is, too
        raise forms.ValidationError(_("This holds a number or a character that cannot be stored.")) from error
    return value


def list_messages(error: InvalidValue) -> list[str]:
    """Return what is wrong with inputs, a message each; those about one key begin with it."""
    if not isinstance(error, InvalidFields):
        return [str(error)]
    keys = {path: path.removeprefix("inputs").removeprefix(".") for path in error.errors}
    return [
        f"{keys[path]}: {message}" if keys[path] else message
        for path, messages in error.errors.items()
        for message in messages
    ]


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A form whose fields are its own, and which writes while it validates.

    Only the service knows all that can be wrong (a trigger that never fires, a change by somebody else), so it is
    called as the last step of validation: what it refuses is an error of a field, and a valid form has been written.

    Attributes:
        actor: The name of the one who fills it in.
        user: The one who fills it in, whom the code of a workflow is asked about.
    """

    actor: str
    user: Any

    class Meta:
        fields: tuple[str, ...] = ()

    def write(self) -> Model | None:
        """Call the service and return the row; or add an error and return None."""
        raise NotImplementedError

    def explain(self) -> None:
        """Add what else is wrong to a form that has errors and will not be written."""

    def _post_clean(self) -> None:
        """Write, in place of the validation by the model's fields."""
        if self.errors:
            self.explain()
        elif (written := self.write()) is not None:
            self.instance = written

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002  # Django's signature
        """Return what the service has stored."""
        return self.instance

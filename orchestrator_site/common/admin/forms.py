"""Forms that write through a service."""

from typing import Any

from django import forms
from django.db.models import Model


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A form whose fields are its own, and which writes while it validates.

    Only the service knows all that can be wrong (a trigger that never fires, a change by somebody else), so it is
    called as the last step of validation: what it refuses is an error of a field, and a valid form has been written.
    """

    actor: str

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

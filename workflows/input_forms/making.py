"""Making a form from its class, and refusing one that cannot stand for the inputs of a task."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django import forms
from django.db import InterfaceError, OperationalError

from workflows.engine.errors import FormCodeError, WorkflowError
from workflows.engine.state import RESERVED_KEYS
from workflows.input_forms.writing import write_answer

MAX_MESSAGE_CHARACTERS = 500


def make_form(form: type[forms.BaseForm], *, data: Mapping[str, Any] | None = None) -> forms.BaseForm:
    """Return an instance of the form, bound to `data` if there is any.

    Raises:
        FormCodeError: It is no form class, needs arguments, has a field that no inputs can have, or its `__init__`
            raised something.
    """
    _refuse_what_is_no_form(form)
    arguments: dict[str, Any] = {} if data is None else {"data": data}
    try:
        inspect.signature(form).bind(**arguments)
    except TypeError as error:
        raise FormCodeError(
            f"form '{form.__name__}' cannot be made with {'data' if arguments else 'no arguments'} alone: {error};"
            " take *args and **kwargs in its __init__, and nothing that has no default"
        ) from error
    with blaming(form, "its __init__"):
        made = form(**arguments)
    _refuse_fields(form, made.fields)
    return made


def list_declared_fields(form: type[forms.BaseForm]) -> dict[str, forms.Field]:
    """Return the fields that the class declares, without making an instance.

    Raises:
        FormCodeError: It is no form class, or has a field that no inputs can have.
    """
    _refuse_what_is_no_form(form)
    declaring: Any = form  # its metaclass sets them
    declared: dict[str, forms.Field] = declaring.base_fields
    _refuse_fields(form, declared)
    return declared


def _refuse_what_is_no_form(form: object) -> None:
    if not (isinstance(form, type) and issubclass(form, forms.BaseForm) and hasattr(form, "base_fields")):
        raise FormCodeError(f"{form!r} is no form class: give a subclass of django.forms.Form, not an instance of one")


def _refuse_fields(form: type[forms.BaseForm], fields: Mapping[str, forms.Field]) -> None:
    for name, field in fields.items():
        if name in RESERVED_KEYS:
            raise FormCodeError(
                f"form '{form.__name__}' has the field '{name}', which every task sets itself; give it another name"
            )
        if _takes_file(field):
            raise FormCodeError(
                f"field '{name}' of form '{form.__name__}' takes a file, and inputs are JSON; use a CharField for the"
                " place where the file is, or a JSONField for what is in it"
            )


def _takes_file(field: forms.Field) -> bool:
    return isinstance(field, forms.FileField) or any(map(_takes_file, parts_of(field)))


def parts_of(field: forms.Field) -> list[forms.Field]:
    """Return the fields that a field is made of; none for most."""
    return list(field.fields) if isinstance(field, forms.MultiValueField | forms.ComboField) else []


def is_needed(field: forms.Field) -> bool:
    """Tell whether there has to be an answer. Without one a NullBooleanField gives None, a disabled one its initial."""
    return field.required and not field.disabled and not isinstance(field, forms.NullBooleanField)


def find_default(made: forms.BaseForm, name: str) -> Any:
    """Return as JSON what a field has initially; None if that is nothing, or no JSON."""
    field = made.fields[name]
    initial = made.get_initial_for_field(field, name)
    try:
        return None if initial is None else write_answer(field, initial)
    except (TypeError, ValueError):
        return None


@contextmanager
def blaming(form: type[forms.BaseForm], place: str, *, except_for: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what code of the form raises into an error that names the form and the place.

    Args:
        form: Whose code runs.
        place: Where in it.
        except_for: What the code may raise.

    Raises:
        FormCodeError: The code raised something else. That the database cannot be reached is no fault of it.
    """
    passing: tuple[type[Exception], ...] = (*except_for, WorkflowError, OperationalError, InterfaceError)
    try:
        yield
    except passing:
        raise
    except Exception as error:  # user code: anything may come out of it
        reason = f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARACTERS]
        raise FormCodeError(f"form '{form.__name__}' has an error in {place}: {reason}") from error

"""What a field lets one choose from, as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.choices import BaseChoiceIterator, flatten_choices

from workflows.input_forms.writing import to_sorted_json, write_answer

TypedField = forms.TypedChoiceField | forms.TypedMultipleChoiceField
MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Option:
    """One choice.

    Attributes:
        key: The text by which the field knows it.
        value: The answer that the field gives for it, as JSON.
        title: What people see.
    """

    key: str
    value: Any
    title: str


def is_typed(field: forms.Field) -> TypeGuard[TypedField]:
    """Tell whether the field makes a value of its own of each choice."""
    return isinstance(field, forms.TypedChoiceField | forms.TypedMultipleChoiceField)


def takes_several(field: forms.Field) -> bool:
    """Tell whether the answer is a list of choices."""
    return isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)


def list_options(field: forms.ChoiceField) -> list[Option] | None:
    """Return the choices, each value once and without the blank one; None for a model with more than MAX_ROWS rows."""
    if isinstance(field, forms.ModelChoiceField):
        return _list_rows(field)
    return list({to_sorted_json(option.value): option for option in _options(field)}.values())


def find_blank_title(field: forms.ChoiceField) -> str:
    """Return what people see in place of no choice; empty if that is not offered."""
    if isinstance(field, forms.ModelChoiceField):
        return str(field.empty_label or "")
    return next((title for key, title in _flat_choices(field) if key in field.empty_values), "")


def is_empty_value(field: TypedField, value: object) -> bool:
    """Tell whether this is what the field gives for no choice."""
    return to_sorted_json(write_answer(field, field.empty_value)) == to_sorted_json(value)


def find_keys(field: TypedField) -> dict[str, str]:
    """Return the keys of the choices by their values, as the text that equal values share.

    So the field also reads what it has given, whatever it makes of its choices.
    """
    return {to_sorted_json(option.value): option.key for option in reversed(list(_options(field)))}


def find_key_field(field: "forms.ModelChoiceField[Any]") -> "models.Field[Any, Any]":
    """Return the column that holds the keys by which the field finds rows."""
    options = rows_of(field).model._meta
    key = options.pk if field.to_field_name in {None, "", "pk"} else options.get_field(field.to_field_name)
    while isinstance(key, models.ForeignKey):
        key = key.target_field
    assert isinstance(key, models.Field), "rows are found by a column"
    return key


def list_static_keys(field: forms.Field) -> list[str]:
    """Return the keys that are written in the code, sorted; not what a function, a folder or the database gives."""
    if not isinstance(field, forms.ChoiceField) or isinstance(field, forms.ModelChoiceField | forms.FilePathField):
        return []
    if isinstance(field.choices, BaseChoiceIterator):
        return []
    return sorted({str(key) for key, _ in _flat_choices(field) if key not in field.empty_values})


def rows_of(field: "forms.ModelChoiceField[Any]") -> "models.QuerySet[Any]":
    """Return the rows that there are to choose from.

    Raises:
        ValueError: The form has not said which.
    """
    if field.queryset is None:
        raise ValueError("its queryset is None; set it where it is declared, or in the __init__ of the form")
    return field.queryset


def _flat_choices(field: forms.ChoiceField) -> Iterator[tuple[Any, str]]:
    """Yield key and title of each choice, those in groups too."""
    choices: Any = field.choices
    pairs: Iterator[tuple[Any, Any]] = flatten_choices(choices)
    for key, title in pairs:
        yield key, str(title)


def _options(field: forms.ChoiceField) -> Iterator[Option]:
    for key, title in _flat_choices(field):
        if key in field.empty_values:
            continue
        text = str(key)
        try:
            value = field.coerce(text) if is_typed(field) else text
        except (ValueError, TypeError, ValidationError):
            continue  # Django refuses a choice that cannot be coerced
        yield Option(text, write_answer(field, value), title)


def _list_rows(field: "forms.ModelChoiceField[Any]") -> list[Option] | None:
    rows = rows_of(field)
    if not rows.ordered and not rows.query.is_sliced:
        rows = rows.order_by("pk")
    found = list(rows[: MAX_ROWS + 1])
    if len(found) > MAX_ROWS:
        return None
    keys = (write_answer(field, row) for row in found)
    return [Option(str(key), key, field.label_from_instance(row)) for key, row in zip(keys, found, strict=True)]

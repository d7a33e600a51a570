"""Telling whether two versions of a form take the same answers."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django import forms

from workflows.input_forms.bounds import list_static_bounds
from workflows.input_forms.choices import is_typed, list_static_keys, takes_several
from workflows.input_forms.kinds import find_kind
from workflows.input_forms.making import blaming, is_needed, list_declared_fields, parts_of
from workflows.input_forms.writing import to_sorted_json

DIGITS = 16


def form_digest(*, form: type[forms.BaseForm]) -> str:
    """Return a short hash of what decides which answers a form takes; the same in every process.

    These are the names, types, choices, bounds and the need of the fields that the class declares. Labels, help texts,
    defaults and the order count for nothing, nor does what only running the form tells: its `__init__` and `clean`, and
    choices from a function, a folder or the database, which may differ without anybody having changed the code.

    Raises:
        FormCodeError: It is no form class, has a field that no inputs can have, or its code raised something.
    """
    return digest_answers(list_answers(form=form))


def list_answers(*, form: type[forms.BaseForm]) -> dict[str, dict[str, Any]]:
    """Return what decides which answers each field of a form takes, as JSON, by the names of the fields.

    Raises:
        FormCodeError: As for `form_digest`.
    """
    fields = list_declared_fields(form)
    with blaming(form, "its fields"):
        return {name: _tell_apart(field) for name, field in fields.items()}


def digest_answers(answers: Mapping[str, Any]) -> str:
    """Return the digest of a form by what `list_answers` says of it."""
    return hashlib.sha256(to_sorted_json(answers).encode()).hexdigest()[:DIGITS]


def _tell_apart(field: forms.Field) -> dict[str, Any]:
    return {
        "kind": _find_kind(field),
        "is_needed": is_needed(field),
        "choices": list_static_keys(field),
        "bounds": list_static_bounds(field),
        "parts": [_tell_apart(part) for part in parts_of(field)],
    }


def _find_kind(field: forms.Field) -> list[Any]:
    """Return what tells the kinds of fields apart: the JSON type, or what choices are made into."""
    if isinstance(field, forms.ModelChoiceField):
        model = None if field.queryset is None else field.queryset.model._meta.label_lower
        return ["row", takes_several(field), model, field.to_field_name]
    if isinstance(field, forms.ChoiceField):
        made_by = getattr(field.coerce, "__name__", "") if is_typed(field) else "str"
        return ["choice", takes_several(field), made_by]
    if isinstance(field, forms.NullBooleanField):
        return ["boolean or null"]
    return [find_kind(field), len(parts_of(field))]

"""Which type and format of JSON schema each kind of field has."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import validate_ipv4_address, validate_ipv6_address
from django.db import models

Schema = dict[str, Any]

# The first that fits counts: what a class is made from stands after it.
_FIELDS: tuple[tuple[type[forms.Field], Schema], ...] = (
    (forms.BooleanField, {"type": "boolean"}),
    (forms.JSONField, {}),
    (forms.UUIDField, {"type": "string", "format": "uuid"}),
    (forms.EmailField, {"type": "string", "format": "email"}),
    (forms.URLField, {"type": "string", "format": "uri"}),
    (forms.CharField, {"type": "string"}),
    (forms.DateTimeField, {"type": "string", "format": "date-time"}),
    (forms.SplitDateTimeField, {"type": "string", "format": "date-time"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.TimeField, {"type": "string", "format": "time"}),
    (forms.DurationField, {"type": "string", "format": "duration"}),
    (forms.DecimalField, {"type": ["number", "string"], "format": "decimal"}),
    (forms.FloatField, {"type": "number"}),
    (forms.IntegerField, {"type": "integer"}),
)

# A field that takes both kinds of addresses has neither format.
_ADDRESSES: dict[Callable[[str], None], str] = {validate_ipv4_address: "ipv4", validate_ipv6_address: "ipv6"}

_KEYS: tuple[tuple[type["models.Field[Any, Any]"], Schema], ...] = (
    (models.IntegerField, {"type": "integer"}),  # the automatic ones too
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.CharField, {"type": "string"}),
    (models.TextField, {"type": "string"}),
)

_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def find_kind(field: forms.Field) -> Schema:
    """Return type and format of the values of a field; nothing if they may be anything."""
    if isinstance(field, forms.GenericIPAddressField):
        formats = [name for check, name in _ADDRESSES.items() if check in field.default_validators]
        return {"type": "string", "format": formats[0]} if formats else {"type": "string"}
    return next((dict(schema) for kind, schema in _FIELDS if isinstance(field, kind)), {})


def describe_key(field: "models.Field[Any, Any]") -> Schema:
    """Return type and format of the values of a column by which rows are found."""
    return next((dict(schema) for kind, schema in _KEYS if isinstance(field, kind)), {})


def name_type(value: object) -> str:
    """Return the name that JSON schema has for the type of a JSON value."""
    return _TYPES[type(value)]

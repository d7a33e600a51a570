"""From what a form makes of an answer to plain JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Model, QuerySet
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise

from workflows.engine.state import to_storable_json


def write_answer(field: forms.Field, value: object) -> Any:
    """Return a value of a field as JSON that the field reads as the same value.

    Moments are in UTC (`2027-03-28T01:00:00Z`), durations as in ISO 8601 (`P1DT02H00M00S`); a decimal is a string, for
    a JSON number would be read as a binary fraction.

    Raises:
        TypeError, ValueError: It is nothing that JSON has, or that the databases can store.
    """
    if isinstance(field, forms.JSONField):
        value = json.loads(json.dumps(value, cls=field.encoder))
    elif isinstance(field, forms.ModelChoiceField):
        value = _write_keys(field, value)
    return json.loads(to_storable_json(_write(value)))


def to_sorted_json(value: object) -> str:
    """Return JSON as the one text that equal values share."""
    return json.dumps(value, sort_keys=True)


def _write_keys(field: "forms.ModelChoiceField[Any]", value: object) -> object:
    """Return the keys of the rows by which the field finds them again."""
    keys = field.prepare_value(value)
    # A database gives rows in whatever order; the same answer has to be the same JSON.
    return sorted(keys) if isinstance(value, QuerySet) else keys


@singledispatch
def _write(value: Any) -> Any:
    return value


@_write.register
def _write_moment(value: datetime) -> str:
    try:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    except OverflowError:  # in the first or last hours of the calendar, UTC may have no date
        return value.isoformat()


@_write.register(date)
@_write.register(time)
def _write_date_or_time(value: date | time) -> str:
    return value.isoformat()


@_write.register
def _write_duration(value: timedelta) -> str:
    return duration_iso_string(value)


@_write.register(Decimal)
@_write.register(UUID)
@_write.register(Promise)
def _write_text(value: object) -> str:
    return str(value)


@_write.register
def _write_member(value: Enum) -> Any:
    return _write(value.value)


@_write.register
def _write_row(value: Model) -> Any:
    return _write(value.pk)


@_write.register
def _write_rows(value: QuerySet) -> Any:  # type: ignore[type-arg]  # not generic at run time
    return _write(sorted(each.pk for each in value))


@_write.register(list)
@_write.register(tuple)
def _write_list(value: list[Any] | tuple[Any, ...]) -> list[Any]:
    return [_write(each) for each in value]


@_write.register(set)
@_write.register(frozenset)
def _write_set(value: set[Any] | frozenset[Any]) -> list[Any]:
    return sorted(map(_write, value), key=to_sorted_json)


@_write.register
def _write_object(value: Mapping) -> dict[Any, Any]:  # type: ignore[type-arg]  # not generic for singledispatch
    return {key: _write(each) for key, each in value.items()}

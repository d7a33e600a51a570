"""From JSON to what Django's fields take: HTML gives them text, and they read other values as Python would.

To a field `["a"]` is the text "['a']", `true` the number 1, and `"no"` is true. Here a value of a kind that its field
does not have is refused, and one that it has arrives whole. Text is taken for everything that HTML has as text.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from workflows.input_forms.choices import find_key_field, find_keys, is_empty_value, is_typed
from workflows.input_forms.writing import to_sorted_json

MAX_KEYS = 10_000  # each is a parameter of one statement, and SQLite takes 32,766

Reader = Callable[[Any, Any], Any]

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": None}
_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_DJANGO = {"django.forms.fields", "django.forms.models"}


def read_answer(field: forms.Field, value: Any) -> Any:
    """Return a JSON value as the `clean` of the field takes it.

    A field class with a `to_python` of its own gets it as it is.

    Raises:
        ValidationError: The field has no values of this kind.
    """
    if value is None or type(field).to_python.__module__ not in _DJANGO:
        return value
    read = next((read for kind, read in _READERS if isinstance(field, kind)), None)
    return read(field, value) if read else value


def _refuse(expected: str, value: object) -> ValidationError:
    return ValidationError(f"Give {expected}, not {_KINDS[type(value)]}.", code="invalid")


def _read_boolean(field: forms.BooleanField, value: Any) -> bool | None:
    text = str(value).lower()
    if text not in _BOOLEANS:
        raise ValidationError("Give true or false.", code="invalid")
    return _BOOLEANS[text]


def _read_text(field: forms.Field, value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise _refuse("text", value)
    return str(value)


def _read_number(field: forms.IntegerField, value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        raise _refuse("a number", value)
    if _is_beyond_double(value):
        raise ValidationError(field.error_messages["invalid"], code="invalid")
    is_whole = not isinstance(field, forms.FloatField | forms.DecimalField)
    return int(value) if is_whole and isinstance(value, float) and value.is_integer() else value


def _is_beyond_double(value: Any) -> bool:
    """Tell whether a number is too large for other readers of JSON, and for the arithmetic of Django's validators."""
    try:
        return not math.isfinite(float(value))
    except OverflowError:
        return True
    except ValueError:
        return False  # that it is no number, Django says better


def _read_duration(field: forms.DurationField, value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        raise _refuse("a duration such as P1DT12H, or seconds", value)
    return value


def _read_date(field: forms.DateField, value: Any) -> Any:
    if not isinstance(value, str):
        raise _refuse("a date such as 2027-03-28", value)
    # Written like that it is one for every field, also for one whose input_formats have others only.
    return _convert(date.fromisoformat, value) if _ISO_DATE.fullmatch(value) else value


def _read_time(field: forms.TimeField, value: Any) -> Any:
    if not isinstance(value, str):
        raise _refuse("a time such as 13:45:00", value)
    return _convert(time.fromisoformat, value) if _ISO_TIME.fullmatch(value) else value


def _convert(convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except ValueError:
        return text  # no such day, or time of day; Django says it better


def _read_date_time(field: forms.Field, value: Any) -> Any:
    if not isinstance(value, str):
        raise _refuse("a time such as 2027-03-28T01:00:00Z", value)
    return value


def _read_split_date_time(field: forms.SplitDateTimeField, value: Any) -> Any:
    if isinstance(value, list):
        return _read_parts(field, value)
    moment = forms.DateTimeField().clean(_read_date_time(field, value)) if value else None
    try:
        return [] if moment is None else _split(timezone.localtime(moment))
    except OverflowError as error:
        raise ValidationError("Give a time that the local calendar has.", code="invalid") from error


def _split(local: Any) -> list[Any]:
    return [local.date(), local.time()]


def _read_parts(field: forms.MultiValueField, value: Any) -> Any:
    parts = value if isinstance(value, list) else _decompress(field, value)
    if len(parts) > len(field.fields):
        raise ValidationError(f"Give a list of at most {len(field.fields)} values.", code="invalid")
    return [read_answer(part, each) for part, each in zip(field.fields, parts, strict=False)]


def _decompress(field: forms.MultiValueField, value: Any) -> list[Any]:
    """Return the parts of a value that the field has made of them before."""
    if isinstance(field.widget, forms.MultiWidget):
        try:
            parts: Any = field.widget.decompress(value)
            return list(parts)
        except Exception as error:  # user code, made for what `compress` gives: this is none of that
            raise ValidationError(field.error_messages["invalid"], code="invalid") from error
    raise ValidationError(field.error_messages["invalid"], code="invalid")


def _read_combined(field: forms.ComboField, value: Any) -> Any:
    # The others get what the ones before them have made of it.
    return read_answer(field.fields[0], value) if field.fields else value


def _read_choice(field: forms.ChoiceField, value: Any) -> Any:
    if is_typed(field) and is_empty_value(field, value):
        return None
    return _find_choice(value, find_keys(field) if is_typed(field) else {})


def _read_choices(field: forms.MultipleChoiceField, value: Any) -> Any:
    if is_typed(field) and is_empty_value(field, value):
        return None
    if not isinstance(value, list) and value != "":
        raise _refuse("a list of choices", value)
    keys = find_keys(field) if is_typed(field) else {}
    return [_find_choice(each, keys) for each in value]


def _find_choice(value: Any, keys: dict[str, str]) -> Any:
    """Return the key of a choice that is given by its value; others as they are, for Django to look at."""
    key = keys.get(to_sorted_json(value), value)
    if isinstance(key, list | dict):
        raise _refuse("one of the choices", value)
    return key


def _read_key(field: "forms.ModelChoiceField[Any]", value: Any) -> Any:
    if value == "":
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise _refuse("the key of one of the choices", value)
    column = find_key_field(field)
    try:
        key = column.to_python(value)
        column.run_validators(key)  # a number that the column cannot hold is an error of the database
    except ValidationError as error:
        raise ValidationError(
            field.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
        ) from error
    return key


def _read_keys(field: "forms.ModelMultipleChoiceField[Any]", value: Any) -> Any:
    if not isinstance(value, list) and value != "":
        raise _refuse("a list of keys", value)
    if len(value) > MAX_KEYS:
        raise ValidationError(f"Give at most {MAX_KEYS} keys, not {len(value)}.", code="invalid_list")
    return [_read_key(field, each) for each in value]


def _read_json(field: forms.JSONField, value: Any) -> str:
    return json.dumps(value)  # as it would be typed, so that a text stays one and the decoder is used


# The first that fits counts: what a class is made from stands after it.
_READERS: tuple[tuple[type[forms.Field], Reader], ...] = (
    (forms.BooleanField, _read_boolean),
    (forms.ModelMultipleChoiceField, _read_keys),
    (forms.ModelChoiceField, _read_key),
    (forms.MultipleChoiceField, _read_choices),
    (forms.ChoiceField, _read_choice),
    (forms.JSONField, _read_json),
    (forms.SplitDateTimeField, _read_split_date_time),
    (forms.MultiValueField, _read_parts),
    (forms.ComboField, _read_combined),
    (forms.DateTimeField, _read_date_time),
    (forms.DateField, _read_date),
    (forms.TimeField, _read_time),
    (forms.DurationField, _read_duration),
    (forms.IntegerField, _read_number),
    (forms.CharField, _read_text),
)

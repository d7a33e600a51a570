"""Inputs as JSON, validated by a form."""

import copy
import difflib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from workflows.engine.errors import FormCodeError, InvalidFormInputs
from workflows.engine.state import to_storable_json
from workflows.input_forms.making import MAX_MESSAGE_CHARACTERS, blaming, find_default, is_needed, make_form
from workflows.input_forms.reading import read_answer
from workflows.input_forms.writing import write_answer

Errors = dict[str, list[str]]

MAX_DEPTH = 100  # what is read here is written again, with more frames on the stack
MAX_UNKNOWN_KEYS = 10
MAX_KEY_CHARACTERS = 100
MAX_SHOWN_CHARACTERS = 100


def validate_form(*, form: type[forms.BaseForm], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs as a form cleans them, as JSON for the state of a task.

    Django's rules hold, for JSON: true, 5 and a list are values as the text that HTML sends is. A field for which
    nothing is given and nothing needed has its initial value. Of a disabled field what is given is ignored.

    The values are: dates, times and moments in ISO 8601, moments in UTC; durations such as `P1DT02H00M00S`; decimals as
    strings, for a JSON number would be read as a binary fraction; UUIDs as strings; rows by their key (`to_field_name`,
    else the primary key), several in the order of these. Validated again they stay the same, as long as the form's own
    code leaves alone what it has cleaned before.

    Raises:
        InvalidFormInputs: The form refuses them, or does not have a field that is given.
        FormCodeError: The form needs arguments, has a field that no inputs can have, or its code raised something, or
            gave what is no JSON or belongs to no field.
    """
    blank = make_form(form)
    given = _take_apart(inputs)
    answers = {**_find_defaults(form, blank, given), **given}
    bound = make_form(form, data={blank.add_prefix(name): value for name, value in answers.items()})
    for name, field in list(bound.fields.items()):
        if not field.disabled:
            bound.fields[name] = _take_json(form, name, field)
    with blaming(form, "its cleaning"):
        errors = _find_unknown_keys(given, bound.fields) | _collect_errors(bound)
    if errors:
        raise InvalidFormInputs(_summarize(errors, given, bound.fields), errors=errors)
    with blaming(form, "what its clean() returns"):
        return {name: _write(form, bound, name, value) for name, value in bound.cleaned_data.items()}


def _take_apart(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the inputs as they read back from the database.

    Raises:
        InvalidFormInputs: One of them cannot be stored.
    """
    given: dict[str, Any] = {}
    for key, value in inputs.items():
        try:
            given[key] = json.loads(to_storable_json(value))
            reason = f"it is nested deeper than {MAX_DEPTH} levels" if _is_too_deep(given[key]) else ""
        except (TypeError, ValueError, RecursionError) as error:
            reason = str(error)[:MAX_MESSAGE_CHARACTERS]
        if reason:
            message = f"'{_show_key(key)}' cannot be stored: {reason}"
            raise InvalidFormInputs(message, errors={_show_key(key): [f"cannot be stored: {reason}"]})
    return given


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
    return any(isinstance(each, dict | list) for each in level)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _find_defaults(form: type[forms.BaseForm], blank: forms.BaseForm, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the initial values of the fields that need no answer and are given none."""
    with blaming(form, "the initial values"):
        missing = (name for name, field in blank.fields.items() if name not in given and not is_needed(field))
        defaults = {name: find_default(blank, name) for name in missing}
    return {name: default for name, default in defaults.items() if default is not None}


def _take_json(form: type[forms.BaseForm], name: str, field: forms.Field) -> forms.Field:
    """Return a copy of a field that takes JSON, past what its widget makes of HTML.

    A copy, for a form may share a field with others.
    """
    taking = copy.copy(field)
    clean = taking.clean

    def clean_json(value: Any) -> Any:
        with blaming(form, f"field '{name}' ({type(field).__name__})", except_for=(ValidationError,)):
            return clean(read_answer(taking, value))

    taking.widget = copy.copy(field.widget)
    taking.widget.value_from_datadict = _get_json
    taking.clean = clean_json  # type: ignore[method-assign]
    return taking


def _get_json(data: Mapping[str, Any], files: object, name: str) -> Any:
    return data.get(name)


def _collect_errors(bound: forms.BaseForm) -> Errors:
    """Return the messages by field, each within bounds: some repeat what was given."""
    return {
        "" if name == NON_FIELD_ERRORS else name: [
            str(message)[:MAX_MESSAGE_CHARACTERS] for error in errors for message in error.messages
        ]
        for name, errors in bound.errors.as_data().items()
    }


def _find_unknown_keys(given: Mapping[str, Any], fields: Mapping[str, forms.Field]) -> Errors:
    """Return an error for each of the first unknown keys: nobody reads more, and there may be thousands."""
    unknown = islice((key for key in given if key not in fields), MAX_UNKNOWN_KEYS)
    return {_show_key(key): [f"unknown key{_hint(key[:MAX_KEY_CHARACTERS], list(fields))}"] for key in unknown}


def _hint(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f": did you mean '{near[0]}'?" if near else f"; known are {', '.join(known) or 'none'}"


def _show_key(key: str) -> str:
    """Return a key as text that can be shown and stored, whatever characters it has."""
    shown = key[:MAX_KEY_CHARACTERS]
    return shown if shown.isprintable() else ascii(shown)[1:-1]


def _summarize(errors: Errors, given: Mapping[str, Any], fields: Mapping[str, forms.Field]) -> str:
    """Return one sentence: the first field, its value unless that is a secret, and the reason."""
    name, reasons = next(iter(errors.items()))
    more = sum(map(len, errors.values())) - 1
    rest = f" (and {more} more)" if more else ""
    if not name:
        return f"the inputs are refused: {reasons[0]}{rest}"
    if name not in given:
        return f"'{name}' is not given: {reasons[0]}{rest}"
    is_secret = name in fields and isinstance(fields[name].widget, forms.PasswordInput)
    return f"'{name}'{'' if is_secret else f' is {_show(given[name])}'}: {reasons[0]}{rest}"


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"


def _write(form: type[forms.BaseForm], bound: forms.BaseForm, name: str, value: object) -> Any:
    if name not in bound.fields:
        raise FormCodeError(
            f"form '{form.__name__}' returns '{name}' from its clean(), and has no such field; declare one for it that"
            " is not required, or work it out in a step"
        )
    try:
        return write_answer(bound.fields[name], value)
    except (TypeError, ValueError) as error:
        raise FormCodeError(
            f"field '{name}' of form '{form.__name__}' gives {type(value).__name__}, which cannot be stored: {error}"
        ) from error

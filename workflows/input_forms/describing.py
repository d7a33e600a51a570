"""The JSON schema of the inputs that a form takes."""

from django import forms

from workflows.input_forms.bounds import describe_bounds
from workflows.input_forms.choices import (
    Option,
    find_blank_title,
    find_key_field,
    is_typed,
    list_options,
    takes_several,
)
from workflows.input_forms.kinds import Schema, describe_key, find_kind, name_type
from workflows.input_forms.making import blaming, find_default, is_needed, make_form
from workflows.input_forms.writing import write_answer

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def describe_form(*, form: type[forms.BaseForm]) -> Schema:
    """Return the JSON schema (draft 2020-12) of the inputs that a form takes.

    It says what can be said of each field by itself; what the code of a form checks, only `validate_form` knows. A
    field class that is not Django's is described as the one that it is made from. What `validate_form` returns is
    valid against it. `format` is a hint: a time of day has no offset, and a decimal may be a string.

    Raises:
        FormCodeError: The form needs arguments, has a field that no inputs can have, or its code raised something.
    """
    made = make_form(form)
    properties = {}
    for name, field in made.fields.items():
        with blaming(form, f"field '{name}'"):
            properties[name] = {**_describe_words(made, name), **describe_answer(field, is_needed=is_needed(field))}
    return {
        "$schema": DIALECT,
        "type": "object",
        "title": form.__name__,
        "properties": properties,
        "required": [name for name, field in made.fields.items() if is_needed(field)],
        "additionalProperties": False,
    }


def describe_answer(field: forms.Field, *, is_needed: bool) -> Schema:
    """Return the schema of the answers that a field takes; null is one of them if none is needed."""
    match field:
        case forms.ChoiceField() if takes_several(field):
            return _describe_list(field, is_needed=is_needed)
        case forms.ChoiceField():
            return _describe_choice(field, is_needed=is_needed)
        case forms.ComboField():
            return {"allOf": [describe_answer(each, is_needed=is_needed) for each in field.fields]}
        case forms.MultiValueField() if not isinstance(field, forms.SplitDateTimeField):
            return _describe_parts(field, is_needed=is_needed)
        case _:
            return _describe_value(field, is_needed=is_needed)


def _describe_words(made: forms.BaseForm, name: str) -> Schema:
    """Return what people read of a field, what it is without an answer, and who may see or give it."""
    field = made.fields[name]
    words: Schema = {"title": str(made[name].label)}
    if field.help_text:
        words["description"] = str(field.help_text)
    if isinstance(field.widget, forms.PasswordInput):
        return {**words, "writeOnly": True}
    if (default := find_default(made, name)) is not None:
        words["default"] = default
    return {**words, "readOnly": True} if field.disabled else words


def _describe_value(field: forms.Field, *, is_needed: bool) -> Schema:
    schema = find_kind(field)
    bounds = {} if isinstance(field, forms.JSONField) else describe_bounds(field)
    if isinstance(field, forms.BooleanField) and is_needed:
        bounds["const"] = True  # as a box that has to be ticked
    if isinstance(field, forms.CharField) and schema:
        bounds = _with_empty(bounds, ("minLength", "maxLength"), is_needed=is_needed)
    if "type" in schema and not is_needed:
        schema["type"] = _or_null(schema["type"])
    return schema | bounds


def _with_empty(bounds: Schema, lengths: tuple[str, str], *, is_needed: bool) -> Schema:
    """Return bounds that leave out the empty text, or list, where an answer is needed, and let it pass where none is.

    Args:
        bounds: What holds of an answer.
        lengths: The keywords for the least and the greatest length.
        is_needed: Whether there has to be one.
    """
    least, greatest = lengths
    if is_needed:
        return {**bounds, least: max(1, bounds.get(least, 1))}
    passing = {key: value for key, value in bounds.items() if key == greatest}
    refusing = {key: value for key, value in bounds.items() if key not in passing}
    return {**passing, "anyOf": [{greatest: 0}, refusing]} if refusing else passing


def _describe_choice(field: forms.ChoiceField, *, is_needed: bool) -> Schema:
    options = list_options(field)
    if options is not None and not is_needed:
        options += _list_empty(field)
    kind = _kind_of_options(field, options)
    if isinstance(field, forms.ModelChoiceField) and not is_needed and "type" in kind:
        kind["type"] = _or_null(kind["type"])
    return kind | _one_of(options)


def _list_empty(field: forms.ChoiceField) -> list[Option]:
    """Return what stands for no choice: null, and what the field makes of it."""
    title = find_blank_title(field)
    if isinstance(field, forms.ModelChoiceField):
        return [Option("", None, title)]
    made = write_answer(field, field.empty_value) if is_typed(field) else ""
    return [Option("", None, title), *([] if made is None else [Option("", made, title)])]


def _describe_list(field: forms.ChoiceField, *, is_needed: bool) -> Schema:
    options = list_options(field)
    counts = {"minLength": "minItems", "maxLength": "maxItems"}
    bounds = {counts[key]: value for key, value in describe_bounds(field).items() if key in counts}
    return {
        "type": "array" if is_needed else _or_null("array"),
        "items": _kind_of_options(field, options) | _one_of(options),
        **_with_empty(bounds, ("minItems", "maxItems"), is_needed=is_needed),
    }


def _kind_of_options(field: forms.ChoiceField, options: list[Option] | None) -> Schema:
    if isinstance(field, forms.ModelChoiceField):
        return describe_key(find_key_field(field))
    types = sorted({name_type(option.value) for option in options or []})
    return {"type": types[0] if len(types) == 1 else types} if types else {}


def _one_of(options: list[Option] | None) -> Schema:
    match options:
        case None:
            return {}
        case []:
            return {"enum": []}  # a list of schemas may not be empty
        case _:
            return {"oneOf": [_describe_option(option) for option in options]}


def _describe_option(option: Option) -> Schema:
    return {"const": option.value, "title": option.title} if option.title else {"const": option.value}


def _describe_parts(field: forms.MultiValueField, *, is_needed: bool) -> Schema:
    """Return the schema of the list of what the parts take; what they are made into is taken as well."""
    parts = [describe_answer(part, is_needed=is_needed and part.required) for part in field.fields]
    return {
        "type": "array" if is_needed else _or_null("array"),
        "prefixItems": parts,
        "maxItems": len(parts),
    }


def _or_null(types: str | list[str]) -> list[str]:
    return [*([types] if isinstance(types, str) else types), "null"]

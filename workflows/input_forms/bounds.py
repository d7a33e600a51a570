"""The bounds that the validators of a field set."""

import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import (
    BaseValidator,
    DecimalValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    RegexValidator,
    StepValueValidator,
    URLValidator,
)

from workflows.input_forms.writing import to_sorted_json, write_answer

Number = int | float

# The keyword for each, and which of two that are both to hold counts.
_KEYWORDS: tuple[tuple[type[BaseValidator], str, Callable[[Number, Number], Number]], ...] = (
    (MinValueValidator, "minimum", max),
    (MaxValueValidator, "maximum", min),
    (MinLengthValidator, "minLength", max),
    (MaxLengthValidator, "maxLength", min),
)

# What ECMA-262 has not, or reads in another way: groups but for the plain ones, and what is a letter.
_PYTHON_ONLY = re.compile(r"\(\?(?!:|=|!|<=|<!)|\\[wWbB]")
_PLAIN_FLAGS = re.UNICODE.value


def describe_bounds(field: forms.Field) -> dict[str, Any]:
    """Return the keywords of JSON schema for the bounds that it can express."""
    bounds: dict[str, Any] = {}
    for validator in field.validators:
        for kind, keyword, strictest in _KEYWORDS:
            if isinstance(validator, kind) and (limit := _to_number(_limit_of(validator))) is not None:
                bounds[keyword] = strictest(bounds.get(keyword, limit), limit)
    if step := _find_whole_step(field):
        bounds["multipleOf"] = step
    patterns = [{"pattern": pattern} for pattern in _list_patterns(field)]
    return bounds | (patterns[0] if len(patterns) == 1 else {"allOf": patterns} if patterns else {})


def list_static_bounds(field: forms.Field) -> list[str]:
    """Return one text for each bound that is written in the code, sorted."""
    return sorted(to_sorted_json(bound) for bound in _static_bounds(field))


def translate_pattern(pattern: str) -> str:
    """Return a regular expression with its ends as ECMA-262 writes them."""
    return re.sub(r"\\A", "^", re.sub(r"\\[Zz]", "$", pattern))


def _limit_of(validator: BaseValidator) -> Any:
    return validator.limit_value() if callable(validator.limit_value) else validator.limit_value


def _to_number(limit: object) -> Number | None:
    """Return a limit as JSON has it; None if it is no number, such as a date."""
    if isinstance(limit, bool) or not isinstance(limit, int | float | Decimal) or not math.isfinite(limit):
        return None
    return int(limit) if limit == int(limit) else float(limit)


def _find_whole_step(field: forms.Field) -> int | None:
    """Return the step of whole numbers; those of fractions and from an offset JSON schema cannot express."""
    for validator in field.validators:
        if (
            isinstance(validator, StepValueValidator)
            and isinstance(validator.limit_value, int)
            and not validator.offset
        ):
            return validator.limit_value
    return None


def _list_patterns(field: forms.Field) -> list[str]:
    return [
        translate_pattern(regex.pattern)
        for regex, is_inverse in _list_regexes(field)
        if not is_inverse and regex.flags == _PLAIN_FLAGS and not _PYTHON_ONLY.search(regex.pattern)
    ]


def _list_regexes(field: forms.Field) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Yield each regular expression, and whether it may not be found instead of having to be."""
    for validator in field.validators:
        # That it is a URI, `format` says.
        if isinstance(validator, RegexValidator) and not isinstance(validator, URLValidator):
            yield re.compile(validator.regex), bool(validator.inverse_match)


def _static_bounds(field: forms.Field) -> Iterator[list[Any]]:
    for regex, is_inverse in _list_regexes(field):
        yield ["pattern", translate_pattern(regex.pattern), regex.flags, is_inverse]
    for validator in field.validators:
        match validator:
            case MaxLengthValidator() if isinstance(field, forms.GenericIPAddressField):
                pass  # Django's own, which may change with Django
            case DecimalValidator():
                yield ["digits", validator.max_digits, validator.decimal_places]
            case BaseValidator() if not callable(validator.limit_value):
                yield [type(validator).__name__, write_answer(field, validator.limit_value)]

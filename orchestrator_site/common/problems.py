"""Errors of the REST API as problem details (RFC 9457): one shape, naming each field and the value it had."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from orchestrator_site.common.errors import (
    AlreadyUsed,
    Conflict,
    Forbidden,
    InvalidFields,
    InvalidValue,
    NotFound,
    Refused,
)

CONTENT_TYPE = "application/problem+json"
MAX_VALUE_CHARACTERS = 200

# The first that fits counts.
_STATUS_OF: dict[type[Exception], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    AlreadyUsed: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidValue: HTTPStatus.BAD_REQUEST,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Refused: HTTPStatus.PRECONDITION_FAILED,
}

FieldError = dict[str, Any]


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error raised in a view; None for one that nobody expected, which Django answers with 500."""
    for kind, status in _STATUS_OF.items():
        if isinstance(error, kind):
            return _problem(status, str(error), list(_own_errors(error)))
    if isinstance(error, exceptions.ValidationError):
        request: Request = context["request"]
        given = request.query_params.dict() if request.method == "GET" else request.data
        errors = list(_field_errors(error.detail, given))
        detail = "; ".join(f"{each['field']}: {each['detail']}" for each in errors)
        return _problem(HTTPStatus.BAD_REQUEST, detail, errors)
    if isinstance(error, Http404):
        return _problem(HTTPStatus.NOT_FOUND, "There is nothing here.")
    response = exception_handler(error, context)
    if response is not None:
        reason = response.data.get("detail") if isinstance(response.data, dict) else None
        described = _problem(HTTPStatus(response.status_code), str(reason or error))
        response.data, response.content_type = described.data, CONTENT_TYPE
    return response


def _problem(status: HTTPStatus, detail: str, errors: list[FieldError] | None = None) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return Response(body | ({"errors": errors} if errors else {}), status=status, content_type=CONTENT_TYPE)


def _own_errors(error: Exception) -> Iterator[FieldError]:
    """Yield the fields that an error of ours names, with the values that they had."""
    if isinstance(error, InvalidFields):
        for field, messages in error.errors.items():
            for message in messages:
                yield {"field": field, "value": _shorten(error.values.get(field)), "detail": message}
    elif isinstance(error, InvalidValue) and error.field:
        yield {"field": error.field, "value": _shorten(error.value), "detail": str(error)}


def _field_errors(detail: Any, given: Any, path: str = "") -> Iterator[FieldError]:
    """Walk the errors of a serializer beside the body that it was given."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _field_errors(inner, _value_at(key, given), _path_to(key, path))
    elif isinstance(detail, list) and any(isinstance(each, dict | list) for each in detail):
        for number, inner in enumerate(detail):
            yield from _field_errors(inner, _value_at(number, given), _path_to(number, path))
    else:
        for message in detail if isinstance(detail, list) else [detail]:
            field = path.removesuffix(".non_field_errors").removesuffix("non_field_errors") or "body"
            yield {"field": field, "value": _shorten(given), "detail": str(message)}


def _value_at(key: str | int, given: Any) -> Any:
    if isinstance(given, list):
        return given[key] if isinstance(key, int) and key < len(given) else None
    return given.get(key) if isinstance(given, dict) else None


def _path_to(key: str | int, path: str) -> str:
    """Return the path of a key of an object, or of a place in a list, below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _shorten(value: object) -> object:
    """Return the value as it was given if it is short, else the beginning of its text."""
    text = str(value)
    return value if len(text) <= MAX_VALUE_CHARACTERS else text[:MAX_VALUE_CHARACTERS] + "…"

"""What the REST views of all apps share: strict bodies, filtered lists, ids in paths."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django_filters import ChoiceFilter, FilterSet, TypedChoiceFilter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.clock import read_instant
from orchestrator_site.common.errors import InvalidValue, NotFound
from orchestrator_site.common.paging import PARAMETERS, read_page

Row = TypeVar("Row", bound=Model)
Filters = TypeVar("Filters", bound=FilterSet)

MAX_UNKNOWN_KEYS = 10
MAX_KEY_CHARACTERS = 100

# Every moment in an answer is in UTC, whatever zone the installation prefers.
Moment = partial(serializers.DateTimeField, default_timezone=UTC)


class Text(serializers.CharField):
    """A string; a number is not taken for one."""

    def to_internal_value(self, data: Any) -> str:
        """Return the string, stripped."""
        if not isinstance(data, str):
            raise serializers.ValidationError(f"give a string, not {type(data).__name__}")
        text: str = super().to_internal_value(data)
        return text


class Id(serializers.UUIDField):
    """A UUID written as a string."""

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID."""
        if not isinstance(data, str):
            raise serializers.ValidationError(f"give a UUID as a string, not {type(data).__name__}")
        found: UUID = super().to_internal_value(data)
        return found


class Object(serializers.Field):  # type: ignore[type-arg]
    """A JSON object, taken as it is."""

    default_error_messages = {"invalid": "give a JSON object such as {{}}, not {kind}"}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object."""
        if not isinstance(data, dict):
            self.fail("invalid", kind=type(data).__name__)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as it is stored."""
        return value


class Flag(serializers.BooleanField):
    """True or false; text and numbers are not taken for one."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            raise serializers.ValidationError(f"give true or false, not {type(data).__name__}")
        return data


class Instant(serializers.Field):  # type: ignore[type-arg]
    """A moment with an offset from UTC, so that nobody has to guess the zone."""

    def to_internal_value(self, data: Any) -> datetime:
        """Return it in UTC."""
        if not isinstance(data, str):
            raise serializers.ValidationError(f"give a moment as a string, not {type(data).__name__}")
        try:
            return read_instant(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> Any:
        """Return it as every moment is shown."""
        return Moment().to_representation(value)


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A body whose every key is known; the others are named, with the one that was probably meant."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values; unknown keys are reported together with what else is wrong."""
        unknown = _unknown_keys(data, self.fields) if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):
                raise serializers.ValidationError(unknown | error.detail) from error
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


class EmptyBody(StrictSerializer):
    """A body without any key."""


def _unknown_keys(data: dict[str, Any], known: Any) -> dict[str, Any]:
    """Return an error for each of the first unknown keys: nobody reads more, and a body may hold thousands."""
    unknown = islice((key for key in data if key not in known), MAX_UNKNOWN_KEYS)
    return {key[:MAX_KEY_CHARACTERS]: f"unknown key{_hint(key[:MAX_KEY_CHARACTERS], list(known))}" for key in unknown}


def _hint(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f": did you mean '{near[0]}'?" if near else f"; known are {', '.join(known) or 'none'}"


def read_body(serializer_class: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the validated body of a request.

    Raises:
        InvalidValue: It is no JSON object.
        ValidationError: Something in it is wrong; every field at fault is named.
    """
    body: Any = request.data  # whatever JSON there was
    if not isinstance(body, dict):
        kind = "null" if body is None else type(body).__name__
        raise InvalidValue(f"the body is a JSON object such as {{}}, not {kind}", field="body", value=body)
    serializer = serializer_class(data=body)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


def read_id(text: str, *, name: str, missing: str) -> UUID:
    """Return the id in a path.

    Raises:
        NotFound: It is no UUID, so nothing can have it; `missing` is what the answer says.
    """
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{missing}: '{text}' is no UUID", field=name, value=text) from None


def choice_filter(values: Iterable[str], *, field_name: str | None = None) -> ChoiceFilter:
    """Return a filter on one of `values`, whose error lists them; `field_name` is the column if it has another name."""
    known = list(values)
    message = f"'%(value)s' is not known; known are {', '.join(known)}"
    choices = [(value, value) for value in known]
    return ChoiceFilter(field_name=field_name, choices=choices, error_messages={"invalid_choice": message})


def flag_filter() -> TypedChoiceFilter:
    """Return a filter that takes `true` or `false`; django-filter's own one ignores what is neither."""
    message = "'%(value)s' is not known; known are true, false"
    return TypedChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        coerce=lambda text: text == "true",
        error_messages={"invalid_choice": message},
    )


def refuse_unknown(query: QueryDict, known: Sequence[str]) -> None:
    """Refuse the first parameter of a query that is not known, with the one that was probably meant.

    Raises:
        InvalidValue: There is one.
    """
    for name in query:
        if name not in known:
            raise InvalidValue(f"unknown parameter '{name}'{_hint(name, known)}", field=name, value=query[name])


def read_filters(
    request: Request, filters: type[Filters], *, rows: QuerySet[Any], parameters: Sequence[str] = PARAMETERS
) -> Filters:
    """Return the filters of a list as the query has them; beside them it may have the other `parameters` of the list.

    Raises:
        InvalidValue: A parameter is unknown.
        ValidationError: A filter has a value that it cannot have.
    """
    query = request.query_params
    filterset = filters(data=query, queryset=rows, request=request)
    refuse_unknown(query, [*filterset.filters, *parameters])
    if not filterset.is_valid():
        raise serializers.ValidationError(filterset.errors)
    return filterset


def list_page(
    view: APIView,
    rows: QuerySet[Row],
    *,
    filters: type[FilterSet],
    serializer: type[serializers.BaseSerializer[Row]],
    context: Mapping[str, Any] | None = None,
) -> Response:
    """Answer one page of a list, filtered as the query asks; `context` is what the serializer is given with each row.

    Raises:
        InvalidValue: A parameter is unknown.
        ValidationError: A filter has a value that it cannot have.
    """
    page = read_page(read_filters(view.request, filters, rows=rows).qs, view.request)
    return Response(page.as_answer(show_rows(serializer, page.rows, context)))


def show_rows(
    serializer: type[serializers.BaseSerializer[Row]], rows: Sequence[Row], context: Mapping[str, Any] | None = None
) -> Sequence[Any]:
    """Return rows as an answer has them; one serializer shows them all, since making one costs more than using it."""
    shown: Sequence[Any] = serializer(rows, many=True, context=dict(context or {})).data  # type: ignore[arg-type]
    return shown

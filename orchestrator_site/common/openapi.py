"""How the REST API describes itself, in OpenAPI 3.1: what holds for every operation, and what our own fields are.

The apps' `api_docs` modules say the rest, operation by operation.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django_filters import ChoiceFilter, FilterSet, TypedChoiceFilter, UUIDFilter
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_parameter_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from orchestrator_site.common.idempotency.api_docs import (
    KEY_IN_USE,
    KEY_USED,
    PARAMETERS,
    RETRY_AFTER,
    is_answered_once,
)
from orchestrator_site.common.idempotency.keys import KEY_HEADER
from orchestrator_site.common.paging import MAX_PAGE, MAX_PAGE_SIZE, NEWER, OLDER, PAGE_SIZE
from orchestrator_site.common.parsers import MAX_BODY_BYTES
from orchestrator_site.common.problems import CONTENT_TYPE
from orchestrator_site.common.query_fields import InstantFilter, ManyFilter, WholeNumberFilter

Json = dict[str, Any]
Responses = dict[Any, Any]


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One field at fault."""

    field = serializers.CharField(help_text="Where it stands, such as `trigger_kwargs.hour` or `user_inputs[1]`.")
    value = serializers.JSONField(help_text="What was sent; shortened if it is long.")
    detail = serializers.CharField(help_text="What is wrong, and what would be right.")


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong, as problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def example(name: str, value: Any) -> OpenApiExample:
    """Return an example of a body or of an answer."""
    return OpenApiExample(name, value=value)


def problem(
    status: HTTPStatus,
    description: str,
    *,
    detail: str,
    field: str = "",
    value: Any = None,
    others: Mapping[str, str] | None = None,
) -> Responses:
    """Return an error answer for `responses`, with an example that says `detail`.

    Args:
        status: Of the answer.
        description: When it comes.
        detail: What the example says.
        field: The one at fault, if one is.
        value: What that was.
        others: More examples: their names, and what they say.
    """
    bodies = {status.phrase: _problem_body(status, detail, field=field, value=value)}
    bodies |= {name: _problem_body(status, said) for name, said in (others or {}).items()}
    shown = [OpenApiExample(name, value=body, media_type=CONTENT_TYPE) for name, body in bodies.items()]
    return {(status.value, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=description, examples=shown)}


def _problem_body(status: HTTPStatus, detail: str, *, field: str = "", value: Any = None) -> Json:
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return body | ({"errors": [{"field": field, "value": value, "detail": detail}]} if field else {})


def page_of(serializer: type[serializers.BaseSerializer[Any]], *, name: str = "", **beside: Any) -> Any:
    """Return the serializer of one page of a list; with fields `beside` the common ones it needs another name."""
    name = name or serializer.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        fields={
            "count": serializers.IntegerField(required=False, help_text="All rows; for `?count=true` only."),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": serializer(many=True),
            **beside,
        },
    )


def list_parameters(filters: type[FilterSet], **descriptions: str) -> list[OpenApiParameter]:
    """Return the parameters of a list: its filters, and those of every list."""
    return [
        *filter_parameters(filters, **descriptions),
        OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
        OpenApiParameter(
            "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        ),
        OpenApiParameter("count", OpenApiTypes.BOOL, default=False, description="Count all rows, which takes longer."),
    ]


# Those of a list that is too long for pages by number.
LONG_LIST_PARAMETERS = [
    OpenApiParameter(OLDER, OpenApiTypes.UUID, description="Rows after the row of this id, as the link `next` has it."),
    OpenApiParameter(NEWER, OpenApiTypes.UUID, description="Rows right before it, as the link `previous` has it."),
]


def filter_parameters(filters: type[FilterSet], **descriptions: str) -> list[OpenApiParameter]:
    """Return the parameters that filter rows."""
    return [_filter_parameter(name, each, descriptions.get(name, "")) for name, each in filters.base_filters.items()]


def _filter_parameter(name: str, declared: Any, description: str) -> OpenApiParameter:
    match declared:
        case TypedChoiceFilter():  # of `flag_filter`
            kind: Any = OpenApiTypes.BOOL
        case ManyFilter():
            values = [value for value, _ in declared.extra["choices"]]
            kind = {"type": "array", "items": {"type": "string", "enum": values}}
        case InstantFilter():
            kind = OpenApiTypes.DATETIME
        case WholeNumberFilter():
            kind = {"type": "integer", "minimum": declared.extra["min_value"]}
        case ChoiceFilter():
            kind = {"type": "string", "enum": [value for value, _ in declared.extra["choices"]]}
        case UUIDFilter():
            kind = OpenApiTypes.UUID
        case _:
            kind = OpenApiTypes.STR
    return OpenApiParameter(name, kind, description=description)


# The errors that operations have in common: name of the component, what it means, the detail of its example.
_COMMON: dict[HTTPStatus, tuple[str, str, str]] = {
    HTTPStatus.BAD_REQUEST: (
        "BadRequest",
        "What was sent cannot be used; `errors` names each field and the value that it had.",
        "unknown key: did you mean 'trigger'?",
    ),
    HTTPStatus.UNAUTHORIZED: (
        "Unauthorized",
        "There is no token and no session, or the token is wrong or has expired.",
        "Authentication credentials were not provided.",
    ),
    HTTPStatus.FORBIDDEN: (
        "Forbidden",
        "The user lacks the permission, which is named; or a session came without its CSRF token.",
        "ada needs the permission 'schedules.add_schedule' for POST",
    ),
    HTTPStatus.NOT_FOUND: ("NotFound", "There is nothing with this id.", "Schedule does not exist"),
    HTTPStatus.CONFLICT: ("KeyInUse", "Another request with the same key is still being answered.", KEY_IN_USE),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "ContentTooLarge",
        f"The body has more than {MAX_BODY_BYTES:,} bytes.",
        f"The body may have {MAX_BODY_BYTES} bytes at most.",
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "UnsupportedMediaType",
        "The body is not `application/json`.",
        'Unsupported media type "text/plain" in request.',
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("KeyUsed", f"The `{KEY_HEADER}` stands for another request.", KEY_USED),
}


class OperationSchema(AutoSchema):
    """Describes an operation; adds the permission that it needs and the errors that it may answer by its nature."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Json | None:
        """Return the operation."""
        operation: Json | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        operation["description"] = "\n\n".join(filter(None, [operation.get("description"), self._access()]))
        if not self._asks_for_user:  # said, not left out: the security of a document may be set for all of it
            operation["security"] = []
        for status in self._errors_of(operation):
            operation["responses"].setdefault(str(status.value), self._common_response(status))
        if self._is_answered_once:
            self._describe_key_in_use(operation["responses"])
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_override_parameters(self) -> list[Any]:
        """Return what no operation has to say itself: the headers of one that is answered once."""
        return PARAMETERS if self._is_answered_once else []

    @property
    def _is_answered_once(self) -> bool:
        return is_answered_once(self.view, self.method)

    @property
    def _asks_for_user(self) -> bool:
        return bool(self.view.get_authenticators())

    def _access(self) -> str:
        if not self._asks_for_user:
            return "For whoever has the address: it takes no token of a user and no session, and looks at none."
        wanted = getattr(self.view, "permissions", {}).get(self.method)
        return f"Needs the permission `{wanted}`." if wanted else "For everyone with a token or a session."

    def _errors_of(self, operation: Json) -> list[HTTPStatus]:
        places = {parameter["in"] for parameter in operation.get("parameters", [])}
        errors = [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN] if self._asks_for_user else []
        if "path" in places:
            errors.append(HTTPStatus.NOT_FOUND)
        if "query" in places:
            errors.append(HTTPStatus.BAD_REQUEST)
        if "requestBody" in operation:
            errors += [
                HTTPStatus.BAD_REQUEST,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            ]
        if self._is_answered_once:
            errors.append(HTTPStatus.UNPROCESSABLE_ENTITY)
        return errors

    def _describe_key_in_use(self, responses: Responses) -> None:
        """Add one more reason to the conflicts of an operation, which may have none of its own."""
        name, _, detail = _COMMON[HTTPStatus.CONFLICT]
        own = responses.setdefault("409", self._common_response(HTTPStatus.CONFLICT, headers=RETRY_AFTER))
        if "content" in own:
            own["description"] += " Or another request with the same key is still being answered."
            own["content"][CONTENT_TYPE]["examples"][name] = {"value": _problem_body(HTTPStatus.CONFLICT, detail)}
            own["headers"] = RETRY_AFTER

    def _common_response(self, status: HTTPStatus, *, headers: Json | None = None) -> Json:
        """Return a reference to the component that describes an error, which is made on first use."""
        name, description, detail = _COMMON[status]
        body = _problem_body(status, detail)
        problem_schema = self.resolve_serializer(ProblemSerializer, "response").ref
        content = {CONTENT_TYPE: {"schema": problem_schema, "example": body}}
        response = {"description": description, "content": content} | ({"headers": headers} if headers else {})
        component = ResolvedComponent(name, ResolvedComponent.RESPONSE, response, object=name)
        self.registry.register_on_missing(component)
        return dict(component.ref)

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Describe the body of DELETE too, which older clients send; the library takes it to have none."""
        method = self.method
        self.method = "POST" if method == "DELETE" else method
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    def _resolve_path_parameters(self, variables: list[str]) -> list[Json]:
        """Describe what stands in the path; the routes take any text there, so that what is no id is a 404."""
        schemas = {
            name: {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string"}
            for name in variables
        }
        return [
            build_parameter_type(name=name, location=OpenApiParameter.PATH, schema=schema)
            for name, schema in schemas.items()
        ]


def strip_slashes(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Show each path once, without the slash that may end it; a hook that runs before anything is described."""
    return [(path.rstrip("/"), regex, method, callback) for path, regex, method, callback in endpoints]


class BearerScheme(OpenApiAuthenticationExtension):
    """The token in the `Authorization` header."""

    target_class = "orchestrator_site.common.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "Made by `manage.py tokens create <user>`."}


class SessionScheme(OpenApiAuthenticationExtension):
    """The session of somebody who has logged in to the admin."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        """Return the scheme."""
        description = "Set by logging in to the admin; all but GET also wants the header `X-CSRFToken`."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": description}


class StrictBody(OpenApiSerializerExtension):
    """A body whose every key is known."""

    target_class = "orchestrator_site.common.api.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema, closed."""
        schema: Json = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001  its way to add to a schema
        return schema | {"additionalProperties": False}


class TextField(OpenApiSerializerFieldExtension):
    """A string that is not blank."""

    target_class = "orchestrator_site.common.api.Text"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        bounds = {"maxLength": self.target.max_length} if self.target.max_length else {}
        return {"type": "string", "minLength": 1, **bounds}


class InstantField(OpenApiSerializerFieldExtension):
    """A moment with an offset."""

    target_class = "orchestrator_site.common.api.Instant"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"type": "string", "format": "date-time"}


class ObjectField(OpenApiSerializerFieldExtension):
    """Any JSON object."""

    target_class = "orchestrator_site.common.api.Object"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"type": "object", "additionalProperties": True}

"""`/api/schema`, the API's description, and `/api/docs`, the page that shows it."""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class SchemaView(APIView):
    """The description of the API, as JSON unless the client prefers YAML."""

    permission_classes = [IsAuthenticated]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]

    @extend_schema(
        operation_id="get_schema",
        summary="Show this document",
        tags=["Documentation"],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        """Answer it as JSON, or as YAML to a client that accepts `application/yaml`."""
        return Response(describe_api())

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an error as JSON, as everywhere, also to a client that prefers YAML."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), "application/json"
        return super().handle_exception(exc)


@cache
def describe_api() -> dict[str, Any]:
    """Return the OpenAPI document; it is the same for everyone, and made once."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


@require_safe
@login_required(login_url="admin:login")
def show_docs(request: HttpRequest) -> HttpResponse:
    """Show the document in Swagger UI, in which requests can be tried as the user who looks at it."""
    return render(request, "api-docs.html")

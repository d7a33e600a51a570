"""`/api/graphql`: POST answers a query, a browser's GET gets the page to write one."""

from collections.abc import Sequence
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import Object, StrictSerializer, Text, read_body
from orchestrator_site.common.graphql.execution import answer_query
from orchestrator_site.common.graphql.lists import GraphqlContext
from orchestrator_site.schema import schema

FIRST_QUERY = """\
{
  scheduledTasks(first: 20, sortBy: [{field: "nextRunTime", order: ASC}]) {
    page { id name workflowName nextRunTime trigger }
    pageInfo { hasNextPage endCursor totalItems }
  }
}
"""


class GraphqlBody(StrictSerializer):
    """One query; there are no batches."""

    query = Text(trim_whitespace=False)  # errors name lines and columns
    variables = Object(required=False, allow_null=True)
    operationName = Text(required=False, allow_null=True, allow_blank=True)  # noqa: N815  # as the protocol has it


class GraphqlView(APIView):
    """Everything that can be read, by one query; each root field asks for its own permission."""

    schema = None  # described by GraphQL's own introspection, not by OpenAPI

    def get_permissions(self) -> Sequence[BasePermission]:
        """Ask for a user, but let a browser without one come as far as the redirect."""
        return [] if _wants_page(self.request) else [IsAuthenticated()]

    def get(self, request: Request) -> HttpResponseBase:
        """Show GraphiQL to a browser; one that is not logged in goes to the login first."""
        if not _wants_page(request):
            raise MethodNotAllowed("GET", detail="send the query with POST; GET shows a page to browsers only")
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return _show_page(request._request)  # noqa: SLF001  # Django's own request, as DRF documents it

    def post(self, request: Request) -> Response:
        """Answer a query: 200 when it was executed, even if not every field could be, and 400 when nothing was."""
        body = read_body(GraphqlBody, request)
        answer = answer_query(
            schema,
            body["query"],
            variables=body.get("variables") or {},
            operation_name=body.get("operationName") or None,
            context=GraphqlContext(user=request.user),
        )
        return Response(answer.body, status=status.HTTP_200_OK if answer.was_executed else status.HTTP_400_BAD_REQUEST)


def _wants_page(request: Any) -> bool:
    return request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", "")


# Its dialogs add a style element, which keeps the page behind them from scrolling; its style sheet holds its fonts.
@csp_update({"style-src": [UNSAFE_INLINE], "font-src": ["data:"]})
def _show_page(request: HttpRequest) -> HttpResponse:
    get_token(request)  # sets the cookie from which the page's script takes the token
    return render(request, "graphiql.html", {"csrf_cookie": settings.CSRF_COOKIE_NAME, "query": FIRST_QUERY})

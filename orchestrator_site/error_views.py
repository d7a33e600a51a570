"""Errors outside the REST views: problem details (RFC 9457) below /api/, elsewhere a page."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from orchestrator_site.common.logs import mask_callback_tokens

API_PREFIX = "/api/"


def _problem(status: HTTPStatus, detail: str) -> JsonResponse:
    return JsonResponse(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )


def _answer(request: HttpRequest, status: HTTPStatus, detail: str, page: Callable[[], HttpResponse]) -> HttpResponse:
    return _problem(status, detail) if request.path.startswith(API_PREFIX) else page()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request,
        HTTPStatus.BAD_REQUEST,
        "The request cannot be understood.",
        lambda: defaults.bad_request(request, exception),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        "You may not do this.",
        lambda: defaults.permission_denied(request, exception),
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request,
        HTTPStatus.NOT_FOUND,
        f"There is nothing at {mask_callback_tokens(request.path)}.",
        lambda: defaults.page_not_found(request, exception),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server failed to answer; its log says why.",
        lambda: defaults.server_error(request),
    )

"""Errors outside the REST views: problem details (RFC 9457) below /api/, elsewhere a page that says what to do.

Whoever works in the admin keeps its frame around them. What else there is to say is in the log: a page may be read by
anybody.
"""

from http import HTTPStatus

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.way_back import ADMIN_PREFIX
from orchestrator_site.common.logs import mask_callback_tokens

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be read."""
    if request.path.startswith(API_PREFIX):
        return _problem(HTTPStatus.BAD_REQUEST, "The request cannot be understood.")
    # Its host may be one that is not allowed, and so its cookies cannot be trusted either.
    return _bare_page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("The request cannot be understood"),
        _("Check the address, and try again from the first page."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what somebody may not do."""
    if request.path.startswith(API_PREFIX):
        return _problem(HTTPStatus.FORBIDDEN, "You may not do this.")
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("You may not do this"),
        _("It needs a permission that you do not have. Whoever manages the users can give it to you."),
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address at which there is nothing."""
    if request.path.startswith(API_PREFIX):
        return _problem(HTTPStatus.NOT_FOUND, f"There is nothing at {mask_callback_tokens(request.path)}.")
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here"),
        _("It may have been deleted, or the address is not quite right."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when we have failed; so nothing is asked of the database, nor who it is that asks."""
    if request.path.startswith(API_PREFIX):
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed to answer; its log says why.")
    return _bare_page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("The server failed to answer"),
        _("Try again. If it stays like this, tell whoever runs this site: its log says why."),
    )


def forgery_suspected(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without the token of this browser's session."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("Nothing was changed"),
        _("The page is older than your login, or cookies are blocked. Go back, load it anew, and try again."),
    )


def _problem(status: HTTPStatus, detail: str) -> JsonResponse:
    return JsonResponse(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )


def _page(request: HttpRequest, status: HTTPStatus, title: str, advice: str) -> HttpResponse:
    """Return a page in the frame of the admin for those who work there, else a bare one."""
    if not request.path.startswith(ADMIN_PREFIX) or not admin.site.has_permission(request):
        return _bare_page(request, status, title, advice)
    context = {**admin.site.each_context(request), "title": title, "advice": advice, "status": status}
    return render(request, "admin/error.html", context, status=status)


def _bare_page(request: HttpRequest, status: HTTPStatus, title: str, advice: str) -> HttpResponse:
    return render(None, "error.html", {"title": title, "advice": advice, "status": status}, status=status)

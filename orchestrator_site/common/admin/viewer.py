"""For whom a page is made: it has links to the pages that this one may open, and no others."""

from collections.abc import Callable
from contextvars import ContextVar

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orchestrator_site.common.admin.way_back import ADMIN_PREFIX

_request: ContextVar[HttpRequest | None] = ContextVar("request_of_the_admin", default=None)

Answer = Callable[[HttpRequest], HttpResponseBase]


class ViewerMiddleware:
    """Notes whose request is answered, as the current zone and language are noted."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if not request.path_info.startswith(ADMIN_PREFIX):
            return self._get_response(request)
        token = _request.set(request)
        try:
            return self._get_response(request)
        finally:
            _request.reset(token)


def may_open(model: str) -> bool:
    """Tell whether the pages of a model, named as in `schedules_schedule`, are open to whoever the page is for.

    Outside of a request of the admin nobody is kept from anything.
    """
    request = _request.get()
    if request is None:
        return True
    app, _, name = model.rpartition("_")
    return bool(admin.site.get_model_admin(apps.get_model(app, name)).has_view_permission(request))

"""In which language the admin speaks: that of the browser, if there is a catalogue of it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware

from orchestrator_site.common.admin.way_back import ADMIN_PREFIX


class AdminLocaleMiddleware(LocaleMiddleware):
    """Chooses the language for the pages of the admin; what the API says is part of it, and stays as it is."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose it."""
        if request.path_info.startswith(ADMIN_PREFIX):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Name it in the answer."""
        if not request.path_info.startswith(ADMIN_PREFIX):
            return response
        return super().process_response(request, response)

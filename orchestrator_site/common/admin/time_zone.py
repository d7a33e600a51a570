"""In which time zone the admin shows times: the one that was chosen, else the browser's, else the installation's.

Both are cookies, so that they belong to the browser and not to the account: the same operator sits at home and abroad.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.timezone import override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.way_back import ADMIN_PREFIX, find_way_back
from orchestrator_site.common.admin.widgets import dress

# What somebody chose on the page, and what a script found out (static/admin-pages/time-zone.js).
CHOSEN_COOKIE = "chosen_time_zone"
BROWSER_COOKIE = "browser_time_zone"
COOKIE_SECONDS = 365 * 24 * 3600
PAGE = "admin/time_zone.html"

Answer = Callable[[HttpRequest], HttpResponseBase]


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones: their rules are read once."""
    return frozenset(available_timezones())


def find_zone(cookies: Mapping[str, str]) -> str:
    """Return the zone for one browser; a cookie that names none is as good as no cookie."""
    named = (cookies.get(CHOSEN_COOKIE, ""), cookies.get(BROWSER_COOKIE, ""))
    return next((name for name in named if name in known_zones()), settings.TIME_ZONE)


class TimeZoneMiddleware:
    """Makes that zone the current one for the pages of the admin; the API goes on in its own way."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if not request.path_info.startswith(ADMIN_PREFIX):
            return self._get_response(request)
        with override(ZoneInfo(find_zone(request.COOKIES))):
            return self._get_response(request)


class TimeZoneForm(forms.Form):
    """Asks for a zone; none means that of the browser."""

    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("As in Europe/Amsterdam or UTC. Leave it empty to go by your browser."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"] = dress(self.fields["zone"])

    def clean_zone(self) -> str:
        """Return the name of a zone that exists, or nothing."""
        name: str = self.cleaned_data["zone"]
        if name and name not in known_zones():
            raise forms.ValidationError(
                _("“%(name)s” is no time zone. Write one as in Europe/Amsterdam.") % {"name": name}
            )
        return name


def choose_zone(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show the form, or keep what was chosen and go back to where somebody came from."""
    back = find_way_back(request)
    form = TimeZoneForm(request.POST or None, initial={"zone": request.COOKIES.get(CHOSEN_COOKIE, "")})
    if request.method != "POST" or not form.is_valid():
        shown = {"title": _("Time zone"), "form": form, "zones": sorted(known_zones()), "back": back}
        return TemplateResponse(request, PAGE, {**context, **shown})
    answer = redirect(back)
    zone = form.cleaned_data["zone"]
    if zone:
        answer.set_cookie(
            CHOSEN_COOKIE,
            zone,
            max_age=COOKIE_SECONDS,
            path=ADMIN_PREFIX,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        messages.success(request, _("Times are shown in %(zone)s.") % {"zone": zone})
    else:
        answer.delete_cookie(CHOSEN_COOKIE, path=ADMIN_PREFIX, samesite="Lax")
        messages.success(request, _("Times are shown in the zone of your browser."))
    return answer

"""The pages of the admin that belong to no model; their addresses come before those of the admin site itself."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path

from orchestrator_site.common.admin.time_zone import choose_zone
from orchestrator_site.home.forecast_page import show_forecast
from orchestrator_site.home.views import PARTS, show_home, show_part


def time_zone(request: HttpRequest) -> HttpResponse:
    """Let somebody choose the zone in which times are shown."""
    return choose_zone(request, admin.site.each_context(request))


urlpatterns: list[URLPattern] = [
    # Reversed as `admin:index`, which is the name of this address in the admin site itself.
    path("", admin.site.admin_view(show_home)),
    re_path(rf"^home/(?P<part>{'|'.join(PARTS)})/$", admin.site.admin_view(show_part), name="admin-home-part"),
    path("forecast/", admin.site.admin_view(show_forecast), name="admin-forecast"),
    path("time-zone/", admin.site.admin_view(time_zone), name="admin-time-zone"),
]

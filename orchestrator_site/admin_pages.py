"""The pages of the admin that belong to no model; their addresses come before those of the admin site itself."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from orchestrator_site.common.admin.time_zone import choose_zone


def time_zone(request: HttpRequest) -> HttpResponse:
    """Let somebody choose the zone in which times are shown."""
    return choose_zone(request, admin.site.each_context(request))


urlpatterns: list[URLPattern] = [
    path("time-zone/", admin.site.admin_view(time_zone), name="admin-time-zone"),
]

"""How the admin looks: the settings of django-unfold."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAME = "Orchestrator scheduler"


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Return what tells whether somebody has one of the permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _list(title: Promise, icon: str, model: str, *permissions: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": _may(*permissions),
    }


def environment_label(request: HttpRequest) -> list[Any] | None:
    """Return the label at the top of each page: a warning while DEBUG shows errors with their source."""
    return [_("Debug"), "danger"] if settings.DEBUG else None


def stylesheet(request: HttpRequest) -> str:
    """Return the address of what our own pages add."""
    return static("admin-pages/pages.css")


def time_zone_script(request: HttpRequest) -> str:
    """Return the address of what tells the server the zone of the browser."""
    return static("admin-pages/time-zone.js")


def live_script(request: HttpRequest) -> str:
    """Return the address of what keeps the live parts of a page fresh."""
    return static("admin-pages/live.js")


def frame_stylesheet(request: HttpRequest) -> str:
    """Return the address of what we add to the frame of all pages."""
    return static("admin-pages/frame.css")


def keyboard_script(request: HttpRequest) -> str:
    """Return the address of what makes the keyboard enough."""
    return static("admin-pages/keyboard.js")


def favicon(request: HttpRequest) -> str:
    """Return the address of the site's icon."""
    return static("admin-pages/icon.svg")


# On black, letters from 500 down have a contrast of 4.5 at least; on white those from 600 up, and white ones on these.
COLORS: dict[str, dict[str, str]] = {
    "primary": {
        "50": "oklch(97% .012 273)",
        "100": "oklch(93.5% .026 273)",
        "200": "oklch(88% .052 273)",
        "300": "oklch(81% .09 273)",
        "400": "oklch(75% .125 273)",
        "500": "oklch(71% .14 273)",
        "600": "oklch(47.5% .19 273)",
        "700": "oklch(42% .17 273)",
        "800": "oklch(37% .14 273)",
        "900": "oklch(32% .11 273)",
        "950": "oklch(24% .08 273)",
    },
    "font": {"subtle-light": "oklch(51% .028 262)"},
    "red": {"400": "oklch(76% .15 22)"},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": NAME,
    "SITE_SYMBOL": "schedule",
    "SITE_URL": None,
    "ENVIRONMENT": "orchestrator_site.admin_settings.environment_label",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "COLORS": COLORS,
    "STYLES": [frame_stylesheet, stylesheet],
    "SCRIPTS": [keyboard_script, time_zone_script, live_script],
    "SIDEBAR": {
        "navigation": [
            {
                "title": _("Work"),
                "items": [
                    {"title": _("Home"), "icon": "home", "link": reverse_lazy("admin:index")},
                    {
                        "title": _("What runs"),
                        "icon": "calendar_clock",
                        "link": reverse_lazy("admin-forecast"),
                        "permission": _may("schedules.view_schedule"),
                    },
                    _list(_("Schedules"), "event_repeat", "schedules_schedule", "schedules.view_schedule"),
                    _list(_("Firings"), "history", "schedules_firing", "schedules.view_firing"),
                    _list(_("Tasks"), "play_circle", "tasks_task", "tasks.view_task"),
                    _list(_("Workflows"), "account_tree", "workflows_workflow", "workflows.view_workflow"),
                    _list(_("Changes"), "difference", "workflows_release", "workflows.view_release"),
                ],
            },
            {
                "title": _("Inventory"),
                "items": [
                    _list(_("Products"), "category", "workflows_product", "workflows.view_product"),
                    _list(_("Subscriptions"), "assignment", "workflows_subscription", "workflows.view_subscription"),
                ],
            },
            {
                "title": _("Engine"),
                "items": [
                    _list(
                        _("Engine"), "ac_unit", "tasks_enginefreeze", "tasks.view_enginefreeze", "tasks.freeze_engine"
                    ),
                    _list(_("Schedulers"), "schedule", "schedules_schedulerprocess", "schedules.view_schedulerprocess"),
                    _list(_("Workers"), "dns", "tasks_workerprocess", "tasks.view_workerprocess"),
                ],
            },
            {
                "title": _("Scheduled in code"),
                "collapsible": True,
                "items": [
                    _list(_("Jobs"), "code", "django_apscheduler_djangojob", "django_apscheduler.view_djangojob"),
                    _list(
                        _("Executions"),
                        "receipt_long",
                        "django_apscheduler_djangojobexecution",
                        "django_apscheduler.view_djangojobexecution",
                    ),
                ],
            },
            {
                "title": _("Access"),
                "items": [
                    _list(_("Users"), "person", "auth_user", "auth.view_user"),
                    _list(_("Groups"), "group", "auth_group", "auth.view_group"),
                    _list(_("API tokens"), "key", "knox_authtoken", "knox.view_authtoken"),
                ],
            },
            {
                "title": _("API"),
                "items": [
                    {"title": _("REST"), "icon": "api", "link": "/api/docs"},
                    {"title": _("GraphQL"), "icon": "hub", "link": "/api/graphql"},
                ],
            },
        ],
    },
}

"""How the admin looks: the settings of django-unfold."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

NAME = "Orchestrator scheduler"


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Return what tells whether somebody has one of the permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _list(title: str, icon: str, model: str, *permissions: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": _may(*permissions),
    }


def environment_label(request: HttpRequest) -> list[str] | None:
    """Return the label at the top of each page: a warning while DEBUG shows errors with their source."""
    return ["Debug", "danger"] if settings.DEBUG else None


def stylesheet(request: HttpRequest) -> str:
    """Return the address of what our own pages add."""
    return static("admin-pages/pages.css")


def favicon(request: HttpRequest) -> str:
    """Return the address of the site's icon."""
    return static("admin-pages/icon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": NAME,
    "SITE_SYMBOL": "schedule",
    "SITE_URL": None,
    "ENVIRONMENT": "orchestrator_site.admin_settings.environment_label",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "STYLES": [stylesheet],
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Work",
                "items": [
                    _list("Schedules", "event_repeat", "schedules_schedule", "schedules.view_schedule"),
                    _list("Firings", "history", "schedules_firing", "schedules.view_firing"),
                    _list("Tasks", "play_circle", "tasks_task", "tasks.view_task"),
                    _list("Workflows", "account_tree", "workflows_workflow", "workflows.view_workflow"),
                ],
            },
            {
                "title": "Inventory",
                "items": [
                    _list("Products", "category", "workflows_product", "workflows.view_product"),
                    _list("Subscriptions", "assignment", "workflows_subscription", "workflows.view_subscription"),
                ],
            },
            {
                "title": "Engine",
                "items": [
                    _list("Engine", "ac_unit", "tasks_enginefreeze", "tasks.view_enginefreeze", "tasks.freeze_engine"),
                    _list("Schedulers", "schedule", "schedules_schedulerprocess", "schedules.view_schedulerprocess"),
                    _list("Workers", "dns", "tasks_workerprocess", "tasks.view_workerprocess"),
                ],
            },
            {
                "title": "Scheduled in code",
                "collapsible": True,
                "items": [
                    _list("Jobs", "code", "django_apscheduler_djangojob", "django_apscheduler.view_djangojob"),
                    _list(
                        "Executions",
                        "receipt_long",
                        "django_apscheduler_djangojobexecution",
                        "django_apscheduler.view_djangojobexecution",
                    ),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _list("Users", "person", "auth_user", "auth.view_user"),
                    _list("Groups", "group", "auth_group", "auth.view_group"),
                    _list("API tokens", "key", "knox_authtoken", "knox.view_authtoken"),
                ],
            },
            {
                "title": "API",
                "items": [
                    {"title": "REST", "icon": "api", "link": "/api/docs"},
                    {"title": "GraphQL", "icon": "hub", "link": "/api/graphql"},
                ],
            },
        ],
    },
}

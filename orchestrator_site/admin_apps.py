"""The app of the admin."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AdminConfig(SimpleAdminConfig):
    """The admin; its pages are loaded by the URLs and by the checks of them.

    Django would load them into every process, with forms, templates and all that they need: a third of the memory of a
    scheduler or a worker, and of the time of a command.
    """

    # Made once: unfold's own app would put another one, without any page, in its place whenever the apps start anew.
    default_site = "unfold.sites.UnfoldAdminSite"

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_admin_pages, checks.Tags.admin)


def check_admin_pages(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Check every page of the admin, loaded for that."""
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)

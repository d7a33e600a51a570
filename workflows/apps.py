"""The app `workflows`."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workflows.discovery import import_app_modules


class WorkflowsConfig(AppConfig):
    """Finds the workflows of the user's own apps once all apps are there."""

    name = "workflows"
    verbose_name = _("Workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `workflows` module of every app in EXTRA_APPS: it registers that app's workflows."""
        # Imported for its effect, which needs the app registry: it registers the system checks.
        from workflows import checks  # noqa: F401, PLC0415

        import_app_modules(settings.EXTRA_APPS, "workflows")

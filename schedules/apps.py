"""The app `schedules`."""

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """Schedules and what fires them."""

    name = "schedules"
    default_auto_field = "django.db.models.BigAutoField"

"""The app `tasks`."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """Tasks and their workers."""

    name = "tasks"
    default_auto_field = "django.db.models.BigAutoField"

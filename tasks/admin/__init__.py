"""The admin pages of tasks."""

from tasks.admin.tasks import TaskAdmin

__all__ = ["TaskAdmin"]

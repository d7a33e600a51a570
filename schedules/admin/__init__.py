"""The admin pages of schedules and their ledger, and where a task came from."""

from schedules.admin.firings import FiringAdmin
from schedules.admin.schedules import ScheduleAdmin
from schedules.admin.tasks import ScheduledTaskAdmin

__all__ = ["FiringAdmin", "ScheduleAdmin", "ScheduledTaskAdmin"]

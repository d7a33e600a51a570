"""The admin pages of schedules, their ledger and the schedulers, and where a task came from."""

from schedules.admin.changes import ChangesAdmin
from schedules.admin.firings import FiringAdmin
from schedules.admin.schedulers import SchedulerAdmin
from schedules.admin.schedules import ScheduleAdmin
from schedules.admin.tasks import ScheduledTaskAdmin
from schedules.admin.workflows import ScheduledWorkflowAdmin

__all__ = [
    "ChangesAdmin",
    "FiringAdmin",
    "ScheduleAdmin",
    "ScheduledTaskAdmin",
    "ScheduledWorkflowAdmin",
    "SchedulerAdmin",
]

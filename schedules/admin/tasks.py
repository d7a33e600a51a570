"""Where a task came from: the pages of tasks, which know nothing of schedules, with that added."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import display

from orchestrator_site.common.admin.display import page_link
from schedules.admin.firings import OfScheduleFilter, schedule_names
from schedules.models import Firing
from tasks.admin import TaskAdmin
from tasks.models import Task

admin.site.unregister(Task)


@admin.register(Task)
class ScheduledTaskAdmin(TaskAdmin):
    """Tasks, with their schedules and firings."""

    list_display = (*TaskAdmin.list_display[:2], "schedule_link", *TaskAdmin.list_display[2:])
    list_filter = (*TaskAdmin.list_filter, OfScheduleFilter)
    origin_fields = (*TaskAdmin.origin_fields, "schedule_link", "firing_link", "planned")

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add the names of the schedules."""
        names = schedule_names([task.schedule_id for task in rows])
        for task in rows:
            task.schedule_name = names.get(task.schedule_id)

    @display(description="schedule")
    def schedule_link(self, task: Any) -> str | None:
        """Show the schedule's name; as a link while it exists."""
        if task.schedule_id is None:
            return None
        if task.schedule_name is None:
            return "(deleted)"
        return page_link("schedules_schedule", task.schedule_id, task.schedule_name)

    @display(description="firing")
    def firing_link(self, task: Task) -> str | None:
        """Link to the row of the ledger that it came of."""
        firing_id = _find_firing(task)
        return page_link("schedules_firing", firing_id, "Firing") if firing_id else None


def _find_firing(task: Task) -> UUID | None:
    if task.schedule_id is None:
        return None
    return Firing.objects.filter(task_id=task.pk).values_list("pk", flat=True).first()

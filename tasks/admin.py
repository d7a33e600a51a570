"""Tasks in the admin."""

from django.contrib import admin

from orchestrator_site.common.admin import ReadOnlyAdmin, ReadOnlyInline
from tasks.models import Task, TaskStep


class TaskStepInline(ReadOnlyInline):
    """The steps of a task, as they were executed."""

    model = TaskStep
    fields = ("position", "attempt", "name", "status", "started_at", "completed_at", "state", "error")


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    """Tasks, newest first."""

    list_display = ("id", "workflow", "status", "created_at", "started_at", "finished_at", "failed_reason")
    list_filter = ("status", "workflow")
    list_select_related = ("workflow",)
    inlines = (TaskStepInline,)

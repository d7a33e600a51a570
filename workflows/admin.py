"""Workflows in the admin."""

from django.contrib import admin

from orchestrator_site.common.admin import ReadOnlyAdmin
from workflows.models import Workflow


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    """What is registered."""

    list_display = ("name", "description", "target", "is_task", "deleted_at")
    list_filter = ("target",)
    search_fields = ("name", "description")

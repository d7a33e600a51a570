"""Workflows: what can run."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from orchestrator_site.common.admin.display import ODD, list_link, moment_column, show_label, show_link
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from workflows.models import Workflow
from workflows.selectors import find_start_problem


class DeletedFilter(SimpleListFilter):
    """Workflows that are there; those that were deleted, or all of them, when they are asked for."""

    title = "registered"
    parameter_name = "registered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides the default."""
        return [("deleted", "Deleted"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name: what is there."""
        everything, *others = super().choices(changelist)
        yield {**everything, "display": "Registered"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Workflow]) -> QuerySet[Workflow]:
        """Keep those that are there, unless others are asked for."""
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    """What is registered, by name."""

    list_display = ("name", "description", "target", "is_task", "state", "tasks")
    list_filter = ("target", "is_task", DeletedFilter)
    search_fields = ("name", "description")
    sortable_by = ("name",)
    fields = ("id", "name", "description", "target", "is_task", "state", "problem", "created", "tasks", "start")
    readonly_fields = ("id", "state", "problem", "created", "tasks", "start")

    created = moment_column("created_at", "created")

    def get_fields(self, request: HttpRequest, obj: Workflow | None = None) -> list[str]:
        """Leave the link to start one out for those who may not, and where none can start."""
        may_start = obj and obj.is_task and obj.deleted_at is None and request.user.has_perm("tasks.start_task")
        return [name for name in self.fields if name != "start" or may_start]

    @display(description="state")
    def state(self, workflow: Workflow) -> str:
        """Show whether it was deleted."""
        return show_label("deleted" if workflow.deleted_at else "registered", {"deleted": ODD})

    @display(description="problem")
    def problem(self, workflow: Workflow) -> str | None:
        """Show why no task of it can start."""
        return find_start_problem(workflow) or None

    @display(description="its tasks")
    def tasks(self, workflow: Workflow) -> str:
        """Link to its tasks."""
        return list_link("tasks_task", f"workflow__id__exact={workflow.pk}", "Tasks")

    @display(description="by hand")
    def start(self, workflow: Workflow) -> str:
        """Link to the form that starts one."""
        return show_link(f"{reverse('admin:tasks_task_add')}?workflow={workflow.pk}", "Start a task of it")

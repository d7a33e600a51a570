"""The list of schedules: its columns, its filters, and what is done from it."""

from typing import Any

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest

from orchestrator_site.common.admin.display import moment_column, page_link, show_label, show_line
from schedules.admin.bulk import BulkAdmin
from schedules.admin.schedule_filters import StateFilter, TriggerFilter
from schedules.admin.schedule_states import STATE_COLOURS, say_pause
from schedules.models import Schedule
from schedules.selectors import list_schedules


class ScheduleListAdmin(BulkAdmin):
    """The schedules, by name."""

    list_display = ("name", "state_label", "runs", "workflow_link", "next_run")
    list_filter = (("state", StateFilter), TriggerFilter)
    search_fields = ("name", "link__workflow__name")
    sortable_by = ("name", "next_run")

    next_run = moment_column("next_run_at", "next run")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Return the schedules with their workflows, and the state in which people see them."""
        return list_schedules()

    @display(description="runs")
    def runs(self, schedule: Schedule) -> str | None:
        """Show its trigger in words."""
        return show_line(schedule.summary)

    @display(description="state")
    def state_label(self, schedule: Any) -> str:
        """Show its state; of a paused one, by whom, since when, until when and why, when one points at it."""
        return show_label(schedule.shown_state, STATE_COLOURS, title=say_pause(schedule))

    @display(description="workflow")
    def workflow_link(self, schedule: Schedule) -> str:
        """Show which workflow it runs."""
        return page_link("workflows_workflow", schedule.workflow.pk, schedule.workflow)

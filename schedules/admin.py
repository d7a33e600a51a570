"""Schedules and their ledger in the admin."""

from django.contrib import admin
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.admin import ReadOnlyAdmin
from schedules.models import Firing, Schedule
from schedules.triggers import TriggerError

# Its own pages unpickle stored jobs and run them in the web process.
admin.site.unregister([DjangoJob, DjangoJobExecution])


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Schedules, by name."""

    list_display = ("name", "workflow_name", "rule", "timezone", "next_run_at", "state", "updated_by")
    list_filter = ("state", "trigger")
    list_select_related = ("link__workflow",)
    search_fields = ("name",)

    @admin.display(description="workflow")
    def workflow_name(self, schedule: Schedule) -> str:
        """Show which workflow it runs."""
        return schedule.workflow.name

    @admin.display(description="trigger")
    def rule(self, schedule: Schedule) -> str:
        """Show its trigger in full; one that cannot be built says why."""
        try:
            return str(schedule.trigger_rule)
        except TriggerError as error:
            return f"broken: {error}"


@admin.register(Firing)
class FiringAdmin(ReadOnlyAdmin):
    """The ledger, what was decided last first."""

    list_display = ("schedule_name", "scheduled_for", "outcome", "cause", "lateness_ms", "count", "reason", "task_id")
    list_filter = ("outcome", "cause")

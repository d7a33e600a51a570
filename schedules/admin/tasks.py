"""Where a task came from: the pages of tasks, which know nothing of schedules, with that added."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import list_link, page_link, show_link, show_moment
from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.viewer import may_open
from schedules.admin.firings import OfScheduleFilter
from schedules.models import Firing, Schedule
from tasks.admin import TaskAdmin
from tasks.models import Task
from tasks.selectors import find_neighbours
from workflows.models import Workflow

admin.site.unregister(Task)


@admin.register(Task)
class ScheduledTaskAdmin(TaskAdmin):
    """Tasks, with their schedules and firings."""

    list_display = (*TaskAdmin.list_display[:3], "schedule_link", *TaskAdmin.list_display[3:])
    list_filter = (*TaskAdmin.list_filter, OfScheduleFilter)
    search_help_text = gettext_lazy("Name of a workflow or a schedule, or the id of a task or a schedule.")

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add the names of the schedules, and their zones."""
        super().complete_rows(rows)
        wanted = {task.schedule_id for task in rows if task.schedule_id}
        found = Schedule.objects.filter(pk__in=wanted).values_list("pk", "name", "timezone") if wanted else ()
        schedules = {pk: (name, zone) for pk, name, zone in found}
        for task in rows:
            task.schedule_name, task.schedule_zone = schedules.get(task.schedule_id, (None, ""))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find the name of a schedule as well."""
        wanted = search_term.strip()
        if not wanted or read_uuid_or_none(wanted):
            return super().get_search_results(request, queryset, search_term)
        # The names are looked for once, and not for each task.
        found = Q(workflow_id__in=Workflow.objects.filter(name__icontains=wanted).values("pk"))
        if may_open("schedules_schedule"):
            found |= Q(schedule_id__in=Schedule.objects.filter(name__icontains=wanted).values("pk"))
        return queryset.filter(found), False

    def list_origin_fields(self, task: Task) -> Sequence[str]:
        """Add those of a task that a schedule started."""
        more = ("schedule_link", "firing_link", "planned") if task.schedule_id else ()
        return (*super().list_origin_fields(task), *more)

    def list_origin(self, request: HttpRequest, task: Any) -> list[tuple[str, Any]]:
        """Add the schedule with the instant for which it was planned, and the tasks before and after of it."""
        facts = super().list_origin(request, task)
        if task.schedule_id is None:
            return facts
        facts.append((_("Schedule"), self.schedule_link(task)))
        if task.scheduled_for:
            facts.append((_("Planned for"), _say_plan(request, task)))
        return [*facts, (_("Of this schedule"), _link_neighbours(task))]

    @display(description=gettext_lazy("schedule"))
    def schedule_link(self, task: Any) -> str | None:
        """Show the schedule's name; as a link while it exists."""
        if task.schedule_id is None:
            return None
        if not may_open("schedules_schedule"):
            return str(task.schedule_id)
        if task.schedule_name is None:
            return _("(deleted)")
        link = page_link("schedules_schedule", task.schedule_id, task.schedule_name)
        return format_html('<span class="task-schedule">{}</span>', link)

    @display(description=gettext_lazy("firing"))
    def firing_link(self, task: Task) -> str | None:
        """Link to the row of the ledger that it came of."""
        firing_id = _find_firing(task) if may_open("schedules_firing") else None
        return page_link("schedules_firing", firing_id, _("Firing")) if firing_id else None


def _find_firing(task: Task) -> UUID | None:
    if task.schedule_id is None:
        return None
    return Firing.objects.filter(task_id=task.pk).values_list("pk", flat=True).first()


def _say_plan(request: HttpRequest, task: Any) -> str:
    """Return the instant, and to those who may see it why the schedule fired then."""
    planned = str(show_moment(task.scheduled_for))
    if not request.user.has_perm("schedules.view_schedule"):
        return planned
    page = reverse("admin:schedules_schedule_explain", args=[task.schedule_id])
    at = urlencode({"at": task.scheduled_for.isoformat()})
    return format_html("{} · {}", planned, show_link(f"{page}?{at}", _("Why")))


def _link_neighbours(task: Task) -> str:
    """Return links to the tasks before and after one of its schedule, and to all of them."""
    before, after = find_neighbours(task)
    links = [(before, _("Previous task")), (after, _("Next task"))]
    parts = [page_link("tasks_task", pk, label) for pk, label in links if pk]
    parts.append(list_link("tasks_task", f"schedule_id={task.schedule_id}", _("All tasks")))
    return format_html(" · ".join(["{}"] * len(parts)), *parts)

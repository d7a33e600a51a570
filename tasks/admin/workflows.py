"""What became of the tasks of a workflow: the pages of workflows, which know nothing of tasks, with that added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchestrator_site.common.admin.display import (
    list_link,
    page_link,
    show_duration,
    show_elapsed,
    show_moment,
    show_time,
    show_unbroken,
)
from orchestrator_site.common.admin.marks import show_icon, show_mark
from tasks.admin.marks import TASK_MARKS
from tasks.admin.starting import start_url
from tasks.models import Task, TaskStatus
from tasks.selectors import list_tasks
from tasks.track_records import LATEST, Ended, TrackRecord, find_track_records
from workflows.admin.workflows import Fact, WorkflowAdmin
from workflows.models import Workflow

admin.site.unregister(Workflow)

VIEW = "tasks.view_task"
# Of the tasks that ended last, a strip shows so many.
IN_STRIP = 10
SHOWN_TASKS = 10
OF_TASKS = ("last_success", "success_rate", "lengths", "strip")
NO_RECORD = TrackRecord()


@admin.register(Workflow)
class RecordedWorkflowAdmin(WorkflowAdmin):
    """Workflows, with how their tasks ended."""

    list_display = (*WorkflowAdmin.list_display[:2], *OF_TASKS, *WorkflowAdmin.list_display[2:])

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leave what is about tasks out for those who may not see them."""
        may_see = request.user.has_perm(VIEW)
        return [name for name in super().get_list_display(request) if may_see or name not in OF_TASKS]

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add their track records."""
        super().complete_rows(rows)
        records, moment = find_track_records(workflow_ids=[workflow.pk for workflow in rows]), now()
        for workflow in rows:
            workflow.record, workflow.shown_at = records.get(workflow.pk, NO_RECORD), moment

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the latest tasks."""
        workflow = kwargs["obj"]
        if request.user.has_perm(VIEW):
            self.complete_rows([workflow])
            context["counted"] = LATEST
            context["latest_tasks"] = _describe_tasks(workflow)
            context["all_tasks"] = list_link("tasks_task", f"workflow_name={workflow.name}", _("All of its tasks"))
        return super().render_change_form(request, context, **kwargs)

    def list_facts(self, request: HttpRequest, workflow: Any) -> list[Fact]:
        """Add how its tasks ended."""
        facts = super().list_facts(request, workflow)
        if not request.user.has_perm(VIEW):
            return facts
        return [
            (_("Last success"), self.last_success(workflow)),
            (_("Succeed"), self.success_rate(workflow)),
            (_("Took (median · 95 %)"), self.lengths(workflow)),
            (_("Ended last"), self.strip(workflow)),
            *facts,
        ]

    def _offered(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Add the link that starts a task of it."""
        offered = super()._offered(request, row)
        if row.is_task and row.deleted_at is None and request.user.has_perm("tasks.start_task"):
            offered["first_links"] = [(_("Start a task of it"), start_url(row.pk))]
        return offered

    @display(description=gettext_lazy("last success"))
    def last_success(self, workflow: Any) -> SafeString | str:
        """Show when a task of it completed last."""
        success: Ended | None = workflow.record.last_success
        if success is None:
            return _("never")
        return page_link("tasks_task", success.task_id, show_time(success.finished_at, now=workflow.shown_at))

    @display(description=gettext_lazy("succeed"))
    def success_rate(self, workflow: Any) -> str | None:
        """Show how many of the latest tasks completed."""
        record: TrackRecord = workflow.record
        if record.success_rate is None:
            return None
        values = {"percent": round(100 * record.success_rate), "count": record.succeeded, "total": record.counted}
        return show_unbroken(_("%(percent)s %% (%(count)s of %(total)s)") % values)

    @display(description=gettext_lazy("median · 95 %"))
    def lengths(self, workflow: Any) -> SafeString | None:
        """Show how long the latest tasks that completed took."""
        record: TrackRecord = workflow.record
        if record.median is None or record.slowest is None:
            return None
        median, slowest = show_duration(record.median), show_duration(record.slowest)
        return format_html("<span>{} {}</span>", show_unbroken(f"{median} ·"), show_unbroken(slowest))

    @display(description=gettext_lazy("ended last"))
    def strip(self, workflow: Any) -> SafeString | None:
        """Show how the latest tasks ended, the latest on the right."""
        latest = list(reversed(workflow.record.latest[:IN_STRIP]))
        return show_strip(latest, now=workflow.shown_at) if latest else None


def show_strip(ended: Sequence[Ended], *, now: datetime) -> SafeString:
    """Return an icon for each task, read out as how many there are of each outcome."""
    counts = {status: sum(task.status == status for task in ended) for status in TASK_MARKS}
    said = ", ".join(f"{count} {TASK_MARKS[status].label}" for status, count in counts.items() if count)
    latest = ngettext("The latest task: %(outcomes)s", "The latest %(count)s tasks: %(outcomes)s", len(ended))
    icons = format_html_join("", '<span class="admin-mark-{}" title="{}">{}</span>', (_icon(task) for task in ended))
    label = latest % {"count": len(ended), "outcomes": said}
    return format_html('<span class="task-strip" role="img" aria-label="{}">{}</span>', label, icons)


def _icon(task: Ended) -> tuple[str, str, SafeString]:
    mark = TASK_MARKS[task.status]
    return mark.css_class, f"{mark.label}, {show_moment(task.finished_at)}", show_icon(mark.icon)


def _describe_tasks(workflow: Any) -> list[dict[str, Any]]:
    """Return the tasks of a workflow that were created last, those that run as well."""
    moment = workflow.shown_at
    rows = list_tasks().filter(workflow=workflow)[:SHOWN_TASKS]
    return [
        {
            "status": show_mark(TASK_MARKS[task.status]),
            "link": page_link("tasks_task", task.pk, show_time(task.started_at or task.created_at, now=moment)),
            "took": _say_length(task, moment),
            "reporter": task.reporter,
            "reason": task.failed_reason.partition("\n")[0],
        }
        for task in rows
    ]


def _say_length(task: Task, moment: datetime) -> str | None:
    if task.started_at is None:
        return None
    if task.finished_at is not None:
        return show_duration(task.finished_at - task.started_at)
    return show_elapsed(moment - task.started_at) if task.status == TaskStatus.RUNNING else None

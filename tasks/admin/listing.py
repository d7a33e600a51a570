"""The list of tasks: where each is, and what can be done to it from there."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import display
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import show_duration, show_elapsed, show_time, show_unbroken
from orchestrator_site.common.admin.live import LiveListAdmin
from orchestrator_site.common.admin.marks import show_mark
from orchestrator_site.common.admin.verbs import first_line
from orchestrator_site.common.admin.way_back import PARAMETER as BACK
from tasks.admin.marks import OVERDUE, TASK_MARKS
from tasks.admin.verbs import RowVerbs
from tasks.models import Task, TaskStatus
from tasks.whereabouts import Whereabouts, find_whereabouts

MAX_REASON_CHARACTERS = 120


class TaskListAdmin(LiveListAdmin):
    """The columns of the list; what they need besides the rows is read once for a page."""

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add where each of them is, as of one moment."""
        moment = now()
        whereabouts = find_whereabouts(rows, now=moment)
        for task in rows:
            task.shown_at, task.whereabouts, task.schedule_zone = moment, whereabouts.get(task.pk), ""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Add to the rows of the page what this user may do to each."""
        changes = super().get_changelist_instance(request)
        verbs, back = RowVerbs(request.user), urlencode({BACK: request.get_full_path()})
        for task in changes.result_list:
            task.offers = [
                (verb, f"{reverse(f'admin:tasks_task_{verb.name}', args=[task.pk])}?{back}")
                for verb in verbs.list_for(task)
            ]
            task.wants_answer = verbs.may_answer(task)
        return changes

    @display(description=gettext_lazy("status"))
    def status_mark(self, task: Task) -> SafeString:
        """Show where it stands."""
        return show_mark(TASK_MARKS[task.status])

    @display(description=gettext_lazy("task"))
    def name(self, task: Task) -> str:
        """Show what it runs; the link to its page."""
        return task.workflow.name

    @display(description=gettext_lazy("step, reason"))
    def where(self, task: Any) -> SafeString | None:
        """Show at which step it is and for how long, and the first line of why it stopped."""
        lines = []
        if task.whereabouts:
            lines.append(_say_step(task, task.whereabouts))
        if task.status == TaskStatus.WAITING and task.available_at:
            again = show_time(task.available_at, now=task.shown_at)
            lines.append(format_html("{} {}", _("tried again"), again))
        if reason := truncatechars(first_line(task.failed_reason), MAX_REASON_CHARACTERS):
            lines.append(format_html("{}", reason))
        if not lines:
            return None
        return format_html(
            '<span class="admin-line">{}</span>', format_html_join("", "<span class='block'>{}</span>", zip(lines))
        )

    @display(description=gettext_lazy("started"))
    def started_when(self, task: Any) -> SafeString:
        """Show how long ago it was started, or put on the queue, and by whom."""
        moment = show_time(task.started_at or task.created_at, now=task.shown_at, zone=task.schedule_zone)
        when = moment if task.started_at else format_html("{} {}", _("queued"), moment)
        by = _("by %(name)s") % {"name": task.reporter}
        return format_html('<span class="whitespace-nowrap">{}<br><span class="task-quiet">{}</span></span>', when, by)

    @display(description=gettext_lazy("took"))
    def took(self, task: Task) -> str | None:
        """Show how long it took from its first start to its end."""
        if not task.finished_at or not task.started_at:
            return None
        return show_unbroken(show_duration(task.finished_at - task.started_at))

    @display(description=gettext_lazy("actions"))
    def row_actions(self, task: Any) -> SafeString | None:
        """Show a button for each thing that can be done from here."""
        if not task.offers and not task.wants_answer:
            return None
        return render_to_string("admin/tasks/task/row_actions.html", {"task": task, "offers": task.offers})


def _say_step(task: Any, where: Whereabouts) -> SafeString:
    lasts = where.lasts(now=task.shown_at)
    if lasts is None:
        return format_html("{}", where.name)
    text = _("%(step)s, for %(duration)s") % {"step": where.name, "duration": show_elapsed(lasts)}
    return format_html("{} {}", text, show_mark(OVERDUE)) if where.is_overdue else format_html("{}", text)

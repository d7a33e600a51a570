"""Which schedules run a workflow: the pages of workflows, which know nothing of schedules, with that added."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import list_link, page_link, show_label, show_sentence, show_time
from schedules.admin.schedule_states import STATE_COLOURS, state_words
from schedules.selectors import count_schedules_of, list_schedules
from tasks.admin.workflows import RecordedWorkflowAdmin
from workflows.models import Workflow

admin.site.unregister(Workflow)

VIEW = "schedules.view_schedule"
SHOWN_SCHEDULES = 20


@admin.register(Workflow)
class ScheduledWorkflowAdmin(RecordedWorkflowAdmin):
    """Workflows, with the schedules that run them."""

    list_display = (*RecordedWorkflowAdmin.list_display[:2], "schedules", *RecordedWorkflowAdmin.list_display[2:])

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leave the schedules out for those who may not see them."""
        may_see = request.user.has_perm(VIEW)
        return [name for name in super().get_list_display(request) if may_see or name != "schedules"]

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add how many schedules each has."""
        super().complete_rows(rows)
        counts = count_schedules_of([workflow.pk for workflow in rows])
        for workflow in rows:
            workflow.schedule_count = counts.get(workflow.pk, 0)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the schedules, those that run next first."""
        workflow = kwargs["obj"]
        if request.user.has_perm(VIEW):
            context |= _describe_schedules(workflow)
        return super().render_change_form(request, context, **kwargs)

    @display(description=gettext_lazy("schedules"))
    def schedules(self, workflow: Any) -> SafeString | None:
        """Show how many schedules run it, and lead to them."""
        return _link_schedules(workflow, workflow.schedule_count) if workflow.schedule_count else None


def _describe_schedules(workflow: Workflow) -> dict[str, Any]:
    moment, words = now(), state_words()
    rows: list[Any] = list(
        list_schedules().filter(link__workflow=workflow).order_by("next_run_at", "name")[: SHOWN_SCHEDULES + 1]
    )
    schedules = [
        {
            "link": page_link("schedules_schedule", schedule.pk, schedule.name),
            "runs": show_sentence(schedule.summary),
            "state": show_label(schedule.shown_state, STATE_COLOURS, words),
            "next": show_time(schedule.next_run_at, now=moment, zone=schedule.timezone),
        }
        for schedule in rows[:SHOWN_SCHEDULES]
    ]
    more = _link_schedules(workflow, _("All of its schedules")) if len(rows) > SHOWN_SCHEDULES else ""
    return {"schedules": schedules, "all_schedules": more}


def _link_schedules(workflow: Workflow, text: object) -> SafeString:
    return list_link("schedules_schedule", urlencode({"workflow_name": workflow.name}), text)

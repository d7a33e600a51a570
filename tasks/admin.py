"""Tasks: what runs and has run, step by step; starting one by hand, resuming, aborting."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html

from orchestrator_site.common.admin.display import (
    BAD,
    BUSY,
    GOOD,
    ODD,
    json_column,
    label_column,
    moment_column,
    page_link,
    show_block,
    show_duration,
    show_json,
    show_label,
    show_line,
    show_moment,
    show_unbroken,
)
from orchestrator_site.common.admin.filters import IdFilter, SinceFilter, read_uuid_or_none
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin
from orchestrator_site.common.admin.verbs import Verb, VerbsAdmin
from tasks.forms import StartTaskForm
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tasks.selectors import list_tasks
from tasks.services import abort_task, resume_task
from tasks.states import sources_of
from workflows.selectors import list_subscriptions

MAX_STEPS = 100

STATUS_COLOURS: dict[str, str] = {
    TaskStatus.RUNNING: BUSY,
    TaskStatus.COMPLETED: GOOD,
    TaskStatus.FAILED: BAD,
    TaskStatus.API_UNAVAILABLE: BAD,
    TaskStatus.INCONSISTENT_DATA: BAD,
    TaskStatus.SUSPENDED: ODD,
    TaskStatus.WAITING: ODD,
    TaskStatus.AWAITING_CALLBACK: ODD,
}
STEP_COLOURS: dict[str, str] = {
    StepStatus.SUCCESS: GOOD,
    StepStatus.COMPLETE: GOOD,
    StepStatus.FAILED: BAD,
    StepStatus.ABORT: BAD,
    StepStatus.SUSPEND: ODD,
    StepStatus.WAITING: ODD,
    StepStatus.AWAITING_CALLBACK: ODD,
}


def resume(task: Task, actor: str) -> str:
    """Put it back on the queue."""
    resume_task(task_id=task.pk, actor=actor)
    return "The task is on the queue again; it goes on at the first step that has not passed."


def abort(task: Task, actor: str) -> str:
    """End it."""
    aborted = abort_task(task_id=task.pk, actor=actor)
    return "The task is aborted." if aborted.status == TaskStatus.ABORTED else "It ends before its next step."


VERBS = (
    Verb(
        name="resume",
        label="Resume",
        permission="tasks.resume_task",
        act=resume,
        # Only its own worker puts a running task back.
        is_offered=lambda task: task.status in sources_of(TaskStatus.RESUMED) and task.status != TaskStatus.RUNNING,
    ),
    Verb(
        name="abort",
        label="Abort",
        permission="tasks.abort_task",
        act=abort,
        is_offered=lambda task: task.status in sources_of(TaskStatus.ABORTED) and task.abort_requested_at is None,
        question="An aborted task cannot be resumed.",
    ),
)


class CreatedFilter(SinceFilter):
    """Tasks by when they were created."""

    title = "created"
    moment = "created_at"


class OfSubscriptionFilter(IdFilter):
    """The tasks about one subscription, whose id is their concurrency key; the link on its page chooses it."""

    title = "subscription"
    parameter_name = "concurrency_key"

    def name_of(self, chosen: UUID) -> str:
        """Return what the subscription is called."""
        subscription = list_subscriptions().filter(pk=chosen).first()
        return str(subscription or chosen)


@admin.register(Task)
class TaskAdmin(VerbsAdmin, ServiceAdmin):
    """Tasks, newest first. Adding one starts it."""

    form = StartTaskForm
    verbs = VERBS
    actions = None
    list_display: Sequence[str] = ("created", "workflow_link", "status_label", "why", "started", "finished", "took")
    list_filter: Sequence[Any] = ("status", "workflow", CreatedFilter, OfSubscriptionFilter)
    search_fields = ("workflow__name",)
    search_help_text = "Name of a workflow, or the id of a task or a schedule."
    change_form_outer_after_template = "admin/steps.html"
    origin_fields: Sequence[str] = ("reporter", "shown_inputs")

    created = moment_column("created_at", "created")
    started = moment_column("started_at", "started")
    finished = moment_column("finished_at", "finished")
    planned = moment_column("scheduled_for", "planned for")
    lease = moment_column("lease_expires_at", "lease of the worker ends")
    abort_requested = moment_column("abort_requested_at", "abort asked for")
    status_label = label_column("status", STATUS_COLOURS)
    shown_inputs = json_column("inputs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the tasks with their workflows."""
        return list_tasks()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        """Return the form that starts one, or what is known about one."""
        if obj is None:
            return [(None, {"fields": ["workflow", "inputs"]})]
        stands = ["id", "workflow_link", "status_label", "failed_reason", "created", "started", "finished", "took"]
        runs = ["attempt", "worker", "lease", "abort_requested"]
        return [
            (None, {"fields": stands}),
            ("Where it came from", {"fields": list(self.origin_fields)}),
            ("Where it runs", {"fields": runs, "classes": ["collapse"]}),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Task | None:
        """Return a task, completed."""
        task: Task | None = super().get_object(request, object_id, from_field)
        self.complete_rows([task] if task else [])
        return task

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may start tasks."""
        return bool(request.user.has_perm("tasks.start_task"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: what changes a task is a verb, or its worker."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: the clean-up does it."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find an id as well."""
        wanted = read_uuid_or_none(search_term)
        if wanted is None:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]
        return queryset.filter(Q(pk=wanted) | Q(schedule_id=wanted)), False

    def response_add(self, request: HttpRequest, obj: Task, post_url_continue: str | None = None) -> HttpResponse:
        """Go to the page of the task that was started."""
        is_viewer = self.has_view_permission(request, obj)
        name = page_link("tasks_task", obj.pk, obj.workflow) if is_viewer else obj.workflow
        messages.success(request, format_html("{} is on the queue.", name))
        return redirect("admin:tasks_task_change", obj.pk) if is_viewer else redirect("admin:index")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the steps."""
        task = kwargs.get("obj")
        if task is not None:
            context |= _describe_steps(task)
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return answer

    @display(description="workflow")
    def workflow_link(self, task: Task) -> str:
        """Show which workflow it runs."""
        return page_link("workflows_workflow", task.workflow_id, task.workflow)

    @display(description="took")
    def took(self, task: Task) -> str | None:
        """Show how long it took from its first start to its end."""
        if not task.finished_at or not task.started_at:
            return None
        return show_unbroken(show_duration(task.finished_at - task.started_at))

    @display(description="reason")
    def why(self, task: Task) -> str | None:
        """Show the beginning of the reason why it stopped."""
        return show_line(truncatechars(task.failed_reason, 80))


def _describe_steps(task: Task) -> dict[str, Any]:
    """Return the latest steps, in their order, as the page shows them; and whether there are more."""
    latest = list(task.steps.order_by("-id")[: MAX_STEPS + 1])
    steps = [_describe_step(step) for step in reversed(latest[:MAX_STEPS])]
    return {"steps": steps, "has_more_steps": len(latest) > MAX_STEPS, "max_steps": MAX_STEPS}


def _describe_step(step: TaskStep) -> dict[str, Any]:
    error = step.error or {}
    return {
        "name": step.name,
        "number": step.position + 1,
        "attempt": step.attempt,
        "status": show_label(step.status, STEP_COLOURS),
        "started": show_moment(step.started_at),
        "took": show_duration(step.completed_at - step.started_at),
        "error": f"{error.get('class', '')}: {error.get('message', '')}" if error else "",
        "traceback": show_block(error["traceback"]) if error.get("traceback") else "",
        "state": show_json(step.state),
    }

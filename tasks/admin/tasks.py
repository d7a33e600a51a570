"""Tasks: what runs and has run, step by step; starting one by hand, resuming, aborting, deleting."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import (
    BAD,
    BUSY,
    GOOD,
    ODD,
    json_column,
    label_column,
    moment_column,
    page_link,
    show_duration,
    show_left_alone,
    show_line,
    show_unbroken,
)
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.filters import IdFilter, SinceFilter, read_uuid_or_none
from orchestrator_site.common.admin.pages import Fieldsets
from orchestrator_site.common.admin.verbs import REFUSALS, first_line, say_refusal
from tasks.admin.answering import AnswerAdmin
from tasks.admin.details import SHOWN, TaskDetails, find_callback
from tasks.admin.standing import Standing, can_resume, find_standing
from tasks.admin.starting import StartAdmin
from tasks.admin.steps import describe_steps
from tasks.admin.verbs import RESUME, VERBS
from tasks.forms import StartTaskForm
from tasks.models import ENDED, Task, TaskStatus
from tasks.selectors import list_tasks
from tasks.services import Resumption, delete_task, resume_tasks
from workflows.selectors import list_subscriptions

STATUS_COLOURS: dict[str, str] = {
    TaskStatus.RUNNING: BUSY,
    TaskStatus.AWAITING_CALLBACK: BUSY,
    TaskStatus.COMPLETED: GOOD,
    TaskStatus.FAILED: BAD,
    TaskStatus.API_UNAVAILABLE: BAD,
    TaskStatus.INCONSISTENT_DATA: BAD,
    TaskStatus.SUSPENDED: ODD,
    TaskStatus.WAITING: ODD,
}
STATUS_LABELS: dict[str, str] = {
    TaskStatus.AWAITING_CALLBACK: "awaiting callback",
    TaskStatus.API_UNAVAILABLE: "API unavailable",
    TaskStatus.INCONSISTENT_DATA: "inconsistent data",
}


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
class TaskAdmin(TaskDetails, StartAdmin, AnswerAdmin):
    """Tasks, newest first. Adding one starts it."""

    form = StartTaskForm
    verbs = VERBS
    actions = ("resume_selected",)
    list_display: Sequence[str] = ("created", "workflow_link", "status_label", "why", "started", "finished", "took")
    list_filter: Sequence[Any] = ("status", "workflow", CreatedFilter, OfSubscriptionFilter)
    empty_state = EmptyState(
        title=gettext_lazy("No tasks yet"),
        text=gettext_lazy(
            "A task is one run of a workflow: its steps, what each of them gave, and where it stopped. Schedules start "
            "them, and so can you."
        ),
        icon="play_circle",
    )
    search_fields = ("workflow__name",)
    search_help_text = "Name of a workflow, or the id of a task or a schedule."
    change_form_outer_before_template = "admin/tasks/task/before.html"
    change_form_outer_after_template = "admin/steps.html"
    origin_fields: Sequence[str] = ("reporter", "shown_inputs")

    created = moment_column("created_at", "created")
    started = moment_column("started_at", "started")
    finished = moment_column("finished_at", "finished")
    planned = moment_column("scheduled_for", "planned for")
    lease = moment_column("lease_expires_at", "lease of the worker ends")
    abort_requested = moment_column("abort_requested_at", "abort asked for")
    status_label = label_column("status", STATUS_COLOURS, STATUS_LABELS)
    shown_inputs = json_column("inputs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the tasks with their workflows."""
        return list_tasks()

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Fieldsets:
        """Return the form that starts one, or what is known about one."""
        if obj is None:
            return self.start_fieldsets(request)
        stands = ["id", "workflow_link", "status_label", "reason", *SHOWN.get(obj.status, ())]
        runs = ["attempt", "worker", "lease", "abort_requested"]
        return [
            (None, {"fields": [*stands, "created", "started", "finished", "took"]}),
            ("Where it came from", {"fields": list(self.origin_fields)}),
            ("Where it runs", {"fields": runs, "classes": ["collapse"]}),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a task, completed, with where it stands."""
        task: Any = super().get_object(request, object_id, from_field)
        if task is not None:
            self.complete_rows([task])
            task.standing = find_standing(task) if can_resume(task) else Standing()
            task.callback = find_callback(task)
        return task

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may start tasks."""
        return bool(request.user.has_perm("tasks.start_task"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: what changes a task is a verb, or its worker."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Whoever has the permission, of tasks that have ended; one by one."""
        return obj is not None and obj.status in ENDED and bool(request.user.has_perm("tasks.delete_task"))

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """Whoever may resume tasks."""
        return bool(request.user.has_perm(RESUME))

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
            context |= describe_steps(task)
        return super().render_change_form(request, context, **kwargs)

    @admin.action(description="Resume the selected tasks", permissions=["resume"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Resume each of them, and say of each that stays why."""
        user: Any = request.user
        results = resume_tasks(tasks=queryset, actor=user.get_username(), user=user)
        resumed = [result.task_id for result in results if not result.problem]
        if resumed:
            LogEntry.objects.log_actions(user.pk, list_tasks().filter(pk__in=resumed), CHANGE, "Resume")
            messages.success(request, f"{len(resumed)} of {len(results)} tasks are on the queue again.")
        if len(resumed) < len(results):
            messages.warning(request, show_problems(results))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what goes: the tasks, each with its steps."""
        names = [f"Task {task} of {task.workflow}, with its steps" for task in objs]
        return names, {"tasks": len(names)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask about a deletion, or do it; say so if the task was resumed meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except REFUSALS as error:
            messages.error(request, say_refusal("Delete", error))
        return redirect("admin:tasks_task_changelist")

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        """Delete it by the service."""
        delete_task(task_id=obj.pk, actor=request.user.get_username())

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: str) -> HttpResponse:
        """Go back to the list."""
        answer: HttpResponse = super().response_delete(request, obj_display, obj_id)
        return redirect("admin:tasks_task_changelist") if self.has_view_permission(request) else answer

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


def show_problems(results: Sequence[Resumption]) -> SafeString:
    """Return why tasks were left as they are, a line each."""
    left = {result.task_id: first_line(result.problem) for result in results if result.problem}
    workflows = dict(Task.objects.filter(pk__in=left).values_list("pk", "workflow__name"))
    return show_left_alone(
        (page_link("tasks_task", pk, workflows.get(pk, "a task")), problem) for pk, problem in left.items()
    )

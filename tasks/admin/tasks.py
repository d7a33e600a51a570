"""Tasks: what runs and has run, step by step; starting one by hand, resuming, aborting, deleting."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchestrator_site.common.admin.display import json_column, moment_column, page_link, show_left_alone
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.common.admin.pages import Fieldsets
from orchestrator_site.common.admin.verbs import REFUSALS, first_line, say_refusal
from tasks.admin.answering import AnswerAdmin
from tasks.admin.details import describe_head, find_callback
from tasks.admin.filters import AttentionFilter, CreatedFilter, OfSubscriptionFilter, OfWorkflowFilter, StatusFilter
from tasks.admin.listing import TaskListAdmin
from tasks.admin.standing import Standing, can_resume, find_standing
from tasks.admin.starting import StartAdmin, again_url
from tasks.admin.timeline import describe_timeline
from tasks.admin.verbs import RESUME, VERBS, name_step
from tasks.forms import StartTaskForm
from tasks.models import ENDED, Task
from tasks.selectors import list_tasks
from tasks.services import Resumption, delete_task, resume_tasks
from tasks.whereabouts import list_step_names

# The parts of the page that keep themselves fresh, by what the address calls them.
PARTS = {"head": "admin/tasks/task/head.html", "steps": "admin/tasks/task/timeline.html"}


@admin.register(Task)
class TaskAdmin(TaskListAdmin, StartAdmin, AnswerAdmin):
    """Tasks, newest first. Adding one starts it."""

    form = StartTaskForm
    verbs = VERBS
    actions = ("resume_selected",)
    list_display: Sequence[str] = (
        "status_mark",
        "name",
        "where",
        "started_when",
        "took",
        "row_actions",
    )
    list_display_links = ("name",)
    list_filter: Sequence[Any] = (AttentionFilter, StatusFilter, OfWorkflowFilter, CreatedFilter, OfSubscriptionFilter)
    empty_state = EmptyState(
        title=gettext_lazy("No tasks yet"),
        text=gettext_lazy(
            "A task is one run of a workflow: its steps, what each of them gave, and where it stopped. Schedules start "
            "them, and so can you."
        ),
        icon="play_circle",
    )
    search_fields: Sequence[str] = ("workflow__name",)
    search_help_text = gettext_lazy("Name of a workflow, or the id of a task or a schedule.")
    change_form_outer_before_template = "admin/tasks/task/before.html"

    created = moment_column("created_at", gettext_lazy("created"))
    planned = moment_column("scheduled_for", gettext_lazy("planned for"))
    shown_inputs = json_column("inputs", gettext_lazy("inputs"))

    class Media:
        css: ClassVar = {"all": ("admin-pages/tasks.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the tasks with their workflows."""
        return list_tasks()

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Fieldsets:
        """Return the form that starts one, or what is known about one."""
        if obj is None:
            return self.start_fieldsets(request)
        return [(_("Where it came from"), {"fields": ["id", "created", *self.list_origin_fields(obj)]})]

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
        messages.success(request, format_html(_("{task} is on the queue."), task=name))
        return redirect("admin:tasks_task_change", obj.pk) if is_viewer else redirect("admin:index")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add what the page shows of a task besides its fields; answer one part of it alone if that is asked for."""
        task = kwargs.get("obj")
        if task is not None:
            self._describe(request, task, context)
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return _answer_part(request, answer) if task is not None and is_part_wanted(request) else answer

    def _describe(self, request: HttpRequest, task: Any, context: dict[str, Any]) -> None:
        moment = task.shown_at
        task.step_names = list_step_names(task)
        context |= describe_head(task, now=moment) | describe_timeline(task, now=moment)
        context["workflow_link"] = self.workflow_link(task)
        context["origin_facts"] = self.list_origin(request, task)
        context["asks"] = False  # until the form of a step, or a choice among them, is added

    def list_origin_fields(self, task: Task) -> Sequence[str]:
        """Return the fields that say where a task came from."""
        return ("reporter", "shown_inputs")

    def list_origin(self, request: HttpRequest, task: Task) -> list[tuple[str, Any]]:
        """Return what the head of the page says of where a task came from, each with its label."""
        return [(_("Started by"), task.reporter)]

    def _offered(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Name the step that is tried again, and add the link to start another one like it."""
        offered = super()._offered(request, row)
        step_name = row.standing.step.name if row.standing.step else ""
        offered["verbs"] = [(name_step(verb, step_name), url) for verb, url in offered["verbs"]]
        if self.has_add_permission(request) and row.workflow.deleted_at is None:
            offered["links"] = [(_("Run again"), again_url(row))]
        return offered

    @admin.action(description=gettext_lazy("Resume the selected tasks"), permissions=["resume"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Resume each of them, and say of each that stays why."""
        user: Any = request.user
        results = resume_tasks(tasks=queryset, actor=user.get_username(), user=user)
        resumed = [result.task_id for result in results if not result.problem]
        if resumed:
            LogEntry.objects.log_actions(user.pk, list_tasks().filter(pk__in=resumed), CHANGE, _("Resume"))
            said = ngettext(
                "%(count)s of %(total)s task is on the queue again.",
                "%(count)s of %(total)s tasks are on the queue again.",
                len(results),
            )
            messages.success(request, said % {"count": len(resumed), "total": len(results)})
        if len(resumed) < len(results):
            messages.warning(request, show_problems(results))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what goes: the tasks, each with its steps."""
        said = _("Task %(task)s of %(workflow)s, with its steps")
        names = [said % {"task": task, "workflow": task.workflow} for task in objs]
        return names, {_("tasks"): len(names)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask about a deletion, or do it; say so if the task was resumed meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except REFUSALS as error:
            messages.error(request, say_refusal(_("Delete"), error))
        return redirect("admin:tasks_task_changelist")

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        """Delete it by the service."""
        delete_task(task_id=obj.pk, actor=request.user.get_username())

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: str) -> HttpResponse:
        """Go back to the list."""
        answer: HttpResponse = super().response_delete(request, obj_display, obj_id)
        return redirect("admin:tasks_task_changelist") if self.has_view_permission(request) else answer

    @display(description=gettext_lazy("workflow"))
    def workflow_link(self, task: Task) -> str:
        """Show which workflow it runs."""
        return page_link("workflows_workflow", task.workflow_id, task.workflow)


def _answer_part(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """Return one part of the page, to be put into it; have it loaded anew if a form came or went around the parts."""
    part = request.GET.get("part", "")
    if isinstance(page, TemplateResponse) and page.context_data and part in PARTS:
        page.template_name = PARTS[part]
        if part == "head" and request.GET.get("asks", "0") != str(int(page.context_data["asks"])):
            page["HX-Refresh"] = "true"
    return page


def show_problems(results: Sequence[Resumption]) -> SafeString:
    """Return why tasks were left as they are, a line each."""
    left = {result.task_id: first_line(result.problem) for result in results if result.problem}
    workflows = dict(Task.objects.filter(pk__in=left).values_list("pk", "workflow__name"))
    return show_left_alone(
        (page_link("tasks_task", pk, workflows.get(pk, _("a task"))), problem) for pk, problem in left.items()
    )

"""Workflows: what can run, and what it does step by step."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import ODD, list_link, moment_column, show_label, show_link
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from workflows.engine import Step, WorkflowDefinition
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.steps import AbortStep
from workflows.models import Workflow
from workflows.registry import WorkflowCodeError, get_definition
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
    empty_state = EmptyState(
        title=gettext_lazy("No workflows yet"),
        text=gettext_lazy(
            "A workflow is code, a list of steps, with a row of the same name here. The command “manage.py workflows "
            "makemigration” writes the migration that adds the rows that are missing."
        ),
        icon="account_tree",
    )
    search_fields = ("name", "description")
    sortable_by = ("name",)
    fields = (
        "id",
        "name",
        "description",
        "target",
        "is_task",
        "state",
        "problem",
        "created",
        "tasks",
        "start",
        "input_form",
        "predicate",
        "authorisation",
    )
    readonly_fields = fields
    change_form_outer_after_template = "admin/workflows/workflow/steps.html"

    created = moment_column("created_at", "created")

    def get_fields(self, request: HttpRequest, obj: Workflow | None = None) -> list[str]:
        """Leave the link to start one out for those who may not, and where none can start."""
        may_start = obj and obj.is_task and obj.deleted_at is None and request.user.has_perm("tasks.start_task")
        return [name for name in self.fields if name != "start" or may_start]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the steps."""
        definition = _find_definition(kwargs["obj"])
        steps = list(definition.steps) if definition else []
        context["steps"] = [(number, step.name, describe_kinds(step)) for number, step in enumerate(steps, start=1)]
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return answer

    @display(description="input form")
    def input_form(self, workflow: Workflow) -> str | None:
        """Show by which form its inputs are given."""
        definition = _find_definition(workflow)
        return definition.initial_input_form.__name__ if definition and definition.initial_input_form else None

    @display(description="run predicate")
    def predicate(self, workflow: Workflow) -> str | None:
        """Show what may refuse a start."""
        definition = _find_definition(workflow)
        return _name(definition.run_predicate) if definition else None

    @display(description="authorisation")
    def authorisation(self, workflow: Workflow) -> str | None:
        """Show what is asked whether somebody may start or resume a task of it."""
        definition = _find_definition(workflow)
        if definition is None:
            return None
        start, resume = definition.authorize_callback, definition.retry_auth_callback
        asked = {"start": start, "resume": resume or start}
        return ", ".join(f"to {verb}: {_name(callback)}" for verb, callback in asked.items() if callback) or None

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


def describe_kinds(step: Step) -> list[str]:
    """Return of which kinds a step is, in words."""
    kinds = [*_own_kind(step)]
    if step.retrying:
        attempts = step.retrying.max_attempts
        kinds.append("retried until it passes" if attempts is None else f"retried, up to {attempts} attempts")
    if step.is_conditional:
        kinds.append("conditional")
    if step.is_atomic:
        kinds.append("atomic")
    if step.timeout_seconds is not None:
        kinds.append(f"timeout {step.timeout_seconds:g} s")
    return kinds or ["plain"]


def _own_kind(step: Step) -> Iterator[str]:
    match step:
        case InputStep():
            yield f"asks {step.form.__name__}"
        case CallbackActionStep():
            yield "asks another system"
        case AwaitCallbackStep(answer_within_seconds=None):
            yield "awaits a callback"
        case AwaitCallbackStep():
            yield f"awaits a callback within {step.answer_within_seconds:g} s"
        case AbortStep():
            yield "aborts the task"


def _find_definition(workflow: Workflow) -> WorkflowDefinition | None:
    """Return the code of a workflow; None where this process does not have it."""
    try:
        return get_definition(workflow.name)
    except WorkflowCodeError:
        return None


def _name(function: object) -> str | None:
    """Return what a function is called."""
    return None if function is None else str(getattr(function, "__qualname__", function))

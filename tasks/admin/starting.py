"""Starting a task by hand: first its workflow, then its inputs, by the workflow's own form where it has one."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.asking import UnusableForm, find_initial, make_asked
from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin, for_user
from tasks.forms import ChooseWorkflowForm, StartByFormForm, StartTaskForm
from tasks.models import Task
from tasks.selectors import list_tasks
from tasks.starting import find_definition
from workflows.models import Workflow
from workflows.selectors import find_start_problem, list_workflows

CHOOSE = "admin/tasks/task/choose_workflow.html"
PARAMETER = "workflow"
AGAIN = "again"
SEARCH = "q"
MAX_CHOICES = 50


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started.

    Attributes:
        workflow: Of which a task is to start.
        asked: The form of that, made for this page; None where the inputs are given as JSON.
        problem: Why its form cannot be shown, if it has one that cannot.
        again: The task whose inputs the form shows at first, if one is named.
    """

    workflow: Workflow
    asked: forms.BaseForm | None = None
    problem: str = ""
    again: Task | None = None


class StartAdmin(ServiceAdmin):
    """Adding a task is starting one; `?workflow=` of the page says of which workflow, `?again=` with whose inputs."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the workflow; show or take its form once that is chosen."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        choice = ChooseWorkflowForm(request.GET if PARAMETER in request.GET else None)
        if not choice.is_valid():
            return self._ask_for_workflow(request, choice)
        start = replace(_find_start(choice.cleaned_data["workflow"]), again=self._find_again(request))
        request.start = start  # type: ignore[attr-defined]  # for what Django calls in between
        more = {"title": _("Start %(workflow)s") % {"workflow": start.workflow}, "start": start}
        answer: HttpResponse = super().add_view(request, form_url, more | (extra_context or {}))
        return answer

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> type[BaseForm]:
        """Return the form of the workflow, or the one for JSON."""
        start: Start | None = getattr(request, "start", None)
        if obj is not None or start is None:
            return super().get_form(request, obj, **kwargs)
        if start.asked is None:
            return for_user(StartTaskForm, request, workflow=start.workflow)
        return for_user(StartByFormForm, request, workflow=start.workflow, asked=start.asked)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the task before gave, and what the address says of the fields, besides the workflow."""
        said = {name: value for name, value in request.GET.items() if name not in {PARAMETER, AGAIN}}
        return _find_inputs(getattr(request, "start", None)) | said

    def start_fieldsets(self, request: HttpRequest) -> Fieldsets:
        """Return the fields of the form that starts a task."""
        start: Start | None = getattr(request, "start", None)
        names = list(start.asked.fields) if start and start.asked else ["inputs"]
        return [(None, {"fields": names})]

    def _ask_for_workflow(self, request: HttpRequest, choice: ChooseWorkflowForm) -> HttpResponse:
        """Show the workflows that can be started, those that hold what was searched for."""
        wanted = request.GET.get(SEARCH, "").replace("\0", "").strip()  # which PostgreSQL does not take
        workflows = list_workflows().filter(is_task=True)
        if wanted:
            workflows = workflows.filter(Q(name__icontains=wanted) | Q(description__icontains=wanted))
        found = list(workflows[: MAX_CHOICES + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Start a task"),
            "opts": self.opts,
            "errors": choice.errors.get(PARAMETER),
            "wanted": wanted,
            "choices": [_describe_choice(workflow) for workflow in found[:MAX_CHOICES]],
            "has_more": len(found) > MAX_CHOICES,
            "media": self.media,
        }
        return TemplateResponse(request, CHOOSE, context)

    def _find_again(self, request: HttpRequest) -> Task | None:
        """Return the task that is to run again, if this user may see its inputs."""
        task_id = read_uuid_or_none(request.GET.get(AGAIN, ""))
        if task_id is None or not self.has_view_permission(request):
            return None
        return list_tasks().filter(pk=task_id).first()


def start_url(workflow_id: UUID, **parameters: str) -> str:
    """Return the address of the form that starts a task of a workflow."""
    return f"{reverse('admin:tasks_task_add')}?{urlencode({PARAMETER: str(workflow_id), **parameters})}"


def again_url(task: Task) -> str:
    """Return the address of the form that starts a task like another one, with its inputs filled in."""
    return start_url(task.workflow_id, **{AGAIN: str(task.pk)})


def _find_start(workflow: Workflow) -> Start:
    definition = find_definition(workflow.name)
    if definition is None or definition.initial_input_form is None:
        return Start(workflow)
    try:
        return Start(workflow, make_asked(definition.initial_input_form))
    except UnusableForm as error:
        return Start(workflow, problem=str(error))


def _find_inputs(start: Start | None) -> dict[str, Any]:
    """Return the inputs of the task before, as the fields show them; those of another workflow are no use."""
    if start is None or start.again is None or start.again.workflow_id != start.workflow.pk:
        return {}
    return find_initial(start.asked, start.again.inputs) if start.asked else {"inputs": start.again.inputs}


def _describe_choice(workflow: Workflow) -> dict[str, Any]:
    definition = find_definition(workflow.name)
    form = definition.initial_input_form if definition else None
    return {
        "workflow": workflow,
        "url": start_url(workflow.pk),
        "problem": find_start_problem(workflow),
        "asks": list(form.base_fields) if form else [],
    }

"""Starting a task by hand: first its workflow, then its inputs, by the workflow's own form where it has one."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orchestrator_site.common.admin.asking import UnusableForm, make_asked
from orchestrator_site.common.admin.pages import Fieldsets, ServiceAdmin, for_user
from tasks.forms import ChooseWorkflowForm, StartByFormForm, StartTaskForm
from tasks.starting import find_definition
from workflows.models import Workflow

CHOOSE = "admin/tasks/task/choose_workflow.html"
PARAMETER = "workflow"


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started.

    Attributes:
        workflow: Of which a task is to start.
        asked: The form of that, made for this page; None where the inputs are given as JSON.
        problem: Why its form cannot be shown, if it has one that cannot.
    """

    workflow: Workflow
    asked: forms.BaseForm | None = None
    problem: str = ""


class StartAdmin(ServiceAdmin):
    """Adding a task is starting one; `?workflow=` of the page says of which workflow."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the workflow; show or take its form once that is chosen."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        choice = ChooseWorkflowForm(request.GET if PARAMETER in request.GET else None)
        if not choice.is_valid():
            context = {**self.admin_site.each_context(request), "title": "Start a task", "choice": choice}
            return TemplateResponse(request, CHOOSE, context)
        start = _find_start(choice.cleaned_data["workflow"])
        request.start = start  # type: ignore[attr-defined]  # for what Django calls in between
        more = {"title": f"Start {start.workflow}", "start": start, **(extra_context or {})}
        answer: HttpResponse = super().add_view(request, form_url, more)
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
        """Return what the address says of the fields, besides the workflow."""
        return {name: value for name, value in request.GET.items() if name != PARAMETER}

    def start_fieldsets(self, request: HttpRequest) -> Fieldsets:
        """Return the fields of the form that starts a task."""
        start: Start | None = getattr(request, "start", None)
        names = list(start.asked.fields) if start and start.asked else ["inputs"]
        return [(None, {"fields": names})]


def _find_start(workflow: Workflow) -> Start:
    definition = find_definition(workflow.name)
    if definition is None or definition.initial_input_form is None:
        return Start(workflow)
    try:
        return Start(workflow, make_asked(definition.initial_input_form))
    except UnusableForm as error:
        return Start(workflow, problem=str(error))

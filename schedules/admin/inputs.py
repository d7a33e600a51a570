"""The inputs of a schedule on its page: the fields of its workflow's form, as soon as the workflow is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.admin.asking import UnusableForm, can_show, make_asked
from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.common.admin.pages import Fieldsets, PageAdmin, for_user
from schedules.admin.previews import BUTTON
from schedules.forms import PREFIX, ScheduleForm, SchedulePreviewForm, typed_as_json
from schedules.models import Schedule
from tasks.starting import find_definition
from workflows.models import Workflow
from workflows.selectors import list_workflows

FIELDS = "admin/schedules/schedule/inputs.html"
# The value of the button that shows the page again: with the inputs as JSON.
AS_JSON = "json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for the inputs.

    Attributes:
        form: The form of the workflow, made for this page; None where the inputs are given as JSON.
        problem: Why its form cannot be shown, if it has one that cannot.
        has_workflow: Whether it is known which workflow that is.
    """

    form: forms.BaseForm | None = None
    problem: str = ""
    has_workflow: bool = False


class InputsAdmin(PageAdmin):
    """A page with inputs."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that answers what a workflow asks for, while one adds a schedule."""
        view = self.admin_site.admin_view(self.inputs_view)
        return [path("add/inputs/", view, name="schedules_schedule_inputs"), *super().get_urls()]

    def inputs_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the fields for the inputs of the workflow that was chosen; a whole page where one is wanted."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if not is_part_wanted(request):
            return redirect(f"{reverse('admin:schedules_schedule_add')}?{request.GET.urlencode()}")
        asked = self.find_asked(request, None)
        form = for_user(ScheduleForm, request, asked=asked.form)()
        fieldsets = AdminForm(form, inputs_fieldsets(asked), {}, model_admin=self)
        shown = {"fieldset": next(iter(fieldsets)), "asked": asked, "preview_button": BUTTON, "as_json": AS_JSON}
        url = reverse("admin:schedules_schedule_inputs")
        return TemplateResponse(request, FIELDS, {**shown, "inputs_url": url, "is_part": True})

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Write what was typed into fields as JSON, if that is what the page is to go on with."""
        if request.method == "POST" and request.POST.get(BUTTON) == AS_JSON:
            schedule = None if object_id is None else self.get_object(request, object_id)
            asked = _find_asked(request, schedule, {})
            if asked.form is not None:
                request.POST = _with_json(request, asked.form, schedule)  # type: ignore[assignment]  # a copy is one
        return super().changeform_view(request, object_id, *args, **kwargs)

    def find_asked(self, request: HttpRequest, schedule: Schedule | None) -> Asked:
        """Return what is asked for on a page, which is made once: the code of a form may be slow."""
        known: Asked | None = getattr(request, "asked_inputs", None)
        if known is None:
            given = self.get_changeform_initial_data(request) if schedule is None else {"inputs": schedule.inputs}
            known = _find_asked(request, schedule, given)
            request.asked_inputs = known  # type: ignore[attr-defined]  # for what Django calls in between
        return known

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a new form shows at first; it is found out once, for its workflow and then for its fields."""
        known: dict[str, Any] | None = getattr(request, "initial_data", None)
        if known is None:
            known = dict(super().get_changeform_initial_data(request))
            request.initial_data = known  # type: ignore[attr-defined]  # for what Django calls in between
        return known

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add what the page says of the inputs, and where it asks for others."""
        schedule = kwargs.get("obj")
        more: dict[str, Any] = {"asked": self.find_asked(request, schedule), "as_json": AS_JSON}
        if schedule is None:
            more["inputs_url"] = reverse("admin:schedules_schedule_inputs")
            _follow_workflow(context["adminform"].form, more["inputs_url"])
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, **kwargs)
        return answer


def inputs_fieldsets(asked: Asked) -> Fieldsets:
    """Return the set of the fields for inputs."""
    names = [PREFIX + name for name in asked.form.fields] if asked.form else ["inputs"]
    return [(str(_("Inputs")), {"fields": names, "classes": ["schedule-inputs"]})]


def _find_asked(request: HttpRequest, schedule: Schedule | None, given: Mapping[str, Any]) -> Asked:
    """Return what is asked for, on a page that shows what is given at first."""
    workflow = _find_workflow(request, given) if schedule is None else schedule.workflow
    if workflow is None:
        return Asked()
    definition = find_definition(workflow.name)
    if definition is None or definition.initial_input_form is None or _wants_json(request):
        return Asked(has_workflow=True)
    try:
        form = make_asked(definition.initial_input_form)
    except UnusableForm as error:
        return Asked(problem=str(error), has_workflow=True)
    inputs = given.get("inputs")
    is_whole = not isinstance(inputs, Mapping) or can_show(form, inputs)
    return Asked(form if is_whole else None, has_workflow=True)


def _follow_workflow(form: forms.BaseForm, url: str) -> None:
    """Have the fields for inputs replaced when another workflow is chosen."""
    form.fields["workflow"].widget.attrs |= {
        "hx-get": url,
        "hx-trigger": "change",
        "hx-target": "#schedule-inputs",
        "hx-swap": "outerHTML",
    }


def _with_json(request: HttpRequest, asked: forms.BaseForm, schedule: Schedule | None) -> QueryDict:
    """Return what was sent, with its inputs as JSON; nothing is written."""
    form = for_user(SchedulePreviewForm, request, asked=asked)(request.POST, instance=schedule)
    form.full_clean()
    data = request.POST.copy()
    for name in form.input_names():
        data.pop(name, None)
    data["inputs"] = typed_as_json(form)
    return data


def _wants_json(request: HttpRequest) -> bool:
    """Tell whether inputs were given as JSON, which is then what the page goes on with."""
    return bool(request.POST.get("inputs", "").strip())


def _find_workflow(request: HttpRequest, given: Mapping[str, Any]) -> Workflow | None:
    chosen = request.POST.get("workflow") or given.get("workflow") or ""
    try:
        return list_workflows().filter(is_task=True, pk=UUID(str(chosen))).first()
    except ValueError:
        return None

"""Letting a task go on that needs more than a button: answers to its form, or the step at which it is to go on."""

from copy import copy
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.forms import AdminForm

from orchestrator_site.common.admin.asking import UnusableForm, find_initial, make_asked
from orchestrator_site.common.admin.pages import for_user
from orchestrator_site.common.admin.verbs import REFUSALS, VerbsAdmin, say_refusal
from tasks.admin.standing import can_resume, compare_lists
from tasks.admin.verbs import RESUME, may_resume
from tasks.forms import AnswerForm
from tasks.models import Task, TaskStatus
from tasks.services import resume_task
from workflows.engine import Step
from workflows.engine.kinds import InputStep

PARAMETER = "resume_at"
ANSWER = gettext_lazy("Answer and resume")
GO_ON = gettext_lazy("Go on at the chosen step")


class AnswerAdmin(VerbsAdmin):
    """The page of a task, with what has to be filled in for it to go on."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the two forms."""
        own = [
            path("<uuid:object_id>/answer/", self.admin_site.admin_view(self.answer_view), name="tasks_task_answer"),
            path("<uuid:object_id>/place/", self.admin_site.admin_view(self.place_view), name="tasks_task_place"),
        ]
        return own + list(super().get_urls())

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the form of the step at which the task stands, or the choice of a step; `asks` says that there is one."""
        task = kwargs.get("obj")
        if task is not None and can_resume(task):
            context |= self._describe_question(request, task, context)
            context["asks"] = not {"lists", "answer", "hint"}.isdisjoint(context)
        return super().render_change_form(request, context, **kwargs)

    @method_decorator(require_POST)
    def answer_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Take answers, and resume the task; show the page again with what is wrong with them."""
        task = self.find_row(request, object_id, RESUME)
        step = _find_question(task, request.GET.get(PARAMETER))
        try:
            if step is None:
                messages.error(
                    request,
                    _("%(label)s: the task is %(status)s, and asks for nothing.")
                    % {"label": ANSWER, "status": task.status},
                )
                return self.back_to(request, task)
            form = _make_form(request, task, step, data=request.POST)
            if not form.is_valid():
                return self._show_again(request, task, form)
        except (UnusableForm, *REFUSALS) as error:
            messages.error(request, say_refusal(ANSWER, error))
        else:
            self.log_change(request, task, str(ANSWER))
            messages.success(request, _("The task is on the queue again, with the answers."))
        return self.back_to(request, task)

    @method_decorator(require_POST)
    def place_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Let a task go on at the chosen step of a changed list; ask for answers first if that step does."""
        task = self.find_row(request, object_id, RESUME)
        name = request.POST.get(PARAMETER, "")
        if not name:
            messages.error(request, _("%(label)s: choose one first.") % {"label": GO_ON})
            return self.back_to(request, task)
        if _find_question(task, name) is not None:
            page = reverse("admin:tasks_task_change", args=[task.pk])
            return redirect(f"{page}?{urlencode({PARAMETER: name})}#answer")
        try:
            resume_task(task_id=task.pk, actor=request.user.get_username(), user=request.user, resume_at=name)
        except REFUSALS as error:
            messages.error(request, say_refusal(GO_ON, error))
        else:
            self.log_change(request, task, f"{GO_ON}: {name}")
            said = _("The task is on the queue again; it goes on at “%(step)s”.")
            messages.success(request, said % {"step": name})
        return self.back_to(request, task)

    def _describe_question(self, request: HttpRequest, task: Any, context: dict[str, Any]) -> dict[str, Any]:
        may_answer = may_resume(task, request.user)
        described: dict[str, Any] = {}
        if task.standing.has_changed_steps:
            described["lists"] = compare_lists(task, task.standing)
            described["place_url"] = reverse("admin:tasks_task_place", args=[task.pk]) if may_answer else ""
            described["place_label"] = GO_ON
        elif task.standing.problem:
            described["hint"] = task.standing.problem
        elif task.standing.definition is None and task.status == TaskStatus.SUSPENDED:
            said = _("The code of %(workflow)s is not on this web server: its form cannot be shown here.")
            described["hint"] = said % {"workflow": task.workflow}
        step = _find_question(task, request.GET.get(PARAMETER))
        if step is None or not may_answer:
            return described
        try:
            form = context.get("answer_form") or _make_form(request, task, step)
        except UnusableForm as error:
            return {**described, "hint": str(error)}
        return {**described, **self._describe_form(task, step, form), "media": context["media"] + form.media}

    def _describe_form(self, task: Task, step: Step, form: BaseForm) -> dict[str, Any]:
        url = reverse("admin:tasks_task_answer", args=[task.pk])
        resume_at = getattr(form, PARAMETER)
        return {
            "answer": AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=self),
            "answer_step": step.name,
            "answer_label": ANSWER,
            "answer_url": f"{url}?{urlencode({PARAMETER: resume_at})}" if resume_at else url,
        }

    def _show_again(self, request: HttpRequest, task: Task, form: BaseForm) -> HttpResponse:
        """Return the page of the task with a form that was filled in wrongly."""
        shown = copy(request)
        shown.method = "GET"  # Django takes a POST for one of the page's own form, which nobody may change
        return self.changeform_view(shown, str(task.pk), extra_context={"answer_form": form})


def _find_question(task: Any, resume_at: str | None) -> InputStep | None:
    """Return the step whose answers are wanted: the one at which the task stands, or the one that was chosen."""
    step = task.standing.find_choice(resume_at) if resume_at else task.standing.question
    return step if isinstance(step, InputStep) else None


def _make_form(request: HttpRequest, task: Any, step: InputStep, data: QueryDict | None = None) -> AnswerForm:
    """Return the form of a step; at first it shows the answers that the task has.

    Raises:
        UnusableForm: Its code raised something.
    """
    asked = make_asked(step.form)
    resume_at = request.GET.get(PARAMETER) if task.standing.has_changed_steps else None
    form = for_user(AnswerForm, request, asked=asked, resume_at=resume_at)
    known = {} if resume_at or task.answers is None else find_initial(asked, task.answers)
    return form(data, instance=task, initial=known)

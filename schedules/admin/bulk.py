"""What is done to many schedules that are ticked in the list: pausing them for one reason, and letting them go on."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orchestrator_site.common.admin.display import page_link, show_left_alone
from orchestrator_site.common.admin.pages import PageAdmin, for_user
from schedules.admin.verbs import PAUSE
from schedules.bulk_actions import Action, Request, Result, Status, act_on_schedules
from schedules.forms import PauseManyForm
from schedules.models import Schedule

PAGE = "admin/schedules/schedule/pause_selected.html"
# What the page sends that asks for the reason, and the list does not.
ANSWERED = "post"


class BulkAdmin(PageAdmin):
    """A list of schedules that can be paused and resumed together."""

    actions = ("pause_selected", "resume_selected")

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whoever may pause and resume schedules."""
        return bool(request.user.has_perm(PAUSE))

    @admin.action(description="Pause the selected schedules", permissions=["pause"])
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> HttpResponse | None:
        """Ask why and until when; then pause each of them, and say of each that stays why."""
        schedules = list(queryset)
        form_class = for_user(PauseManyForm, request, schedule_ids=[schedule.pk for schedule in schedules])
        form = form_class(request.POST if ANSWERED in request.POST else None)
        if form.is_valid():
            self._tell(request, form.results, done="are paused", verb="Pause")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Pause 1 schedule" if len(schedules) == 1 else f"Pause {len(schedules)} schedules",
            "opts": self.opts,
            "schedules": schedules,
            "form": form,
            "media": self.media + form.media,
            "checkbox": ACTION_CHECKBOX_NAME,
            "answered": ANSWERED,
        }
        return TemplateResponse(request, PAGE, context)

    @admin.action(description="Resume the selected schedules", permissions=["pause"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Resume each of them, and say of each that stays why."""
        user: Any = request.user
        resuming = Request(Action.RESUME, actor=user.get_username())
        results = act_on_schedules(ids=[schedule.pk for schedule in queryset], request=resuming)
        self._tell(request, results, done="go on", verb="Resume")

    def _tell(self, request: HttpRequest, results: Sequence[Result], *, done: str, verb: str) -> None:
        """Say what became of each, also in the site's own log."""
        user: Any = request.user
        changed = [result.schedule_id for result in results if result.status == Status.DONE]
        if changed:
            LogEntry.objects.log_actions(user.pk, Schedule.objects.filter(pk__in=changed), CHANGE, verb)
            messages.success(request, f"{len(changed)} of {len(results)} schedules {done}.")
        if len(changed) < len(results):
            messages.warning(request, show_left_alone(_name_problems(results)))


def _name_problems(results: Sequence[Result]) -> Iterator[tuple[str, str]]:
    for result in results:
        if result.status != Status.DONE:
            yield page_link("schedules_schedule", result.schedule_id, result.name or result.schedule_id), result.detail

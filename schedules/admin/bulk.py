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
from schedules.bulk import Outcome, resume_schedules
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
            self._tell(request, schedules, form.outcomes, done="are paused", verb="Pause")
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
        schedules = list(queryset)
        user: Any = request.user
        outcomes = resume_schedules(schedule_ids=[schedule.pk for schedule in schedules], actor=user.get_username())
        self._tell(request, schedules, outcomes, done="go on", verb="Resume")

    def _tell(
        self,
        request: HttpRequest,
        schedules: Sequence[Schedule],
        outcomes: Sequence[Outcome],
        *,
        done: str,
        verb: str,
    ) -> None:
        """Say what became of each, also in the site's own log."""
        user: Any = request.user
        changed = [outcome.schedule_id for outcome in outcomes if not outcome.problem]
        if changed:
            LogEntry.objects.log_actions(user.pk, Schedule.objects.filter(pk__in=changed), CHANGE, verb)
            messages.success(request, f"{len(changed)} of {len(outcomes)} schedules {done}.")
        if len(changed) < len(outcomes):
            messages.warning(request, show_left_alone(_name_problems(schedules, outcomes)))


def _name_problems(schedules: Sequence[Schedule], outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    names = {schedule.pk: schedule.name for schedule in schedules}
    for outcome in outcomes:
        if outcome.problem:
            yield page_link("schedules_schedule", outcome.schedule_id, names[outcome.schedule_id]), outcome.problem

"""What is done to many schedules at once: first a page that says what would become of each, then the same in earnest.

It is what `POST /api/schedules/bulk` does, with its words, its permissions and its bound.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import list_link, page_link, show_label, show_left_alone
from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.pages import PageAdmin, for_user
from orchestrator_site.common.errors import InvalidValue
from schedules.admin.schedule_states import STATE_COLOURS, state_words
from schedules.bulk_actions import MAX_SCHEDULES, PERMISSION_OF, Action, Result, Status, check_number
from schedules.forms import FORMS, BulkForm
from schedules.models import Schedule, ScheduleState
from schedules.selectors import list_schedules

PAGE = "admin/schedules/schedule/bulk.html"
# The button that does what has been looked at, and the box for all that a filter finds.
DO = "_do"
ALL = "all"
# A message names so many that were left as they are.
MAX_TOLD = 20


class BulkAdmin(PageAdmin):
    """A list of schedules to which one thing can be done together."""

    actions = None  # Django's would do it without a look ahead, and want a script

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the page."""
        view = self.admin_site.admin_view(self.bulk_view)
        return [path("bulk/", view, name="schedules_schedule_bulk"), *super().get_urls()]

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Say what would become of each, or do it and go back to the list; the address has the list's filters."""
        back = f"{reverse('admin:schedules_schedule_changelist')}?{request.GET.urlencode()}"
        if request.method != "POST":  # somebody had to log in first
            return redirect(back)
        action = _read_action(request)
        if not (self.has_view_permission(request) and request.user.has_perm(PERMISSION_OF[action])):
            raise PermissionDenied
        try:
            ids = self._find_ids(request)
            check_number(len(ids))
        except InvalidValue as error:
            messages.error(request, str(error))
            return redirect(back)
        if not ids:
            messages.warning(request, _("Tick the schedules that are meant: nothing has been done."))
            return redirect(back)
        form = for_user(FORMS[action], request, action=action, schedule_ids=ids)(
            request.POST if DO in request.POST else None
        )
        if form.is_valid():
            _tell(request, action, form.results)
            return redirect(back)
        return TemplateResponse(request, PAGE, {**self.admin_site.each_context(request), **self._describe(form, back)})

    def _find_ids(self, request: HttpRequest) -> list[UUID]:
        """Return what is ticked, or all that the list shows with its filters.

        Raises:
            InvalidValue: There are more than can be taken at once, or no filter says which are meant.
        """
        if ALL not in request.POST:
            given = (part for text in request.POST.getlist("ids") for part in text.split(","))
            return list(dict.fromkeys(found for part in given if (found := read_uuid_or_none(part))))
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise InvalidValue(_("This filter cannot be read."), field="filter", value="") from error
        if not changelist.applied:
            raise InvalidValue(_("Search or filter first, to say which are meant."), field="filter", value="")
        rows = changelist.queryset.order_by()
        check_number(rows[: MAX_SCHEDULES + 1].count(), field="filter")
        return list(rows.values_list("pk", flat=True))

    def _describe(self, form: BulkForm, back: str) -> dict[str, Any]:
        """Return what the page shows."""
        schedules = {each.pk: each for each in list_schedules().filter(pk__in=form.schedule_ids)}
        results = sorted(form.look_ahead(), key=lambda result: result.name)
        words = state_words()
        labels = {state: show_label(state, STATE_COLOURS, words) for state in ScheduleState.values}
        would = [_row(each, schedules, labels, form.action) for each in results if each.status == Status.DONE]
        stays = [_row(each, schedules, labels, form.action) for each in results if each.status != Status.DONE]
        return {
            "title": _title(form.action, len(results)),
            "opts": self.opts,
            "action": form.action,
            "would": would,
            "stays": stays,
            "button": _title(form.action, len(would)),
            "do": DO,
            "ids": ",".join(str(each) for each in form.schedule_ids),
            "form": form,
            "media": self.media + form.media,
            "back_url": back,
        }


def _read_action(request: HttpRequest) -> Action:
    try:
        return Action(request.POST.get("action", ""))
    except ValueError as error:
        raise BadRequest from error


def _row(
    result: Result, schedules: dict[UUID, Any], labels: dict[str, SafeString], action: Action
) -> tuple[str, str, str]:
    """Return a schedule, its state, and what becomes of it."""
    schedule = schedules.get(result.schedule_id)
    if schedule is None:
        return str(result.schedule_id), "", result.detail
    what = result.detail or _say(action, schedule)
    return page_link("schedules_schedule", schedule.pk, schedule.name), labels[schedule.shown_state], what


def _say(action: Action, schedule: Any) -> str:
    """Return what would become of a schedule to which it is done."""
    if action == Action.PAUSE and schedule.shown_state == ScheduleState.PAUSED:
        return _("is paused already; its pause gets this reason and this end")
    if action == Action.RESUME and schedule.shown_state == ScheduleState.BROKEN:
        return _("its trigger is tried again")
    words = {
        Action.PAUSE: _("is paused"),
        Action.RESUME: _("goes on"),
        Action.RUN: _("starts a task; the schedule does not move"),
        Action.DELETE: _("is deleted"),
    }
    return words[action]


def _title(action: Action, count: int) -> str:
    titles = {
        Action.PAUSE: ngettext("Pause %(count)s schedule", "Pause %(count)s schedules", count),
        Action.RESUME: ngettext("Resume %(count)s schedule", "Resume %(count)s schedules", count),
        Action.RUN: ngettext("Run %(count)s schedule now", "Run %(count)s schedules now", count),
        Action.DELETE: ngettext("Delete %(count)s schedule", "Delete %(count)s schedules", count),
    }
    return titles[action] % {"count": count}


def _tell(request: HttpRequest, action: Action, results: Sequence[Result]) -> None:
    """Say what became of each, also in the site's own log."""
    changed = [result for result in results if result.status == Status.DONE]
    if changed:
        user: Any = request.user
        rows: Any = [Schedule(pk=result.schedule_id, name=result.name) for result in changed]
        flag = DELETION if action == Action.DELETE else CHANGE
        LogEntry.objects.log_actions(user.pk, rows, flag, "" if flag == DELETION else action.capitalize())
        messages.success(request, _say_done(action) % {"done": len(changed), "all": len(results)})
    if changed and action == Action.RUN:
        messages.info(request, list_link("tasks_task", "", _("See the tasks")))
    if len(changed) < len(results):
        messages.warning(request, show_left_alone(_name_problems(results)))


def _say_done(action: Action) -> str:
    told = {
        Action.PAUSE: _("%(done)s of %(all)s schedules are paused."),
        Action.RESUME: _("%(done)s of %(all)s schedules go on."),
        Action.RUN: _("%(done)s of %(all)s schedules have a new task on the queue."),
        Action.DELETE: _("%(done)s of %(all)s schedules are deleted."),
    }
    return told[action]


def _name_problems(results: Sequence[Result]) -> Iterator[tuple[object, str]]:
    left = [result for result in results if result.status != Status.DONE]
    for result in left[:MAX_TOLD]:
        yield page_link("schedules_schedule", result.schedule_id, result.name or result.schedule_id), result.detail
    if len(left) > MAX_TOLD:
        yield _("and %(count)s more") % {"count": len(left) - MAX_TOLD}, _("for reasons like these")

"""What became of each time of one schedule: the ledger as a tab of its page, with what is not in it yet on top."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, page_link, show_duration, show_moment
from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.common.admin.marks import show_mark
from orchestrator_site.common.admin.widgets import dress
from schedules.admin.outcomes import CAUSES, OUTCOME_MARKS, outcome_words, show_outcome
from schedules.admin.tabs import HISTORY, Subject, TabsAdmin
from schedules.explanations import VIEW_FIRING, VIEW_TASK
from schedules.history import History
from schedules.models import Firing, FiringCause, FiringOutcome
from schedules.unsettled import find_unsettled
from tasks.admin.marks import TASK_MARKS
from tasks.models import Task
from tasks.selectors import read_standings

PAGE = "admin/schedules/schedule/history.html"
ROWS = "admin/schedules/schedule/history_rows.html"
ROWS_PER_PAGE = 50
# The strip of days is counted from so many rows at most: a schedule may run every second.
DAYS, MAX_COUNTED = 14, 2_000

PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
RAN = frozenset({FiringOutcome.STARTED, FiringOutcome.QUEUED})


class HistoryForm(forms.Form):
    """Which rows are wanted."""

    outcome = forms.ChoiceField(
        choices=lambda: [("", _("All")), *outcome_words().items()], label=gettext_lazy("Outcome"), required=False
    )
    cause = forms.ChoiceField(
        choices=[("", gettext_lazy("All")), *CAUSES.items()], label=gettext_lazy("Cause"), required=False
    )
    period = forms.ChoiceField(
        choices=[
            ("", gettext_lazy("All")),
            ("day", gettext_lazy("Last 24 hours")),
            ("week", gettext_lazy("Last 7 days")),
            ("month", gettext_lazy("Last 30 days")),
        ],
        label=gettext_lazy("Decided"),
        required=False,
    )
    older_than = forms.UUIDField(required=False, widget=forms.HiddenInput)
    newer_than = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("outcome", "cause", "period"):
            self.fields[name] = dress(self.fields[name])

    def wanted(self) -> dict[str, str]:
        """Return what is filtered by, as an address says it; nothing of what cannot be."""
        chosen = {name: self.cleaned_data.get(name) for name in ("outcome", "cause", "period")}
        return {name: value for name, value in chosen.items() if value}

    def find_history(self, schedule_id: UUID, moment: datetime) -> History:
        """Return the rows that are wanted of a schedule."""
        wanted = self.wanted()
        return History(
            schedule_id=schedule_id,
            outcomes=[wanted["outcome"]] if "outcome" in wanted else (),
            causes=[wanted["cause"]] if "cause" in wanted else (),
            recent_from=moment - PERIODS[wanted["period"]] if "period" in wanted else None,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, as people read it."""

    planned: str
    planned_here: str
    outcome: str
    cause: str
    reason: str
    count: str
    late: str
    task: str
    task_status: str
    task_took: str
    explain_url: str


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the times of one day; the worst of it gives the colour."""

    day: date
    ran: int
    others: int
    colour: str


class HistoryAdmin(TabsAdmin):
    """A page with the history of a row."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the tab."""
        view = self.admin_site.admin_view(self.firings_view)
        return [path("<uuid:object_id>/firings/", view, name="schedules_schedule_firings"), *super().get_urls()]

    def firings_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Show a page of the ledger of one schedule; its rows alone where they are to be made fresh."""
        subject = self.find_visible(request, object_id)
        if not request.user.has_perm(VIEW_FIRING):
            raise PermissionDenied
        form = HistoryForm(request.GET)
        form.full_clean()
        shown = {**_read_page(form, subject, request), "form": form}
        if is_part_wanted(request):
            return TemplateResponse(request, ROWS, shown)
        shown["days"] = list_days(subject, now())
        answer: HttpResponse = self.show_tab(request, subject, HISTORY, PAGE, shown)
        return answer


def _read_page(form: HistoryForm, subject: Subject, request: HttpRequest) -> dict[str, Any]:
    """Return the rows of a page, and where the ones beside it are."""
    moment = now()
    history = form.find_history(subject.id, moment)
    older_than, newer_than = (form.cleaned_data.get(name) for name in ("older_than", "newer_than"))
    if newer_than is not None:
        found = history.read_newer(than=newer_than, limit=ROWS_PER_PAGE + 1)
        has_newer, has_older = len(found) > ROWS_PER_PAGE, True
        found = found[-ROWS_PER_PAGE:]
    else:
        found = history.read_older(than=older_than, limit=ROWS_PER_PAGE + 1)
        has_newer, has_older = older_than is not None, len(found) > ROWS_PER_PAGE
        found = found[:ROWS_PER_PAGE]
    is_first = not has_newer
    wanted = form.wanted()
    return {
        "rows": _show_rows(found, subject, request.user),
        "unsettled": find_unsettled(subject.schedule, now=moment) if is_first and subject.schedule else None,
        "is_first": is_first,
        "is_filtered": bool(wanted),
        "timezone": subject.timezone,
        "zone_here": _find_other_zone(subject),
        "url": f"{_url_of(subject)}?{urlencode(wanted)}",
        "plain_url": _url_of(subject),
        "older_url": _link(subject, wanted, older_than=found[-1].pk) if found and has_older else "",
        "newer_url": _link(subject, wanted, newer_than=found[0].pk) if found and has_newer else "",
    }


def _url_of(subject: Subject) -> str:
    return reverse("admin:schedules_schedule_firings", args=[subject.id])


def _link(subject: Subject, wanted: Mapping[str, str], **place: UUID) -> str:
    return f"{_url_of(subject)}?{urlencode({**wanted, **place})}"


def _find_other_zone(subject: Subject) -> str:
    """Return the zone of whoever looks, if the clocks of the schedule are others."""
    here = get_current_timezone_name()
    return "" if here == subject.timezone else here


def _show_rows(firings: Sequence[Firing], subject: Subject, user: Any) -> list[Row]:
    task_ids = [firing.task_id for firing in firings if firing.task_id is not None]
    tasks = read_standings(task_ids) if user.has_perm(VIEW_TASK) else {}
    zone = ZoneInfo(subject.timezone)
    return [_show_row(firing, tasks, subject, zone) for firing in firings]


def _show_row(firing: Firing, tasks: Mapping[UUID, Task], subject: Subject, zone: ZoneInfo) -> Row:
    task = tasks.get(firing.task_id) if firing.task_id else None
    at = urlencode({"at": firing.scheduled_for.isoformat()})
    return Row(
        planned=_say_planned(firing, zone),
        planned_here=str(show_moment(firing.scheduled_for)) if _find_other_zone(subject) else "",
        outcome=show_outcome(firing.outcome),
        cause="" if firing.cause == FiringCause.SCHEDULE else str(CAUSES[firing.cause]),
        reason=firing.reason,
        count=_say_count(firing),
        late=show_duration(timedelta(milliseconds=firing.lateness_ms)) or "",
        task=page_link("tasks_task", task.pk, _("Task")) if task else "",
        task_status=_show_status(task) if task else "",
        task_took=show_duration(_find_length(task)) or "" if task else "",
        explain_url=f"{reverse('admin:schedules_schedule_explain', args=[subject.id])}?{at}",
    )


def _say_planned(firing: Firing, zone: ZoneInfo) -> str:
    return format_date(firing.scheduled_for.astimezone(zone), "D Y-m-d H:i:s T")


def _say_count(firing: Firing) -> str:
    """Say of a row that stands for many how many these are, and up to when."""
    if firing.last_scheduled_for is None:
        return ""
    last = show_moment(firing.last_scheduled_for)
    if firing.count is None:
        return _("many, up to %(last)s") % {"last": last}
    return _("%(count)s times, up to %(last)s") % {"count": firing.count, "last": last}


def _show_status(task: Task) -> SafeString:
    return show_mark(TASK_MARKS[task.status])


def _find_length(task: Task) -> timedelta | None:
    return task.finished_at - task.started_at if task.finished_at and task.started_at else None


def list_days(subject: Subject, moment: datetime) -> Sequence[Day]:
    """Return the last days, the oldest first, as far as their rows are among the newest that are counted."""
    zone = ZoneInfo(subject.timezone)
    today = moment.astimezone(zone).date()
    history = History(schedule_id=subject.id, recent_from=moment - timedelta(days=DAYS + 1))
    rows = list(history.rows().values_list("scheduled_for", "outcome", "count")[:MAX_COUNTED])
    first = today - timedelta(days=DAYS - 1)
    if len(rows) == MAX_COUNTED:  # of the day of the last one, some rows may be missing
        first = max(first, rows[-1][0].astimezone(zone).date() + timedelta(days=1))
    counts: Counter[tuple[date, str]] = Counter()
    for scheduled_for, outcome, count in rows:
        counts[scheduled_for.astimezone(zone).date(), outcome] += count or 1
    return list(_count_days(first, today, counts))


def _count_days(first: date, last: date, counts: Mapping[tuple[date, str], int]) -> Iterator[Day]:
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        of_day = {outcome: counts[day, outcome] for outcome in OUTCOME_MARKS if counts.get((day, outcome))}
        ran = sum(count for outcome, count in of_day.items() if outcome in RAN)
        colours = {OUTCOME_MARKS[outcome].colour for outcome in of_day if outcome not in RAN}
        colour = BAD if BAD in colours else ODD if colours else GOOD if ran else ""
        yield Day(day, ran, sum(of_day.values()) - ran, colour)

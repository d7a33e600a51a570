"""The ledger: what became of each planned instant."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import (
    moment_column,
    page_link,
    show_duration,
    show_line,
    show_link,
    show_moment,
    show_sentence,
    show_unbroken,
)
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.filters import IdFilter, NamedChoicesFilter, SinceFilter, read_uuid_or_none
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.admin.viewer import may_open
from schedules.admin.outcomes import CAUSES, outcome_words, show_outcome
from schedules.models import UNUSUAL_CAUSE, UNUSUAL_OUTCOME, Firing, FiringCause, FiringOutcome, Schedule


class DecidedFilter(SinceFilter):
    """Firings by when they were decided."""

    title = gettext_lazy("decided")
    moment = "decided_at"


class PlannedFilter(SinceFilter):
    """Firings by the instant for which they were planned, which their ids do not tell."""

    title = gettext_lazy("planned for")
    parameter_name = "planned"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Firing]) -> QuerySet[Firing]:
        """Keep what was planned since then."""
        since = self.since()
        return queryset if since is None else queryset.filter(scheduled_for__gte=since)


class UnusualFilter(NamedChoicesFilter):
    """Firings by a column that has one value in most of them: SQLite finds the others where their index is named."""

    unusual: Q
    usual: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Firing]) -> QuerySet[Firing]:
        """Keep those of the value."""
        chosen = request.GET.get(self.lookup_kwarg)
        rows = queryset.filter(self.unusual) if chosen and chosen != self.usual else queryset
        return super().queryset(request, rows)  # type: ignore[return-value]  # its stubs allow for None, which it is not


class OutcomeFilter(UnusualFilter):
    """Firings by what became of the instant."""

    unusual, usual = UNUSUAL_OUTCOME, FiringOutcome.STARTED
    words = staticmethod(outcome_words)


class CauseFilter(UnusualFilter):
    """Firings by why the instant was decided."""

    unusual, usual = UNUSUAL_CAUSE, FiringCause.SCHEDULE
    words = staticmethod(lambda: CAUSES)


class LateFilter(SimpleListFilter):
    """Firings by how late they were."""

    title = gettext_lazy("late by")
    parameter_name = "late_by_ms"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("1000", _("1 s or more")), ("60000", _("1 min or more")), ("3600000", _("1 h or more"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Firing]) -> QuerySet[Firing]:
        """Keep those that were as late as that."""
        chosen = self.value()
        try:
            return queryset.filter(lateness_ms__gte=int(chosen)) if chosen else queryset
        except ValueError as error:
            raise IncorrectLookupParameters(str(error)) from error


class OfScheduleFilter(IdFilter):
    """What one schedule did; the link on its page chooses it."""

    title = gettext_lazy("schedule")
    parameter_name = "schedule_id"

    def name_of(self, chosen: UUID) -> str:
        """Return the schedule's name, which its firings know when it is gone."""
        if not (may_open("schedules_schedule") or may_open("schedules_firing")):
            return str(chosen)
        return schedule_names([chosen]).get(chosen, str(chosen))


def schedule_names(ids: Sequence[UUID | None]) -> dict[UUID, str]:
    """Return the names of the schedules that still exist, by id: one statement."""
    wanted = {schedule_id for schedule_id in ids if schedule_id is not None}
    return dict(Schedule.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


@admin.register(Firing)
class FiringAdmin(ReadOnlyAdmin):
    """Firings, what was decided last first."""

    list_display = (
        "planned",
        "due",
        "schedule_link",
        "outcome_and_cause",
        "lateness",
        "count",
        "why",
        "task_link",
    )
    list_filter = (
        ("outcome", OutcomeFilter),
        ("cause", CauseFilter),
        PlannedFilter,
        DecidedFilter,
        LateFilter,
        OfScheduleFilter,
    )
    empty_state = EmptyState(
        title=gettext_lazy("No firings yet"),
        text=gettext_lazy(
            "A firing is what became of one planned time of a schedule: a task was started, or it was missed or "
            "skipped, and why. The first appears when a schedule is due, or is run by hand."
        ),
        icon="history",
    )
    search_fields = ("schedule_name",)
    search_help_text = gettext_lazy("Name of a schedule, or the id of a schedule, a task or a firing.")
    fields = (
        "outcome_label",
        "full_reason",
        "schedule_link",
        "planned",
        "explain_link",
        "task_link",
        "cause_label",
        "lateness",
        "decided",
        "due",
        "count",
        "last_planned",
    )
    readonly_fields = fields

    planned = moment_column("scheduled_for", gettext_lazy("planned for"))
    last_planned = moment_column("last_scheduled_for", gettext_lazy("last of them planned for"))
    decided = moment_column("decided_at", gettext_lazy("decided"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave the explanation out for those who may not see it."""
        may_see = request.user.has_perm("schedules.view_schedule")
        return [name for name in self.fields if may_see or name != "explain_link"]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Name a firing by its time on the clocks of whoever looks."""
        firing = kwargs["obj"]
        context["heading"] = f"{firing.schedule_name}, {show_moment(firing.scheduled_for)}"
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return answer

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Note which of the schedules still exist."""
        existing = schedule_names([firing.schedule_id for firing in rows])
        for firing in rows:
            firing.has_schedule = firing.schedule_id in existing

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Firing | None:
        """Return a firing, completed."""
        firing: Firing | None = super().get_object(request, object_id, from_field)
        self.complete_rows([firing] if firing else [])
        return firing

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Firing], search_term: str
    ) -> tuple[QuerySet[Firing], bool]:
        """Find an id as well."""
        wanted = read_uuid_or_none(search_term)
        if wanted is None:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]
        return queryset.filter(Q(pk=wanted) | Q(schedule_id=wanted) | Q(task_id=wanted)), False

    @display(description=gettext_lazy("outcome"))
    def outcome_label(self, firing: Firing) -> str:
        """Show what became of it."""
        return show_outcome(firing.outcome)

    @display(description=gettext_lazy("outcome"))
    def outcome_and_cause(self, firing: Firing) -> str:
        """Show what became of it, and why it was decided if that is not by the schedule."""
        if firing.cause == FiringCause.SCHEDULE:
            return show_outcome(firing.outcome)
        cause = CAUSES[firing.cause]
        return format_html('<span>{} <span class="block text-xs">{}</span></span>', show_outcome(firing.outcome), cause)

    @display(description=gettext_lazy("cause"))
    def cause_label(self, firing: Firing) -> Text:
        """Show why it was decided."""
        return CAUSES[firing.cause]

    @display(description=gettext_lazy("schedule"))
    def schedule_link(self, firing: Any) -> str:
        """Show the schedule's name; as a link while it exists."""
        if not firing.has_schedule:
            return _("%(name)s (deleted)") % {"name": firing.schedule_name}
        return page_link("schedules_schedule", firing.schedule_id, firing.schedule_name)

    @display(description=gettext_lazy("task"))
    def task_link(self, firing: Firing) -> str | None:
        """Link to the task that came of it."""
        if firing.task_id is None or not may_open("tasks_task"):
            return None
        return page_link("tasks_task", firing.task_id, _("Task"))

    @display(description=gettext_lazy("explanation"))
    def explain_link(self, firing: Firing) -> str:
        """Link to why it ran, or did not."""
        page = reverse("admin:schedules_schedule_explain", args=[firing.schedule_id])
        return show_link(f"{page}?{urlencode({'at': firing.scheduled_for.isoformat()})}", _("Why"))

    @display(description=gettext_lazy("due later by"))
    def due(self, firing: Firing) -> str | None:
        """Show by how much the spread of its schedule had moved it, if that has one."""
        spread = firing.due_at - firing.scheduled_for
        return show_unbroken(f"{show_duration(spread)}") if spread else None

    @display(description=gettext_lazy("late by"))
    def lateness(self, firing: Firing) -> str | None:
        """Show how much later than it was due it was decided."""
        return show_unbroken(show_duration(timedelta(milliseconds=firing.lateness_ms)))

    @display(description=gettext_lazy("reason"))
    def full_reason(self, firing: Firing) -> str | None:
        """Show the reason."""
        return show_sentence(firing.reason) if firing.reason else None

    @display(description=gettext_lazy("reason"))
    def why(self, firing: Firing) -> str | None:
        """Show the beginning of the reason."""
        return show_line(show_sentence(truncatechars(firing.reason, 80))) if firing.reason else None

"""The list of schedules: its columns, its filters, and what is done from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import display
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.templatetags.unfold_list import result_headers

from orchestrator_site.common.admin.display import page_link, show_time
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.live import is_part_wanted
from orchestrator_site.common.admin.pages import PageChangeList
from orchestrator_site.common.admin.verbs import VerbsAdmin
from schedules.admin.bulk import BulkAdmin
from schedules.admin.duplicating import DuplicateAdmin
from schedules.admin.loading import LoadingAdmin
from schedules.admin.outcomes import outcome_words
from schedules.admin.row_actions import RowAction, list_row_actions
from schedules.admin.schedule_filters import ScheduleFilter
from schedules.admin.schedule_states import is_held, show_state, state_words
from schedules.admin.sparks import show_sparks
from schedules.admin.verbs import may_run
from schedules.bulk_actions import MAX_SCHEDULES, PERMISSION_OF, Action
from schedules.initial import describe_initial_schedules
from schedules.models import Schedule
from schedules.recent_outcomes import RecentOutcomes, read_recent_outcomes
from schedules.selectors import list_schedules
from tasks.freezing import current_freeze
from tasks.models import EngineFreeze

ROWS = "admin/schedules/schedule/rows.html"
LIVE_SECONDS = 15
# The columns by how a row of the table calls its cells.
COLUMNS = ("choice", "name_link", "workflow_link", "runs", "next_run", "last_outcomes", "state_cell", "verbs_cell")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list knows of a schedule besides its own columns."""

    now: datetime
    freeze: EngineFreeze | None
    outcomes: RecentOutcomes
    outcome_words: dict[str, str]
    state_words: dict[str, str]
    url: str
    actions: Sequence[RowAction]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table."""

    name: str
    label: str
    content: Any


class ScheduleChangeList(PageChangeList):
    """The table of schedules."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Return the filters; they have a form of their own, and no panel beside the list."""
        specs, _has_filters, *others = super().get_filters(request)
        return specs, False, *others

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page, and what they show besides their own columns."""
        super().get_results(request)
        self.model_admin.add_to_rows(request, self.result_list, self.preserved_filters)

    def get_preserved_filters(self, request: HttpRequest) -> Any:
        """Return where in the list one is, for the links to the pages of the rows."""
        return self.model_admin.get_preserved_filters(request)

    def headers(self) -> list[dict[str, Any]]:
        """Return the heads of the columns, with the addresses that sort by them."""
        return [{**head, "name": name} for name, head in zip(self.list_display, result_headers(self), strict=True)]

    def rows(self) -> Iterator[list[Cell]]:
        """Yield the cells of each row."""
        heads = self.headers()
        empty = self.model_admin.get_empty_value_display()
        for schedule in self.result_list:
            cells = ((head, getattr(self.model_admin, head["name"])(schedule)) for head in heads)
            yield [Cell(head["name"], str(head["text"]), empty if it in (None, "") else it) for head, it in cells]


class ScheduleListAdmin(BulkAdmin, LoadingAdmin, DuplicateAdmin, VerbsAdmin):
    """The schedules, by name."""

    change_list_template = "admin/schedules/schedule/list.html"
    list_display = COLUMNS
    list_display_links = None
    list_filter = (ScheduleFilter,)
    search_fields = ("name", "link__workflow__name", "trigger_text")
    search_help_text = gettext_lazy("Name, workflow, trigger, or an id")
    sortable_by = ("name_link", "next_run")
    empty_state = EmptyState(
        title=gettext_lazy("No schedules yet"),
        text=gettext_lazy(
            "A schedule says when a workflow runs: every hour, at 02:00 on weekdays, once next Friday. Each time it "
            "starts a task, and the ledger of firings says what became of that, or why nothing did."
        ),
        icon="event_repeat",
        template="admin/schedules/schedule/initial.html",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Return the schedules with their workflows, and the state in which people see them."""
        return list_schedules()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ScheduleChangeList]:
        """Return the table's class."""
        return ScheduleChangeList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leave out what this user may not see, or has no use for."""
        user: Any = request.user
        hidden = {
            "choice": not any(user.has_perm(permission) for permission in PERMISSION_OF.values()),
            "last_outcomes": not user.has_perm("schedules.view_firing"),
        }
        return [name for name in COLUMNS if not hidden.get(name)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; only its rows, where the page asks for those again."""
        user: Any = request.user
        more = {
            "bulk_actions": [action for action in Action if user.has_perm(PERMISSION_OF[action])],
            "max_schedules": MAX_SCHEDULES,
            "live_seconds": LIVE_SECONDS,
            "initial_schedules": describe_initial_schedules,
            **(extra_context or {}),
        }
        answer: HttpResponse = super().changelist_view(request, more)
        if is_part_wanted(request) and isinstance(answer, TemplateResponse):
            answer.template_name = ROWS
        return answer

    def add_to_rows(self, request: HttpRequest, rows: Sequence[Any], preserved_filters: str) -> None:
        """Add to the schedules of a page what they show besides their own columns: two statements."""
        user: Any = request.user
        moment = now()
        freeze = current_freeze(now=moment)
        outcomes: Mapping[Any, RecentOutcomes] = {}
        if user.has_perm("schedules.view_firing"):
            ids = [schedule.pk for schedule in rows]
            outcomes = read_recent_outcomes(ids, with_tasks=user.has_perm("tasks.view_task"))
        one_of_each = {schedule.workflow.name: schedule for schedule in rows}
        may_start = {name: may_run(schedule, user) for name, schedule in one_of_each.items()}
        words = outcome_words(), state_words()
        for schedule in rows:
            schedule.listed = Listed(
                now=moment,
                freeze=freeze,
                outcomes=outcomes.get(schedule.pk, ()),
                outcome_words=words[0],
                state_words=words[1],
                url=add_preserved_filters(
                    {"preserved_filters": preserved_filters, "opts": self.opts},
                    reverse("admin:schedules_schedule_change", args=[schedule.pk]),
                ),
                actions=list(list_row_actions(self, schedule, request, may_start=may_start[schedule.workflow.name])),
            )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Schedule], search_term: str
    ) -> tuple[QuerySet[Schedule], bool]:
        """Find an id as well: that of a schedule, or of its workflow."""
        wanted = read_uuid_or_none(search_term)
        if wanted is None:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]
        return queryset.filter(Q(pk=wanted) | Q(link__workflow=wanted)), False

    @display(description="")
    def choice(self, schedule: Schedule) -> SafeString:
        """Return the box that chooses it."""
        label = _("Choose %(name)s") % {"name": schedule.name}
        return format_html(
            '<input type="checkbox" class="schedule-choice" name="ids" value="{}" aria-label="{}">', schedule.pk, label
        )

    @display(description=gettext_lazy("name"), ordering="name")
    def name_link(self, schedule: Any) -> SafeString:
        """Show its name, as a link to its page."""
        return format_html('<a href="{}">{}</a>', schedule.listed.url, schedule.name)

    @display(description=gettext_lazy("workflow"))
    def workflow_link(self, schedule: Schedule) -> str:
        """Show which workflow it runs; its name may be broken at an underscore."""
        parts = format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in schedule.workflow.name.split("_")))
        return page_link("workflows_workflow", schedule.workflow.pk, parts)

    @display(description=gettext_lazy("runs"))
    def runs(self, schedule: Schedule) -> SafeString:
        """Show its trigger in words."""
        return format_html('<span lang="en" title="{}">{}</span>', schedule.trigger_text, schedule.summary)

    @display(description=gettext_lazy("next run"), ordering=F("next_run_at").asc(nulls_last=True))
    def next_run(self, schedule: Any) -> SafeString | None:
        """Show when it runs next; of what should have run by now, what it waits for."""
        listed: Listed = schedule.listed
        shown = show_time(schedule.next_run_at, now=listed.now, zone=schedule.timezone)
        if shown is None:
            return None
        told = ""
        if is_held(schedule, listed.freeze):
            told = _("held")
        elif schedule.next_run_at <= listed.now:
            told = _("due, not fired yet")
        return format_html('{}<span class="schedule-small">{}</span>', shown, told) if told else shown

    @display(description=gettext_lazy("last outcomes"))
    def last_outcomes(self, schedule: Any) -> SafeString | None:
        """Show what became of its last instants."""
        return show_sparks(schedule.pk, schedule.listed.outcomes, schedule.listed.outcome_words)

    @display(description=gettext_lazy("state"))
    def state_cell(self, schedule: Any) -> SafeString:
        """Show its state, and by whom, until when and why it is so."""
        return show_state(schedule, schedule.listed.freeze, schedule.listed.state_words)

    @display(description=gettext_lazy("actions"))
    def verbs_cell(self, schedule: Any) -> SafeString:
        """Show what can be done to it."""
        actions: Sequence[RowAction] = schedule.listed.actions
        context = {
            "schedule": schedule,
            "in_sight": [each for each in actions if each.is_in_sight],
            "in_menu": [each for each in actions if not each.is_in_sight],
        }
        return render_to_string("admin/schedules/schedule/row_actions.html", context)

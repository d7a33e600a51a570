"""Schedulers: which processes fire schedules, whether they are alive, and how much they do."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, moment_column, show_time
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.live import LiveListAdmin
from orchestrator_site.common.admin.marks import Mark, show_mark
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.clock import database_now
from schedules.models import SchedulerProcess
from schedules.processes import ProcessState, state_of

STATE_MARKS = {
    ProcessState.ALIVE: Mark(gettext_lazy("alive"), GOOD, "check_circle"),
    ProcessState.STUCK: Mark(gettext_lazy("stuck"), ODD, "hourglass_disabled"),
    ProcessState.STALE: Mark(gettext_lazy("stale"), BAD, "error"),
}


@admin.register(SchedulerProcess)
class SchedulerAdmin(LiveListAdmin, ReadOnlyAdmin):
    """Schedulers, the one that was seen last first."""

    list_display = ("id", "state", "host", "pid", "version", "started", "seen", "ticked", "firings")
    ordering = ("-last_seen_at", "id")
    empty_state = EmptyState(
        title=gettext_lazy("No scheduler is known"),
        text=gettext_lazy("A scheduler fires schedules: nothing is fired before “manage.py scheduler run” starts one."),
        icon="schedule",
    )
    fields = list_display
    readonly_fields = fields

    started = moment_column("started_at", gettext_lazy("since"))

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Judge all of them as of one moment of the database."""
        now = database_now()
        for process in rows:
            process.state_now, process.shown_at = state_of(process, now=now), now

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SchedulerProcess | None:
        """Return a scheduler, judged."""
        process: SchedulerProcess | None = super().get_object(request, object_id, from_field)
        self.complete_rows([process] if process else [])
        return process

    @display(description=gettext_lazy("state"))
    def state(self, process: Any) -> SafeString:
        """Show whether it can be counted on."""
        return show_mark(STATE_MARKS[process.state_now])

    @display(description=gettext_lazy("last seen"))
    def seen(self, process: Any) -> SafeString | None:
        """Show how long ago it was seen."""
        return show_time(process.last_seen_at, now=process.shown_at)

    @display(description=gettext_lazy("last look for what is due"))
    def ticked(self, process: Any) -> SafeString | None:
        """Show how long ago its loop looked."""
        return show_time(process.last_tick_at, now=process.shown_at)

    @display(description=gettext_lazy("firings in a minute"))
    def firings(self, process: SchedulerProcess) -> str:
        """Show how much it has decided in the minute before it was last seen."""
        return f"{process.firings_per_minute}"

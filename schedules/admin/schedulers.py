"""Schedulers: which processes fire schedules, whether they are alive, and how much they do."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, moment_column, show_label
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.clock import database_now
from schedules.models import SchedulerProcess
from schedules.processes import ProcessState, state_of

STATE_COLOURS = {ProcessState.ALIVE.value: GOOD, ProcessState.STUCK.value: ODD, ProcessState.STALE.value: BAD}


@admin.register(SchedulerProcess)
class SchedulerAdmin(ReadOnlyAdmin):
    """Schedulers, the one that was seen last first."""

    list_display = ("id", "state", "host", "pid", "version", "started", "seen", "ticked", "firings")
    ordering = ("-last_seen_at", "id")
    fields = list_display
    readonly_fields = fields

    started = moment_column("started_at", "since")
    seen = moment_column("last_seen_at", "last seen")
    ticked = moment_column("last_tick_at", "last look for what is due")

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Judge all of them as of one moment of the database."""
        now = database_now()
        for process in rows:
            process.state_now = state_of(process, now=now)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SchedulerProcess | None:
        """Return a scheduler, judged."""
        process: SchedulerProcess | None = super().get_object(request, object_id, from_field)
        self.complete_rows([process] if process else [])
        return process

    @display(description="state")
    def state(self, process: Any) -> str:
        """Show whether it can be counted on."""
        return show_label(process.state_now.value, STATE_COLOURS)

    @display(description="firings in a minute")
    def firings(self, process: SchedulerProcess) -> str:
        """Show how much it has decided in the minute before it was last seen."""
        return f"{process.firings_per_minute}"

"""How a task stands: why it stopped, what it waits for and until when, which step runs and for how long."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import display
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orchestrator_site.common.admin.display import (
    BAD,
    moment_column,
    show_block,
    show_duration,
    show_json,
    show_label,
    show_moment,
)
from tasks.admin.standing import find_running_step
from tasks.models import StepStatus, Task, TaskCallback, TaskStatus

# What is shown besides the rest of a task that has this status.
SHOWN: dict[str, Sequence[str]] = {
    TaskStatus.RUNNING: ("running_step",),
    TaskStatus.WAITING: ("retry_at",),
    TaskStatus.AWAITING_CALLBACK: ("awaiting_since", "callback_expires", "callback_progress"),
}

OVERDUE = "overdue"


class TaskDetails:
    """Columns of the page of a task."""

    retry_at = moment_column("available_at", "tried again at")

    @display(description="reason")
    def reason(self, task: Task) -> str | SafeString | None:
        """Show why it stopped; the two step lists that may follow stand on the page as a table."""
        first, _, more = task.failed_reason.partition("\n")
        has_table = first and getattr(task, "standing", None) and task.standing.has_changed_steps  # type: ignore[attr-defined]
        if not more or has_table:
            return first or None
        return show_block(task.failed_reason)

    @display(description="runs")
    def running_step(self, task: Task) -> str | SafeString | None:
        """Show the step that it is in, since when, and whether that is longer than it may take."""
        step = find_running_step(task)
        if step is None:
            return None
        text = f"{step.name}, since {show_moment(step.since)} ({show_duration(step.lasts)})"
        if not step.is_overdue:
            return text
        limit = f"its timeout_seconds is {step.timeout_seconds:g}"
        return format_html("{} {} {}", text, show_label(OVERDUE, {OVERDUE: BAD}), limit)

    @display(description="awaits a callback since")
    def awaiting_since(self, task: Task) -> str | None:
        """Show when the step that awaits it was recorded."""
        rows = task.steps.filter(revision=task.revision, position=task.position, status=StepStatus.AWAITING_CALLBACK)
        return show_moment(rows.order_by("-id").values_list("completed_at", flat=True).first())

    @display(description="until")
    def callback_expires(self, task: Any) -> str:
        """Show when it is too late for the callback."""
        expires_at = show_moment(task.callback.expires_at) if task.callback else None
        return expires_at or "as long as it takes"

    @display(description="latest progress")
    def callback_progress(self, task: Any) -> str | SafeString | None:
        """Show what the other system has said last of its work, and when."""
        if task.callback is None or task.callback.progressed_at is None:
            return None
        progress = show_json(task.callback.progress)
        return format_html("{}{}", show_moment(task.callback.progressed_at), progress)


def find_callback(task: Task) -> TaskCallback | None:
    """Return the callback that a task awaits, without what opens it."""
    if task.status != TaskStatus.AWAITING_CALLBACK:
        return None
    rows = task.callbacks.filter(revision=task.revision, position=task.position)
    return rows.only("expires_at", "progress", "progressed_at").first()

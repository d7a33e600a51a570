"""How a task stands: why it stopped, what it waits for and until when, which step runs and for how long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import (
    show_block,
    show_duration,
    show_elapsed,
    show_json,
    show_moment,
    show_time,
)
from orchestrator_site.common.admin.marks import show_mark
from tasks.admin.marks import OVERDUE, TASK_MARKS
from tasks.models import ENDED, StepStatus, Task, TaskCallback, TaskStatus
from tasks.stuck import STUCK_AFTER, find_reason
from tasks.whereabouts import Whereabouts

Fact = tuple[str, str | SafeString | None]


def describe_head(task: Any, *, now: datetime) -> dict[str, Any]:
    """Return what the head of the page says of a task as of a moment."""
    first, _newline, more = task.failed_reason.partition("\n")
    has_table = first and task.standing.has_changed_steps  # the two step lists stand on the page
    return {
        "mark": show_mark(TASK_MARKS[task.status]),
        "reason": first,
        "whole_reason": show_block(task.failed_reason) if more and not has_table else "",
        "has_ended": task.status in ENDED,
        "facts": [(label, value) for label, value in _list_facts(task, now) if value],
    }


def find_callback(task: Task) -> TaskCallback | None:
    """Return the callback that a task awaits, without what opens it."""
    if task.status != TaskStatus.AWAITING_CALLBACK:
        return None
    rows = task.callbacks.filter(revision=task.revision, position=task.position)
    return rows.only("expires_at", "progress", "progressed_at").first()


def _list_facts(task: Any, now: datetime) -> Iterator[Fact]:
    if task.whereabouts is not None:
        yield _("Step"), _say_step(task, task.whereabouts, now)
    if task.status == TaskStatus.WAITING:
        yield _("Tried again"), show_time(task.available_at, now=now)
    if task.status == TaskStatus.AWAITING_CALLBACK:
        yield from _list_facts_of_callback(task, now)
    if task.available_at and task.available_at < now - STUCK_AFTER:
        yield _("Why it does not go on"), find_reason(task, now=now)
    yield _("Started"), show_time(task.started_at, now=now)
    yield _("Finished"), show_time(task.finished_at, now=now)
    if task.started_at and task.finished_at:
        yield _("Took"), show_duration(task.finished_at - task.started_at)
    if task.attempt > 1:
        yield _("Claimed"), _("%(count)s times") % {"count": task.attempt}
    yield _("Worker"), task.worker
    yield _("Its lease ends"), show_time(task.lease_expires_at, now=now)
    yield _("Abort asked for"), show_time(task.abort_requested_at, now=now)


def _say_step(task: Any, where: Whereabouts, now: datetime) -> SafeString:
    """Say which step it is in, since when, and whether that is longer than it may take."""
    total = len(task.step_names)
    parts = [format_html("<strong>{}</strong>", where.name)]
    if total:
        parts.append(format_html("{}", _("%(number)s of %(total)s") % {"number": task.position + 1, "total": total}))
    if where.since is not None:
        said = _("for %(duration)s, since %(moment)s")
        lasts = show_elapsed(where.lasts(now=now) or timedelta())
        parts.append(format_html("{}", said % {"duration": lasts, "moment": show_moment(where.since)}))
    if where.is_overdue:
        seconds = f"{where.timeout_seconds:g}"
        limit = _("it may take %(seconds)s s") % {"seconds": seconds}
        parts.append(format_html("{} {}", show_mark(OVERDUE), limit))
    return format_html(" · ".join(["{}"] * len(parts)), *parts)


def _list_facts_of_callback(task: Any, now: datetime) -> Iterator[Fact]:
    rows = task.steps.filter(revision=task.revision, position=task.position, status=StepStatus.AWAITING_CALLBACK)
    since = rows.order_by("-id").values_list("completed_at", flat=True).first()
    yield _("Awaits a callback since"), show_time(since, now=now)
    expires_at = show_time(task.callback.expires_at, now=now) if task.callback else None
    yield _("Until"), expires_at or _("as long as it takes")
    if task.callback is not None and task.callback.progressed_at is not None:
        progress = show_json(task.callback.progress)
        yield _("Latest progress"), format_html("{}{}", show_time(task.callback.progressed_at, now=now), progress)

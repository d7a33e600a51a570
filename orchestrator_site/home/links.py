"""Addresses of the pages to which the first page leads."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from orchestrator_site.common.clock import as_iso


def task_url(task_id: UUID) -> str:
    """Return the page of a task."""
    return reverse("admin:tasks_task_change", args=[task_id])


def firing_url(firing_id: UUID) -> str:
    """Return the page of a row of the ledger."""
    return reverse("admin:schedules_firing_change", args=[firing_id])


def schedule_url(schedule_id: UUID) -> str:
    """Return the page of a schedule."""
    return reverse("admin:schedules_schedule_change", args=[schedule_id])


def explain_url(schedule_id: UUID, at: datetime) -> str:
    """Return the page that explains a schedule at a moment."""
    url = reverse("admin:schedules_schedule_explain", args=[schedule_id])
    return f"{url}?{urlencode({'at': as_iso(at)})}"


def window_url(start: datetime, end: datetime) -> str:
    """Return the page that tells what runs between two moments."""
    return f"{reverse('admin-forecast')}?{urlencode({'from': say(start), 'to': say(end)})}"


def tasks_url(**query: object) -> str:
    """Return the list of tasks, filtered."""
    return f"{reverse('admin:tasks_task_changelist')}?{urlencode(query)}"


def firings_url(**query: object) -> str:
    """Return the ledger, filtered."""
    return f"{reverse('admin:schedules_firing_changelist')}?{urlencode(query)}"


def say(moment: datetime) -> str:
    """Return a moment for an address, to the second."""
    return as_iso(moment.replace(microsecond=0))

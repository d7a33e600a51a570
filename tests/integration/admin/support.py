"""Reading the admin's pages, and filling in their forms."""

import html
import re
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse

from schedules.models import Schedule
from workflows.models import Workflow

# What a browser sends for the options of a schedule that nobody has touched.
OPTIONS = {"dst_gap": "run_after", "dst_fold": "first", "on_missing_day": "skip", "spread_seconds": ""}
POLICIES = {
    "misfire_policy": "run_once",
    "misfire_window_seconds": "86400",
    "max_catchup_runs": "10",
    "overlap_policy": "skip",
    "concurrency_key": "schedule",
    "resume_policy": "skip",
    "pause_after_failures": "",
}


def list_url(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def add_url(model: str) -> str:
    return reverse(f"admin:{model}_add")


def start_url(workflow: Workflow) -> str:
    return f"{add_url('tasks_task')}?workflow={workflow.pk}"


def page_url(model: str, pk: object) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


def verb_url(model: str, verb: str, pk: UUID) -> str:
    return reverse(f"admin:{model}_{verb}", args=[pk])


def read(answer: Any) -> str:
    """Return the page that was answered, as text."""
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.content.decode())


def read_messages(answer: Any) -> str:
    """Return what the page at the end of a redirect tells."""
    return " ".join(str(message) for message in answer.context["messages"])


def errors_of(answer: Any) -> dict[str, list[str]]:
    """Return the errors of the form that was answered, by field."""
    assert answer.status_code == 200, "the form was taken"
    return dict(answer.context["adminform"].form.errors)


def typed(**fields: object) -> dict[str, object]:
    """Return what a browser sends for the form that adds a schedule: that of an interval, but for `fields`."""
    return {"name": "Nightly", "timezone": "UTC", "trigger": "interval", "inputs": "", **OPTIONS, **POLICIES, **fields}


def shown(client: Client, schedule: Schedule) -> dict[str, str]:
    """Return what a browser would send from the page of a schedule on which nothing was typed."""
    page = client.get(page_url("schedules_schedule", schedule.pk)).content.decode()
    form = re.search(r'<form[^>]*id="schedule_form".*?</form>', page, re.DOTALL)
    assert form, page
    values: dict[str, str] = {}
    for field in re.findall(r"<input[^>]*>", form[0]):
        is_unchosen = re.search(r' type="(radio|checkbox)"', field) and not re.search(r" checked(?=[\s>])", field)
        if (name := re.search(r' name="([^"]+)"', field)) and not is_unchosen:
            value = re.search(r' value="([^"]*)"', field)
            blank = "on" if ' type="checkbox"' in field else ""
            values[name[1]] = html.unescape(value[1]) if value else blank
    for name, text in re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL):
        values[name] = html.unescape(text)
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    return values

"""Print a task with its steps: where it stands, what it waits for, and why it stopped."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import database_now, in_words
from orchestrator_site.common.tables import print_table
from tasks.management.options import add_task_id, read_task_id
from tasks.management.showing import whole_as_json
from tasks.models import Task, TaskStep
from tasks.selectors import find_callback, get_task
from tasks.standing import CurrentSteps, describe_awaited_form

STEP_COLUMNS = ("step", "status", "attempt", "started", "completed", "error")


def add_arguments(parser: ArgumentParser) -> None:
    """Take the id and the options of `show`."""
    add_task_id(parser)
    parser.add_argument("--json", action="store_true", help="JSON, as the REST API answers")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Print it; 1 if there is none of this id."""
    task, steps = get_task(read_task_id(options)), CurrentSteps(now=database_now())
    if options["json"]:
        stdout.write(json.dumps(whole_as_json(task, steps), indent=2))
        return 0
    facts = [(name, value) for name, value in _facts_of(task, steps).items() if value]
    print_table(stdout, title=f"Task {task.pk}", columns=("what", ""), rows=facts, unwrapped={"what"})
    print_table(
        stdout,
        title="Steps",
        columns=STEP_COLUMNS,
        rows=[_row(step) for step in task.steps.all()],
        unwrapped={"status", "started", "completed"},
    )
    return 0


def _facts_of(task: Task, steps: CurrentSteps) -> dict[str, str]:
    current, callback, form = steps.find_of(task), find_callback(task.pk), describe_awaited_form(task)
    return {
        "workflow": task.workflow.name,
        "status": task.status,
        "reason": task.failed_reason,
        "current step": current.name + (" (overdue)" if current.is_overdue else "") if current else "",
        "tried again at": in_words(task.retry_at),
        "asks for": ", ".join(form["properties"]) if form else "",
        "callback expires at": in_words(callback.expires_at) if callback else "",
        "progress": json.dumps(callback.progress) if callback and callback.progressed_at else "",
        "inputs": json.dumps(task.inputs) if task.inputs else "",
        "started by": task.reporter,
        "schedule": str(task.schedule_id or ""),
        "planned for": in_words(task.scheduled_for),
        "created": in_words(task.created_at),
        "started": in_words(task.started_at),
        "finished": in_words(task.finished_at),
        "abort asked for": in_words(task.abort_requested_at),
        "attempts": str(task.attempt),
    }


def _row(step: TaskStep) -> tuple[str, ...]:
    error = f"{step.error.get('class', '')}: {step.error.get('message', '')}" if step.error else ""
    times = (in_words(step.started_at), in_words(step.completed_at))
    return (step.name, step.status, str(step.attempt), *times, error)

"""Tasks as the command line shows them: as JSON like the REST API's, without loading what serves that."""

from typing import Any

from orchestrator_site.common.clock import as_iso
from tasks.models import Task, TaskStep
from tasks.selectors import find_callback
from tasks.standing import CurrentSteps, describe_awaited_form


def as_json(task: Task, steps: CurrentSteps) -> dict[str, Any]:
    """Return a task, read with its steps, as in a list of the REST API."""
    current = steps.find_of(task)
    return {
        "task_id": str(task.pk),
        "workflow_name": task.workflow.name,
        "status": task.status,
        "inputs": task.inputs,
        "reporter": task.reporter,
        "schedule_id": str(task.schedule_id) if task.schedule_id else None,
        "scheduled_for": as_iso(task.scheduled_for),
        "created_at": as_iso(task.created_at),
        "started_at": as_iso(task.started_at),
        "finished_at": as_iso(task.finished_at),
        "failed_reason": task.failed_reason,
        "attempt": task.attempt,
        "abort_requested_at": as_iso(task.abort_requested_at),
        "retry_at": as_iso(task.retry_at),
        "version": task.version,
        "revision": task.revision,
        "steps_version": task.steps_version,
        "current_step": current
        and {
            "name": current.name,
            "position": current.position,
            "started_at": as_iso(current.started_at),
            "timeout_seconds": current.timeout_seconds,
            "is_overdue": current.is_overdue,
        },
        "steps": [_step_as_json(step) for step in task.steps.all()],
    }


def whole_as_json(task: Task, steps: CurrentSteps) -> dict[str, Any]:
    """Return a task as the REST API shows it alone."""
    callback = find_callback(task.pk)
    return {
        **as_json(task, steps),
        "form": describe_awaited_form(task),
        "callback": callback
        and {
            "created_at": as_iso(callback.created_at),
            "expires_at": as_iso(callback.expires_at),
            "answered_at": as_iso(callback.answered_at),
            "progress": callback.progress,
            "progressed_at": as_iso(callback.progressed_at),
        },
    }


def _step_as_json(step: TaskStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status,
        "attempt": step.attempt,
        "started_at": as_iso(step.started_at),
        "completed_at": as_iso(step.completed_at),
        "state": step.state,
        "error": step.error,
    }

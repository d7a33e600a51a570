"""The steps of a task, as its page shows them."""

from typing import Any

from orchestrator_site.common.admin.display import (
    BAD,
    BUSY,
    GOOD,
    ODD,
    show_block,
    show_duration,
    show_json,
    show_label,
    show_moment,
)
from tasks.models import PASSED, StepStatus, Task, TaskStep

MAX_STEPS = 100

COLOURS: dict[str, str] = {
    StepStatus.SUCCESS: GOOD,
    StepStatus.COMPLETE: GOOD,
    StepStatus.FAILED: BAD,
    StepStatus.ABORT: BAD,
    StepStatus.SUSPEND: ODD,
    StepStatus.WAITING: ODD,
    StepStatus.AWAITING_CALLBACK: BUSY,
}
# What a step of that status did, where the status alone does not say it.
LABELS: dict[str, str] = {
    StepStatus.SUSPEND: "asks for answers",
    StepStatus.WAITING: "failed, tried again later",
    StepStatus.AWAITING_CALLBACK: "awaits a callback",
    StepStatus.ABORT: "aborts the task",
}


def describe_steps(task: Task) -> dict[str, Any]:
    """Return the latest steps, in their order; and whether there are more."""
    latest = list(task.steps.order_by("-id")[: MAX_STEPS + 1])
    steps = [_describe_step(step, task) for step in reversed(latest[:MAX_STEPS])]
    return {"steps": steps, "has_more_steps": len(latest) > MAX_STEPS, "max_steps": MAX_STEPS}


def _describe_step(step: TaskStep, task: Task) -> dict[str, Any]:
    error = step.error or {}
    *groups, name = step.name.split(": ")
    return {
        "full_name": step.name,
        "groups": groups,
        "name": name,
        "number": step.position + 1,
        "is_of_other_list": step.revision != task.revision,
        "attempt": step.attempt,
        "status": show_label(step.status, COLOURS, LABELS),
        "started": show_moment(step.started_at),
        "took": show_duration(step.completed_at - step.started_at),
        "error": f"{error.get('class', '')}: {error.get('message', '')}" if error else "",
        "traceback": show_block(error["traceback"]) if error.get("traceback") else "",
        "state": show_json(step.state),
        "has_passed": step.status in PASSED,
    }

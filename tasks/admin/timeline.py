"""The steps of a task as a line in time: what ran and for how long, what it changed, what runs and what is to come."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import show_block, show_duration, show_elapsed, show_json, show_time
from orchestrator_site.common.admin.marks import Mark, show_icon
from tasks.admin.marks import COMES_NEXT, RUNS_NOW, STEP_MARKS, TO_COME
from tasks.admin.state_changes import describe_changes
from tasks.models import PASSED, Task, TaskStatus, TaskStep
from tasks.whereabouts import has_begun

MAX_STEPS = 100
MAX_STEPS_TO_COME = 100
# A shorter gap between two steps is the work of a worker.
LEAST_GAP = timedelta(seconds=1)


def describe_timeline(task: Any, *, now: datetime) -> dict[str, Any]:
    """Return the latest steps in their order, and whether there are more; and of `task.step_names` those to come."""
    latest = list(task.steps.order_by("-id")[: MAX_STEPS + 1])
    is_cut = len(latest) > MAX_STEPS
    steps = list(reversed(latest[:MAX_STEPS]))
    lasts = [step.completed_at - step.started_at for step in steps]
    to_come = list(_describe_steps_to_come(task, now))
    longest = max([*lasts, *(each["lasts"] for each in to_come if each["lasts"])], default=timedelta())
    for each in to_come:
        each["share"] = _share(each["lasts"], longest)
    before = _states_before(steps, is_cut=is_cut)
    rows = zip(steps, [None, *steps], before, lasts, strict=False)
    shown = [
        {**_describe_step(step, task, now), **_gap(step, previous), "share": _share(length, longest)}
        | {"changes": _changes(step, state)}
        for step, previous, state, length in rows
    ]
    return {"steps": shown, "steps_to_come": to_come, "has_more_steps": is_cut, "max_steps": MAX_STEPS}


def _states_before(steps: Sequence[TaskStep], *, is_cut: bool) -> list[dict[str, Any] | None]:
    """Return for each step the state after the last one before it that passed; None where that is not known."""
    state: dict[str, Any] | None = None if is_cut else {}
    before = []
    for step in steps:
        before.append(state)
        # The state of a step that did not pass is the one from before it.
        state = step.state
    return before


def _changes(step: TaskStep, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a step that passed has changed; what the first one put there is folded, since it is the inputs."""
    if step.status not in PASSED or before is None:
        return None
    changes = describe_changes(before, step.state)
    return {**changes, "are_few": changes["are_few"] and bool(before)}


def _describe_step(step: TaskStep, task: Task, now: datetime) -> dict[str, Any]:
    error = step.error or {}
    return {
        **_name(step.name, step.position),
        **_mark(STEP_MARKS[step.status]),
        "pk": step.pk,
        "is_of_other_list": step.revision != task.revision,
        "attempt": step.attempt if step.attempt > 1 else None,
        "started": show_time(step.started_at, now=now),
        "took": show_duration(step.completed_at - step.started_at),
        "error": f"{error.get('class', '')}: {error.get('message', '')}" if error else "",
        "traceback": show_block(error["traceback"]) if error.get("traceback") else "",
        "state": show_json(step.state),
        "has_passed": step.status in PASSED,
    }


def _describe_steps_to_come(task: Any, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the step that runs, and those that come after it."""
    is_over = task.status in {TaskStatus.COMPLETED, TaskStatus.ABORTED}
    names = [] if is_over else task.step_names[task.position :]
    for number, name in enumerate(names[:MAX_STEPS_TO_COME]):
        if number == 0 and has_begun(task):  # it stands there already, as the last one of what is recorded
            continue
        is_running = number == 0 and task.status == TaskStatus.RUNNING and task.step_started_at is not None
        since = task.step_started_at if is_running else None
        mark = RUNS_NOW if is_running else COMES_NEXT if number == 0 else TO_COME
        yield {
            **_name(name, task.position + number),
            **_mark(mark),
            "is_running": is_running,
            "started": show_time(since, now=now),
            "lasts": max(now - since, timedelta()) if since else None,
            "took": show_elapsed(max(now - since, timedelta())) if since else None,
        }


def _name(full_name: str, position: int) -> dict[str, Any]:
    *groups, name = full_name.split(": ")
    return {"full_name": full_name, "groups": groups, "name": name, "number": position + 1}


def _mark(mark: Mark) -> dict[str, Any]:
    return {"icon": show_icon(mark.icon), "colour": mark.css_class, "status": mark.label}


def _gap(step: TaskStep, previous: TaskStep | None) -> dict[str, Any]:
    """Say how long the task waited before a step."""
    gap = step.started_at - previous.completed_at if previous else timedelta()
    return {"gap": _("%(duration)s later") % {"duration": show_elapsed(gap)} if gap >= LEAST_GAP else ""}


def _share(length: timedelta | None, longest: timedelta) -> int:
    """Return how long something took, as a percentage of what took longest; what took any time is seen."""
    if not length or not longest:
        return 0
    return max(1, round(100 * (length / longest)))

"""The verbs of a task: buttons that its status, the code of its workflow and the user's permissions allow."""

from typing import Any

from orchestrator_site.common.admin.verbs import ButtonVerb
from orchestrator_site.common.errors import Forbidden
from tasks.admin.standing import can_resume
from tasks.models import Task, TaskStatus
from tasks.services import abort_task, resume_task
from tasks.starting import check_may_resume, find_definition
from tasks.states import sources_of

RESUME = "tasks.resume_task"
# These go on by themselves once they have what they wait for.
HELD = (TaskStatus.SUSPENDED, TaskStatus.AWAITING_CALLBACK)


def resume(task: Task, user: Any) -> str:
    """Put it back on the queue."""
    resume_task(task_id=task.pk, actor=user.get_username(), user=user)
    return "The task is on the queue again; it goes on at the first step that has not passed."


def abort(task: Task, user: Any) -> str:
    """End it."""
    aborted = abort_task(task_id=task.pk, actor=user.get_username())
    return "The task is aborted." if aborted.status == TaskStatus.ABORTED else "It ends before its next step."


def may_resume(task: Task, user: Any) -> bool:
    """Tell whether a user may resume it: by permission, and by the code of its workflow."""
    try:
        check_may_resume(find_definition(task.workflow.name), user)
    except Forbidden:
        return False
    return bool(user.has_perm(RESUME))


def _is_to_be_resumed(task: Any) -> bool:
    """Tell whether it waits for something that is not asked for on its page."""
    if task.status == TaskStatus.AWAITING_CALLBACK:
        return _can_go_on(task)
    # Without its code, or with answers missing, it would only be suspended again.
    return bool(task.status == TaskStatus.SUSPENDED and task.standing.step and not task.standing.question)


def _is_to_be_retried(task: Any) -> bool:
    return can_resume(task) and task.status not in HELD and _can_go_on(task)


def _can_go_on(task: Any) -> bool:
    """Tell whether nobody has to say where it goes on, and no code is in the way."""
    return not task.standing.has_changed_steps and not task.standing.problem


VERBS = (
    ButtonVerb(
        name="resume",
        label="Resume",
        permission=RESUME,
        act=resume,
        is_offered=_is_to_be_resumed,
        is_allowed=may_resume,
    ),
    ButtonVerb(
        name="retry",
        label="Retry from the failed step",
        permission=RESUME,
        act=resume,
        is_offered=_is_to_be_retried,
        is_allowed=may_resume,
    ),
    ButtonVerb(
        name="abort",
        label="Abort",
        permission="tasks.abort_task",
        act=abort,
        is_offered=lambda task: task.status in sources_of(TaskStatus.ABORTED) and task.abort_requested_at is None,
        question="An aborted task cannot be resumed.",
    ),
)

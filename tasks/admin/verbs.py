"""The verbs of a task: buttons that its status, the code of its workflow and the user's permissions allow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.verbs import ButtonVerb
from orchestrator_site.common.errors import Forbidden
from tasks.admin.standing import can_resume, find_version
from tasks.models import Task, TaskStatus
from tasks.services import abort_task, resume_task
from tasks.starting import check_may_resume, find_definition
from tasks.states import RETRYABLE, sources_of

RESUME = "tasks.resume_task"
ABORT = "tasks.abort_task"
# These go on by themselves once they have what they wait for.
HELD = (TaskStatus.SUSPENDED, TaskStatus.AWAITING_CALLBACK)


def resume(task: Task, user: Any) -> str:
    """Put it back on the queue."""
    resume_task(task_id=task.pk, actor=user.get_username(), user=user)
    return _("The task is on the queue again; it goes on at the first step that has not passed.")


def abort(task: Task, user: Any) -> str:
    """End it."""
    aborted = abort_task(task_id=task.pk, actor=user.get_username())
    return _("The task is aborted.") if aborted.status == TaskStatus.ABORTED else _("It ends before its next step.")


def may_resume(task: Task, user: Any) -> bool:
    """Tell whether a user may resume it: by permission, and by the code of its workflow."""
    if not user.has_perm(RESUME):
        return False
    try:
        check_may_resume(find_definition(task.workflow.name), user)
    except Forbidden:
        return False
    return True


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


def _can_be_aborted(task: Task) -> bool:
    return task.status in sources_of(TaskStatus.ABORTED) and task.abort_requested_at is None


VERBS = (
    ButtonVerb(
        name="resume",
        label=gettext_lazy("Resume"),
        permission=RESUME,
        act=resume,
        is_offered=_is_to_be_resumed,
        is_allowed=may_resume,
    ),
    ButtonVerb(
        name="retry",
        label=gettext_lazy("Retry from the failed step"),
        permission=RESUME,
        act=resume,
        is_offered=_is_to_be_retried,
        is_allowed=may_resume,
    ),
    ButtonVerb(
        name="abort",
        label=gettext_lazy("Abort"),
        permission=ABORT,
        act=abort,
        is_offered=_can_be_aborted,
        question=gettext_lazy("An aborted task cannot be resumed."),
    ),
)
_RESUME, _RETRY, _ABORT = VERBS


def name_step(verb: ButtonVerb, step_name: str) -> ButtonVerb:
    """Return the verb that tries a step again, with the name of the step where it is known; others as they are."""
    if verb.name != _RETRY.name or not step_name:
        return verb
    return replace(verb, label=_("Retry from “%(step)s”") % {"step": step_name})


class RowVerbs:
    """What one user may do to tasks from the list of them; it asks the database nothing, and each code once.

    A task whose steps were changed has a page that asks where it is to go on: nothing is offered here to resume it.
    """

    def __init__(self, user: Any) -> None:
        self._user = user
        self._may_resume: dict[str, bool] = {}

    def list_for(self, task: Task) -> Sequence[ButtonVerb]:
        """Return the verbs of a task."""
        verbs: list[ButtonVerb] = []
        if task.status in RETRYABLE and self._can_go_on(task):
            verbs.append(replace(_RETRY, label=_("Retry")))
        if task.status == TaskStatus.AWAITING_CALLBACK and self._can_go_on(task):
            verbs.append(_RESUME)
        if _can_be_aborted(task) and self._user.has_perm(ABORT):
            verbs.append(_ABORT)
        return verbs

    def may_answer(self, task: Task) -> bool:
        """Tell whether its page has a question for this user."""
        return task.status == TaskStatus.SUSPENDED and self._may(task)

    def _can_go_on(self, task: Task) -> bool:
        definition = find_definition(task.workflow.name)
        known = {"", find_version(definition)} if definition else {task.steps_version}
        return task.steps_version in known and self._may(task)

    def _may(self, task: Task) -> bool:
        name = task.workflow.name
        if name not in self._may_resume:
            self._may_resume[name] = may_resume(task, self._user)
        return self._may_resume[name]

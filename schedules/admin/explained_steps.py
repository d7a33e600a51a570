"""What can be done about a verdict: each step leads to where that is, and is there for those who may take it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from schedules.explaining import Code, Explanation, Tense
from schedules.explanations import VIEW_TASK

CHANGE = "schedules.change_schedule"
# What people can make undone by running it again.
SKIPPED = frozenset(
    {
        Code.PAUSED,
        Code.FROZEN,
        Code.SKIPPED_OVERLAP,
        Code.SKIPPED_PREDICATE,
        Code.MISSED,
        Code.INVALID_INPUTS,
        Code.ERROR,
    }
)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that may help; `is_button` where it is done by a POST to the address."""

    words: str
    url: str
    is_button: bool = False


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, and what they may do: the verbs of the schedule by name, with their addresses."""

    user: Any
    verbs: Mapping[str, str]
    has_settings: bool


_Steps = Iterator[NextStep]


def list_next_steps(
    explanation: Explanation, *, user: Any, verbs: Mapping[str, str], has_settings: bool
) -> Sequence[NextStep]:
    """Return what may help where it did not run, or will not; nothing where it does.

    Args:
        explanation: Of the moment.
        user: Who asks.
        verbs: The verbs of the schedule that this one may use now, with their addresses.
        has_settings: Whether the schedule is there still.
    """
    asker = _Asker(user, verbs, has_settings)
    code = explanation.verdict.code
    steps = list(_ABOUT[code](explanation, asker)) if code in _ABOUT else []
    if code in SKIPPED and explanation.tense is Tense.PAST:
        steps += _run_again(explanation, asker)
    return steps


def _run_again(explanation: Explanation, asker: _Asker) -> _Steps:
    if "backfill" in asker.verbs:
        row = explanation.firing
        first = localtime(explanation.at if row is None else row.scheduled_for).replace(tzinfo=None)
        stretch = {
            "first": first.isoformat(timespec="seconds"),
            "until": (first + SECOND).isoformat(timespec="seconds"),
        }
        yield NextStep(_("Run this time again"), f"{asker.verbs['backfill']}?{urlencode(stretch)}")


def _about_pause(explanation: Explanation, asker: _Asker) -> _Steps:
    if "resume" in asker.verbs:
        yield NextStep(_("Resume the schedule"), asker.verbs["resume"], is_button=True)
    if "change-pause" in asker.verbs:
        yield NextStep(_("Change the pause"), asker.verbs["change-pause"])


def _about_freeze(explanation: Explanation, asker: _Asker) -> _Steps:
    if asker.user.has_perm("tasks.view_enginefreeze") or asker.user.has_perm("tasks.freeze_engine"):
        yield NextStep(_("Look at the freeze of the engine"), reverse("admin:tasks_enginefreeze_changelist"))


def _about_settings(explanation: Explanation, asker: _Asker) -> _Steps:
    if asker.has_settings and asker.user.has_perm(CHANGE):
        url = reverse("admin:schedules_schedule_change", args=[explanation.schedule_id])
        yield NextStep(_("Change its settings"), url)


def _about_break(explanation: Explanation, asker: _Asker) -> _Steps:
    yield from _about_settings(explanation, asker)
    if "resume" in asker.verbs:
        yield NextStep(_("Try its trigger again"), asker.verbs["resume"], is_button=True)


def _about_tasks(explanation: Explanation, asker: _Asker) -> _Steps:
    if asker.user.has_perm(VIEW_TASK):
        yield NextStep(_("Look at its tasks"), _list_url("tasks_task", explanation.schedule_id))
    yield from _about_settings(explanation, asker)


def _about_schedulers(explanation: Explanation, asker: _Asker) -> _Steps:
    if asker.user.has_perm("schedules.view_schedulerprocess"):
        yield NextStep(_("Look at the schedulers"), reverse("admin:schedules_schedulerprocess_changelist"))


def _about_workflow(explanation: Explanation, asker: _Asker) -> _Steps:
    if asker.user.has_perm("workflows.view_workflow"):
        yield NextStep(_("Look at the workflows"), reverse("admin:workflows_workflow_changelist"))


def _list_url(model: str, schedule_id: UUID) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode({'schedule_id': schedule_id})}"


_ABOUT: dict[Code, Callable[[Explanation, _Asker], _Steps]] = {
    Code.PAUSED: _about_pause,
    Code.FROZEN: _about_freeze,
    Code.BROKEN: _about_break,
    Code.BEFORE_START: _about_settings,
    Code.AFTER_END: _about_settings,
    Code.FINISHED: _about_settings,
    Code.NOT_PLANNED: _about_settings,
    Code.INVALID_INPUTS: _about_settings,
    Code.SKIPPED_OVERLAP: _about_tasks,
    Code.MISSED: _about_schedulers,
    Code.COALESCED: _about_schedulers,
    Code.SCHEDULER_DOWN: _about_schedulers,
    Code.NO_WORKFLOW: _about_workflow,
    Code.WORKFLOW_DELETED: _about_workflow,
    Code.ERROR: _about_workflow,
    Code.SKIPPED_PREDICATE: _about_workflow,
}

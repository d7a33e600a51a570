"""What a step is, in words."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.engine import Step
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.steps import AbortStep


def describe_kinds(step: Step) -> list[str]:
    """Return of which kinds a step is, in words."""
    kinds = [*_own_kind(step)]
    if step.retrying:
        attempts = step.retrying.max_attempts
        until = _("retried until it passes")
        kinds.append(until if attempts is None else _("retried, up to %(attempts)s attempts") % {"attempts": attempts})
    if step.is_conditional:
        kinds.append(_("conditional"))
    if step.is_atomic:
        kinds.append(_("atomic"))
    if step.timeout_seconds is not None:
        kinds.append(_("timeout %(seconds)s s") % {"seconds": f"{step.timeout_seconds:g}"})
    return kinds or [_("plain")]


def _own_kind(step: Step) -> Iterator[str]:
    match step:
        case InputStep():
            yield _("asks %(form)s") % {"form": step.form.__name__}
        case CallbackActionStep():
            yield _("asks another system")
        case AwaitCallbackStep(answer_within_seconds=None):
            yield _("awaits a callback")
        case AwaitCallbackStep():
            yield _("awaits a callback within %(seconds)s s") % {"seconds": f"{step.answer_within_seconds:g}"}
        case AbortStep():
            yield _("aborts the task")

"""The words of the API, as people read them on the first page."""

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from schedules.models import FiringOutcome
from tasks.models import TaskStatus

OUTCOMES = {
    FiringOutcome.STARTED: _("started"),
    FiringOutcome.QUEUED: _("queued"),
    FiringOutcome.COALESCED: _("run later, with others"),
    FiringOutcome.MISSED: _("missed"),
    FiringOutcome.SKIPPED_OVERLAP: _("skipped: overlap"),
    FiringOutcome.SKIPPED_PAUSED: _("skipped: paused"),
    FiringOutcome.SKIPPED_FROZEN: _("skipped: frozen"),
    FiringOutcome.SKIPPED_PREDICATE: _("skipped: predicate"),
    FiringOutcome.INVALID_INPUTS: _("invalid inputs"),
    FiringOutcome.ERROR: _("error"),
}
STATUSES = {
    TaskStatus.CREATED: _("queued"),
    TaskStatus.RESUMED: _("queued again"),
    TaskStatus.RUNNING: _("running"),
    TaskStatus.SUSPENDED: _("suspended"),
    TaskStatus.WAITING: _("waiting for its next attempt"),
    TaskStatus.AWAITING_CALLBACK: _("awaiting a callback"),
    TaskStatus.ABORTED: _("aborted"),
    TaskStatus.FAILED: _("failed"),
    TaskStatus.API_UNAVAILABLE: _("API unavailable"),
    TaskStatus.INCONSISTENT_DATA: _("inconsistent data"),
    TaskStatus.COMPLETED: _("completed"),
}


def say_outcome(outcome: str) -> str:
    """Return what became of an instant, in words."""
    return str(OUTCOMES[FiringOutcome(outcome)])


def say_status(status: str) -> str:
    """Return where a task stands, in words."""
    return str(STATUSES[TaskStatus(status)])


def show_number(number: int) -> str:
    """Return a number with its thousands apart."""
    return str(number_format(number, force_grouping=True))

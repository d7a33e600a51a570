"""The words of the API, as people read them on the first page: those of the lists to which it leads."""

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from schedules.admin.outcomes import OUTCOME_MARKS
from schedules.models import FiringOutcome
from tasks.admin.marks import TASK_MARKS

# Of what was skipped, beside a number that says so.
WHY_SKIPPED = {
    FiringOutcome.SKIPPED_OVERLAP: _("overlap"),
    FiringOutcome.SKIPPED_PREDICATE: _("predicate"),
    FiringOutcome.SKIPPED_PAUSED: _("paused"),
    FiringOutcome.SKIPPED_FROZEN: _("frozen"),
}


def say_outcome(outcome: str) -> str:
    """Return what became of an instant, in words."""
    return str(OUTCOME_MARKS[outcome].label)


def say_status(status: str) -> str:
    """Return where a task stands, in words."""
    return str(TASK_MARKS[status].label)


def show_number(number: int) -> str:
    """Return a number with its thousands apart."""
    return str(number_format(number, force_grouping=True))

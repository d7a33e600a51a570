"""What became of an instant, as people see it: a word, a symbol and a colour, so that none of them has to do alone."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD
from orchestrator_site.common.admin.marks import Mark, show_mark
from orchestrator_site.common.admin.texts import Text
from schedules.models import FiringCause, FiringOutcome

OUTCOME_MARKS: dict[str, Mark] = {
    FiringOutcome.STARTED: Mark(_("started"), GOOD, "check_circle"),
    FiringOutcome.QUEUED: Mark(_("queued"), BUSY, "hourglass_top"),
    FiringOutcome.COALESCED: Mark(_("coalesced"), ODD, "merge"),
    FiringOutcome.MISSED: Mark(_("missed"), ODD, "event_busy"),
    FiringOutcome.SKIPPED_OVERLAP: Mark(_("skipped for overlap"), ODD, "layers"),
    FiringOutcome.SKIPPED_PAUSED: Mark(_("skipped while paused"), ODD, "pause_circle"),
    FiringOutcome.SKIPPED_FROZEN: Mark(_("skipped while frozen"), ODD, "ac_unit"),
    FiringOutcome.SKIPPED_PREDICATE: Mark(_("skipped by predicate"), ODD, "block"),
    FiringOutcome.INVALID_INPUTS: Mark(_("invalid inputs"), BAD, "rule"),
    FiringOutcome.ERROR: Mark(_("error"), BAD, "error"),
}
CAUSES: dict[str, Text] = {
    FiringCause.SCHEDULE: _("by the schedule"),
    FiringCause.CATCHUP: _("caught up"),
    FiringCause.BACKFILL: _("backfill"),
    FiringCause.MANUAL: _("by hand"),
}


def outcome_words() -> dict[str, str]:
    """Return what the outcomes are called."""
    return {outcome: str(mark.label) for outcome, mark in OUTCOME_MARKS.items()}


def show_outcome(outcome: str) -> SafeString:
    """Return a label for an outcome."""
    return show_mark(OUTCOME_MARKS[outcome])

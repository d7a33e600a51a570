"""What became of an instant, as people see it: a word, a symbol and a colour, so that none of them has to do alone."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD
from orchestrator_site.common.admin.texts import Text
from schedules.admin.schedule_states import outcome_words
from schedules.models import FiringCause, FiringOutcome

# Outcome → the name of its symbol, and its colour.
OUTCOMES: dict[str, tuple[str, str]] = {
    FiringOutcome.STARTED: ("check_circle", GOOD),
    FiringOutcome.QUEUED: ("hourglass_top", BUSY),
    FiringOutcome.COALESCED: ("merge", ODD),
    FiringOutcome.MISSED: ("event_busy", ODD),
    FiringOutcome.SKIPPED_OVERLAP: ("layers", ODD),
    FiringOutcome.SKIPPED_PAUSED: ("pause_circle", ODD),
    FiringOutcome.SKIPPED_FROZEN: ("ac_unit", ODD),
    FiringOutcome.SKIPPED_PREDICATE: ("block", ODD),
    FiringOutcome.INVALID_INPUTS: ("rule", BAD),
    FiringOutcome.ERROR: ("error", BAD),
}
CAUSES: dict[str, Text] = {
    FiringCause.SCHEDULE: _("by the schedule"),
    FiringCause.CATCHUP: _("caught up"),
    FiringCause.BACKFILL: _("backfill"),
    FiringCause.MANUAL: _("by hand"),
}


def show_outcome(outcome: str) -> SafeString:
    """Return a label for an outcome."""
    return show_mark(outcome_words()[outcome], *OUTCOMES[outcome])


def show_mark(words: Text, symbol: str, colour: str) -> SafeString:
    """Return words in a colour, with a symbol that says the same."""
    return format_html(
        '<span class="admin-mark" data-colour="{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>'
        "{}</span>",
        colour,
        symbol,
        words,
    )

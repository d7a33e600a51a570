"""A strip of small marks: what became of the last instants of a schedule, each with a colour and a shape of its own."""

from collections import Counter
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import show_moment
from schedules.recent_outcomes import RecentOutcome, RecentOutcomes


def show_sparks(schedule_id: UUID, outcomes: RecentOutcomes, words: dict[str, str]) -> SafeString | None:
    """Return the strip of a schedule, the oldest mark first, as a link to its history; nothing if it has none.

    Args:
        schedule_id: Whose they are.
        outcomes: The last of them, the oldest first.
        words: What the outcomes are called.
    """
    if not outcomes:
        return None
    marks = format_html_join(
        "", '<span class="spark spark-{}" title="{}"></span>', ((each.fate, _tell(each, words)) for each in outcomes)
    )
    return format_html(
        '<a class="sparks" href="{}"><span class="admin-unseen">{}</span>'
        '<span class="sparks-strip" aria-hidden="true">{}</span></a>',
        reverse("admin:schedules_schedule_firings", args=[schedule_id]),
        summarise(outcomes, words),
        marks,
    )


def summarise(outcomes: RecentOutcomes, words: dict[str, str]) -> str:
    """Return the strip in words: `last 12: 10 started, 1 task failed, 1 missed`."""
    counted = Counter(_("task failed") if each.has_failed_task else words[each.outcome] for each in outcomes)
    parts = ", ".join(f"{count} {what}" for what, count in counted.most_common())
    return _("last %(count)s: %(parts)s") % {"count": len(outcomes), "parts": parts}


def _tell(outcome: RecentOutcome, words: dict[str, str]) -> str:
    told = f"{show_moment(outcome.scheduled_for)}: {words[outcome.outcome]}"
    if outcome.task_status:
        told = _("%(told)s, its task is %(status)s") % {"told": told, "status": outcome.task_status}
    return f"{told}, {outcome.reason}" if outcome.reason else told

"""The states of schedules, as people read them."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, show_label, show_moment
from schedules.models import ScheduleState
from tasks.models import EngineFreeze

STATE_COLOURS: dict[str, str] = {ScheduleState.ACTIVE: GOOD, ScheduleState.PAUSED: ODD, ScheduleState.BROKEN: BAD}
# No state of its own: the schedule is active, and the engine holds what it has next.
FROZEN = "frozen"


def state_words() -> dict[str, str]:
    """Return what the states are called."""
    return {
        ScheduleState.ACTIVE: _("active"),
        ScheduleState.PAUSED: _("paused"),
        ScheduleState.FINISHED: _("finished"),
        ScheduleState.BROKEN: _("broken"),
        FROZEN: _("frozen"),
    }


def say_pause(schedule: Any) -> str:
    """Say of a paused schedule who paused it, since when, until when and why; of others nothing."""
    if schedule.shown_state != ScheduleState.PAUSED:
        return ""
    values = {
        "who": schedule.paused_by,
        "since": show_moment(schedule.paused_at),
        "until": show_moment(schedule.paused_until),
        "why": schedule.pause_reason,
    }
    if schedule.paused_until:
        return _("paused by %(who)s since %(since)s until %(until)s: %(why)s") % values
    return _("paused by %(who)s since %(since)s: %(why)s") % values


def is_held(schedule: Any, freeze: EngineFreeze | None) -> bool:
    """Tell whether a freeze holds up what a schedule has next: one that ends before that does not."""
    if freeze is None or schedule.shown_state != ScheduleState.ACTIVE or schedule.next_run_at is None:
        return False
    return freeze.until is None or schedule.next_run_at < freeze.until


def show_state(schedule: Any, freeze: EngineFreeze | None, words: dict[str, str]) -> SafeString:
    """Return a schedule's state in these words, and in small letters below it by whom, until when and why it is so."""
    state = FROZEN if is_held(schedule, freeze) else schedule.shown_state
    label = show_label(state, {**STATE_COLOURS, FROZEN: ODD}, words, title=say_pause(schedule))
    lines = format_html_join("", '<span class="schedule-small" title="{0}">{0}</span>', _explain(schedule, freeze))
    return format_html("{}{}", label, lines)


def _explain(schedule: Any, freeze: EngineFreeze | None) -> list[tuple[str]]:
    told = _("by %(who)s until %(until)s")
    if freeze is not None and is_held(schedule, freeze):
        until = show_moment(freeze.until) or _("it is unfrozen")
        return [(told % {"who": freeze.started_by, "until": until},)]
    if schedule.shown_state == ScheduleState.PAUSED:
        until = show_moment(schedule.paused_until) or _("it is resumed")
        return [(told % {"who": schedule.paused_by, "until": until},), (schedule.pause_reason,)]
    return [(schedule.state_reason,)] if schedule.state_reason else []

"""The states of schedules, as people read them."""

from typing import Any

from orchestrator_site.common.admin.display import BAD, GOOD, ODD, show_moment
from schedules.models import ScheduleState

STATE_COLOURS: dict[str, str] = {ScheduleState.ACTIVE: GOOD, ScheduleState.PAUSED: ODD, ScheduleState.BROKEN: BAD}


def say_pause(schedule: Any) -> str:
    """Say of a paused schedule who paused it, since when, until when and why; of others nothing."""
    if schedule.shown_state != ScheduleState.PAUSED:
        return ""
    until = f" until {show_moment(schedule.paused_until)}" if schedule.paused_until else ""
    return f"paused by {schedule.paused_by} since {show_moment(schedule.paused_at)}{until}: {schedule.pause_reason}"

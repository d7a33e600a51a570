"""Which instant of a trigger somebody means, those beside it, and what the clocks have to do with it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.explaining.facts import TICK, Asked, Subject
from schedules.policies import say
from schedules.triggers import BoundsExceeded, Budget, HorizonPassed, Trigger, latest_fire_time
from schedules.triggers.base import later_by
from schedules.triggers.calendarinterval import CalendarIntervalTrigger
from schedules.triggers.clocks import Gap, gaps_between, is_shown_twice
from schedules.triggers.cron import CronTrigger
from schedules.triggers.fields import read_zone
from schedules.triggers.fires import describe_fires
from schedules.triggers.wallclock import WallClockTrigger


@dataclass(frozen=True, slots=True)
class Found:
    """What a trigger plans around a moment; all instants are nominal.

    Attributes:
        start: The moment that is meant.
        instant: The one that is meant; None where there is none.
        previous: The one before, since the schedule has this trigger.
        following: The one after.
        is_ambiguous: There are more within the span that was asked about.
        is_cut_short: Those beside it would take too long to find, or lie too far away.
        problem: Why it could not be found out whether there is an instant.
    """

    start: datetime
    instant: datetime | None = None
    previous: datetime | None = None
    following: datetime | None = None
    is_ambiguous: bool = False
    is_cut_short: bool = False
    problem: str = ""


def find_instant(subject: Subject, asked: Asked) -> Found:
    """Look for the instant that runs or was planned when somebody asks for it, on the budget of one evaluation."""
    trigger, budget = subject.trigger, Budget()
    if trigger is None:
        return Found(asked.start)
    try:
        found = _match(trigger, subject.spread, asked, budget)
    except BoundsExceeded as error:
        return Found(asked.start, problem=str(error))
    return _find_beside(trigger, subject, found, asked, budget)


def _match(trigger: Trigger, spread: timedelta, asked: Asked, budget: Budget) -> Found:
    """Find the instant; the time at which it runs comes before the one for which it was planned."""
    for shift in dict.fromkeys((spread, timedelta(0))):
        for start in asked.starts:
            end = start - shift + asked.span
            instant = _next(trigger, start - shift - TICK, budget)
            if instant is not None and instant < end:
                following = _next(trigger, instant, budget)
                return Found(start, instant, is_ambiguous=following is not None and following < end)
    return Found(asked.start)


def _next(trigger: Trigger, after: datetime, budget: Budget) -> datetime | None:
    try:
        return trigger.next_after(after, budget)
    except HorizonPassed:
        return None


def _find_beside(trigger: Trigger, subject: Subject, found: Found, asked: Asked, budget: Budget) -> Found:
    """Add the instants beside it, as far as the budget reaches."""
    middle = found.start - subject.spread if found.instant is None else found.instant
    after = middle if found.instant else middle + asked.span - TICK
    previous = following = None
    is_cut_short = False
    try:
        previous = latest_fire_time(trigger, until=middle - TICK, budget=budget)
        following = trigger.next_after(max(after, subject.planned_since), budget)
    except BoundsExceeded:
        is_cut_short = True
    if previous is not None and previous <= subject.planned_since:
        previous = None
    return replace(found, previous=previous, following=following, is_cut_short=is_cut_short)


def runs_at(subject: Subject, instant: datetime | None) -> datetime | None:
    """Return when an instant runs."""
    return None if instant is None else later_by(subject.spread, instant)


def show(moment: datetime, timezone: str) -> str:
    """Return a moment on the clocks of a zone and in UTC; once where that is the same."""
    zone = read_zone(timezone)
    if not moment.astimezone(zone).utcoffset():
        return say(moment.astimezone(UTC))
    return f"{moment.astimezone(zone).isoformat(' ', 'seconds')} ({say(moment.astimezone(UTC))})"


def say_clocks(subject: Subject, found: Found) -> str:
    """Say what a change of the clocks has to do with it; mostly nothing."""
    zone = read_zone(subject.timezone)
    moment = found.start if found.instant is None else found.instant
    # The policies are about fixed times of day; everything else follows elapsed time.
    fold = f" (dst_fold '{subject.dst_fold}')" if _has_fixed_time(subject.trigger) else ""
    if found.instant is not None and subject.trigger is not None:
        [fire] = describe_fires(subject.trigger, timezone=subject.timezone, times=[found.instant])
        if fire.dst == "gap":
            return f" {_say_gap(zone, moment)}: what is planned in between runs right after (dst_gap 'run_after')."
        if fire.dst == "fold":
            shown = f"{fire.local:%H:%M:%S}"
            return f" The clocks of {zone.key} show {shown} twice that day, and this is at {fire.offset}{fold}."
        return ""
    if (gap := _gap_at(zone, moment)) is not None and _plans_in(subject.trigger, gap):
        return f" {_say_gap(zone, moment)}: what is planned in between is left out (dst_gap '{subject.dst_gap}')."
    if is_shown_twice(zone, moment):
        return f" The clocks of {zone.key} show that time of day twice{fold}."
    return ""


def _has_fixed_time(trigger: Trigger | None) -> bool:
    return trigger.has_fixed_time if isinstance(trigger, CronTrigger) else isinstance(trigger, CalendarIntervalTrigger)


def _gap_at(zone: ZoneInfo, moment: datetime) -> Gap | None:
    gaps = gaps_between(zone, moment - TICK, moment)
    return gaps[0] if gaps else None


def _say_gap(zone: ZoneInfo, moment: datetime) -> str:
    gap = _gap_at(zone, moment)
    assert gap is not None, "an instant that takes the place of skipped readings lies at the end of a gap"
    return f"The clocks of {zone.key} go from {gap.first:%H:%M} to {gap.end:%H:%M} then"


def _plans_in(trigger: Trigger | None, gap: Gap) -> bool:
    return isinstance(trigger, WallClockTrigger) and trigger.planned_in(gap.first, gap.end) is not None

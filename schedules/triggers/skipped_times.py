"""Times of day that the clocks skip: where a trigger plans something inside of a gap."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.triggers.base import later_by
from schedules.triggers.calendarinterval import CalendarIntervalTrigger
from schedules.triggers.clocks import Gap, first_moment_of, gaps_between
from schedules.triggers.cron import CronTrigger
from schedules.triggers.cron_fields import read_fields
from schedules.triggers.crontab import read_crontab
from schedules.triggers.fields import Kwargs, read_bounds
from schedules.triggers.summary.moments import write_time
from schedules.triggers.wallclock import WallClockTrigger

_YEAR = timedelta(days=365)
_TICK = timedelta(microseconds=1)


def say_skipped_times(
    kwargs: Kwargs, *, trigger: WallClockTrigger, zone: ZoneInfo, after: datetime, dst_gap: str
) -> Iterator[str]:
    """Yield a sentence for each gap of the year to come in which a trigger plans something."""
    if isinstance(trigger, CronTrigger) and _is_every_hour(kwargs):
        return
    start, end = read_bounds(kwargs, zone, takes_whole_days=isinstance(trigger, CalendarIntervalTrigger))
    for gap in gaps_between(zone, after, later_by(_YEAR, after)):
        is_within = (start is None or start <= gap.at) and (end is None or gap.at <= end)
        planned = trigger.planned_in(gap.first, gap.end) if is_within else None
        if planned is not None:
            others = trigger.planned_in(planned + _TICK, gap.end)
            yield f"{_say_gap(gap, zone)}: {_say_fate(trigger, gap, planned, dst_gap, has_others=others is not None)}."


def say_skipped_moment(value: object, *, zone: ZoneInfo) -> Iterator[str]:
    """Yield a sentence if the clocks skip a `run_date` without an offset."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is not None:
        return
    at = first_moment_of(moment, zone)
    shown = at.astimezone(zone).replace(tzinfo=None)
    if shown != moment:
        [gap] = gaps_between(zone, at - _TICK, at)
        fate = f"it runs at {_say_time(shown, moment)}, as there is no {write_time(moment)} on that day"
        yield f"{_say_gap(gap, zone)}: {fate}."


def _is_every_hour(kwargs: Kwargs) -> bool:
    """Tell whether the hours begin with `*`: nobody expects each of them to be there on the day of a gap."""
    is_crontab = kwargs.get("crontab") is not None
    fields = read_crontab(kwargs["crontab"]).fields if is_crontab else read_fields(kwargs)
    return fields["hour"].begins_with_star


def _say_gap(gap: Gap, zone: ZoneInfo) -> str:
    end = _say_time(gap.end, gap.first)
    return f"On {gap.first.date()} the clocks of {zone.key} go from {write_time(gap.first)} to {end}"


def _say_time(reading: datetime, same_day_as: datetime) -> str:
    """Return the time, and the day too where it is another one."""
    is_same_day = reading.date() == same_day_as.date()
    return write_time(reading) if is_same_day else f"{write_time(reading)} on {reading.date()}"


def _say_fate(trigger: WallClockTrigger, gap: Gap, planned: datetime, dst_gap: str, *, has_others: bool) -> str:
    first, after = write_time(planned), _say_time(gap.end, planned)
    what = f"what is planned in between (from {first} on)" if has_others else f"what is planned at {first}"
    if isinstance(trigger, CronTrigger) and not trigger.has_fixed_time:
        return f"{what} does not run on that day, as it is no fixed time of day (its minute begins with '*')"
    if dst_gap == "skip":
        return f"{what} does not run on that day (dst_gap 'skip'); 'run_after' would run it at {after}"
    once = " once" if has_others else ""
    return f"{what} runs{once} at {after} (dst_gap 'run_after'); 'skip' would leave it out"

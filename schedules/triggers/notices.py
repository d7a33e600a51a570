"""What in a trigger may not be what was meant. A notice refuses nothing: it says what happens, and what to write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers.base import Trigger, in_utc
from schedules.triggers.calendarinterval import CalendarIntervalTrigger
from schedules.triggers.combined import AndTrigger, OrTrigger
from schedules.triggers.cron import CronTrigger
from schedules.triggers.cron_fields import WEEKDAYS, read_field
from schedules.triggers.date import DateTrigger
from schedules.triggers.fields import Kwargs, read_count, read_zone
from schedules.triggers.options import has_jitter
from schedules.triggers.skipped_days import say_skipped_calendar_days, say_skipped_cron_days
from schedules.triggers.skipped_times import say_skipped_moment, say_skipped_times
from schedules.triggers.summary.days import is_every, name_weekdays
from schedules.triggers.summary.words import find_runs
from schedules.triggers.wallclock import WallClockTrigger

_DEFAULTS = {"dst_gap": "run_after", "dst_fold": "first", "on_missing_day": "skip"}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about a trigger; the code is for programs, the detail for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A trigger that is not made of others; `place` says where it stands, as `triggers[1]: `, or nothing."""

    kwargs: Kwargs
    trigger: Trigger
    place: str


def find_notices(
    kind: str, kwargs_as_given: Kwargs, *, options: Mapping[str, Any], trigger: Trigger, after: datetime
) -> list[Notice]:
    """Return what is worth knowing about a trigger that could be built.

    Args:
        kind: Of the trigger.
        kwargs_as_given: Its arguments, options among them or not.
        options: The schedule's options, `timezone` at least; None or nothing stands for a default.
        trigger: What was built of them.
        after: The clocks are looked at for a year from here on, the months for ten.
    """
    zone, after = read_zone(options["timezone"]), in_utc(after)
    in_force = {name: options.get(name) or default for name, default in _DEFAULTS.items()}
    leaves = list(_walk(kwargs_as_given, trigger, place=""))
    notices = [
        Notice(code, f"{leaf.place}{detail}")
        for leaf in leaves
        for code, detail in _look_at(leaf, zone=zone, after=after, in_force=in_force)
    ]
    if has_jitter(kwargs_as_given):
        notices.append(_jitter(options.get("spread_seconds")))
    return notices + list(_unused_options(leaves, in_force))


def _walk(kwargs: Kwargs, trigger: Trigger, *, place: str) -> Iterator[_Leaf]:
    if not isinstance(trigger, OrTrigger | AndTrigger):
        yield _Leaf(kwargs, trigger, place)
        return
    for index, (part, leaf) in enumerate(zip(kwargs["triggers"], trigger.leaves, strict=True)):
        yield from _walk(part["trigger_kwargs"], leaf, place=f"{place}triggers[{index}]: ")


def _look_at(leaf: _Leaf, *, zone: ZoneInfo, after: datetime, in_force: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield code and detail of the notices for one trigger."""
    kwargs, trigger = leaf.kwargs, leaf.trigger
    details: dict[str, Iterator[str]] = {}
    if isinstance(trigger, CronTrigger):
        details["weekday_numbers"] = _say_weekday_numbers(kwargs.get("day_of_week"))
        details["missing_day"] = say_skipped_cron_days(kwargs, zone=zone, after=after)
    if isinstance(trigger, CalendarIntervalTrigger) and in_force["on_missing_day"] == "skip":
        details["missing_day"] = say_skipped_calendar_days(kwargs, anchor=trigger.anchor, zone=zone, after=after)
    if isinstance(trigger, WallClockTrigger):
        details["dst_gap"] = say_skipped_times(
            kwargs, trigger=trigger, zone=zone, after=after, dst_gap=in_force["dst_gap"]
        )
    if isinstance(trigger, DateTrigger):
        details["dst_gap"] = say_skipped_moment(kwargs["run_date"], zone=zone)
    for code, sentences in details.items():
        yield from ((code, sentence) for sentence in sentences)


def _say_weekday_numbers(given: object) -> Iterator[str]:
    if given is None or not any(character.isdigit() for character in str(given)):
        return
    field = read_field("day_of_week", given)
    if not is_every(field):
        yield (
            f"day_of_week '{given}' is {name_weekdays(field)}: its numbers count from 0 = Monday, unlike a crontab's. "
            f"'{_name_shortly(field.values())}' says the same without doubt."
        )


def _name_shortly(values: Sequence[int]) -> str:
    return ",".join(
        WEEKDAYS[first] if first == last else f"{WEEKDAYS[first]}-{WEEKDAYS[last]}" for first, last in find_runs(values)
    )


def _jitter(spread_seconds: int | None) -> Notice:
    return Notice(
        "jitter_as_spread",
        f"jitter is taken as spread_seconds {spread_seconds or 0}: a delay of at most {spread_seconds or 0} s that is "
        "the same every time, so that previews come true.",
    )


def _unused_options(leaves: Sequence[_Leaf], in_force: Mapping[str, str]) -> Iterator[Notice]:
    fixed_times = "cron with a minute and an hour that do not begin with '*', and for calendarinterval"
    uses = {
        "dst_gap": (_has_fixed_time, fixed_times),
        "dst_fold": (_has_fixed_time, fixed_times),
        "on_missing_day": (_counts_months, "calendarinterval in months or years"),
    }
    for name, (is_used_by, user) in uses.items():
        if in_force[name] != _DEFAULTS[name] and not any(map(is_used_by, leaves)):
            yield Notice("option_unused", f"{name} '{in_force[name]}' changes nothing here: it is for {user}.")


def _has_fixed_time(leaf: _Leaf) -> bool:
    if isinstance(leaf.trigger, CronTrigger):
        return leaf.trigger.has_fixed_time
    return isinstance(leaf.trigger, CalendarIntervalTrigger)


def _counts_months(leaf: _Leaf) -> bool:
    is_calendar = isinstance(leaf.trigger, CalendarIntervalTrigger)
    return is_calendar and any(read_count(leaf.kwargs, unit) for unit in ("months", "years"))

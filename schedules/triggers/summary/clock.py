"""The time of day of a cron pattern in words.

Fixed times of day read `at …` or `hourly …`, patterns that follow elapsed time `every …` or `whenever …`: they differ
where the clocks change, even when they name the same minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from schedules.triggers.summary.words import (
    find_cycle,
    find_runs,
    find_step,
    join_words,
    ordinal,
    write_numbers,
)

# As many times of day are listed; more are described.
_MOST_TIMES = 6
_MOST_STRETCHES = 2
_MINUTES = _SECONDS = 60
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Clock:
    """The hours, minutes and seconds that match, each sorted; `is_elapsed` where hour or minute begins with `*`."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    is_elapsed: bool

    def list_times(self) -> list[str] | None:
        """Return the times of day if they are few."""
        if len(self.hours) * len(self.minutes) * len(self.seconds) > _MOST_TIMES:
            return None
        if self.seconds == (0,):
            return [f"{hour:02}:{minute:02}" for hour, minute in product(self.hours, self.minutes)]
        return [f"{h:02}:{m:02}:{s:02}" for h, m, s in product(self.hours, self.minutes, self.seconds)]


def describe_clock(clock: Clock) -> str:
    """Return for example `at 02:30`, or `every 5 minutes, from 01:00 to 04:59`."""
    times = clock.list_times()
    if times and not clock.is_elapsed:
        return f"at {join_words(times)}"
    if clock.is_elapsed and (short := _short_rhythm(clock)):
        return short
    if times and not _hourly_rhythm(clock):
        return f"whenever the clock shows {join_words(times, 'or')}"
    minutes = _elapsed_minutes(clock) if clock.is_elapsed else _fixed_minutes(clock)
    return minutes if clock.seconds == (0,) else f"{minutes}, at {_numbers('second', clock.seconds, _SECONDS)}"


def _short_rhythm(clock: Clock) -> str | None:
    """Return a rhythm of minutes or seconds, and the hours to which it is limited."""
    has_every_minute = len(clock.minutes) == _MINUTES
    if has_every_minute and clock.seconds != (0,):
        rhythm = _rhythm("second", clock.seconds, _SECONDS)
    elif clock.seconds == (0,):
        rhythm = _rhythm("minute", clock.minutes, _MINUTES)
    else:
        rhythm = None
    return rhythm and f"{rhythm}{_within_hours(clock.hours)}"


def _rhythm(unit: str, values: Sequence[int], size: int) -> str | None:
    if len(values) == size:
        return f"every {unit}"
    cycle = find_cycle(values, size)
    return f"every {cycle} {unit}s" if cycle and values[0] == 0 else None


def _within_hours(hours: Sequence[int]) -> str:
    if len(hours) == _HOURS:
        return ""
    runs = find_runs(hours)
    if len(runs) <= _MOST_STRETCHES:
        return ", " + join_words([f"from {first:02}:00 to {last:02}:59" for first, last in runs])
    return f", in {_hours(hours)}"


def _hourly_rhythm(clock: Clock) -> str | None:
    """Return a rhythm of hours for a pattern with one minute, such as `every 2 hours from 00:30`."""
    if len(clock.minutes) != 1:
        return None
    [minute] = clock.minutes
    hours = clock.hours
    if len(hours) == _HOURS:
        return "every hour" if minute == 0 else f"every hour at minute {minute}"
    if cycle := find_cycle(hours, _HOURS):
        return f"every {cycle} hours from {hours[0]:02}:{minute:02}"
    if step := find_step(hours):
        return f"every {step} hours from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"
    return None


def _elapsed_minutes(clock: Clock) -> str:
    if rhythm := _hourly_rhythm(clock):
        return rhythm
    if rhythm := _rhythm("minute", clock.minutes, _MINUTES):
        return f"{rhythm}{_within_hours(clock.hours)}"
    minutes = _numbers("minute", clock.minutes, _MINUTES)
    if len(clock.hours) == _HOURS:
        return f"every hour at {minutes}"
    return f"whenever the clock shows {minutes} of {_hours(clock.hours)}"


def _fixed_minutes(clock: Clock) -> str:
    hours, minutes = clock.hours, clock.minutes
    if len(hours) * len(minutes) <= _MOST_TIMES:
        return f"at {join_words([f'{hour:02}:{minute:02}' for hour, minute in product(hours, minutes)])}"
    if len(minutes) == 1:
        bounds = f"from {hours[0]:02}:{minutes[0]:02} to {hours[-1]:02}:{minutes[0]:02}"
        if len(find_runs(hours)) == 1:
            return f"hourly {bounds}"
        if step := find_step(hours):
            return f"at every {ordinal(step)} hour {bounds}"
    return f"at {_numbers('minute', minutes, _MINUTES)} of {_hours(hours)}"


def _hours(hours: Sequence[int]) -> str:
    if len(hours) == _HOURS:
        return "every hour"
    if len(hours) == 1:
        return f"hour {hours[0]:02}"
    if step := find_step(hours):
        return f"every {ordinal(step)} hour from {hours[0]:02} to {hours[-1]:02}"
    return f"the hours {join_words(write_numbers(hours, '{:02}'.format))}"


def _numbers(unit: str, values: Sequence[int], size: int) -> str:
    if len(values) == size:
        return f"every {unit}"
    if len(values) == 1:
        return f"{unit} {values[0]}"
    if step := find_step(values):
        return f"every {ordinal(step)} {unit} from {values[0]} to {values[-1]}"
    return f"{unit}s {join_words(write_numbers(values))}"

"""Reading the arguments of a trigger: names, numbers, moments and zones, each refused by name when it is wrong."""

import difflib
import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers.base import in_utc
from schedules.triggers.clocks import first_moment_of
from schedules.triggers.errors import TriggerError

Kwargs = Mapping[str, Any]
Bounds = tuple[datetime | None, datetime | None]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `: did you mean '…'?` for the nearest known word, else the list of all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f": did you mean '{near[0]}'?" if near else f"; known are {', '.join(names)}"


def refuse_unknown(kind: str, kwargs: Kwargs, known: Iterable[str]) -> None:
    """Raise a TriggerError for the first argument that `kind` does not have, and when there is none at all."""
    known = tuple(known)
    for key in kwargs:
        if key not in known:
            raise TriggerError(
                f"unknown argument '{key}' of trigger '{kind}'{did_you_mean(key, known)}",
                field=f"trigger_kwargs.{key}",
                value=kwargs[key],
            )
    if not kwargs:
        needed = [name for name in known if name not in {"start_date", "end_date"}]
        raise TriggerError(f"trigger '{kind}' needs at least one of {', '.join(needed)}", value={})


@cache
def known_zones() -> frozenset[str]:
    """Return every IANA name of the time-zone data."""
    return frozenset(zoneinfo.available_timezones())


def read_zone(name: object, *, field: str = "timezone") -> ZoneInfo:
    """Return the zone of an IANA name."""
    if not isinstance(name, str):
        raise TriggerError(
            f"a time zone is an IANA name such as 'Europe/Amsterdam', not {name!r}", field=field, value=name
        )
    if name not in known_zones():
        near = difflib.get_close_matches(name, known_zones(), n=1)
        hint = f": did you mean '{near[0]}'?" if near else "; use an IANA name such as 'Europe/Amsterdam'"
        raise TriggerError(f"unknown time zone '{name}'{hint}", field=field, value=name)
    return ZoneInfo(name)


def read_moment(kwargs: Kwargs, key: str, zone: ZoneInfo) -> datetime | None:
    """Return an ISO 8601 date or date and time in UTC; one without an offset is what the clocks of `zone` show.

    Where they show it twice, the first time is meant; where they skip it, the first moment after the gap.
    """
    value = kwargs.get(key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None:
            return in_utc(moment) if moment.tzinfo else first_moment_of(moment, zone)
    except (ValueError, OverflowError):
        pass
    raise TriggerError(
        f"'{key}' is {value!r}; give an ISO 8601 moment such as '2027-03-28T02:30:00' or with an offset",
        field=f"trigger_kwargs.{key}",
        value=value,
    )


def read_bounds(kwargs: Kwargs, zone: ZoneInfo, *, takes_whole_days: bool = False) -> Bounds:
    """Return `start_date` and `end_date`, both inclusive, in UTC.

    An `end_date` that is a day and no more means its midnight, as APScheduler has it; or, where the trigger
    `takes_whole_days`, the last moment of that day.
    """
    start, end = read_moment(kwargs, "start_date", zone), read_moment(kwargs, "end_date", zone)
    if end is not None and takes_whole_days and (day := _read_day(kwargs["end_date"])) is not None:
        end = _last_moment_of(day, zone)
    if start is not None and end is not None and end < start:
        raise TriggerError(
            f"'end_date' {kwargs['end_date']!r} is before 'start_date' {kwargs['start_date']!r}",
            field="trigger_kwargs.end_date",
            value=kwargs["end_date"],
        )
    return start, end


def _last_moment_of(day: date, zone: ZoneInfo) -> datetime:
    try:
        return first_moment_of(datetime.combine(day + timedelta(days=1), time()), zone) - timedelta.resolution
    except OverflowError:  # 9999-12-31: there is no day after it
        return datetime.max.replace(tzinfo=UTC)


def _read_day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_count(kwargs: Kwargs, key: str, *, largest: int = 9_999) -> int:
    """Return a whole number from 0 to `largest`; 0 where there is none."""
    value = kwargs.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        raise TriggerError(
            f"'{key}' is {value!r}; give a whole number from 0 to {largest}",
            field=f"trigger_kwargs.{key}",
            value=value,
        )
    return value


def refuse_empty_period(counts: Mapping[str, int]) -> None:
    """Raise a TriggerError if all of the units are 0."""
    if not any(counts.values()):
        raise TriggerError(f"the period is nothing; give at least one of {', '.join(counts)}", value=dict(counts))


def read_period(kwargs: Kwargs, units: Iterable[str], *, shortest_seconds: float) -> timedelta:
    """Return the sum of the units given, each a number that is not negative."""
    given = {unit: kwargs[unit] for unit in units if kwargs.get(unit) is not None}
    for unit, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise TriggerError(
                f"'{unit}' is {value!r}; give a number of 0 or more", field=f"trigger_kwargs.{unit}", value=value
            )
    try:
        period = timedelta(**given)
    except OverflowError as error:
        raise TriggerError(f"the period {given} is longer than can be computed", value=given) from error
    shortest = max(timedelta(seconds=shortest_seconds), timedelta.resolution)  # a grid needs a period
    if period < shortest:
        raise TriggerError(
            f"the period is {period.total_seconds():g} s; the shortest one allowed is {shortest.total_seconds():g} s",
            value=given,
        )
    return period

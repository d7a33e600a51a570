"""When a schedule runs after its next run, found once for all schedules that have the same trigger."""

import json
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from schedules.forecasting.effort import Effort, EffortSpent
from schedules.triggers import (
    MAX_SPREAD_SECONDS,
    BoundsExceeded,
    Budget,
    HorizonPassed,
    Trigger,
    TriggerError,
    build_trigger,
    spread_offset,
)
from schedules.triggers.base import later_by
from schedules.triggers.budget import MAX_SECONDS, MAX_STEPS
from schedules.triggers.interval import IntervalTrigger

TICK = timedelta(microseconds=1)
NOTHING = timedelta(0)
LONGEST_SPREAD = timedelta(seconds=MAX_SPREAD_SECONDS)

# Any will do where the next run says where the grid lies.
_ANY_GRID = datetime(2000, 1, 1, tzinfo=UTC)


class SharedRule(NamedTuple):
    """All that the instants of a trigger follow from; `kwargs_json` is JSON text, as it is stored.

    `grid_start` is None where it makes no difference, and where the next run says where the grid of an interval lies.
    """

    kind: str
    kwargs_json: str
    timezone: str
    dst_gap: str
    dst_fold: str
    on_missing_day: str
    grid_start: datetime | None

    def build(self) -> Trigger:
        """Return the trigger.

        Raises:
            TriggerError: What is stored cannot be built.
        """
        try:
            return build_trigger(
                self.kind,
                json.loads(self.kwargs_json),
                timezone=self.timezone,
                grid_start=self.grid_start or _ANY_GRID,
                shortest_seconds=0,
                dst_gap=self.dst_gap,
                dst_fold=self.dst_fold,
                on_missing_day=self.on_missing_day,
            )
        except TriggerError:
            raise
        except Exception as error:  # what is stored may have been written by anything
            raise TriggerError(f"{type(error).__name__}: {error}") from error


class Timetable(Protocol):
    """What a trigger does after an instant of it."""

    @property
    def trigger(self) -> Trigger:
        """The trigger."""

    def first_from(self, nominal: datetime, *, known: datetime, effort: Effort) -> datetime | None:
        """Return the first instant from `nominal` on, given one that is `known` and lies before it; None if none is.

        Raises:
            BoundsExceeded: It was not found within the bounds of an evaluation.
            EffortSpent: There is nothing left for all of them.
        """


@dataclass(frozen=True, slots=True)
class OneShot:
    """A timetable with one instant, which every schedule of it knows."""

    trigger: Trigger

    def first_from(self, nominal: datetime, *, known: datetime, effort: Effort) -> datetime | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Grid:
    """The timetable of an interval: computed, from whatever instant is known."""

    trigger: IntervalTrigger

    @property
    def period(self) -> timedelta:
        """From one instant to the next."""
        return self.trigger.period

    @property
    def end(self) -> datetime | None:
        """The nominal moment after which there is none."""
        return self.trigger.end

    def first_from(self, nominal: datetime, *, known: datetime, effort: Effort) -> datetime | None:
        """Return the first instant of the grid on which `known` lies."""
        try:
            found = known - (known - nominal) // self.period * self.period
        except OverflowError:  # past the year 9999
            return None
        return found if self.end is None or found <= self.end else None


@dataclass(slots=True)
class Calendar:
    """The timetable of any other trigger; it remembers between which moments there is no instant.

    `_found` are instants, in order, and `_asked` how far before each of them there is no other.
    """

    trigger: Trigger
    _asked: list[datetime] = field(default_factory=list)
    _found: list[datetime] = field(default_factory=list)
    _none_from: datetime | None = None

    def first_from(self, nominal: datetime, *, known: datetime, effort: Effort) -> datetime | None:
        """Return the first instant, from memory where some schedule has asked that before."""
        place = bisect_left(self._found, nominal)
        if place < len(self._found) and self._asked[place] <= nominal:
            return self._found[place]
        if self._none_from is not None and self._none_from <= nominal:
            return None
        found = self.evaluate(nominal, effort)
        if found is None:
            self._none_from = nominal
        elif place < len(self._found) and self._found[place] == found:
            self._asked[place] = nominal
        else:
            self._asked.insert(place, nominal)
            self._found.insert(place, found)
        return found

    def evaluate(self, nominal: datetime, effort: Effort) -> datetime | None:
        """Ask the trigger for the first instant from a moment on.

        Raises:
            BoundsExceeded: It was not found within the bounds of an evaluation.
            EffortSpent: There is nothing left for all of them.
        """
        own = Budget(steps=min(MAX_STEPS, effort.left))
        try:
            found = self.trigger.next_after(nominal - TICK, own)
        except HorizonPassed:
            found = None
        except BoundsExceeded:
            effort.spend(1 + own.spent)
            raise
        effort.spend(1 + own.spent)
        return found


@dataclass(slots=True)
class Source:
    """One schedule: when it runs next, and its timetable.

    Attributes:
        schedule_id: Whose.
        next_run_at: When it runs next.
        spread_seconds: The most by which it runs later than planned.
        timetable: What comes after that.
    """

    schedule_id: UUID
    next_run_at: datetime
    spread_seconds: int
    timetable: Timetable

    @property
    def offset(self) -> timedelta:
        """How much later than planned it always runs."""
        return _offset_of(self.schedule_id, self.spread_seconds) if self.spread_seconds else NOTHING

    def first_from(self, moment: datetime, effort: Effort) -> datetime | None:
        """Return when it runs first from a moment on.

        Raises:
            BoundsExceeded: It was not found within the bounds of an evaluation.
            EffortSpent: There is nothing left for all of them.
        """
        if moment <= self.next_run_at:
            return self.next_run_at
        offset = self.offset
        found = self.timetable.first_from(moment - offset, known=self.next_run_at - offset, effort=effort)
        return None if found is None else later_by(offset, found)

    def goes_on(self) -> bool:
        """Tell whether its trigger has an instant when it runs next, or after that."""
        offset = self.offset
        effort = Effort(steps=MAX_STEPS, seconds=MAX_SECONDS)
        try:
            nominal = self.next_run_at - offset
            return self.timetable.first_from(nominal, known=nominal - TICK, effort=effort) is not None
        except (BoundsExceeded, EffortSpent):  # the turn will find the same, and the schedule breaks
            return False


_offset_of = lru_cache(maxsize=1_000)(spread_offset)


class Timetables:
    """The timetables of all rules that were asked for, each built once."""

    def __init__(self) -> None:
        self._known: dict[SharedRule, Timetable | None] = {}

    def find(self, rule: SharedRule) -> Timetable | None:
        """Return the timetable of a rule; None where the trigger cannot be built, for then it never fires."""
        if rule not in self._known:
            self._known[rule] = self._make(rule)
        return self._known[rule]

    @staticmethod
    def _make(rule: SharedRule) -> Timetable | None:
        try:
            trigger = rule.build()
        except TriggerError:
            return None
        if rule.kind == "date":
            return OneShot(trigger)
        if isinstance(trigger, IntervalTrigger) and rule.grid_start is None:
            return Grid(trigger)
        return Calendar(trigger)

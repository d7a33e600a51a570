"""The planned instants of schedules that were edited and paused, computed from the history of that alone.

It shares no code with the triggers and the services, which it judges: a rule here is a period, or some seconds of each
minute, and the rest is arithmetic with what the API answered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

MINUTE = timedelta(minutes=1)
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many seconds: counted from `start`, which is an instant itself, or else from when it was set."""

    seconds: int
    start: datetime | None = None

    def trigger(self) -> tuple[str, dict[str, Any]]:
        """Return it as the API takes it."""
        start = {} if self.start is None else {"start_date": self.start.isoformat()}
        return "interval", {"seconds": self.seconds, **start}

    def instants(self, *, after: datetime, until: datetime, set_at: datetime) -> Iterator[datetime]:
        """Give the instants behind `after` and up to `until`, oldest first."""
        period = timedelta(seconds=self.seconds)
        origin = set_at + period if self.start is None else self.start
        instant = origin if origin > after else origin + ((after - origin) // period + 1) * period
        while instant <= until:
            yield instant
            instant += period


@dataclass(frozen=True, slots=True)
class AtSeconds:
    """In every minute, at these seconds of it, ascending."""

    seconds: tuple[int, ...]

    def trigger(self) -> tuple[str, dict[str, Any]]:
        """Return it as the API takes it."""
        return "cron", {"second": ",".join(map(str, self.seconds))}

    def instants(self, *, after: datetime, until: datetime, set_at: datetime) -> Iterator[datetime]:
        """Give the instants behind `after` and up to `until`, oldest first."""
        minute = after.replace(second=0, microsecond=0)
        while minute <= until:
            for instant in (minute + timedelta(seconds=second) for second in self.seconds):
                if after < instant <= until:
                    yield instant
            minute += MINUTE


Rule = Every | AtSeconds


class Moment(NamedTuple):
    """When something took effect, by the answer; schedulers may still have fired until that was there."""

    at: datetime
    answered_at: datetime


@dataclass(slots=True)
class Stop:
    """What keeps instants from running: a pause until it ends, or the end of a rule. Those still to run are given up.

    Attributes:
        outcome: What the ledger says of them.
        until: From when on instants run again.
    """

    outcome: str
    since: Moment
    until: datetime = EVER


@dataclass(slots=True)
class Span:
    """A rule, as long as it was in force.

    Attributes:
        set_at: When it was set, by the answer.
        first: Its first instant, by the answer.
        stops: In the order of time; the last one may be its end.
    """

    rule: Rule
    set_at: datetime
    first: datetime
    ends: Moment | None = None
    stops: list[Stop] = field(default_factory=list)

    def instants(self, until: datetime) -> Iterator[tuple[datetime, bool]]:
        """Give each instant up to `until`, and whether it has to be there; at the end of the span it only may be."""
        last = until if self.ends is None else min(until, self.ends.answered_at)
        before = self.first - timedelta(microseconds=1)
        for instant in self.rule.instants(after=before, until=last, set_at=self.set_at):
            yield instant, self.ends is None or instant <= self.ends.at

    def may_run(self, instant: datetime) -> bool:
        """Tell whether an instant lies in no pause, or so near to its beginning that it may have run before."""
        return not any(stop.since.answered_at < instant < stop.until for stop in self.stops)

    def may_be_given_up(self, instant: datetime, outcome: str, *, started: Sequence[datetime]) -> bool:
        """Tell whether a stop explains that an instant did not run: nothing ran between it and the end of the stop."""
        return any(
            stop.outcome == outcome and instant < stop.until and not any(instant < run < stop.until for run in started)
            for stop in self.stops
        )


class Impossible(AssertionError):
    """The API answered that a schedule goes on at an instant at which it does not."""


@dataclass(slots=True)
class History:
    """What was done with one schedule, and what that means for its instants.

    Attributes:
        ends_at: The last moment of every rule: its `end_date`.
        told: Everything that was done, in words.
    """

    schedule_id: UUID
    ends_at: datetime
    spans: list[Span] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def is_deleted(self) -> bool:
        return self.spans[-1].ends is not None

    @property
    def is_paused(self) -> bool:
        """Whether it is paused until somebody resumes it."""
        return any(stop.until == EVER for stop in self.spans[-1].stops)

    def is_paused_at(self, moment: datetime) -> bool:
        """Tell whether it is in a pause, with an end or without."""
        return any(moment < stop.until for stop in self.spans[-1].stops)

    def set_rule(self, rule: Rule, moment: Moment, *, first: datetime) -> None:
        """Note that it was created with a rule, or got another one, and goes on at `first`.

        Raises:
            Impossible: That is not the first instant of the rule behind the change, nor behind an instant of the old
                rule at which a scheduler was faster than the change.
        """
        faster: list[datetime] = []
        if self.spans:
            old = self.spans[-1]
            faster = list(old.rule.instants(after=moment.at, until=moment.answered_at, set_at=old.set_at))
            self._end(moment)
        possible = [self._first_after(rule, each, set_at=moment.at) for each in (moment.at, *faster)]
        self.told.append(f"{moment.at}, answered {moment.answered_at:%H:%M:%S.%f}: {rule}, goes on at {first}")
        if first not in possible:
            raise Impossible(f"{self}\nit goes on at one of {possible}, and not at {first}")
        self.spans.append(Span(rule, moment.at, first))

    def rename(self, moment: Moment) -> None:
        """Note that something was changed that has nothing to do with when it runs."""
        self.told.append(f"{moment.at}: renamed")

    def pause(self, moment: Moment, *, until: datetime | None) -> None:
        """Note a pause."""
        self.told.append(f"{moment.at}, answered {moment.answered_at:%H:%M:%S.%f}: paused until {until or 'resumed'}")
        self.spans[-1].stops.append(Stop("skipped_paused", moment, until or EVER))

    def resume(self, moment: Moment) -> None:
        """Note the end of the pause that it is in."""
        self.told.append(f"{moment.at}: resumed")
        self.spans[-1].stops[-1].until = moment.at

    def delete(self, moment: Moment) -> None:
        """Note its end."""
        self.told.append(f"{moment.at}, answered {moment.answered_at:%H:%M:%S.%f}: deleted")
        self._end(moment)

    def _end(self, moment: Moment) -> None:
        span = self.spans[-1]
        span.ends = moment
        span.stops.append(Stop("missed", moment))

    def _first_after(self, rule: Rule, after: datetime, *, set_at: datetime) -> datetime | None:
        return next(rule.instants(after=after, until=self.ends_at, set_at=set_at), None)

    def __str__(self) -> str:
        return "\n  ".join([f"schedule {self.schedule_id}", *self.told])

"""What a decision depends on: the instants, and all that was and is the case around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

# `queue_all` lets so many wait, and `allow` starts so many at one time.
MAX_QUEUED = 100
MAX_STARTED = 1_000
MOST_AT_ONCE = {"queue_all": MAX_QUEUED + 1, "allow": MAX_STARTED}

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch without any scheduler alive; both ends belong to somebody who was."""

    started_at: datetime
    ended_at: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.started_at < moment < self.ended_at


@dataclass(frozen=True, slots=True)
class Hold:
    """A stretch in which a schedule was paused, or the engine frozen; one without an end goes on.

    `words` say by whom, since when and why.
    """

    started_at: datetime
    ended_at: datetime | None
    words: str

    def __contains__(self, moment: datetime) -> bool:
        return self.started_at <= moment and (self.ended_at is None or moment < self.ended_at)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A stretch of instants that are not known one by one: there are too many. It is given by its first and last."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """The instants of one schedule that are to be decided, oldest first; there may be none."""

    parts: Sequence[datetime | Uncounted]

    @property
    def last(self) -> datetime | None:
        """The last instant of all."""
        if not self.parts:
            return None
        part = self.parts[-1]
        return part.last if isinstance(part, Uncounted) else part


@dataclass(frozen=True, slots=True)
class UnendedTask:
    """A task of the same concurrency key that has not ended; `words` say which one it is, and how it stands."""

    task_id: UUID
    is_running: bool
    words: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision depends on besides the instants.

    Attributes:
        now: When it is made.
        spread: How much later than planned each instant is due; that is when a scheduler has to be alive.
        is_one_shot: Whether there is only one instant, which must not be dropped.
        misfire_policy: `run_once`, `skip` or `run_all`.
        misfire_window: How old a misfired instant may be and still be run; None for any age.
        max_catchup_runs: So many instants does `run_all` run at most.
        overlap_policy: `skip`, `queue_one`, `queue_all`, `allow` or `cancel_running`.
        resume_policy: `skip` or `run_once`.
        outages: Stretches without a scheduler.
        pauses: Those in which the schedule was paused.
        freezes: Those in which the engine was frozen.
        unended: The tasks before that have not ended, oldest first.
    """

    now: datetime
    spread: timedelta = timedelta(0)
    is_one_shot: bool = False
    misfire_policy: str = "run_once"
    misfire_window: timedelta | None = timedelta(days=1)
    max_catchup_runs: int = 10
    overlap_policy: str = "skip"
    resume_policy: str = "skip"
    outages: Sequence[Outage] = ()
    pauses: Sequence[Hold] = ()
    freezes: Sequence[Hold] = ()
    unended: Sequence[UnendedTask] = ()

    @property
    def is_undisturbed(self) -> bool:
        """Whether schedulers were alive all the time, and nothing was paused or frozen."""
        return not (self.outages or self.pauses or self.freezes)

    def pause_over(self, instant: datetime) -> Hold | None:
        """Return the pause into which an instant fell."""
        return next((hold for hold in self.pauses if instant + self.spread in hold), None)

    def freeze_over(self, instant: datetime) -> Hold | None:
        """Return the freeze into which an instant fell."""
        return next((hold for hold in self.freezes if instant + self.spread in hold), None)

    def is_misfired(self, instant: datetime) -> bool:
        """Tell whether no scheduler was alive at an instant."""
        return any(instant + self.spread in outage for outage in self.outages)

    def is_in_window(self, instant: datetime) -> bool:
        """Tell whether an instant is young enough to be run after all."""
        return self.misfire_window is None or instant + self.spread >= self.now - self.misfire_window

    @property
    def most_at_once(self) -> int:
        """How many instants that follow one another may each get a task of their own."""
        catch_ups = self.max_catchup_runs if self.misfire_policy == "run_all" else 1
        return max(catch_ups, MOST_AT_ONCE.get(self.overlap_policy, 1))

    def marks(self) -> Iterator[datetime]:
        """Yield the first planned moments of stretches in which instants are decided alike."""
        for hold in (*self.pauses, *self.freezes):
            yield hold.started_at - self.spread
            if hold.ended_at is not None:
                yield hold.ended_at - self.spread
        for outage in self.outages:
            yield outage.started_at + _TICK - self.spread
            yield outage.ended_at - self.spread
        if self.misfire_window is not None and self.outages:
            yield self.now - self.misfire_window - self.spread

"""What an explanation is made from: all that is known about a schedule and a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.explaining.codes import Code
from schedules.explaining.explanation import LedgerRow
from schedules.policies import Hold, Situation
from schedules.triggers import Trigger

TICK = timedelta(microseconds=1)
EXACT = TICK


@dataclass(frozen=True, slots=True)
class Asked:
    """The moment that somebody asks about; what lies within `span` from it on is meant as well.

    `again` is when the clocks show the same reading a second time, where it was given as a reading.
    """

    start: datetime
    span: timedelta = EXACT
    again: datetime | None = None

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The moments that may be meant, the first one first."""
        return (self.start,) if self.again is None else (self.start, self.again)

    def means(self, moment: datetime) -> bool:
        """Tell whether a moment is meant."""
        return any(start <= moment < start + self.span for start in self.starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A schedule as it is now.

    Attributes:
        trigger: None if it cannot be built; `broken_by` then says why, as it does for a broken schedule.
        planned_since: Since when it has this trigger.
        planned_through: The watermark; all up to here is decided.
        starts: The first moment at which its trigger may fire, if it has a `start_date`; `ends` the last one.
        pause: The pause that it is in, or was in until a turn settles it.
        start_problem: Why no task of it can start, whoever looks; `start_code` is its verdict.
        code_problem: Why this process does not find the code of its workflow, which a scheduler may.
        situation: The tasks before, and what its overlap policy makes of them.
    """

    timezone: str
    spread: timedelta
    trigger: Trigger | None
    broken_by: str
    is_one_shot: bool
    dst_gap: str
    dst_fold: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    planned_since: datetime
    planned_through: datetime
    starts: datetime | None
    ends: datetime | None
    pause: Hold | None
    resume_policy: str
    start_problem: str
    start_code: Code | None
    code_problem: str
    has_predicate: bool
    has_form: bool
    situation: Situation


@dataclass(frozen=True, slots=True)
class Schedulers:
    """How it stands with the processes that fire.

    Attributes:
        is_any_alive: Whether at least one is seen, and its loop looks.
        stuck: How many are seen, but their loop does not look; told where none is alive, as is `last_at`.
        last_at: When one was alive last, or where some are stuck, when a loop of theirs looked last; None if never.
    """

    is_any_alive: bool = False
    stuck: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that matters.

    Attributes:
        now: When it is asked.
        asked: About which moment.
        subject: The schedule; None if it was deleted.
        rows: Rows of its ledger that may be about that moment.
        freezes: Those of the engine that reach beyond that moment.
        schedulers: Who is there to fire it.
    """

    now: datetime
    asked: Asked
    subject: Subject | None
    rows: Sequence[LedgerRow]
    freezes: Sequence[Hold] = ()
    schedulers: Schedulers = Schedulers()

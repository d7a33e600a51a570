"""What becomes of each planned instant. Pure: instants, outages, freezes and the task before in, decisions out.

Instants at which the engine was frozen are skipped. The defaults of the project: instants that passed while no
scheduler was alive are run once, as the latest of them; an instant at which the schedule's task before has not ended is
skipped; a one-shot is never dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

STARTED = "started"
QUEUED = "queued"
COALESCED = "coalesced"
MISSED = "missed"
SKIPPED_OVERLAP = "skipped_overlap"
SKIPPED_FROZEN = "skipped_frozen"
SKIPPED_PREDICATE = "skipped_predicate"
INVALID_INPUTS = "invalid_inputs"
ERROR = "error"

SCHEDULE = "schedule"
CATCHUP = "catchup"
MANUAL = "manual"

# More equal decisions than this, one after the other, become one row of the ledger.
MAX_EQUAL_ROWS = 100


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch without any scheduler alive; both ends belong to somebody who was."""

    started_at: datetime
    ended_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.started_at < instant < self.ended_at


@dataclass(frozen=True, slots=True)
class Freeze:
    """A stretch in which the engine was frozen; `words` say by whom, since when and why."""

    started_at: datetime
    ended_at: datetime
    words: str

    def __contains__(self, instant: datetime) -> bool:
        return self.started_at <= instant < self.ended_at


@dataclass(frozen=True, slots=True)
class Planned:
    """The instants of one schedule that are to be decided, oldest first and at least one.

    When there are too many to count, `instants` holds only the latest ones and `uncounted` the first and the last of
    those before them.
    """

    instants: Sequence[datetime]
    uncounted: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision depends on besides the instants.

    Attributes:
        spread: How much later than planned each instant is due; that is when a scheduler has to be alive.
        blocked_by: Describes the task before, if it has not ended.
    """

    now: datetime
    spread: timedelta = timedelta(0)
    is_one_shot: bool = False
    misfire_window: timedelta = timedelta(days=1)
    outages: Sequence[Outage] = ()
    freezes: Sequence[Freeze] = ()
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one instant, or of `count` of them from `scheduled_for` to `last_scheduled_for`.

    `count` is None where there were too many to count.
    """

    scheduled_for: datetime
    outcome: str
    reason: str = ""
    cause: str = SCHEDULE
    last_scheduled_for: datetime | None = None
    count: int | None = 1

    @property
    def starts_task(self) -> bool:
        """Whether a task comes of it, be it right away or behind the one that blocks it."""
        return self.outcome in {STARTED, QUEUED}


def decide(planned: Planned, situation: Situation) -> list[Decision]:
    """Decide every planned instant, oldest first."""
    if situation.is_one_shot:
        return [_decide_one_shot(instant, situation) for instant in planned.instants]
    catch_up = _latest_to_catch_up(planned.instants, situation)
    decisions = [_decide_uncounted(planned.uncounted, catch_up, situation)] if planned.uncounted else []
    started: datetime | None = None
    for instant in planned.instants:
        if (freeze := _freeze_over(instant, situation)) is not None:
            decisions.append(Decision(instant, SKIPPED_FROZEN, f"the engine was frozen {freeze.words}"))
            continue
        if _is_misfired(instant, situation) and instant != catch_up:
            decisions.append(_give_up(instant, catch_up, situation))
            continue
        cause = CATCHUP if instant == catch_up else SCHEDULE
        if situation.blocked_by is not None:
            decisions.append(Decision(instant, SKIPPED_OVERLAP, situation.blocked_by, cause))
        elif started is not None:
            reason = f"the task of {say(started)} had only just been started"
            decisions.append(Decision(instant, SKIPPED_OVERLAP, reason, cause))
        else:
            decisions.append(Decision(instant, STARTED, cause=cause))
            started = instant
    return _compress(decisions)


def give_up_all(planned: Planned, reason: str) -> list[Decision]:
    """Decide instants that nothing will fire any more: all missed, for one reason."""
    decisions = [Decision(instant, MISSED, reason) for instant in planned.instants]
    if planned.uncounted:
        first, last = planned.uncounted
        decisions.insert(0, Decision(first, MISSED, reason, last_scheduled_for=last, count=None))
    return _compress(decisions)


def run_by_hand(now: datetime, actor: str) -> Decision:
    """Decide a run that somebody asked for: it starts, whatever runs already."""
    return Decision(now, STARTED, f"run by {actor}", MANUAL)


def say(instant: datetime) -> str:
    """Return a moment as reasons write it."""
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"


def _freeze_over(instant: datetime, situation: Situation) -> Freeze | None:
    return next((freeze for freeze in situation.freezes if instant + situation.spread in freeze), None)


def _is_misfired(instant: datetime, situation: Situation) -> bool:
    """Tell whether no scheduler was alive at an instant; while the engine is frozen it makes no difference."""
    is_frozen = _freeze_over(instant, situation) is not None
    return not is_frozen and any(instant + situation.spread in outage for outage in situation.outages)


def _latest_to_catch_up(instants: Sequence[datetime], situation: Situation) -> datetime | None:
    """Return the latest misfired instant if it lies within the window: the one that `run_once` runs."""
    latest = next((instant for instant in reversed(instants) if _is_misfired(instant, situation)), None)
    return latest if latest is not None and _is_in_window(latest, situation) else None


def _is_in_window(instant: datetime, situation: Situation) -> bool:
    return instant + situation.spread >= situation.now - situation.misfire_window


def _give_up(instant: datetime, catch_up: datetime | None, situation: Situation) -> Decision:
    if catch_up is not None and _is_in_window(instant, situation):
        return Decision(instant, COALESCED, f"no scheduler was alive; coalesced into the instant of {say(catch_up)}")
    window = int(situation.misfire_window.total_seconds())
    return Decision(
        instant, MISSED, f"no scheduler was alive until more than {window} s later (misfire_window_seconds)"
    )


def _decide_one_shot(instant: datetime, situation: Situation) -> Decision:
    cause = CATCHUP if _is_misfired(instant, situation) else SCHEDULE
    if situation.blocked_by is None:
        return Decision(instant, STARTED, cause=cause)
    return Decision(instant, QUEUED, f"starts when it can: {situation.blocked_by}", cause)


def _decide_uncounted(stretch: tuple[datetime, datetime], catch_up: datetime | None, situation: Situation) -> Decision:
    first, last = stretch
    if (freeze := _freeze_over(last, situation)) is not None:
        decision = Decision(last, SKIPPED_FROZEN, f"the engine was frozen {freeze.words}")
    elif _is_misfired(last, situation):
        decision = _give_up(last, catch_up, situation)
    else:
        decision = Decision(last, SKIPPED_OVERLAP, "schedulers were so late that a later instant was due as well")
    return replace(decision, scheduled_for=first, last_scheduled_for=last, count=None)


def _compress(decisions: list[Decision]) -> list[Decision]:
    """Make one decision of more than MAX_EQUAL_ROWS equal ones that follow each other; none that starts a task."""
    compressed: list[Decision] = []
    for _, group in groupby(decisions, key=lambda each: (each.outcome, each.reason, each.cause, each.count)):
        alike = list(group)
        if len(alike) > MAX_EQUAL_ROWS and not alike[0].starts_task:
            alike = [replace(alike[0], last_scheduled_for=alike[-1].scheduled_for, count=len(alike))]
        compressed.extend(alike)
    return compressed

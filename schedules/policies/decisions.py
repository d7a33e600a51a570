"""What may become of an instant: outcomes, causes, and the decision that holds them."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

STARTED = "started"
QUEUED = "queued"
COALESCED = "coalesced"
MISSED = "missed"
SKIPPED_OVERLAP = "skipped_overlap"
SKIPPED_PAUSED = "skipped_paused"
SKIPPED_FROZEN = "skipped_frozen"
SKIPPED_PREDICATE = "skipped_predicate"
INVALID_INPUTS = "invalid_inputs"
ERROR = "error"

SCHEDULE = "schedule"
CATCHUP = "catchup"
BACKFILL = "backfill"
MANUAL = "manual"

# How a reason begins where no scheduler was there; and how one ends, after who did it, where a person was first.
NO_SCHEDULER = "no scheduler was alive"
TRIGGER_CHANGED = "changed the trigger before this instant was fired"
SCHEDULE_DELETED = "deleted the schedule before this instant was fired"

# More equal decisions than this, one after the other, become one row of the ledger.
MAX_EQUAL_ROWS = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one instant, or of `count` of them from `scheduled_for` to `last_scheduled_for`.

    `count` is None where there were too many to count. `cancels` are the tasks that are to be aborted for it.
    """

    scheduled_for: datetime
    outcome: str
    reason: str = ""
    cause: str = SCHEDULE
    last_scheduled_for: datetime | None = None
    count: int | None = 1
    cancels: tuple[UUID, ...] = ()

    @property
    def starts_task(self) -> bool:
        """Whether a task comes of it, be it right away or behind the one that blocks it."""
        return self.outcome in {STARTED, QUEUED}

    def refuse(self, outcome: str, reason: str) -> "Decision":
        """Return it as it is when its task cannot start after all."""
        return replace(self, outcome=outcome, reason=reason, cancels=())


def say(instant: datetime) -> str:
    """Return a moment as reasons write it."""
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"


def compress(decisions: list[Decision]) -> list[Decision]:
    """Make one decision of more than MAX_EQUAL_ROWS equal ones that follow each other; none that starts a task.

    The same holds for those that are equal to a stretch of which the instants were not counted.
    """
    compressed: list[Decision] = []
    for _, group in groupby(decisions, key=lambda each: (each.outcome, each.reason, each.cause)):
        alike = list(group)
        is_uncounted = any(each.count is None for each in alike)
        if (len(alike) > MAX_EQUAL_ROWS and not alike[0].starts_task) or (is_uncounted and len(alike) > 1):
            last = alike[-1].last_scheduled_for or alike[-1].scheduled_for
            count = None if is_uncounted else len(alike)
            alike = [replace(alike[0], last_scheduled_for=last, count=count)]
        compressed.extend(alike)
    return compressed

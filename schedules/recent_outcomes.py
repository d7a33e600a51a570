"""What became of the latest instants of schedules, and of the tasks that came of them: a history at a glance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any
from uuid import UUID

from orchestrator_site.common.database import stored_value
from schedules.models import Firing, FiringOutcome
from tasks.models import BLOCKING, TaskStatus
from tasks.states import FAILURES

MAX_SHOWN = 12

_LATEST = """
SELECT * FROM (
    SELECT f.id, f.schedule_id, f.scheduled_for, f.outcome, f.reason, {status} AS task_status
    FROM schedules_firing f {joined}
    WHERE f.schedule_id = %s ORDER BY f.id DESC LIMIT {limit}
) AS latest"""
_TASK = "LEFT JOIN tasks_task t ON t.id = f.task_id"

_STARTED = frozenset({FiringOutcome.STARTED, FiringOutcome.QUEUED})
_WRONG = frozenset({FiringOutcome.ERROR, FiringOutcome.INVALID_INPUTS})


class Fate(StrEnum):
    """How an instant ended for whoever relies on it."""

    GOOD = "good"
    BUSY = "busy"
    BAD = "bad"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class RecentOutcome:
    """What became of an instant, or of several that were decided alike.

    Attributes:
        task_status: How its task stands; empty if it has none, if that has been cleaned up, or was not asked for.
    """

    scheduled_for: datetime
    outcome: str
    reason: str
    task_status: str

    @property
    def has_failed_task(self) -> bool:
        """Whether its task was started, and failed."""
        return self.task_status in FAILURES

    @property
    def fate(self) -> Fate:
        """How it ended; a task that is gone has completed, since no other one is cleaned up."""
        if self.outcome in _WRONG or self.has_failed_task:
            return Fate.BAD
        if self.task_status in BLOCKING:
            return Fate.BUSY
        if self.outcome in _STARTED and self.task_status != TaskStatus.ABORTED:
            return Fate.GOOD
        return Fate.ODD


RecentOutcomes = Sequence[RecentOutcome]


def read_recent_outcomes(schedule_ids: Sequence[UUID], *, with_tasks: bool = True) -> Mapping[UUID, RecentOutcomes]:
    """Return the last MAX_SHOWN rows that the ledger has of each schedule, the oldest first: one statement.

    It takes as many steps in the index `firing_of_schedule` as it returns rows, however long the ledger is. A window
    function would look at every row of these schedules, and SQLite knows no lateral join; so each schedule has a part
    of its own.

    Args:
        schedule_ids: 500 at most, such as those of a page: SQLite takes no longer statement.
        with_tasks: Whether to tell how their tasks stand as well.
    """
    found: dict[UUID, list[RecentOutcome]] = defaultdict(list)
    if not schedule_ids:
        return found
    status, joined = ("t.status", _TASK) if with_tasks else ("NULL", "")
    part = _LATEST.format(status=status, joined=joined, limit=MAX_SHOWN)
    keys = [stored_value(Firing, "schedule_id", each) for each in schedule_ids]
    rows: Iterable[Any] = Firing.objects.raw(" UNION ALL ".join([part] * len(keys)), keys)
    for row in sorted(rows, key=attrgetter("id")):
        outcome = RecentOutcome(row.scheduled_for, row.outcome, row.reason, row.task_status or "")
        found[row.schedule_id].append(outcome)
    return found

"""How the latest tasks of workflows ended: the last success, how many of them succeed, and how long that takes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from orchestrator_site.common.database import stored_value
from orchestrator_site.common.percentiles import find_percentile
from tasks.models import Task, TaskStatus
from tasks.states import FAILURES

# So many tasks of each workflow are looked at, whatever the table holds.
LATEST = 50

# Both parts are read from one end of an index, so that the work does not grow with the number of tasks. The status is
# written out because SQLite proves the condition of a partial index from the text of a statement alone; and the success
# is the one that started last, since by its end PostgreSQL would walk the index of all completed tasks.
_OF_ONE = f"""
    SELECT * FROM (
        SELECT id, workflow_id, status, started_at, finished_at FROM tasks_task
        WHERE workflow_id = %s AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT {LATEST}
    ) AS latest
    UNION ALL
    SELECT * FROM (
        SELECT id, workflow_id, status, started_at, finished_at FROM tasks_task
        WHERE workflow_id = %s AND status = 'completed' AND started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1
    ) AS succeeded
"""  # noqa: S608  # of a number of ours


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that has ended."""

    task_id: UUID
    status: str
    started_at: datetime | None
    finished_at: datetime

    @property
    def lasted(self) -> timedelta | None:
        """How long it took from its first start to its end."""
        return None if self.started_at is None else self.finished_at - self.started_at


@dataclass(frozen=True)
class TrackRecord:
    """How the latest tasks of one workflow ended.

    Attributes:
        latest: Those that ended last, the latest first; at most LATEST.
        last_success: Of the latest, the one that completed last; if none did, of all the one that was started last and
            completed, however long ago; None if none is stored.
    """

    latest: Sequence[Ended] = ()
    last_success: Ended | None = None

    @property
    def succeeded(self) -> int:
        """How many of the latest completed."""
        return sum(task.status == TaskStatus.COMPLETED for task in self.latest)

    @property
    def counted(self) -> int:
        """How many of the latest completed or failed; whoever aborts a task says nothing of its workflow."""
        return self.succeeded + sum(task.status in FAILURES for task in self.latest)

    @property
    def success_rate(self) -> float | None:
        """The part of those that completed; None where there are none."""
        return self.succeeded / self.counted if self.counted else None

    @property
    def median(self) -> timedelta | None:
        """How long those that completed took, half of them at most."""
        return self._percentile(50)

    @property
    def slowest(self) -> timedelta | None:
        """How long those that completed took, 95 of 100 at most."""
        return self._percentile(95)

    @cached_property
    def _lengths(self) -> Sequence[timedelta]:
        completed = (task.lasted for task in self.latest if task.status == TaskStatus.COMPLETED)
        return sorted(length for length in completed if length is not None)

    def _percentile(self, percent: int) -> timedelta | None:
        return find_percentile(self._lengths, percent) if self._lengths else None


def find_track_records(*, workflow_ids: Collection[UUID]) -> Mapping[UUID, TrackRecord]:
    """Return the track records of workflows, with one statement; those without any task are left out.

    Args:
        workflow_ids: 250 at most, such as those of a page: SQLite takes no longer statement.
    """
    if not workflow_ids:
        return {}
    params = [value for each in workflow_ids for value in [stored_value(Task, "workflow", each)] * 2]
    ended: dict[UUID, dict[UUID, Ended]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([_OF_ONE] * len(workflow_ids)), params)
        for task_id, workflow_id, status, started_at, finished_at in cursor.fetchall():
            task = Ended(_read_id(task_id), status, _read_moment(started_at), _read_moment(finished_at))
            ended[_read_id(workflow_id)][task.task_id] = task
    return {workflow_id: _make_record(tasks.values()) for workflow_id, tasks in ended.items()}


def _make_record(tasks: Iterable[Ended]) -> TrackRecord:
    latest = sorted(tasks, key=lambda task: task.finished_at, reverse=True)
    succeeded = next((task for task in latest if task.status == TaskStatus.COMPLETED), None)
    return TrackRecord(latest[:LATEST], succeeded)


def _read_id(stored: Any) -> UUID:
    """Return an id as the database gives it; SQLite has none but texts."""
    return stored if isinstance(stored, UUID) else UUID(stored)


def _read_moment(stored: Any) -> Any:
    """Return a moment as the database gives it, or none; SQLite has it without a zone, in UTC."""
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

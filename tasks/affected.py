"""What changes of step lists mean for tasks that are on their way: which stand at or after what has changed since.

It is asked of the same functions that decide where a task goes on, and no code of any workflow is needed for it: the
present lists are those that a release has written down.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from tasks.models import StepsVersion, Task, TaskStatus
from workflows.engine.versions import StepEntry, find_place, fingerprint, keeps_place

# Those that may go on some day. One with inconsistent data may as well, but has stopped already.
ON_THEIR_WAY = tuple(
    status
    for status in TaskStatus
    if status not in {TaskStatus.CREATED, TaskStatus.COMPLETED, TaskStatus.ABORTED, TaskStatus.INCONSISTENT_DATA}
)


# So many are looked at; of more, these tell enough.
MAX_COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class PresentSteps:
    """The step list of a workflow as it is now, and what became of former steps."""

    entries: Sequence[StepEntry]
    aliases: Mapping[str, str]


@dataclass(slots=True)
class Affected:
    """The tasks of one workflow that changes concern.

    Attributes:
        is_all: Whether all were counted; else there are at least as many.
        stopping: How many stand at or after what has changed, and will stop when they go on.
        mapped: How many stand there, and go on where an alias leads them.
        stopped: How many have stopped as inconsistent.
        versions: The step lists by which the first two have run.
        first_position: The smallest position at which one of them stands.
    """

    workflow_id: UUID
    workflow_name: str
    is_all: bool = True
    stopping: int = 0
    mapped: int = 0
    stopped: int = 0
    versions: set[str] = field(default_factory=set)
    first_position: int | None = None

    @property
    def standing(self) -> int:
        """How many stand at or after what has changed."""
        return self.stopping + self.mapped


class _Group(NamedTuple):
    """Where tasks stand: of which workflow, in which status, and at which place of which list."""

    workflow_id: UUID
    workflow_name: str
    status: str
    version: str
    position: int


def find_affected(workflows: Mapping[str, PresentSteps], *, since: datetime) -> list[Affected]:
    """Return which tasks stand at what has changed since they ran, by the names of their workflows.

    Those of a workflow that has no present list stop all. Two statements, however many tasks there are, of which the
    first 5,000 count.

    Args:
        workflows: The step lists of all workflows that have usable code, by name.
        since: From when on those count that have stopped.
    """
    groups, is_all = _count_groups(workflows, since=since)
    stored = _read_entries(group.version for group in groups)
    found: dict[UUID, Affected] = {}
    for group, count in groups.items():
        affected = found.setdefault(group.workflow_id, Affected(group.workflow_id, group.workflow_name, is_all=is_all))
        if group.status == TaskStatus.INCONSISTENT_DATA:
            affected.stopped += count
        else:
            _add(affected, group, workflows.get(group.workflow_name), stored.get(group.version, ()), count)
    concerned = (each for each in found.values() if each.standing or each.stopped)
    return sorted(concerned, key=lambda each: each.workflow_name)


def _count_groups(workflows: Mapping[str, PresentSteps], *, since: datetime) -> tuple[Counter[_Group], bool]:
    """Count the tasks that ran by other lists, by where they stand; and tell whether these are all of them."""
    present = [fingerprint([StepEntry(name), *each.entries]) for name, each in workflows.items()]
    has_stopped = Q(status=TaskStatus.INCONSISTENT_DATA, finished_at__gte=since)
    others = Task.objects.filter(Q(status__in=ON_THEIR_WAY) | has_stopped).exclude(steps_version__in=["", *present])
    columns = ("workflow_id", "workflow__name", "status", "steps_version", "position")
    rows = [_Group(*row) for row in others.order_by().values_list(*columns)[: MAX_COUNTED + 1]]
    return Counter(rows[:MAX_COUNTED]), len(rows) <= MAX_COUNTED


def _read_entries(version_ids: Iterable[str]) -> dict[str, tuple[StepEntry, ...]]:
    rows = StepsVersion.objects.filter(pk__in=set(version_ids)).values_list("id", "entries")
    return {version_id: tuple(StepEntry(name, form) for name, form in entries) for version_id, entries in rows}


def _add(
    affected: Affected, group: _Group, present: PresentSteps | None, stored: Sequence[StepEntry], count: int
) -> None:
    position = group.position
    if present is None:
        place = None
    else:
        entries, aliases = present.entries, present.aliases
        if keeps_place(stored=stored, position=position, present=entries, aliases=aliases):
            return
        place = find_place(stored=stored, position=position, present=entries, aliases=aliases)
    if place is None:
        affected.stopping += count
    else:
        affected.mapped += count
    affected.versions.add(group.version)
    first = affected.first_position
    affected.first_position = position if first is None else min(first, position)

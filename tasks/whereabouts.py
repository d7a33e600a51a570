"""Where tasks are: the step, since when, and whether that is too long; for a page of tasks with two statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q

from tasks.deploys import read_entries, version_of
from tasks.models import CLAIMABLE, StepsVersion, Task, TaskStatus, TaskStep
from tasks.standing import STANDING, STANDING_FIELDS, CurrentSteps
from tasks.starting import find_definition
from tasks.stuck import is_stuck
from workflows.registry import WorkflowCodeError

# Workers run so many at most by far; a list of tasks that take too long needs no more.
MAX_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The step at which a task stands.

    Attributes:
        name: Of the step.
        since: When a worker began it, or when it began to wait there; None where nobody knows.
        timeout_seconds: How long it may take; None without a limit, and without its code.
        is_overdue: Whether it takes longer than that.
    """

    name: str
    since: datetime | None
    timeout_seconds: float | None = None
    is_overdue: bool = False

    def lasts(self, *, now: datetime) -> timedelta | None:
        """Return how long it has been there."""
        return None if self.since is None else max(now - self.since, timedelta())


def find_whereabouts(tasks: Sequence[Task], *, now: datetime) -> Mapping[UUID, Whereabouts]:
    """Return where those of the tasks are that stand at a step; they are read with their workflows."""
    standing = [task for task in tasks if task.status in STANDING]
    steps = CurrentSteps(now=now)
    found = {task.pk: steps.find_of(task) for task in standing}
    names = _read_names([task for task in standing if found[task.pk] is None])
    moments = _read_moments([task for task in standing if task.step_started_at is None])
    whereabouts = {}
    for task in standing:
        step, since = found[task.pk], task.step_started_at or moments.get(task.pk)
        if step is not None:
            whereabouts[task.pk] = Whereabouts(step.name, since, step.timeout_seconds, step.is_overdue)
        elif task.pk in names:
            whereabouts[task.pk] = Whereabouts(names[task.pk], since)
    return whereabouts


def find_overdue(*, now: datetime) -> list[UUID]:
    """Return the ids of the tasks that take longer at their step than it may take."""
    held = Task.objects.filter(status__in=(TaskStatus.RUNNING, TaskStatus.AWAITING_CALLBACK))
    steps = CurrentSteps(now=now)
    rows = held.select_related("workflow").only(*STANDING_FIELDS, "workflow__name")[:MAX_LOOKED_AT]
    found = ((task.pk, steps.find_of(task)) for task in rows)
    return [pk for pk, step in found if step is not None and step.is_overdue]


def hanging(*, now: datetime) -> Q:
    """Return the condition of the tasks that take too long at a step, or that no worker takes."""
    return Q(pk__in=find_overdue(now=now)) | is_stuck(now=now)


def list_step_names(task: Task) -> Sequence[str]:
    """Return the names of all steps of a task, by the list that it runs by; none where nobody knows that."""
    definition = find_definition(task.workflow.name)
    try:
        if definition is not None and task.steps_version in {"", version_of(definition).id}:
            return [step.name for step in definition.steps]
    except WorkflowCodeError:  # a form of it cannot be used
        pass
    return [entry.name for entry in read_entries(task.steps_version) or ()]


def has_begun(task: Task) -> bool:
    """Tell whether the latest step of a task, as it is recorded, is the one at which it stands."""
    return task.status not in {*CLAIMABLE, TaskStatus.RUNNING}


def _read_names(tasks: Iterable[Task]) -> Mapping[UUID, str]:
    """Return the names of the steps by the lists that the tasks ran by, of which this process has not the code."""
    by_version = {task.pk: (task.steps_version, task.position) for task in tasks if task.steps_version}
    if not by_version:
        return {}
    rows = StepsVersion.objects.filter(pk__in={version for version, _ in by_version.values()})
    entries = dict(rows.values_list("pk", "entries"))
    return {
        pk: entries[version][position][0]
        for pk, (version, position) in by_version.items()
        if position < len(entries.get(version, ()))
    }


def _read_moments(tasks: Iterable[Task]) -> Mapping[UUID, datetime]:
    """Return when the latest step of each task ended: since then it has been waiting."""
    ids = [task.pk for task in tasks]
    if not ids:
        return {}
    rows = TaskStep.objects.filter(task_id__in=ids).order_by().values_list("task_id")
    return dict(rows.annotate(Max("completed_at")))

"""The witness: what step bodies did, told outside of the database, and the reckoning with what the database says.

Counting duplicates in our own tables would prove nothing: their constraints forbid them there.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import structlog

from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState
from schedules.triggers import fire_times_between
from tasks.models import PASSED, StepStatus, Task, TaskStatus, TaskStep
from workflows.engine import Step, done, init
from workflows.engine.kinds import AwaitCallbackStep
from workflows.engine.steps import AbortStep
from workflows.registry import get_definition

FILE_VARIABLE = "WITNESS_FILE"

# These have no body of their own that could testify.
SILENT_STEPS = {init[0].name, done[0].name}
SILENT_KINDS = (AwaitCallbackStep, AbortStep)
STARTING = {FiringOutcome.STARTED, FiringOutcome.QUEUED}
MAX_PLANNED = 100_000


class Sighting(NamedTuple):
    """A step's body ran in that attempt."""

    task_id: UUID
    step: str
    attempt: int

    def __str__(self) -> str:
        return f"step {self.step!r} of task {self.task_id} in attempt {self.attempt}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at the end of a fault test."""

    schedules: Sequence[Schedule]
    firings: Sequence[Firing]
    tasks: Sequence[Task]
    steps: Sequence[TaskStep]
    sightings: Sequence[Sighting]
    effects: Sequence[Sighting] = ()


class Irreconcilable(AssertionError):
    """Witness, steps, tasks, firings and planned instants disagree; the message lists where."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join([f"{len(differences)} differences:", *differences]))
        self.differences = differences


def bear_witness(task_id: str, step: str) -> int:
    """Say that a step's body runs; return the attempt in which it does.

    One write to a file that is only appended to: lines of several processes do not mix, and none is lost with its
    process.
    """
    attempt: int = structlog.contextvars.get_contextvars()["attempt"]
    line = json.dumps([task_id, step, attempt]) + "\n"
    descriptor = os.open(os.environ[FILE_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
    return attempt


def read_witness(path: Path) -> list[Sighting]:
    """Return what was testified, oldest first."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [Sighting(UUID(task_id), step, attempt) for task_id, step, attempt in lines]


def reconcile(witness: Path, *, until: datetime, effects: Sequence[Sighting] = ()) -> Evidence:
    """Check that everything planned up to `until` happened, once, and that all tasks have ended as their steps say.

    Args:
        witness: The file of the witness.
        until: The last instant that has to have happened.
        effects: What atomic steps wrote: each has to write once.

    Returns:
        What was compared, so that a test can ask whether it was enough.

    Raises:
        Irreconcilable: Something is missing, or there twice.
    """
    evidence = gather_evidence(witness, effects=effects)
    if differences := find_differences(evidence, until=until):
        raise Irreconcilable(differences)
    return evidence


def gather_evidence(witness: Path, *, effects: Sequence[Sighting] = ()) -> Evidence:
    """Read all rows, and what the witness saw."""
    return Evidence(
        schedules=list(Schedule.objects.all()),
        firings=list(Firing.objects.order_by("id")),
        tasks=list(Task.objects.select_related("workflow").order_by("id")),
        steps=list(TaskStep.objects.order_by("id")),
        sightings=read_witness(witness),
        effects=effects,
    )


def find_differences(evidence: Evidence, *, until: datetime) -> list[str]:
    """Compare planned instants ↔ firings ↔ tasks ↔ steps ↔ witness and effects; return every difference in words."""
    return [*_planned_and_firings(evidence, until), *find_run_differences(evidence)]


def find_run_differences(evidence: Evidence) -> list[str]:
    """Compare firings ↔ tasks ↔ steps ↔ witness and effects; return every difference in words."""
    return [
        *_firings_and_tasks(evidence),
        *_tasks_and_steps(evidence),
        *_steps_and_witness(evidence),
        *_steps_and_effects(evidence),
    ]


def _planned_and_firings(evidence: Evidence, until: datetime) -> Iterator[str]:
    firings = defaultdict(list)
    for firing in evidence.firings:
        if firing.cause != FiringCause.MANUAL:
            firings[firing.schedule_id].append(firing)
    for schedule in evidence.schedules:
        yield from _grid_of(schedule, firings[schedule.pk], until)


def _grid_of(schedule: Schedule, firings: Sequence[Firing], until: datetime) -> Iterator[str]:
    """Compare one schedule's firings with the instants of its trigger since that was set."""
    rule, since = schedule.trigger_rule, schedule.grid_start_at
    firings = [firing for firing in firings if firing.scheduled_for > since]
    latest = max([until, *(_end_of(firing) for firing in firings)])
    planned = fire_times_between(rule, after=since, until=latest, limit=MAX_PLANNED)
    decided: Counter[datetime] = Counter()
    for firing in firings:
        covered = [instant for instant in planned if firing.scheduled_for <= instant <= _end_of(firing)]
        if len(covered) != (len(covered) or 1 if firing.count is None else firing.count):
            yield f"firing {firing} says it is of {firing.count} planned instants, and is of {len(covered)}"
        decided.update(covered)
    for instant in planned:
        if instant <= until and not decided[instant]:
            yield f"{schedule.name!r}: the instant {instant} has no firing"
        if decided[instant] > 1:
            yield f"{schedule.name!r}: the instant {instant} has {decided[instant]} firings"
    if schedule.state != ScheduleState.BROKEN and schedule.next_run_at != rule.next_after(schedule.planned_through):
        yield f"{schedule.name!r}: goes on at {schedule.next_run_at} after {schedule.planned_through}"


def _end_of(firing: Firing) -> datetime:
    return firing.last_scheduled_for or firing.scheduled_for


def _firings_and_tasks(evidence: Evidence) -> Iterator[str]:
    tasks = {task.pk: task for task in evidence.tasks}
    firings_of = Counter(firing.task_id for firing in evidence.firings if firing.task_id)
    for firing in evidence.firings:
        if (firing.outcome in STARTING) != (firing.task_id is not None):
            yield f"firing {firing} has the task {firing.task_id}"
            continue
        if firing.task_id is None:
            continue
        task = tasks.get(firing.task_id)
        if task is None:
            yield f"firing {firing} has the task {firing.task_id}, which does not exist"
        elif (task.schedule_id, task.scheduled_for) != (firing.schedule_id, firing.scheduled_for):
            yield f"firing {firing} has the task {firing.task_id}, which is of another instant: {task.scheduled_for}"
    for task in evidence.tasks:
        if task.schedule_id is not None and firings_of[task.pk] != 1:
            yield f"task {task} of the instant {task.scheduled_for} has {firings_of[task.pk]} firings"


def _tasks_and_steps(evidence: Evidence) -> Iterator[str]:
    passed = defaultdict(list)
    for step in evidence.steps:
        if step.status in PASSED:
            passed[step.task_id].append((step.position, step.name))
    for task in evidence.tasks:
        steps, end = _planned_steps(task)
        planned = list(enumerate(step.name for step in steps))
        if task.status != end:
            yield f"task {task} is {task.status}, not {end}"
            planned = planned[: task.position]
        if sorted(passed[task.pk]) != planned:
            yield f"task {task} has the steps {sorted(passed[task.pk])}, and should have {planned}"


def _planned_steps(task: Task) -> tuple[Sequence[Step], TaskStatus]:
    """Return the steps that a task should pass, and what it should end as."""
    steps = list(get_definition(task.workflow.name).steps)
    aborting = [number for number, step in enumerate(steps) if isinstance(step, AbortStep)]
    return (steps[: aborting[0]], TaskStatus.ABORTED) if aborting else (steps, TaskStatus.COMPLETED)


def _steps_and_witness(evidence: Evidence) -> Iterator[str]:
    attempts = {task.pk: task.attempt for task in evidence.tasks}
    seen = Counter(evidence.sightings)
    recorded = find_witnessed(evidence)
    for (task_id, name), step in recorded.items():
        sighting = Sighting(task_id, name, step.attempt)
        if step.status != StepStatus.SKIPPED and sighting not in seen:
            yield f"{sighting} is recorded, and the witness did not see it"
    for sighting, count in seen.items():
        if count > 1:
            yield f"{sighting} ran {count} times"
        if sighting.attempt > attempts.get(sighting.task_id, 0):
            yield f"{sighting} ran, and the task has had {attempts.get(sighting.task_id, 0)} attempts"
        yield from _sighting_and_record(sighting, recorded.get((sighting.task_id, sighting.step)))


def _sighting_and_record(sighting: Sighting, step: TaskStep | None) -> Iterator[str]:
    if step is None:
        return
    if step.status == StepStatus.SKIPPED:
        yield f"{sighting} ran, and it is recorded as skipped"
    elif sighting.attempt > step.attempt:
        yield f"{sighting} ran again, after attempt {step.attempt} had recorded it"


def find_witnessed(evidence: Evidence) -> dict[tuple[UUID, str], TaskStep]:
    """Return, by task and name, the steps that passed and have a body that testifies; it did not if one was skipped."""
    silent = {
        (task.pk, step.name)
        for task in evidence.tasks
        for step in get_definition(task.workflow.name).steps
        if step.name in SILENT_STEPS or isinstance(step, SILENT_KINDS)
    }
    passed = {(step.task_id, step.name): step for step in evidence.steps if step.status in PASSED}
    return {key: step for key, step in passed.items() if key not in silent}


def _steps_and_effects(evidence: Evidence) -> Iterator[str]:
    """Compare the atomic steps that passed with what they wrote: each once, in the attempt that was recorded."""
    atomic = {
        (task.pk, step.name)
        for task in evidence.tasks
        for step in get_definition(task.workflow.name).steps
        if step.is_atomic
    }
    recorded = {
        Sighting(step.task_id, step.name, step.attempt)
        for step in evidence.steps
        if step.status in PASSED and (step.task_id, step.name) in atomic
    }
    effects = Counter(evidence.effects)
    for sighting in recorded - effects.keys():
        yield f"{sighting} is recorded, and its effect is not there"
    for sighting, count in effects.items():
        if sighting not in recorded:
            yield f"{sighting} is not recorded, and its effect is there"
        elif count > 1:
            yield f"{sighting} has had its effect {count} times"

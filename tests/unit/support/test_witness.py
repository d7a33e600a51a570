"""The reckoning of the fault tests can fail: each fault is planted, and found."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock
from uuid import UUID

import pytest
import structlog

from orchestrator_site.common.ids import new_id
from schedules.models import Firing, FiringOutcome, Schedule
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tests.support.witness import FILE_VARIABLE, Evidence, Sighting, bear_witness, find_differences, read_witness
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS, LazyWorkflowInstance

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
PERIOD = timedelta(seconds=5)
STEPS = ("Start", "First", "Second", "Third", "Done")
RUNS = 4
UNTIL = START + RUNS * PERIOD


@dataclass
class World:
    """A schedule that fired four times, its tasks completed, and two tasks by hand; the tests spoil it."""

    schedule: Schedule
    firings: list[Firing] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    steps: list[TaskStep] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    effects: list[Sighting] = field(default_factory=list)

    def add_firing(self, instant: datetime, **changes: object) -> Firing:
        fields = {"outcome": FiringOutcome.STARTED, "scheduled_for": instant, **changes}
        self.firings.append(
            Firing(schedule_id=self.schedule.pk, schedule_name=self.schedule.name, decided_at=instant, **fields)
        )
        return self.firings[-1]

    def add_task(self, instant: datetime) -> Task:
        """Add a completed task with its steps and what the witness saw of them, all in the first attempt."""
        task = Task(
            workflow=Workflow(name="task_three_steps"),
            status=TaskStatus.COMPLETED,
            attempt=1,
            position=len(STEPS),
            schedule_id=self.schedule.pk,
            scheduled_for=instant,
        )
        self.tasks.append(task)
        for position, name in enumerate(STEPS):
            self.add_step(task, position, name)
        self.sightings += [Sighting(task.pk, name, 1) for name in STEPS[1:-1]]
        return task

    def add_task_by_hand(self, workflow: str, status: TaskStatus, steps: dict[str, StepStatus]) -> Task:
        """Add a task of some other workflow; the witness saw the steps in between that have passed."""
        task = Task(workflow=Workflow(name=workflow), status=status, attempt=1, position=len(steps))
        self.tasks.append(task)
        for position, (name, step_status) in enumerate(steps.items()):
            self.add_step(task, position, name, status=step_status)
            if step_status == StepStatus.SUCCESS and name != "Start":
                self.sightings.append(Sighting(task.pk, name, 1))
        return task

    def add_step(
        self, task: Task, position: int, name: str, attempt: int = 1, status: StepStatus = StepStatus.SUCCESS
    ) -> None:
        if name == "Done":
            status = StepStatus.COMPLETE
        self.steps.append(TaskStep(task_id=task.pk, position=position, attempt=attempt, name=name, status=status))

    def forget_task(self, task_id: UUID | None) -> None:
        """Remove a task with its steps and what was seen of them."""
        self.tasks = [task for task in self.tasks if task.pk != task_id]
        self.steps = [step for step in self.steps if step.task_id != task_id]
        self.sightings = [sighting for sighting in self.sightings if sighting.task_id != task_id]

    def differences(self) -> list[str]:
        evidence = Evidence([self.schedule], self.firings, self.tasks, self.steps, self.sightings, self.effects)
        return find_differences(evidence, until=UNTIL)

    def find_step(self, name: str) -> TaskStep:
        [found] = [step for step in self.steps if step.name == name]
        return found


@pytest.fixture
def world() -> Iterator[World]:
    schedule = Schedule(
        name="every 5 s",
        trigger="interval",
        trigger_kwargs={"seconds": PERIOD.total_seconds()},
        timezone="UTC",
        grid_start_at=START,
        planned_through=UNTIL,
        next_run_at=UNTIL + PERIOD,
    )
    world = World(schedule)
    with mock.patch.dict(ALL_WORKFLOWS):
        LazyWorkflowInstance("tests.process.faultapp.definitions", "task_three_steps")
        LazyWorkflowInstance("tests.process.faultapp.kinds", "task_conditional")
        LazyWorkflowInstance("tests.process.faultapp.kinds", "task_given_up")
        passed, skipped = StepStatus.SUCCESS, StepStatus.SKIPPED
        steps = {"Start": passed, "Dig": passed, "Clean": passed, "Polish": passed, "Seek": skipped, "Done": passed}
        world.add_task_by_hand("task_conditional", TaskStatus.COMPLETED, steps)
        steps = {"Start": passed, "Book": passed, "Try": passed, "Abort": StepStatus.ABORT}
        booked = world.add_task_by_hand("task_given_up", TaskStatus.ABORTED, steps)
        world.effects.append(Sighting(booked.pk, "Book", 1))
        for run in range(1, RUNS + 1):
            instant = START + run * PERIOD
            world.add_firing(instant, task_id=world.add_task(instant).pk)
        yield world


def test_a_whole_world_reconciles(world: World) -> None:
    assert world.differences() == []


def test_what_comes_after_the_end_may_have_happened_or_not(world: World) -> None:
    world.add_firing(UNTIL + PERIOD, task_id=world.add_task(UNTIL + PERIOD).pk)
    world.schedule.planned_through, world.schedule.next_run_at = UNTIL + PERIOD, UNTIL + 2 * PERIOD
    assert world.differences() == []


def test_a_row_for_many_instants_stands_for_each_of_them(world: World) -> None:
    for firing in world.firings[:3]:
        world.forget_task(firing.task_id)
    first, last = world.firings[0].scheduled_for, world.firings[2].scheduled_for
    del world.firings[:3]
    row = world.add_firing(first, last_scheduled_for=last, count=3, outcome=FiringOutcome.MISSED)
    assert world.differences() == []
    row.count = None
    assert world.differences() == []
    row.count = 2
    assert "says it is of 2 planned instants, and is of 3" in one(world.differences())
    row.count, row.last_scheduled_for = 4, UNTIL
    assert "has 2 firings" in one(world.differences())


def test_a_step_may_run_again_when_it_was_not_recorded(world: World) -> None:
    task = scheduled_task(world)
    task.attempt = 2
    for step in steps_of(world, task)[2:]:
        step.attempt = 2
    world.sightings.remove(Sighting(task.pk, "Third", 1))
    world.sightings += [Sighting(task.pk, "Second", 2), Sighting(task.pk, "Third", 2)]
    assert world.differences() == []


def one(differences: list[str]) -> str:
    [difference] = differences
    return difference


def scheduled_task(world: World) -> Task:
    return next(task for task in world.tasks if task.schedule_id)


def steps_of(world: World, task: Task) -> list[TaskStep]:
    return [step for step in world.steps if step.task_id == task.pk]


def lose_firing_and_task(world: World) -> None:
    world.forget_task(world.firings.pop(1).task_id)


def lose_firing(world: World) -> None:
    del world.firings[1]


def double_firing(world: World) -> None:
    instant = world.firings[0].scheduled_for
    world.add_firing(instant, task_id=world.add_task(instant).pk)


def fire_off_the_grid(world: World) -> None:
    instant = START + PERIOD / 2
    world.add_firing(instant, task_id=world.add_task(instant).pk)


def lose_the_next_instant(world: World) -> None:
    world.schedule.next_run_at = UNTIL + 2 * PERIOD


def lose_task(world: World) -> None:
    world.forget_task(world.firings[0].task_id)


def start_nothing(world: World) -> None:
    lose_task(world)
    world.firings[0].task_id = None


def start_task_of_skipped_instant(world: World) -> None:
    world.firings[0].outcome = FiringOutcome.SKIPPED_OVERLAP


def double_task(world: World) -> None:
    world.add_task(world.firings[0].scheduled_for)


def mistake_the_instant(world: World) -> None:
    scheduled_task(world).scheduled_for = UNTIL


def leave_task_running(world: World) -> None:
    scheduled_task(world).status = TaskStatus.RUNNING


def lose_step(world: World) -> None:
    task = scheduled_task(world)
    world.steps.remove(steps_of(world, task)[1])
    world.sightings.remove(Sighting(task.pk, "First", 1))


def double_step(world: World) -> None:
    world.add_step(scheduled_task(world), 1, "First")


def swap_steps(world: World) -> None:
    _, first, second, *_ = steps_of(world, scheduled_task(world))
    first.position, second.position = second.position, first.position


def record_without_running(world: World) -> None:
    del world.sightings[0]


def run_twice_in_one_attempt(world: World) -> None:
    world.sightings.append(world.sightings[0])


def run_recorded_step_again(world: World) -> None:
    world.tasks[0].attempt = 2
    world.sightings.append(world.sightings[0]._replace(attempt=2))


def run_without_a_claim(world: World) -> None:
    world.sightings.append(Sighting(UUID(int=1), "First", 1))


def run_in_an_attempt_that_never_was(world: World) -> None:
    step = world.find_step("Dig")
    step.attempt = 2
    world.sightings[0] = world.sightings[0]._replace(attempt=2)


def run_a_skipped_step(world: World) -> None:
    world.sightings.append(Sighting(world.find_step("Seek").task_id, "Seek", 1))


def skip_a_step_that_ran(world: World) -> None:
    world.find_step("Clean").status = StepStatus.SKIPPED


def complete_what_gives_up(world: World) -> None:
    world.tasks[1].status = TaskStatus.COMPLETED


def abort_what_goes_on(world: World) -> None:
    world.tasks[0].status = TaskStatus.ABORTED


def abort_too_early(world: World) -> None:
    step = world.find_step("Try")
    world.steps.remove(step)
    world.sightings.remove(Sighting(step.task_id, "Try", 1))


def lose_effect(world: World) -> None:
    world.effects.clear()


def double_effect(world: World) -> None:
    world.effects *= 2


def have_the_effect_of_a_lost_attempt(world: World) -> None:
    world.effects.append(world.effects[0]._replace(attempt=2))


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lose_firing_and_task, "has no firing"),
        (lose_firing, "has no firing"),
        (lose_firing, "has 0 firings"),
        (double_firing, "has 2 firings"),
        (fire_off_the_grid, "says it is of 1 planned instants, and is of 0"),
        (lose_the_next_instant, "goes on at 2027-03-01 09:00:30+00:00 after 2027-03-01 09:00:20+00:00"),
        (lose_task, "which does not exist"),
        (start_nothing, "has the task None"),
        (start_task_of_skipped_instant, "skipped_overlap has the task"),
        (double_task, "has 0 firings"),
        (mistake_the_instant, "which is of another instant"),
        (leave_task_running, "is running, not completed"),
        (lose_step, "and should have"),
        (double_step, "and should have"),
        (swap_steps, "and should have"),
        (record_without_running, "is recorded, and the witness did not see it"),
        (run_twice_in_one_attempt, "ran 2 times"),
        (run_recorded_step_again, "ran again, after attempt 1 had recorded it"),
        (run_without_a_claim, "and the task has had 0 attempts"),
        (run_in_an_attempt_that_never_was, "and the task has had 1 attempts"),
        (run_a_skipped_step, "ran, and it is recorded as skipped"),
        (skip_a_step_that_ran, "ran, and it is recorded as skipped"),
        (complete_what_gives_up, "is completed, not aborted"),
        (abort_what_goes_on, "is aborted, not completed"),
        (abort_too_early, "and should have"),
        (lose_effect, "is recorded, and its effect is not there"),
        (double_effect, "has had its effect 2 times"),
        (have_the_effect_of_a_lost_attempt, "is not recorded, and its effect is there"),
    ],
)
def test_a_planted_fault_is_found(world: World, fault: Callable[[World], None], found: str) -> None:
    fault(world)
    assert any(found in difference for difference in world.differences()), world.differences()


def test_what_is_testified_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "witness"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    task_id = new_id()
    with structlog.contextvars.bound_contextvars(attempt=3):
        assert bear_witness(str(task_id), "NSO calls") == 3
        bear_witness(str(task_id), "Then\nthis")
    assert read_witness(path) == [Sighting(task_id, "NSO calls", 3), Sighting(task_id, "Then\nthis", 3)]
    assert json.loads(path.read_text().splitlines()[0]) == [str(task_id), "NSO calls", 3]

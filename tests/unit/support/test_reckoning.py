"""The reckoning of the whole system can fail: each fault is planted, and found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import UUID

import pytest

from orchestrator_site.common.ids import new_id
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, SchedulerOutage, ScheduleState
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tests.support.grid import Every, History, Moment
from tests.support.reckoning import Reckoning, reckon
from tests.support.witness import Evidence, Sighting
from workflows.models import Workflow
from workflows.registry import ALL_WORKFLOWS, LazyWorkflowInstance

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STEPS = ("Start", "First", "Second", "Third", "Done")
END = START + 60 * SECOND
# When it ran, in seconds after the start.
RAN = (10, 20, 45, 55)
PAUSED, RESUMED, EDITED = (START + seconds * SECOND for seconds in (25, 33, 35))


class World:
    """A schedule that ran every ten seconds, was paused for one instant, and runs at other seconds since an edit."""

    def __init__(self) -> None:
        self.history = History(new_id(), END)
        self.history.set_rule(Every(10), Moment(START, START), first=START + 10 * SECOND)
        self.history.pause(Moment(PAUSED, PAUSED + SECOND), until=None)
        self.history.resume(Moment(RESUMED, RESUMED + SECOND))
        self.history.set_rule(Every(10), Moment(EDITED, EDITED + SECOND), first=EDITED + 10 * SECOND)
        self.schedules = [Schedule(id=self.history.schedule_id, name="one", state=ScheduleState.FINISHED)]
        self.firings: list[Firing] = []
        self.tasks: list[Task] = []
        self.steps: list[TaskStep] = []
        self.sightings: list[Sighting] = []
        self.outages: list[SchedulerOutage] = []
        for seconds in RAN:
            self.run(seconds)
        self.decide(30, outcome=FiringOutcome.SKIPPED_PAUSED)

    def run(self, seconds: float) -> None:
        """Add the firing of an instant, and all that comes of it."""
        task = Task(
            workflow=Workflow(name="task_three_steps"),
            status=TaskStatus.COMPLETED,
            attempt=1,
            position=len(STEPS),
            schedule_id=self.history.schedule_id,
            scheduled_for=START + seconds * SECOND,
        )
        self.tasks.append(task)
        self.decide(seconds, task_id=task.pk)
        for position, name in enumerate(STEPS):
            status = StepStatus.COMPLETE if name == "Done" else StepStatus.SUCCESS
            step = TaskStep(task_id=task.pk, position=position, attempt=1, name=name, status=status)
            self.steps.append(step)
        self.sightings += [Sighting(task.pk, name, 1) for name in STEPS[1:-1]]

    def decide(self, seconds: float, *, outcome: str = FiringOutcome.STARTED, task_id: UUID | None = None) -> Firing:
        firing = Firing(
            schedule_id=self.history.schedule_id,
            scheduled_for=START + seconds * SECOND,
            decided_at=START + seconds * SECOND,
            cause=FiringCause.SCHEDULE,
            outcome=outcome,
            task_id=task_id,
        )
        self.firings.append(firing)
        return firing

    def give_up(self, number: int, outcome: str) -> None:
        """Take back that an instant ran."""
        firing, task = self.firings[number], self.tasks.pop(number)
        firing.outcome, firing.task_id = outcome, None
        self.steps = [step for step in self.steps if step.task_id != task.pk]
        self.sightings = [sighting for sighting in self.sightings if sighting.task_id != task.pk]

    def reckon(self) -> Reckoning:
        evidence = Evidence(self.schedules, self.firings, self.tasks, self.steps, self.sightings)
        return reckon([self.history], evidence, self.outages)


@pytest.fixture
def world() -> Iterator[World]:
    with mock.patch.dict(ALL_WORKFLOWS):
        LazyWorkflowInstance("tests.process.faultapp.definitions", "task_three_steps")
        yield World()


def test_a_whole_world_is_right_and_said_in_one_line(world: World) -> None:
    reckoning = world.reckon()
    assert reckoning.is_right(), reckoning.report()
    assert reckoning.line() == "witness = steps = tasks = ledger = planned grid: 4; 0 missing, 0 double, 0 stuck"
    assert [line.split()[:2] for line in reckoning.table().splitlines()] == [
        ["planned", "5"],
        ["ledger", "5"],
        ["started", "4"],
        ["tasks", "4"],
        ["steps", "20"],
        ["witness", "12"],
    ]


def test_an_instant_may_be_missed_when_no_scheduler_was_alive(world: World) -> None:
    world.give_up(0, FiringOutcome.MISSED)
    assert "nothing kept it from running" in world.reckon().report()
    world.outages.append(SchedulerOutage(started_at=START + 9 * SECOND, ended_at=START + 11 * SECOND))
    assert world.reckon().is_right()


def test_what_was_still_to_run_at_the_pause_or_the_edit_may_be_given_up(world: World) -> None:
    world.give_up(1, FiringOutcome.SKIPPED_PAUSED)
    assert world.reckon().is_right(), world.reckon().report()
    world.give_up(0, FiringOutcome.SKIPPED_PAUSED)
    assert world.reckon().is_right(), world.reckon().report()


def test_a_row_of_many_instants_stands_for_each(world: World) -> None:
    world.give_up(1, FiringOutcome.SKIPPED_PAUSED)
    world.firings[1].last_scheduled_for, world.firings[1].count = world.firings.pop().scheduled_for, 2
    assert world.reckon().is_right(), world.reckon().report()
    world.firings[1].count = 3
    assert "says it is of 3 instants, and is of 2" in world.reckon().report()


def lose_firing_and_task(world: World) -> None:
    world.give_up(2, FiringOutcome.MISSED)
    del world.firings[2]


def lose_skipped(world: World) -> None:
    del world.firings[-1]


def double_firing(world: World) -> None:
    world.run(RAN[0])


def fire_by_the_old_rule(world: World) -> None:
    world.run(40)


def fire_in_the_pause(world: World) -> None:
    del world.firings[-1]
    world.run(30)


def skip_for_another_task(world: World) -> None:
    world.give_up(3, FiringOutcome.SKIPPED_OVERLAP)


def give_up_what_others_ran_after(world: World) -> None:
    world.give_up(0, FiringOutcome.SKIPPED_PAUSED)


def lose_task(world: World) -> None:
    del world.tasks[0]


def leave_task(world: World) -> None:
    world.tasks[0].status = TaskStatus.RUNNING


def double_step(world: World) -> None:
    world.steps.append(world.steps[1])


def lose_step(world: World) -> None:
    del world.steps[1]


def lose_sighting(world: World) -> None:
    del world.sightings[0]


def double_sighting(world: World) -> None:
    world.sightings.append(world.sightings[0])


def leave_schedule(world: World) -> None:
    world.schedules[0].state = ScheduleState.ACTIVE


def fire_something_unknown(world: World) -> None:
    world.decide(10).schedule_id = new_id()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lose_firing_and_task, "09:00:45+00:00 is planned, and not in the ledger"),
        (lose_skipped, "09:00:30+00:00 is planned, and not in the ledger"),
        (double_firing, "is in the ledger 2 times"),
        (fire_by_the_old_rule, "is not planned"),
        (fire_in_the_pause, "ran in a pause"),
        (skip_for_another_task, "is skipped_overlap, and nothing kept it from running"),
        (give_up_what_others_ran_after, "nothing kept it from running"),
        (lose_task, "has no tasks"),
        (leave_task, "1 stuck"),
        (double_step, "is recorded 2 times"),
        (lose_step, "has no steps"),
        (lose_sighting, "has no witness"),
        (double_sighting, "ran 2 times"),
        (leave_schedule, "is active"),
        (fire_something_unknown, "which is unknown"),
    ],
)
def test_every_fault_is_found(world: World, spoil: Callable[[World], None], words: str) -> None:
    spoil(world)
    reckoning = world.reckon()
    assert not reckoning.is_right()
    assert words in reckoning.report()

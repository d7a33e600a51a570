"""Whatever is done with tasks, in any order: every move is legal, each legal one is made, and the rows make sense."""

from collections import Counter
from typing import Any

import pytest
from django.db.models import Exists, F, OuterRef
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tasks.models import CLAIMABLE, ENDED, PASSED, StepsVersion, Task, TaskStatus, TaskStep
from tasks.states import MOVES
from tests.integration.tasks.observed_moves import Move, begin_observing, take_moves
from tests.integration.tasks.support import Clock
from tests.integration.tasks.task_machine import TaskMachine

pytestmark = pytest.mark.django_db


class WatchedMachine(TaskMachine):
    """Looks at all rows after each thing that was done."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[Any, tuple[int, int, int]] = {}

    @invariant()
    def every_move_is_legal(self) -> None:
        for _, (old, new) in take_moves():
            assert new in MOVES[old], f"a task went from {old} to {new}"
            self.seen[old, new] += 1

    @invariant()
    def the_columns_of_a_task_fit_its_status(self) -> None:
        stopped = {*ENDED, TaskStatus.WAITING} - {TaskStatus.COMPLETED}
        for task in Task.objects.all():
            assert (task.finished_at is not None) is (task.status in ENDED), task.status
            assert task.available_at is not None or task.status not in {*CLAIMABLE, TaskStatus.WAITING}
            assert task.step_started_at is None or task.status == TaskStatus.RUNNING
            if task.status != TaskStatus.RUNNING:
                assert bool(task.failed_reason) is (task.status in stopped), task.status

    @invariant()
    def what_counts_up_never_goes_back(self) -> None:
        for task in Task.objects.all():
            now = (task.version, task.attempt, task.revision)
            before = self.versions.get(task.pk, (0, 0, 0))
            assert all(new >= old for new, old in zip(now, before, strict=True))
            self.versions[task.pk] = now

    @invariant()
    def no_step_beyond_the_place_of_a_task_has_passed(self) -> None:
        here = TaskStep.objects.filter(status__in=PASSED, revision=F("task__revision"))
        assert not here.filter(position__gte=F("task__position")).exists()

    @invariant()
    def the_list_that_a_task_has_run_by_is_written_down(self) -> None:
        known = set(StepsVersion.objects.values_list("pk", flat=True))
        for task in Task.objects.annotate(has_steps=Exists(TaskStep.objects.filter(task=OuterRef("pk")))):
            assert bool(task.steps_version) is task.has_steps
            assert not task.steps_version or task.steps_version in known

    @invariant()
    def a_task_that_awaits_an_answer_can_get_one(self) -> None:
        for task in Task.objects.filter(status=TaskStatus.AWAITING_CALLBACK):
            callback = task.callbacks.get(revision=task.revision, position=task.position)
            assert (callback.answered_at, callback.expires_at) == (None, task.available_at)


@pytest.mark.timeout(180)  # a machine with much else to do takes several times as long
def test_every_move_that_is_made_is_legal(clock: Clock) -> None:
    begin_observing()
    WatchedMachine.clock, WatchedMachine.seen = clock, Counter[Move]()
    run_state_machine_as_test(
        WatchedMachine,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert len(WatchedMachine.seen) > 10, WatchedMachine.seen

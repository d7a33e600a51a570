"""Every legal move of a task is made by somebody, as the database sees it, and no other."""

from collections.abc import Callable

import pytest

from tasks.callbacks import answer_callback
from tasks.models import Task, TaskStatus
from tasks.queue import claim_orphaned
from tasks.services import abort_task, resume_task
from tasks.states import MOVES
from tests.integration.tasks.calling_out import Supplier, awaiting
from tests.integration.tasks.deploying import ANSWERS, ReasonForm
from tests.integration.tasks.observed_moves import Move, begin_observing, take_moves
from tests.integration.tasks.support import Clock, Network, claim_due, fresh, run_due
from tests.integration.tasks.task_machine import ERRORS
from tests.support.factories import LEASE_SECONDS, make_lease, make_step, make_task, make_workflow
from workflows.engine import Step, inputstep, retrystep

pytestmark = pytest.mark.django_db

STOPPED = [TaskStatus.FAILED, TaskStatus.API_UNAVAILABLE, TaskStatus.INCONSISTENT_DATA]


def abort(task: Task) -> None:
    abort_task(task_id=task.pk, actor="ada")


def start(clock: Clock, *steps: Step) -> Task:
    return make_task(make_workflow(*steps), now=clock.now)


def make_stopping(status: TaskStatus) -> Step:
    """Return a step at which a task stops once, in one of the ways that need nobody else."""
    network = Network(ERRORS.get(status, ConnectionError("nso:8080")))
    if status == TaskStatus.SUSPENDED:
        return inputstep("Ask", form=ReasonForm)(lambda: None)
    if status == TaskStatus.WAITING:
        return retrystep("Try")(lambda: network.call("Try"))
    return make_step("Read", lambda: network.call("Read"))


def complete(clock: Clock) -> None:
    run_due(clock, start(clock))


def stop_and_resume(clock: Clock) -> None:
    for status in (*STOPPED, TaskStatus.WAITING, TaskStatus.SUSPENDED):
        task = run_due(clock, start(clock, make_stopping(status)))
        assert task.status == status
        inputs = ANSWERS if status == TaskStatus.SUSPENDED else None
        resume_task(task_id=task.pk, actor="ada", inputs=inputs)
        assert run_due(clock, task).status == TaskStatus.COMPLETED


def stop_and_abort(clock: Clock) -> None:
    for status in (*STOPPED, TaskStatus.WAITING, TaskStatus.SUSPENDED):
        abort(run_due(clock, start(clock, make_stopping(status))))
    abort(awaiting(clock, Supplier()))


def try_again(clock: Clock) -> None:
    task = run_due(clock, start(clock, make_stopping(TaskStatus.WAITING)))
    clock.now = task.available_at or clock.now
    run_due(clock, task)


def call_back(clock: Clock) -> None:
    supplier = Supplier()
    task = awaiting(clock, supplier)
    answer_callback(task_id=task.pk, token=supplier.token, result=1)
    run_due(clock, task)


def call_back_too_late(clock: Clock) -> None:
    task = awaiting(clock, Supplier(), timeout_seconds=60)
    clock.let_pass(60)
    run_due(clock, task)


def abort_on_the_queue(clock: Clock) -> None:
    abort(start(clock))
    task = run_due(clock, start(clock, make_stopping(TaskStatus.FAILED)))
    resume_task(task_id=task.pk, actor="ada")
    abort(task)


def abort_while_it_runs(clock: Clock) -> None:
    def ask() -> None:
        abort(Task.objects.latest("id"))

    run_due(clock, start(clock, make_step("Read", ask)))


def give_back(clock: Clock) -> None:
    task = start(clock)
    assert run_due(clock, task, is_stopping=lambda: True).status == TaskStatus.CREATED
    looks = iter([False, True])
    assert run_due(clock, task, is_stopping=lambda: next(looks)).status == TaskStatus.RESUMED


def take_over(clock: Clock) -> None:
    task = start(clock)
    assert claim_due(clock, worker="dies") is not None
    clock.let_pass(2 * LEASE_SECONDS)
    assert len(claim_orphaned(make_lease(now=clock.now), limit=1)) == 1
    assert fresh(task).attempt == 2


STORIES: list[Callable[[Clock], None]] = [
    complete,
    stop_and_resume,
    stop_and_abort,
    try_again,
    call_back,
    call_back_too_late,
    abort_on_the_queue,
    abort_while_it_runs,
    give_back,
    take_over,
]


def test_all_stories_together_make_every_legal_move_and_no_other(clock: Clock) -> None:
    begin_observing()
    made: set[Move] = set()
    for tell in STORIES:
        tell(clock)
        made |= {move for _, move in take_moves()}
        Task.objects.all().delete()
    assert made == {(old, new) for old, targets in MOVES.items() for new in targets}

"""The state machine of a task."""

import pytest

from tasks.models import TaskStatus
from tasks.states import MOVES, IllegalTransition, sources_of

STOPPED = {TaskStatus.FAILED, TaskStatus.API_UNAVAILABLE, TaskStatus.INCONSISTENT_DATA}
TIMED = {TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK}
HELD = {TaskStatus.SUSPENDED, *TIMED}
ENDED = {TaskStatus.COMPLETED, TaskStatus.ABORTED}
ON_THE_QUEUE = {TaskStatus.CREATED, TaskStatus.RESUMED}


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(TaskStatus)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_a_task_that_has_ended_moves_no_more(status: TaskStatus) -> None:
    assert MOVES[status] == set()


@pytest.mark.parametrize("status", sorted(set(TaskStatus) - ENDED))
def test_every_other_task_can_be_aborted(status: TaskStatus) -> None:
    assert TaskStatus.ABORTED in MOVES[status]


@pytest.mark.parametrize("status", sorted((STOPPED | HELD) - TIMED))
def test_a_task_that_stopped_or_is_suspended_runs_again_only_by_being_resumed(status: TaskStatus) -> None:
    assert MOVES[status] == {TaskStatus.RESUMED, TaskStatus.ABORTED}


@pytest.mark.parametrize("status", sorted(TIMED))
def test_a_task_that_waits_is_run_by_itself_too_when_its_time_has_come(status: TaskStatus) -> None:
    assert MOVES[status] == {TaskStatus.RUNNING, TaskStatus.RESUMED, TaskStatus.ABORTED}


@pytest.mark.parametrize("status", sorted(ON_THE_QUEUE))
def test_a_task_on_the_queue_can_only_be_run_or_aborted(status: TaskStatus) -> None:
    assert MOVES[status] == {TaskStatus.RUNNING, TaskStatus.ABORTED}


def test_a_running_task_may_end_in_anything_and_be_taken_over_or_given_back() -> None:
    assert MOVES[TaskStatus.RUNNING] == set(TaskStatus)


def test_a_task_is_run_from_the_queue_in_its_time_or_taken_over_and_from_nowhere_else() -> None:
    assert set(sources_of(TaskStatus.RUNNING)) == {*ON_THE_QUEUE, *TIMED, TaskStatus.RUNNING}


def test_only_a_running_task_completes() -> None:
    assert sources_of(TaskStatus.COMPLETED) == [TaskStatus.RUNNING]


def test_what_stopped_or_waits_and_what_a_worker_gives_back_can_be_resumed() -> None:
    assert set(sources_of(TaskStatus.RESUMED)) == {*STOPPED, *HELD, TaskStatus.RUNNING}


def test_a_refusal_names_both_states_and_what_is_possible() -> None:
    refusal = IllegalTransition("failed", "running")
    assert str(refusal) == ("a task that is failed cannot become running; it can become aborted, resumed")
    assert (refusal.current, refusal.wanted) == (TaskStatus.FAILED, TaskStatus.RUNNING)


def test_a_refusal_says_when_a_task_has_ended() -> None:
    assert str(IllegalTransition("completed", "aborted")) == (
        "a task that is completed cannot become aborted; it can become nothing: it has ended"
    )

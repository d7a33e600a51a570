"""What is kept of a step that was executed: each outcome has its record, and the models have a word for each."""

from typing import get_args

import pytest

from tasks.models import PASSED, StepStatus, TaskStatus
from workflows.engine import (
    Abort,
    AwaitCallback,
    Complete,
    Failed,
    Outcome,
    Skipped,
    Success,
    Suspend,
    Waiting,
)
from workflows.engine.outcomes import FailureKind, timed_out
from workflows.engine.records import make_record

BEFORE, AFTER = {"a": 1}, {"a": 2}


def failure(kind: FailureKind = FailureKind.FAILED) -> Failed:
    return Failed(kind, "ValueError", "no such node", "Traceback …")


# An outcome → the status of the step, what the task becomes, which state is kept, and why it stopped.
EXPECTED: list[tuple[Outcome, str, str, dict[str, int], str]] = [
    (Success(AFTER), "success", "running", AFTER, ""),
    (Skipped(AFTER), "skipped", "running", AFTER, ""),
    (Complete(AFTER), "complete", "completed", AFTER, ""),
    (Suspend(AFTER), "suspend", "suspended", AFTER, ""),
    (AwaitCallback(AFTER, 60), "awaiting_callback", "awaiting_callback", AFTER, ""),
    (Abort(AFTER), "abort", "aborted", AFTER, "Look: the workflow ended it here"),
    (Waiting(failure(), 10), "waiting", "waiting", BEFORE, "Look: ValueError: no such node"),
    *[(failure(kind), "failed", kind.value, BEFORE, "Look: ValueError: no such node") for kind in FailureKind],
]


@pytest.mark.parametrize(("outcome", "status", "task_status", "state", "reason"), EXPECTED, ids=repr)
def test_each_outcome_has_its_record(
    outcome: Outcome, status: str, task_status: str, state: dict[str, int], reason: str
) -> None:
    record = make_record("Look", outcome, state_before=BEFORE)
    assert (record.name, record.status, record.task_status) == ("Look", status, task_status)
    assert (record.state, record.failed_reason) == (state, reason)


def test_no_outcome_is_without_a_record() -> None:
    assert {type(outcome) for outcome, *_ in EXPECTED} == set(get_args(Outcome))


def test_the_models_have_a_word_for_every_status_and_no_other() -> None:
    records = [make_record("Look", outcome, state_before=BEFORE) for outcome, *_ in EXPECTED]
    assert {record.status for record in records} == set(StepStatus)
    # the others are those of a task on the queue
    assert {record.task_status for record in records} == set(TaskStatus) - {TaskStatus.CREATED, TaskStatus.RESUMED}


def test_a_task_goes_on_or_completes_with_the_steps_that_passed_and_with_no_other() -> None:
    records = [make_record("Look", outcome, state_before=BEFORE) for outcome, *_ in EXPECTED]
    going_on = {record.status for record in records if record.task_status in {"running", "completed"}}
    assert going_on == set(PASSED)


@pytest.mark.parametrize("outcome", [failure(), Waiting(failure(), 10)], ids=["failed", "waiting"])
def test_what_a_step_failed_with_is_kept_in_full(outcome: Outcome) -> None:
    record = make_record("Look", outcome, state_before=BEFORE)
    assert record.error == {"class": "ValueError", "message": "no such node", "traceback": "Traceback …"}


@pytest.mark.parametrize("outcome", [Success({}), Abort({}), Suspend({})], ids=repr)
def test_a_step_that_did_not_fail_keeps_no_error(outcome: Outcome) -> None:
    assert make_record("Look", outcome, state_before=BEFORE).error is None


def test_a_step_that_took_too_long_says_how_long() -> None:
    record = make_record("Look", timed_out(seconds=3.26, timeout_seconds=3), state_before=BEFORE)
    assert (record.task_status, record.failed_reason) == (
        "failed",
        "Look: StepTimeout: the step took 3.3 s; its timeout_seconds is 3",
    )

"""Saying in a test what a run has to have come to; what it came to instead is shown with the traceback."""

import re

from workflows.engine import WorkflowError
from workflows.engine.outcomes import FailureKind
from workflows.engine.records import TASK_STATUSES
from workflows.testing.names import say_near
from workflows.testing.results import WorkflowResult


def assert_completed(result: WorkflowResult) -> None:
    """Fail the test unless the run completed; the message holds the traceback of the step that failed."""
    __tracebackhide__ = True
    assert_status(result, "completed")


def assert_status(result: WorkflowResult, status: str) -> None:
    """Fail the test unless the run came to this status; the message says where it stands instead.

    Args:
        result: Of the run.
        status: `completed`, `suspended`, `awaiting_callback`, `waiting`, `aborted`, `failed`, `api_unavailable` or
            `inconsistent_data`.

    Raises:
        WorkflowError: No run comes to such a status.
    """
    __tracebackhide__ = True
    if status not in TASK_STATUSES:
        raise WorkflowError(f"no run is {status!r}{say_near(status, sorted(TASK_STATUSES), kind='the statuses')}")
    if result.status != status:
        raise AssertionError(f"'{result.definition.name}' is {result.status}, not {status}{_describe(result)}")


def assert_failed(result: WorkflowResult, *, match: str = "") -> None:
    """Fail the test unless a step failed for good, with an error that `match` is found in.

    Args:
        result: Of the run; it failed if its status is `failed`, `api_unavailable` or `inconsistent_data`.
        match: A regular expression, searched for in the step, class and message: `NSO calls: ValueError: no such node`.
    """
    __tracebackhide__ = True
    if result.status not in set(FailureKind):
        described = _describe(result) or f". Its state: {result.state}"
        raise AssertionError(f"'{result.definition.name}' is {result.status}; no step failed for good{described}")
    if not re.search(match, result.failed_reason):
        raise AssertionError(f"{match!r} is not found in {result.failed_reason!r}{_describe(result)}")


def _describe(result: WorkflowResult) -> str:
    if failure := result.failure:
        return f". The step {failure.step!r} failed:\n\n{failure.traceback}"
    if result.status == "completed":
        return ""
    return f". It stands at the step {result.steps[-1].name!r}; its state: {result.state}"

"""Running a workflow in a test: the steps as workers run them, without a database, a queue or settings."""

from workflows.testing.asserting import assert_completed, assert_failed, assert_status
from workflows.testing.giving import CALLBACK_ROUTE, AnswerError
from workflows.testing.results import Failure, WorkflowResult
from workflows.testing.running import TASK_ID, resume_workflow, run_workflow
from workflows.testing.stubs import Stub, StubError, Stubs

__all__ = [
    "CALLBACK_ROUTE",
    "TASK_ID",
    "AnswerError",
    "Failure",
    "Stub",
    "StubError",
    "Stubs",
    "WorkflowResult",
    "assert_completed",
    "assert_failed",
    "assert_status",
    "resume_workflow",
    "run_workflow",
]

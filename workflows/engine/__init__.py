"""The pure engine: what a workflow is and what running one of its steps gives.

Nothing below here reads a clock, touches a database or imports Django; `tasks.runner` makes it durable.
"""

from workflows.engine.combining import conditional, focussteps, step_group
from workflows.engine.definition import StartRequest, WorkflowDefinition, task, workflow
from workflows.engine.errors import InconsistentData, WorkflowError
from workflows.engine.kinds import callback_step, inputstep, retrystep, step
from workflows.engine.outcomes import (
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
from workflows.engine.state import State
from workflows.engine.steps import Given, Step, StepList, abort, begin, done, init
from workflows.engine.target import Target
from workflows.engine.timing import Backoff

__all__ = [
    "Abort",
    "AwaitCallback",
    "Backoff",
    "Complete",
    "Failed",
    "Given",
    "InconsistentData",
    "Outcome",
    "Skipped",
    "StartRequest",
    "State",
    "Step",
    "StepList",
    "Success",
    "Suspend",
    "Target",
    "Waiting",
    "WorkflowDefinition",
    "WorkflowError",
    "abort",
    "begin",
    "callback_step",
    "conditional",
    "done",
    "focussteps",
    "init",
    "inputstep",
    "retrystep",
    "step",
    "step_group",
    "task",
    "workflow",
]

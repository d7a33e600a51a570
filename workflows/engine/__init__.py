"""The pure engine: what a workflow is and what running one of its steps gives.

Nothing below here reads a clock, touches a database or imports Django; `tasks.runner` makes it durable.
"""

from workflows.engine.definition import WorkflowDefinition, task, workflow
from workflows.engine.errors import InconsistentData, WorkflowError
from workflows.engine.outcomes import Complete, Failed, Outcome, Success
from workflows.engine.state import State
from workflows.engine.steps import Step, StepList, begin, done, init, step
from workflows.engine.target import Target

__all__ = [
    "Complete",
    "Failed",
    "InconsistentData",
    "Outcome",
    "State",
    "Step",
    "StepList",
    "Success",
    "Target",
    "WorkflowDefinition",
    "WorkflowError",
    "begin",
    "done",
    "init",
    "step",
    "task",
    "workflow",
]

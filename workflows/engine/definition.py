"""`@workflow` and `@task`."""

from collections.abc import Callable
from dataclasses import dataclass

from workflows.engine.errors import WorkflowError
from workflows.engine.steps import StepList, done, init
from workflows.engine.target import Target

StepListFunction = Callable[[], StepList]


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    """A workflow as code: its name is the function's, the row in the database carries the same one."""

    name: str
    description: str
    target: Target
    steps: StepList

    @property
    def is_task(self) -> bool:
        """Whether it is tied to no product and so can be scheduled."""
        return self.target is Target.SYSTEM


def workflow(description: str, *, target: Target = Target.SYSTEM) -> Callable[[StepListFunction], WorkflowDefinition]:
    """Define a workflow by a function that returns `init >> … >> done`.

    Raises:
        WorkflowError: The function returns no step list, or one without a beginning or an end.
    """

    def decorate(function: StepListFunction) -> WorkflowDefinition:
        name = getattr(function, "__name__", repr(function))
        steps = function()
        if not isinstance(steps, StepList):
            raise WorkflowError(f"workflow '{name}' returns {type(steps).__name__}; return init >> … >> done")
        if not _has_beginning(steps) or not _has_end(steps):
            raise WorkflowError(f"workflow '{name}' is {steps!r}; it has to be init >> … >> done")
        if sum(step.is_last for step in steps) > 1:
            raise WorkflowError(f"workflow '{name}' is {steps!r}; 'done' can stand only at its end")
        return WorkflowDefinition(name=name, description=description, target=target, steps=steps)

    return decorate


def task(description: str) -> Callable[[StepListFunction], WorkflowDefinition]:
    """Define a task workflow by a function that returns `begin >> …`; Start and Done are put around it if missing."""

    def decorate(function: StepListFunction) -> WorkflowDefinition:
        def with_ends() -> StepList:
            steps = function()
            if isinstance(steps, StepList):
                steps = steps if _has_beginning(steps) else init >> steps
                steps = steps if _has_end(steps) else steps >> done
            return steps

        with_ends.__name__ = getattr(function, "__name__", repr(function))
        return workflow(description, target=Target.SYSTEM)(with_ends)

    return decorate


def _has_beginning(steps: StepList) -> bool:
    return len(steps) > 0 and steps[0] is init[0]


def _has_end(steps: StepList) -> bool:
    return len(steps) > 0 and steps[len(steps) - 1].is_last

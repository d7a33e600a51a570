"""Stubs: what runs in a test in the place of the functions of steps."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.engine import Step, StepList, WorkflowDefinition, WorkflowError
from workflows.testing.names import say_near

Stub = Callable[..., Any] | Mapping[str, Any]
Stubs = Mapping[str | Step, Stub]


class StubError(WorkflowError):
    """A stub stands for no step of the workflow, or cannot run as one; the message says what would be right."""


def put_stubs(definition: WorkflowDefinition, stubs: Stubs, *, into: StepList) -> StepList:
    """Return the steps of a workflow with stubs in the place of their functions.

    Args:
        definition: The workflow, whose steps the stubs name.
        stubs: By the name of a step (all steps of that name) or by the step itself.
        into: What runs for each step where no stub is given.

    Raises:
        StubError: A stub stands for no step, or cannot run as one.
    """
    executed = list(into)
    stubbed_by: dict[int, str | Step] = {}
    for key, stub in stubs.items():
        positions = [number for number, step in enumerate(definition.steps) if key in (step, step.name)]
        if not positions:
            wanted, names = key.name if isinstance(key, Step) else str(key), [step.name for step in definition.steps]
            raise StubError(f"no step of '{definition.name}' is {key!r}{say_near(wanted, names, kind='its steps')}")
        for number in positions:
            if number in stubbed_by:
                raise StubError(f"{stubbed_by[number]!r} and {key!r} are the same step; give one stub for it")
            stubbed_by[number] = key
            executed[number] = _stubbed(definition.steps[number], stub)
    return StepList(executed)


def _stubbed(step: Step, stub: Stub) -> Step:
    """Return the step with the stub for its function."""
    match stub:
        case Step():
            function: Callable[..., Any] = stub.function
        case Mapping():
            function = _returning(stub)
        case _ if callable(stub):
            function = stub
        case _:
            raise StubError(f"the stub for '{step.name}' is {stub!r}; give a function, or a dict to merge")
    try:
        return step.stubbed_by(function)
    except (TypeError, ValueError) as error:
        raise StubError(f"the stub for '{step.name}' has parameters that cannot be read: {error}") from error
    except WorkflowError as error:
        raise StubError(f"the stub for '{step.name}' cannot run as a step: {error}") from error


def _returning(update: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    return lambda: dict(update)

"""Steps made of steps: under a condition, as a group, on a part of the state."""

from collections.abc import Callable

from workflows.engine.errors import WorkflowError
from workflows.engine.steps import Predicate, Step, StepList

Steps = Step | StepList


def conditional(predicate: Predicate) -> Callable[[Steps], StepList]:
    """Skip steps where `predicate`, which gets the whole state, does not hold.

    It is asked before each of the steps, with the state as it is then::

        init >> conditional(lambda state: state["is_dirty"])(clean >> check) >> done
    """

    def wrap(steps: Steps) -> StepList:
        return StepList(each.only_if(predicate) for each in _listed(steps, "conditional"))

    return wrap


def step_group(name: str, steps: Steps) -> StepList:
    """Return the steps under a common name: they run and are recorded one by one, as `name: step`."""
    return StepList(each.named(f"{name}: {each.name}") for each in _listed(steps, f"step_group '{name}'"))


def focussteps(key: str) -> Callable[[Steps], StepList]:
    """Let steps take what the state holds under `key` for the state: they read from there, and write to there.

    An object is made there if nothing is.
    """

    def wrap(steps: Steps) -> StepList:
        return StepList(each.focused_on(key) for each in _listed(steps, f"focussteps '{key}'"))

    return wrap


def _listed(steps: object, user: str) -> StepList:
    """Return steps as a list that can stand in the middle of a workflow."""
    if isinstance(steps, Step):
        steps = StepList([steps])
    if not isinstance(steps, StepList):
        raise WorkflowError(f"{user} takes a step or a list of steps, not {steps!r}")
    if any(each.is_last for each in steps):
        raise WorkflowError(f"{user} holds 'done', which stands at the end of a workflow only")
    return steps

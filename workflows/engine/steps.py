"""Steps, lists of steps, and running one step."""

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from workflows.engine.errors import WorkflowError
from workflows.engine.outcomes import Complete, Outcome, Success, failed_by
from workflows.engine.state import State, merge_state

StepFunction = Callable[..., Any]

_INJECTABLE = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Step:
    """One named step: a function whose parameters are keys of the state.

    A parameter called `state` gets the whole state. What the function returns, a dict or None, is merged into it.
    """

    __slots__ = ("_parameters", "function", "is_last", "name")

    def __init__(self, name: str, function: StepFunction, *, is_last: bool = False) -> None:
        self.name = name
        self.function = function
        self.is_last = is_last
        self._parameters = tuple(inspect.signature(function).parameters.values())
        for parameter in self._parameters:
            if parameter.kind not in _INJECTABLE:
                raise WorkflowError(
                    f"step '{name}' takes '{parameter}'; a step takes keys of the state by name, or 'state' for all"
                )

    def __rshift__(self, other: "Step | StepList") -> "StepList":
        return StepList([self]) >> other

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, as a test of a single step does."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Step {self.name!r}>"

    def run(self, state: State) -> Outcome:
        """Run the step on `state`, which stays as it is; whatever the function raises becomes `Failed`."""
        try:
            returned = self.function(**self._arguments(state))
            merged = merge_state(state, returned, step_name=self.name)
        except Exception as error:  # noqa: BLE001  # user code: anything may come out of it
            return failed_by(error)
        return Complete(merged) if self.is_last else Success(merged)

    def _arguments(self, state: State) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for parameter in self._parameters:
            name = parameter.name
            if name == "state":
                arguments[name] = copy.deepcopy(state)
            elif name in state:
                arguments[name] = copy.deepcopy(state[name])
            elif parameter.default is parameter.empty:
                known = ", ".join(sorted(state))
                raise WorkflowError(f"step '{self.name}' needs '{name}', which is not in the state ({known})")
        return arguments


class StepList:
    """Steps in the order in which they run; `>>` appends a step or a list and gives a new list."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._steps = tuple(steps)

    def __rshift__(self, other: "Step | StepList") -> "StepList":
        if isinstance(other, Step):
            return StepList((*self._steps, other))
        if isinstance(other, StepList):
            return StepList((*self._steps, *other))
        raise WorkflowError(f'{other!r} is not a step: decorate the function with @step("its name")')

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, position: int) -> Step:
        return self._steps[position]

    def __repr__(self) -> str:
        return " >> ".join(step.name for step in self._steps) or "begin"


def step(name: str) -> Callable[[StepFunction], Step]:
    """Make a function a step of the given name."""

    def decorate(function: StepFunction) -> Step:
        return Step(name, function)

    return decorate


def _nothing() -> None:
    """Do nothing: Start and Done only mark where a task begins and ends."""


begin = StepList()
init = StepList([Step("Start", _nothing)])
done = StepList([Step("Done", _nothing, is_last=True)])

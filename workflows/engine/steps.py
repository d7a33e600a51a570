"""Steps, lists of steps, and running one step."""

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from workflows.engine.errors import WorkflowError
from workflows.engine.focus import Path, focus, merge_focused
from workflows.engine.outcomes import Abort, Complete, Failed, Outcome, Skipped, Success, Waiting, failed_by
from workflows.engine.state import State, merge_state
from workflows.engine.timing import Retrying, check_timeout

StepFunction = Callable[..., Any]
Predicate = Callable[[State], bool]

# As long as what is recorded of a step can be.
MAX_NAME_CHARACTERS = 255

_INJECTABLE = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Given:
    """What a step is given for one execution besides the state.

    Attributes:
        answers: To the form of the step, validated; None until somebody gave them.
        callback_route: The path at which the answer of another system is awaited.
        callback: What another system answered, under the key `result`; None until it has.
        is_callback_late: Whether the time for that answer has run out.
        is_callback_open: Whether any path for that answer was given away.
    """

    answers: State | None = None
    callback_route: str | None = None
    callback: State | None = None
    is_callback_late: bool = False
    is_callback_open: bool = True


NOTHING_GIVEN = Given()


class Step:
    """One named step: a function whose parameters are keys of the state.

    A parameter called `state` gets the whole state. What the function returns, a dict or None, is merged into it.

    Attributes:
        name: As it is recorded; inside of a group the names of the groups stand before it.
        function: What it does.
        is_atomic: Its body and its record are one transaction.
        timeout_seconds: It has failed if it took longer; None for no limit.
        retrying: What becomes of it when it fails; None: its task has failed.
    """

    __slots__ = ("_parameters", "_path", "_predicates", "function", "is_atomic", "name", "retrying", "timeout_seconds")

    def __init__(
        self,
        name: str,
        function: StepFunction,
        *,
        is_atomic: bool = False,
        timeout_seconds: float | None = None,
        retrying: Retrying | None = None,
    ) -> None:
        check_timeout(timeout_seconds, user=f"step '{name}'")
        self.name = name
        self.function = function
        self.is_atomic = is_atomic
        self.timeout_seconds = timeout_seconds
        self.retrying = retrying
        self._path: Path = ()
        self._predicates: tuple[tuple[Path, Predicate], ...] = ()
        self._parameters = _read_parameters(name, function)

    def __rshift__(self, other: "Step | StepList") -> "StepList":
        return StepList([self]) >> other

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, as a test of a single step does."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """What its function takes."""
        return tuple(parameter.name for parameter in self._parameters)

    @property
    def is_last(self) -> bool:
        """Whether its task has completed when it has run."""
        return False

    @property
    def is_conditional(self) -> bool:
        """Whether it may be skipped."""
        return bool(self._predicates)

    def run(self, state: State, given: Given = NOTHING_GIVEN) -> Outcome:
        """Run the step on `state`, which stays as it is; whatever the function raises becomes `Failed`."""
        try:
            for path, predicate in self._predicates:
                if not predicate(copy.deepcopy(focus(state, path))):
                    return Skipped(state)
            return self._perform(state, given)
        except Exception as error:  # noqa: BLE001  # user code: anything may come out of it
            return failed_by(error)

    def after_failure(self, failed: Failed, *, failures: int) -> Failed | Waiting:
        """Return what a failure comes to: this is the one with the number `failures` in a row."""
        retrying = self.retrying
        if retrying is None or (retrying.max_attempts is not None and failures >= retrying.max_attempts):
            return failed
        return Waiting(failed, longest_seconds=retrying.backoff.limit_seconds(failures))

    def named(self, name: str) -> Self:
        """Return the same step under another name."""
        return self._changed(name=name)

    def only_if(self, predicate: Predicate) -> Self:
        """Return the same step, skipped where the predicate does not hold for the state then."""
        return self._changed(_predicates=(((), predicate), *self._predicates))

    def focused_on(self, key: str) -> Self:
        """Return the same step for what the state holds under `key`, as if that were the state."""
        predicates = tuple(((key, *path), predicate) for path, predicate in self._predicates)
        return self._changed(_path=(key, *self._path), _predicates=predicates)

    def stubbed_by(self, function: StepFunction) -> Self:
        """Return the same step with another function: it is what it was in all else, a retried one or one that asks."""
        return self._changed(function=function, _parameters=_read_parameters(self.name, function))

    def _perform(self, state: State, given: Given) -> Outcome:
        """Run it, its condition being met."""
        return Success(self._call(state))

    def _call(self, state: State, *, merged: State | None = None, arguments: State | None = None) -> State:
        """Call the function, and return the state with what it returned.

        Args:
            state: The whole state.
            merged: Goes into the state (the part it is focused on) before the call.
            arguments: What the function can take besides keys of the state.
        """
        own = {**focus(state, self._path), **(merged or {})}
        returned = self.function(**self._arguments({**own, **(arguments or {})}, own))
        return merge_focused(state, self._path, merge_state(own, returned, step_name=self.name))

    def _arguments(self, known: State, state: State) -> State:
        arguments: State = {}
        for parameter in self._parameters:
            name = parameter.name
            if name == "state":
                arguments[name] = copy.deepcopy(state)
            elif name in known:
                arguments[name] = copy.deepcopy(known[name])
            elif parameter.default is parameter.empty:
                names = ", ".join(sorted(known))
                raise WorkflowError(f"step '{self.name}' needs '{name}', which is not in the state ({names})")
        return arguments

    def _changed(self, **attributes: Any) -> Self:
        changed = copy.copy(self)
        for name, value in attributes.items():
            setattr(changed, name, value)
        return changed


def _read_parameters(name: str, function: StepFunction) -> tuple[inspect.Parameter, ...]:
    parameters = tuple(inspect.signature(function).parameters.values())
    for parameter in parameters:
        if parameter.kind not in _INJECTABLE:
            raise WorkflowError(
                f"step '{name}' takes '{parameter}'; a step takes keys of the state by name, or 'state' for all"
            )
    return parameters


class DoneStep(Step):
    """The last step of all: with it the task is complete."""

    __slots__ = ()

    @property
    def is_last(self) -> bool:
        """Whether its task has completed when it has run."""
        return True

    def _perform(self, state: State, given: Given) -> Outcome:
        return Complete(self._call(state))


class AbortStep(Step):
    """Ends its task as aborted."""

    __slots__ = ()

    def _perform(self, state: State, given: Given) -> Outcome:
        return Abort(self._call(state))


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


def _nothing() -> None:
    """Do nothing: such a step only marks a place."""


begin = StepList()
init = StepList([Step("Start", _nothing)])
done = StepList([DoneStep("Done", _nothing)])
abort = StepList([AbortStep("Abort", _nothing)])

"""The kinds of steps, as decorators: plain ones, retried ones, and those that ask people or other systems."""

from collections.abc import Callable
from typing import Any

from workflows.engine.errors import WorkflowError
from workflows.engine.outcomes import AwaitCallback, Outcome, Success, Suspend
from workflows.engine.state import State
from workflows.engine.steps import Given, Step, StepFunction, StepList
from workflows.engine.timing import Backoff, Retrying, check_timeout

CALLBACK_ROUTE = "callback_route"
CALLBACK_RESULT = "callback_result"
# The name, after that of the callback step, of the step that waits.
AWAITING = "Await callback"


class CallbackTimeout(Exception):
    """The system that was to call back did not do so in time."""


class NothingAsked(Exception):
    """An answer is awaited that nobody was asked for: the step that asks was skipped, or is that of another list."""


class InputStep(Step):
    """Waits for answers to a form; its function then gets them among the keys of the state."""

    __slots__ = ("form",)

    form: type[Any]

    def _perform(self, state: State, given: Given) -> Outcome:
        if given.answers is None:
            return Suspend(state)
        return Success(self._call(state, merged=given.answers))


class CallbackActionStep(Step):
    """Asks another system for something, and tells it where to answer."""

    __slots__ = ("route_key",)

    route_key: str

    def _perform(self, state: State, given: Given) -> Outcome:
        return Success(self._call(state, arguments={self.route_key: given.callback_route}))


class AwaitCallbackStep(Step):
    """Waits for the answer to the action before it, and puts it into the state."""

    __slots__ = ("answer_within_seconds",)

    answer_within_seconds: float | None

    def _perform(self, state: State, given: Given) -> Outcome:
        if given.callback is not None:
            return Success(self._call(state, merged={CALLBACK_RESULT: given.callback["result"]}))
        if given.is_callback_late:
            seconds = self.answer_within_seconds  # by the present code, which may have another limit or none
            within = "in time" if seconds is None else f"within {seconds:g} s"
            raise CallbackTimeout(f"nobody called back {within}")
        if not given.is_callback_open:
            raise NothingAsked("no step before it has asked for an answer: resume the task at the one that does")
        return AwaitCallback(state, self.answer_within_seconds)


def step(name: str, *, atomic: bool = False, timeout_seconds: float | None = None) -> Callable[[StepFunction], Step]:
    """Make a function a step of the given name.

    Args:
        name: As people read it.
        atomic: Run its body and record it in one transaction: what it writes to this database is written exactly once,
            whatever dies. It should then do nothing but write there, and not for long.
        timeout_seconds: The step has failed if it took longer. It is looked at when it ends: no thread can be stopped
            from outside. Until then it is shown as overdue.
    """

    def decorate(function: StepFunction) -> Step:
        return Step(name, function, is_atomic=atomic, timeout_seconds=timeout_seconds)

    return decorate


def retrystep(
    name: str,
    *,
    max_attempts: int | None = None,
    backoff: Backoff | None = None,
    atomic: bool = False,
    timeout_seconds: float | None = None,
) -> Callable[[StepFunction], Step]:
    """Make a function a step that is tried again when it fails, its task waiting in between.

    Args:
        name: As people read it.
        max_attempts: How often in all, after which its task has failed; None for as long as it takes.
        backoff: How long it waits; by default up to 10 s, doubled every time up to an hour.
        atomic: As for `step`.
        timeout_seconds: As for `step`; a step that took too long is tried again as well.
    """
    if max_attempts is not None and (isinstance(max_attempts, bool) or max_attempts < 1):
        raise WorkflowError(f"retrystep '{name}' has max_attempts {max_attempts}; give 1 or more, or None")
    retrying = Retrying(max_attempts, backoff or Backoff())

    def decorate(function: StepFunction) -> Step:
        return Step(name, function, is_atomic=atomic, timeout_seconds=timeout_seconds, retrying=retrying)

    return decorate


def inputstep(
    name: str, *, form: type[Any], atomic: bool = False, timeout_seconds: float | None = None
) -> Callable[[StepFunction], InputStep]:
    """Make a function a step that suspends its task until somebody has answered a form.

    Args:
        name: As people read it.
        form: A Django form. Its cleaned answers are merged into the state before the function is called.
        atomic: As for `step`.
        timeout_seconds: As for `step`: how long the function may take, not the person.
    """

    def decorate(function: StepFunction) -> InputStep:
        asking = InputStep(name, function, is_atomic=atomic, timeout_seconds=timeout_seconds)
        asking.form = form
        return asking

    return decorate


def callback_step(
    name: str,
    action_step: Step,
    validate_step: Step,
    *,
    callback_route_key: str = CALLBACK_ROUTE,
    timeout_seconds: float | None = None,
) -> StepList:
    """Return three steps: ask another system for something, wait until it calls back, look at what it says.

    Args:
        name: Stands before the names of the three.
        action_step: Gets the path at which the answer is awaited as the argument `callback_route_key`: it is good for
            one answer, and a secret. It is not in the state.
        validate_step: Finds the answer in the state, as `callback_result`.
        callback_route_key: Name of the argument.
        timeout_seconds: The task fails when nobody has called back by then; None for no limit.
    """
    for part in (action_step, validate_step):
        if type(part) is not Step:
            raise WorkflowError(f"callback_step '{name}' takes steps made by @step or @retrystep, not {part!r}")
    if callback_route_key not in action_step.parameter_names:
        raise WorkflowError(
            f"callback_step '{name}': '{action_step.name}' does not take '{callback_route_key}', so nobody could call "
            "back; give its function this parameter"
        )
    check_timeout(timeout_seconds, user=f"callback_step '{name}'")
    action = CallbackActionStep(
        f"{name}: {action_step.name}",
        action_step.function,
        is_atomic=action_step.is_atomic,
        timeout_seconds=action_step.timeout_seconds,
        retrying=action_step.retrying,
    )
    action.route_key = callback_route_key
    awaiting = AwaitCallbackStep(f"{name}: {AWAITING}", lambda: None)
    awaiting.answer_within_seconds = timeout_seconds
    return StepList([action, awaiting, validate_step.named(f"{name}: {validate_step.name}")])

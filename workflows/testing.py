"""Running a workflow in a test: the steps as workers run them, without a database, a queue or settings."""

import copy
import difflib
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine import State, Step, StepList, WorkflowDefinition, WorkflowError
from workflows.engine.records import StepRecord, make_record
from workflows.engine.state import first_state, to_storable_json, validate_inputs

# A fixed one, so that what a test compares is the same on every run.
TASK_ID = "01900000-0000-7000-8000-000000000001"

Stub = Callable[..., Any] | Mapping[str, Any]
Stubs = Mapping[str | Step, Stub]


class StubError(WorkflowError):
    """A stub stands for no step of the workflow, or cannot run as one; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a step failed with, as it is stored with a task."""

    step: str
    error_class: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """What became of a run.

    Attributes:
        definition: The workflow.
        executed: What ran for each of its steps: the step itself, or the stub in its place.
        steps: What a task would have stored of each step that ran, in order: name, status, state, error; a step that
            failed and was resumed is there twice.
    """

    definition: WorkflowDefinition
    executed: StepList
    steps: tuple[StepRecord, ...]

    @property
    def status(self) -> str:
        """The status of the task: `completed`, `failed`, `api_unavailable` or `inconsistent_data`."""
        return self.steps[-1].task_status

    @property
    def state(self) -> State:
        """The state at the end; if a step failed, the one before it."""
        return self.steps[-1].state

    @property
    def failed_reason(self) -> str:
        """Why it failed, in one line: the step, class and message; empty if it completed."""
        return self.steps[-1].failed_reason

    @property
    def failure(self) -> Failure | None:
        """What it failed with; None if it completed."""
        last = self.steps[-1]
        if last.error is None:
            return None
        return Failure(last.name, last.error["class"], last.error["message"], last.error["traceback"])


def run_workflow(
    definition: WorkflowDefinition,
    *,
    state: Mapping[str, Any] | None = None,
    stubs: Stubs | None = None,
    task_id: str = TASK_ID,
    reporter: str = "a test",
) -> WorkflowResult:
    """Run a workflow from its first step until it completes or a step fails.

    Args:
        definition: What `@workflow` or `@task` made.
        state: The inputs of the task. Like every task it sets `task_id`, `workflow_name`, `workflow_target` and
            `reporter` itself.
        stubs: What runs in place of steps, by the name of a step (all steps of that name) or by the step itself:
            a function that takes keys of the state by name as a step does, or a dict that is merged into the state.
        task_id: What the state names the task.
        reporter: Who the state says started it.

    Raises:
        InvalidInputs: No task could start with this state.
        StubError: A stub stands for no step, or cannot run as one.
    """
    if not isinstance(definition, WorkflowDefinition):
        raise WorkflowError(f"{definition!r} is no workflow: give the function that @workflow or @task decorates")
    inputs = dict(state or {})
    validate_inputs(inputs)
    executed = _put_stubs(definition, stubs or {}, into=definition.steps)
    first = first_state(
        _as_stored(inputs),
        task_id=task_id,
        workflow_name=definition.name,
        workflow_target=definition.target.value,
        reporter=reporter,
    )
    return WorkflowResult(definition, executed, tuple(_run_steps(executed, state=first)))


def resume_workflow(result: WorkflowResult, *, stubs: Stubs | None = None) -> WorkflowResult:
    """Go on with a run that failed: at the step that failed, with the state before it, as a resumed task does.

    Args:
        result: Stays as it is.
        stubs: Come in place of those of the run, which hold for all other steps; a step given as its own stub runs
            for real again.

    Raises:
        WorkflowError: It has completed.
        StubError: A stub stands for no step, or cannot run as one.
    """
    if result.failure is None:
        raise WorkflowError(f"'{result.definition.name}' is {result.status}: there is no failed step to go on from")
    executed = _put_stubs(result.definition, stubs or {}, into=result.executed)
    passed = sum(step.error is None for step in result.steps)
    rest = _run_steps(StepList(tuple(executed)[passed:]), state=result.state)
    return WorkflowResult(result.definition, executed, (*result.steps, *rest))


def assert_completed(result: WorkflowResult) -> None:
    """Fail the test unless the run completed; the message holds the traceback of the step that failed."""
    __tracebackhide__ = True
    if (failure := result.failure) is not None:
        raise AssertionError(f"'{result.definition.name}' is {result.status}, not completed{_describe(failure)}")


def assert_failed(result: WorkflowResult, *, match: str = "") -> None:
    """Fail the test unless a step failed, with an error that `match` is found in.

    Args:
        result: Of the run; it failed if its status is `failed`, `api_unavailable` or `inconsistent_data`.
        match: A regular expression, searched for in the step, class and message: `NSO calls: ValueError: no such node`.
    """
    __tracebackhide__ = True
    failure = result.failure
    if failure is None:
        raise AssertionError(f"'{result.definition.name}' is completed; no step failed. Its state: {result.state}")
    if not re.search(match, result.failed_reason):
        raise AssertionError(f"{match!r} is not found in {result.failed_reason!r}{_describe(failure)}")


def _run_steps(steps: StepList, *, state: State) -> Sequence[StepRecord]:
    records: list[StepRecord] = []
    for step in steps:
        record = make_record(step.name, step.run(state), state_before=state)
        state = record.state
        # A copy, so that a test may take one state apart without changing the others.
        records.append(copy.deepcopy(record))
        if record.task_status != "running":
            break
    return records


def _put_stubs(definition: WorkflowDefinition, stubs: Stubs, *, into: StepList) -> StepList:
    executed = list(into)
    stubbed_by: dict[int, str | Step] = {}
    for key, stub in stubs.items():
        positions = [number for number, step in enumerate(definition.steps) if key in (step, step.name)]
        if not positions:
            raise StubError(f"no step of '{definition.name}' is {key!r}{_hint(key, definition.steps)}")
        for number in positions:
            if number in stubbed_by:
                raise StubError(f"{stubbed_by[number]!r} and {key!r} are the same step; give one stub for it")
            stubbed_by[number] = key
            executed[number] = _as_step(definition.steps[number], stub)
    return StepList(executed)


def _as_step(step: Step, stub: Stub) -> Step:
    """Return a step that runs the stub under the name and at the place of the given one."""
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
        inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise StubError(f"the stub for '{step.name}' has parameters that cannot be read: {error}") from error
    try:
        return step.stubbed_by(function)
    except WorkflowError as error:
        raise StubError(f"the stub for '{step.name}' cannot run as a step: {error}") from error


def _returning(update: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    return lambda: dict(update)


def _hint(key: object, steps: StepList) -> str:
    names = list(dict.fromkeys(step.name for step in steps))
    wanted = key.name if isinstance(key, Step) else str(key)
    near = difflib.get_close_matches(wanted, names, n=1)
    return f": did you mean '{near[0]}'?" if near else f"; its steps are {', '.join(names)}"


def _as_stored(inputs: State) -> State:
    """Return inputs as a worker reads them: they have been JSON."""
    stored: State = json.loads(to_storable_json(inputs))
    return stored


def _describe(failure: Failure) -> str:
    return f". The step {failure.step!r} failed:\n\n{failure.traceback}"

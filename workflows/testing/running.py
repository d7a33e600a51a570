"""Running a workflow from its first step, or from where a run stands, until it ends or waits for something."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from workflows.engine import Failed, State, StepList, WorkflowDefinition, WorkflowError
from workflows.engine.records import StepRecord, make_record
from workflows.engine.state import first_state, validate_inputs
from workflows.testing.giving import Giving, as_stored
from workflows.testing.results import WorkflowResult
from workflows.testing.stubs import Stubs, put_stubs

# A fixed one, so that what a test compares is the same on every run.
TASK_ID = "01900000-0000-7000-8000-000000000001"

Answers = Mapping[str, Mapping[str, Any]]


def run_workflow(
    definition: WorkflowDefinition,
    *,
    state: Mapping[str, Any] | None = None,
    stubs: Stubs | None = None,
    answers: Answers | None = None,
    callbacks: Mapping[str, Any] | None = None,
    task_id: str = TASK_ID,
    reporter: str = "a test",
) -> WorkflowResult:
    """Run a workflow from its first step until it ends, or waits for something.

    No time passes: `timeout_seconds` is not looked at, and a step that is to be tried again is when the run is resumed.

    Args:
        definition: What `@workflow` or `@task` made.
        state: The inputs of the task. Like every task it sets `task_id`, `workflow_name`, `workflow_target` and
            `reporter` itself. No form looks at them.
        stubs: What runs in place of the functions of steps, by the name of a step (all steps of that name) or by the
            step itself: a function that takes keys of the state by name as that of a step does, or a dict that is
            merged into the state.
        answers: To the forms of input steps, by the names of the steps: field → answer, as the form would have cleaned
            them; the form is not asked. Without them the result is `suspended`.
        callbacks: What other systems answer, by the names of the callback steps. Without one the result is
            `awaiting_callback`. The path that an action is given is CALLBACK_ROUTE.
        task_id: What the state names the task.
        reporter: Who the state says started it.

    Raises:
        InvalidInputs: No task could start with this state.
        StubError: A stub stands for no step, or cannot run as one.
        AnswerError: Nothing asks for an answer or a callback that is given, or it cannot be stored.
    """
    if not isinstance(definition, WorkflowDefinition):
        raise WorkflowError(f"{definition!r} is no workflow: give the function that @workflow or @task decorates")
    inputs = dict(state or {})
    validate_inputs(inputs)
    executed = put_stubs(definition, stubs or {}, into=definition.steps)
    giving = Giving().with_more(definition, answers=answers, callbacks=callbacks)
    first = first_state(
        as_stored(inputs),
        task_id=task_id,
        workflow_name=definition.name,
        workflow_target=definition.target.value,
        reporter=reporter,
    )
    return WorkflowResult(definition, executed, tuple(_run_steps(executed, [], state=first, giving=giving)), giving)


def resume_workflow(
    result: WorkflowResult,
    *,
    stubs: Stubs | None = None,
    answers: Answers | None = None,
    callbacks: Mapping[str, Any] | None = None,
) -> WorkflowResult:
    """Go on with a run at the step that has not passed, with the state before it, as a resumed task does.

    Args:
        result: Stays as it is.
        stubs: Come in place of those of the run, which hold for all other steps; a step given as its own stub runs
            for real again.
        answers: Come in place of those of the run, which hold for all other steps.
        callbacks: Likewise.

    Raises:
        WorkflowError: It has completed or was aborted.
        StubError: A stub stands for no step, or cannot run as one.
        AnswerError: The step asks for answers or a callback that is not given, or something else is given.
    """
    if result.status in {"completed", "aborted"}:
        raise WorkflowError(f"'{result.definition.name}' is {result.status}: there is no step to go on at")
    executed = put_stubs(result.definition, stubs or {}, into=result.executed)
    giving = result.giving.with_more(result.definition, answers=answers, callbacks=callbacks)
    if result.status in {"suspended", "awaiting_callback"}:
        giving.check_step(executed[result.position])
    records = _run_steps(executed, result.steps, state=result.state, giving=giving)
    return WorkflowResult(result.definition, executed, tuple(records), giving)


def _run_steps(steps: StepList, before: Sequence[StepRecord], *, state: State, giving: Giving) -> Sequence[StepRecord]:
    """Return the records of a run: those `before`, and of the steps that they leave to run."""
    records = list(before)
    for step in tuple(steps)[sum(each.has_passed for each in before) :]:
        outcome = step.run(state, giving.to_step(step, before=records))
        if isinstance(outcome, Failed):
            outcome = step.after_failure(outcome, failures=_count_failures(records) + 1)
        record = make_record(step.name, outcome, state_before=state)
        state = record.state
        # A copy, so that a test may take one state apart without changing the others.
        records.append(copy.deepcopy(record))
        if record.task_status != "running":
            break
    return records


def _count_failures(records: Sequence[StepRecord]) -> int:
    """Return how often in a row the next step has failed and was to be tried again."""
    failures = 0
    while failures < len(records) and records[-1 - failures].status == "waiting":
        failures += 1
    return failures

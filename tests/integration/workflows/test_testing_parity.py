"""What `workflows.testing` says of a workflow is what a worker records of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from tasks.callbacks import answer_callback
from tasks.models import Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.serializers import check_inputs
from tasks.services import resume_task
from tests.integration.workflows.generated_workflows import ANSWERS, RESULTS, SPECS, TEXTS, VALUES, Spec
from tests.support.database import count_examples
from tests.support.factories import NOW, make_lease, make_task, make_workflow
from workflows.engine import Step, StepList, Target, WorkflowDefinition, done, init, workflow
from workflows.engine.errors import InvalidInputs
from workflows.engine.state import RESERVED_KEYS
from workflows.registry import get_definition
from workflows.testing import WorkflowResult, resume_workflow, run_workflow

pytestmark = pytest.mark.django_db

MAX_RUNS = 8
OVER = {TaskStatus.COMPLETED, TaskStatus.ABORTED}


def define(steps: StepList, *, name: str, target: Target) -> WorkflowDefinition:
    def build() -> StepList:
        return init >> steps >> done

    build.__name__ = name
    return workflow("A test", target=target)(build)


def make_steps(specs: Sequence[Spec], **options: Any) -> StepList:
    number = count()
    return StepList(each for spec in specs for each in spec.make(number, **options))


def is_storable(inputs: dict[str, Any]) -> bool:
    try:
        check_inputs(inputs)
    except ValidationError:
        return False
    return True


@dataclass
class Case:
    """What is given to a run: the same to the worker and to the test without a database."""

    specs: list[Spec]
    inputs: dict[str, Any]
    answers: dict[str, Any]
    result: Any
    routes: list[str] = field(default_factory=list, init=False)

    def reset(self) -> None:
        for spec in self.specs:
            for body in spec.all_bodies():
                body.calls, body.routes = 0, self.routes


CASES = st.builds(
    Case,
    specs=SPECS,
    inputs=st.dictionaries(st.sampled_from(["site", "plan", "who"]), VALUES, max_size=2).filter(is_storable),
    answers=ANSWERS,
    result=RESULTS,
)


def work_on(task: Task) -> Task:
    """Let a worker claim the task and run it."""
    claim = claim_task(make_lease(now=task.available_at or NOW), task_id=task.pk)
    assert claim is not None
    run_claimed(claim, clock=lambda: NOW)
    return Task.objects.get(pk=task.pk)


def go_on_with_task(task: Task, case: Case) -> Task:
    """Do what the task waits for, and let a worker go on with it."""
    if task.status == TaskStatus.AWAITING_CALLBACK:
        answer_callback(task_id=task.pk, token=case.routes[-1].rpartition("/")[2], result=case.result)
        task.refresh_from_db()
    elif task.status != TaskStatus.WAITING:
        inputs = case.answers if task.status == TaskStatus.SUSPENDED else None
        task = resume_task(task_id=task.pk, actor="ada", inputs=inputs)
    return work_on(task)


def go_on_with_result(result: WorkflowResult, case: Case) -> WorkflowResult:
    """Do what the run waits for, and go on with it."""
    standing = result.steps[-1].name
    if result.status == "awaiting_callback":
        return resume_workflow(result, callbacks={standing.removesuffix(": Await callback"): case.result})
    if result.status == "suspended":
        return resume_workflow(result, answers={standing: case.answers})
    return resume_workflow(result)


def assert_same(task: Task, result: WorkflowResult) -> None:
    recorded = list(task.steps.order_by("id"))
    assert [(row.name, row.status, row.state, row.error) for row in recorded] == [
        (each.name, each.status, each.state, each.error) for each in result.steps
    ]
    assert (task.status, task.failed_reason, task.position) == (result.status, result.failed_reason, result.position)
    assert result.state == recorded[-1].state
    assert (result.failure is None) == (recorded[-1].error is None)


SETTINGS = settings(
    deadline=None, max_examples=count_examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(case=CASES, target=st.sampled_from(Target), are_stubs=st.booleans())
def test_both_have_the_same_steps_states_and_status_at_each_stop(case: Case, target: Target, are_stubs: bool) -> None:
    case.reset()
    row = make_workflow(*make_steps(case.specs), target=target)
    task = work_on(make_task(row, inputs=case.inputs, reporter="ada"))
    stops = [task]
    while stops[-1].status not in OVER and len(stops) < MAX_RUNS:
        stops.append(go_on_with_task(stops[-1], case))

    case.reset()
    definition = get_definition(row.name)
    stubs: dict[str | Step, Any] = {}
    if are_stubs:  # for steps that must not run, and that do what the real ones did
        replaced = define(make_steps(case.specs, never=never), name=row.name, target=target)
        pairs = zip(replaced.steps, definition.steps, strict=True)
        stubs = {each: real.function for each, real in pairs if each.function is not real.function}
        definition = replaced
    result = run_workflow(definition, state=case.inputs, stubs=stubs, task_id=str(task.pk), reporter="ada")
    for _ in stops[1:]:
        result = go_on_with_result(result, case)
    assert_same(stops[-1], result)
    event(f"{result.status} after {len(stops)} runs")
    for kind in {each.status for each in result.steps}:
        event(f"a step {kind}")


def never() -> None:
    pytest.fail("a step ran that a stub stands in for")


@SETTINGS
@given(inputs=st.dictionaries(TEXTS | st.sampled_from(["site", *RESERVED_KEYS]), VALUES, max_size=2))
def test_both_refuse_the_same_inputs_in_the_same_words(inputs: dict[str, Any]) -> None:
    definition = define(StepList(), name="task_nothing", target=Target.SYSTEM)
    refusals = []
    for start in (check_inputs, lambda inputs: run_workflow(definition, state=inputs)):
        try:
            start(inputs)
        except ValidationError as error:
            refusals.append(str(next(iter(error.detail))))
        except InvalidInputs as error:
            refusals.append(str(error))
        else:
            refusals.append("")
    assert refusals[0] == refusals[1]
    event("refused" if refusals[0] else "accepted")

"""What `workflows.testing` says of a workflow is what a worker records of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from tasks.models import Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.serializers import check_inputs
from tasks.services import resume_task
from tests.support.factories import NOW, make_lease, make_step, make_task, make_workflow
from workflows.engine import InconsistentData, Step, StepList, Target, WorkflowDefinition, done, init, workflow
from workflows.engine.errors import InvalidInputs
from workflows.engine.state import RESERVED_KEYS
from workflows.registry import get_definition
from workflows.testing import WorkflowResult, resume_workflow, run_workflow

pytestmark = pytest.mark.django_db

KEYS = st.sampled_from(["site", "ports", "plan", "task_id", "reporter"])
# Up to 10**15 PostgreSQL's jsonb, whose numbers are decimal, gives each float back as it was.
FLOATS = st.floats(-1e15, 1e15) | st.sampled_from([float("nan"), float("inf")])
TEXTS = st.text(st.characters(exclude_categories=()), max_size=4) | st.just("\\u0000")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXTS | st.just(b"no JSON") | st.tuples(st.integers()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS | st.integers(), inner, max_size=2),
    max_leaves=4,
)
UPDATES = st.dictionaries(KEYS | st.just(7), VALUES, max_size=2)
ERRORS = st.sampled_from(
    [
        ValueError("no such node"),
        InconsistentData("two ports, one cable"),
        AssertionError(),
        ConnectionRefusedError("nso:8080"),
        TimeoutError("no answer"),
        KeyError("a \0 and \udcff"),
    ]
)


@dataclass
class Body:
    """What a generated step does: fail some times, then look at the state and return something."""

    returned: Any
    error: Exception
    failures: int
    looks_at: str
    calls: int = field(default=0, init=False)

    def as_function(self) -> Callable[..., Any]:
        def act(state: dict[str, Any]) -> Any:
            self.calls += 1
            if self.calls <= self.failures:
                raise type(self.error)(*self.error.args)  # a new one: each has a traceback of its own
            state.clear()  # of its copy
            return self.returned

        def act_on_site(site: Any, state: dict[str, Any]) -> Any:
            return act({**state, "seen": site})

        def act_on_plan(plan: Any = "none") -> Any:
            return act({}) or {"seen": plan}

        functions: dict[str, Callable[..., Any]] = {"site": act_on_site, "plan": act_on_plan, "state": act}
        return functions[self.looks_at]


BODIES = st.builds(
    Body,
    returned=st.none() | UPDATES | UPDATES | UPDATES | st.just([1]),
    error=ERRORS,
    failures=st.sampled_from([0, 0, 0, 1, 2]),
    looks_at=st.sampled_from(["state", "state", "site", "plan"]),
)


def define(steps: list[Step], *, name: str, target: Target) -> WorkflowDefinition:
    def build() -> StepList:
        return init >> StepList(steps) >> done

    build.__name__ = name
    return workflow("A test", target=target)(build)


def work_on(task: Task) -> Task:
    """Let a worker claim the task and run it."""
    claim = claim_task(make_lease(now=task.available_at or NOW), task_id=task.pk)
    assert claim is not None
    run_claimed(claim, clock=lambda: NOW)
    return Task.objects.get(pk=task.pk)


def assert_same(task: Task, result: WorkflowResult) -> None:
    recorded = list(task.steps.order_by("id"))
    assert [(row.name, row.status, row.state, row.error) for row in recorded] == [
        (each.name, each.status, each.state, each.error) for each in result.steps
    ]
    assert (task.status, task.failed_reason) == (result.status, result.failed_reason)
    assert result.state == recorded[-1].state
    assert (result.failure is None) == (task.status == TaskStatus.COMPLETED)


def is_storable(inputs: dict[str, Any]) -> bool:
    try:
        check_inputs(inputs)
    except ValidationError:
        return False
    return True


SETTINGS = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMED_BODIES = st.lists(st.tuples(st.sampled_from(["Read", "Write", "Check"]), BODIES), max_size=4)
INPUTS = st.dictionaries(st.sampled_from(["site", "plan", "who"]), VALUES, max_size=2)


@SETTINGS
@given(bodies=NAMED_BODIES, inputs=INPUTS.filter(is_storable), target=st.sampled_from(Target), are_stubs=st.booleans())
def test_both_have_the_same_steps_states_and_status_also_after_resuming(
    bodies: list[tuple[str, Body]], inputs: dict[str, Any], target: Target, are_stubs: bool
) -> None:
    steps = [make_step(name, body.as_function()) for name, body in bodies]
    row = make_workflow(*steps, target=target)
    task = work_on(make_task(row, inputs=inputs, reporter="ada"))
    runs = 1
    while task.status != TaskStatus.COMPLETED and runs < 4:
        task = work_on(resume_task(task_id=task.pk, actor="ada"))
        runs += 1

    for _, body in bodies:
        body.calls = 0
    definition = get_definition(row.name)
    stubs: dict[str | Step, Any] = {}
    if are_stubs:  # for steps that must not run, and that do what the real ones did
        replaced = [make_step(each.name, never) for each in steps]
        definition = define(replaced, name=row.name, target=target)
        stubs = {each: real.function for each, real in zip(replaced, steps, strict=True)}
    result = run_workflow(definition, state=inputs, stubs=stubs, task_id=str(task.pk), reporter="ada")
    for _ in range(runs - 1):
        result = resume_workflow(result)
    assert_same(task, result)
    event(f"{task.status} after {runs}")


def never() -> None:
    pytest.fail("a step ran that a stub stands in for")


@SETTINGS
@given(inputs=st.dictionaries(TEXTS | st.sampled_from(["site", *RESERVED_KEYS]), VALUES, max_size=2))
def test_both_refuse_the_same_inputs_in_the_same_words(inputs: dict[str, Any]) -> None:
    definition = define([], name="task_nothing", target=Target.SYSTEM)
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

"""docs/steps.md: its code runs, and its table names every kind."""

import re
from typing import Any
from unittest import mock

import pytest
from django.conf import settings

import workflows.engine
from workflows.engine import Abort, AwaitCallback, Complete, Given, Outcome, Skipped, State, Success, WorkflowDefinition
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep

PAGE = (settings.BASE_DIR / "docs" / "steps.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def definition() -> WorkflowDefinition:
    module: dict[str, Any] = {}
    exec(BLOCKS[0], module)
    found: WorkflowDefinition = module["task_upgrade_node"]
    return found


def run(definition: WorkflowDefinition, **inputs: Any) -> tuple[State, dict[str, Outcome]]:
    """Run the workflow of the page; what it asks for is given."""
    state: State = dict(inputs)
    outcomes: dict[str, Outcome] = {}
    for step in definition.steps:
        given = Given()
        if isinstance(step, InputStep):
            given = Given(answers={"is_approved": inputs.get("is_approved", False), "remark": "go"})
        elif isinstance(step, CallbackActionStep):
            given = Given(callback_route="/api/tasks/1/callback/secret")
        elif isinstance(step, AwaitCallbackStep):
            assert isinstance(step.run(state), AwaitCallback)
            given = Given(callback={"result": {"software": "2.0"}})
        outcome = outcomes[step.name] = step.run(state, given)
        assert isinstance(outcome, Success | Skipped | Complete | Abort), outcome
        state = outcome.state
        if isinstance(outcome, Abort):
            break
    return state, outcomes


def test_the_task_of_the_page_runs(definition: WorkflowDefinition) -> None:
    state, outcomes = run(definition, node="ams-1", is_urgent=False, is_approved=True)
    assert (state["approval"], state["software"]) == ("go", "2.0")
    assert state["device"] == {"name": "ams-1", "software": "1.0", "is_noted": True}
    assert "callback_route" not in state
    assert list(outcomes) == [
        "Start",
        "Read inventory",
        "Approve",
        "Abort",
        "Upgrade: Order: Order the upgrade",
        "Upgrade: Order: Await callback",
        "Upgrade: Order: Read the answer",
        "Note the software",
        "Write the log",
        "Done",
    ]


def test_it_skips_and_aborts_as_the_page_says(definition: WorkflowDefinition) -> None:
    _, outcomes = run(definition, node="ams-1", is_urgent=True)
    assert [name for name, outcome in outcomes.items() if isinstance(outcome, Skipped)] == ["Approve", "Abort"]
    _, outcomes = run(definition, node="ams-1", is_urgent=False, is_approved=False)
    assert isinstance(outcomes["Abort"], Abort)


def test_the_other_code_of_the_page_runs() -> None:
    with mock.patch("tasks.predicates.no_uncompleted_instance", return_value="one runs"):
        module: dict[str, Any] = {}
        exec(BLOCKS[1], module)
        request = workflows.engine.StartRequest("task_upgrade_node", {"month": 12}, "ada")
        assert module["refuse_on_freeze_days"](request) == "no changes in December"
        other = workflows.engine.StartRequest("task_upgrade_node", {}, "ada")
        assert module["refuse_on_freeze_days"](other) == "one runs"


def test_the_table_names_every_kind() -> None:
    table = PAGE[PAGE.index("## The kinds") : PAGE.index("**Conditions**")]
    for kind in (
        "step",
        "retrystep",
        "inputstep",
        "callback_step",
        "conditional",
        "step_group",
        "focussteps",
        "init",
        "done",
        "begin",
        "abort",
    ):
        assert hasattr(workflows.engine, kind)
        assert re.search(rf"\b{kind}\b", table), kind

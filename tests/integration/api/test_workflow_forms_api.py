"""`GET /api/workflows/{name}/form`: what a workflow asks people."""

from typing import Any

import pytest
from django import forms
from rest_framework.test import APIClient

from tests.integration.api.support import fields_at_fault, read_problem
from tests.support.factories import NOW, make_step, make_workflow
from tests.support.stopped_tasks import Approval, approve
from workflows.engine import Target, step_group
from workflows.registry import LazyWorkflowInstance

pytestmark = pytest.mark.django_db


class Broken(forms.Form):
    """Its own code fails."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        raise LookupError("no such site")


@pytest.mark.parametrize("slash", ["", "/"])
def test_it_is_shown_with_those_of_its_steps_in_their_order(client: APIClient, slash: str) -> None:
    steps = [approve, make_step("Sync", lambda: None), *step_group("Close", approve)]
    workflow = make_workflow(*steps, options={"initial_input_form": Approval})
    shown = client.get(f"/api/workflows/{workflow.name}/form{slash}").json()
    assert set(shown) == {"workflow_name", "initial", "steps"}
    assert shown["workflow_name"] == workflow.name
    assert (shown["initial"]["type"], shown["initial"]["title"]) == ("object", "Approval")
    assert set(shown["initial"]["properties"]) == {"reason", "count"}
    assert shown["initial"]["required"] == ["reason"]
    assert shown["steps"] == [
        {"name": "Approve", "schema": shown["initial"]},
        {"name": "Close: Approve", "schema": shown["initial"]},
    ]


def test_a_workflow_that_asks_nothing_has_none(client: APIClient) -> None:
    workflow = make_workflow(target=Target.MODIFY)
    shown = client.get(f"/api/workflows/{workflow.name}/form").json()
    assert shown == {"workflow_name": workflow.name, "initial": None, "steps": []}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_an_unknown_or_deleted_one_is_a_404(client: APIClient, is_deleted: bool) -> None:
    name = make_workflow(deleted_at=NOW).name if is_deleted else "task_nothing"
    problem = read_problem(client.get(f"/api/workflows/{name}/form"), 404)
    assert problem["detail"] == "Workflow does not exist"
    assert (fields_at_fault(problem), problem["errors"][0]["value"]) == (["name"], name)


def test_one_without_code_is_a_409_that_says_so(client: APIClient) -> None:
    workflow = make_workflow(has_code=False)
    problem = read_problem(client.get(f"/api/workflows/{workflow.name}/form"), 409)
    assert problem["detail"] == f"no code is registered for workflow '{workflow.name}'"


def test_so_is_one_whose_code_cannot_be_loaded(client: APIClient) -> None:
    workflow = make_workflow(has_code=False)
    LazyWorkflowInstance("no_such_module", workflow.name)
    problem = read_problem(client.get(f"/api/workflows/{workflow.name}/form"), 409)
    assert "cannot be imported from no_such_module" in problem["detail"]


def test_so_is_one_whose_form_fails(client: APIClient) -> None:
    workflow = make_workflow(options={"initial_input_form": Broken})
    problem = read_problem(client.get(f"/api/workflows/{workflow.name}/form"), 409)
    assert "no such site" in problem["detail"]

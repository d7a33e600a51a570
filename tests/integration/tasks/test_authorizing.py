"""What the code of a workflow says of people who start and resume its tasks, and of the moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms

from orchestrator_site.common.errors import InvalidFields, InvalidValue
from tasks.models import Task, TaskStatus
from tasks.services import resume_task, start_process, start_task
from tasks.starting import NotAuthorized, StartRefused
from tests.integration.tasks.support import Clock, assert_status, run_due
from tests.support.factories import make_step, make_task, make_workflow, register_code
from workflows.engine import StartRequest

pytestmark = pytest.mark.django_db

ADA: Any = "ada"
BOB: Any = "bob"


def only_ada(user: Any) -> bool:
    return bool(user == "ada")


def only_bob(user: Any) -> bool:
    return bool(user == "bob")


def fail(_: Any) -> Any:
    raise LookupError("no such directory")


class SiteForm(forms.Form):
    site = forms.CharField()
    ports = forms.IntegerField(initial=4, required=False)


class TestPeople:
    def test_who_may_not_start_a_task_is_refused_and_there_is_none(self) -> None:
        workflow = make_workflow(options={"authorize_callback": only_ada})
        with pytest.raises(NotAuthorized, match=f"User is not authorized to start '{workflow.name}'"):
            start_task(workflow=workflow, inputs={}, actor="bob", user=BOB)
        assert not Task.objects.exists()
        start_task(workflow=workflow, inputs={}, actor="ada", user=ADA)

    @pytest.mark.parametrize(
        ("options", "may"),
        [
            ({}, {"ada", "bob"}),
            ({"authorize_callback": only_ada}, {"ada"}),
            ({"retry_auth_callback": only_bob}, {"bob"}),
            ({"authorize_callback": only_ada, "retry_auth_callback": only_bob}, {"bob"}),
        ],
    )
    def test_who_may_resume_one_is_who_may_start_it_unless_the_workflow_says_otherwise(
        self, options: dict[str, Any], may: set[str]
    ) -> None:
        workflow = make_workflow(options=options)
        for name in ("ada", "bob"):
            user: Any = name
            task = make_task(workflow, status=TaskStatus.FAILED)
            if name in may:
                assert_status(resume_task(task_id=task.pk, actor=name, user=user), TaskStatus.RESUMED)
            else:
                with pytest.raises(NotAuthorized, match=f"User is not authorized to resume '{workflow.name}'"):
                    resume_task(task_id=task.pk, actor=name, user=user)
                assert_status(Task.objects.get(pk=task.pk), TaskStatus.FAILED)

    def test_the_system_itself_may(self) -> None:
        workflow = make_workflow(options={"authorize_callback": only_ada})
        task = Task.objects.get(pk=start_process(workflow.name))
        Task.objects.update(status=TaskStatus.FAILED, available_at=None)
        assert_status(resume_task(task_id=task.pk, actor="SYSTEM"), TaskStatus.RESUMED)

    def test_code_that_fails_has_not_said_yes(self) -> None:
        workflow = make_workflow(options={"authorize_callback": fail})
        with pytest.raises(NotAuthorized):
            start_task(workflow=workflow, inputs={}, actor="ada", user=ADA)


class TestTheMoment:
    def test_a_predicate_gets_what_is_to_start_and_may_refuse_it_with_a_reason(self) -> None:
        asked: list[StartRequest] = []

        def refuse(request: StartRequest) -> str | None:
            asked.append(request)
            return "the network is being rebuilt" if request.inputs["site"] == "north" else None

        workflow = make_workflow(options={"run_predicate": refuse})
        with pytest.raises(StartRefused, match="the network is being rebuilt"):
            start_task(workflow=workflow, inputs={"site": "north"}, actor="ada", user=ADA)
        assert not Task.objects.exists()
        assert asked == [StartRequest(workflow_name=workflow.name, inputs={"site": "north"}, actor="ada")]
        start_task(workflow=workflow, inputs={"site": "south"}, actor="ada", user=ADA)

    def test_one_that_fails_refuses(self) -> None:
        workflow = make_workflow(options={"run_predicate": fail})
        with pytest.raises(StartRefused, match=f"the run_predicate of '{workflow.name}' failed: LookupError"):
            start_task(workflow=workflow, inputs={}, actor="ada")

    def test_a_task_that_goes_on_is_not_asked_about(self) -> None:
        workflow = make_workflow(options={"run_predicate": fail})
        task = make_task(workflow, status=TaskStatus.FAILED)
        assert_status(resume_task(task_id=task.pk, actor="ada"), TaskStatus.RESUMED)

    def test_who_may_not_start_is_told_before_the_predicate_and_the_form_are_asked(self) -> None:
        options = {"authorize_callback": only_ada, "run_predicate": fail, "initial_input_form": SiteForm}
        with pytest.raises(NotAuthorized):
            start_task(workflow=make_workflow(options=options), inputs={}, actor="bob", user=BOB)


class TestInputs:
    def test_the_first_state_holds_what_the_form_made_of_them(self, clock: Clock) -> None:
        look = make_step("Look", lambda site, ports: {"seen": [site, ports]})
        workflow = make_workflow(look, options={"initial_input_form": SiteForm})
        task = start_task(workflow=workflow, inputs={"site": " north "}, actor="ada")
        assert task.inputs == {"site": "north", "ports": 4}
        task = run_due(clock, task)
        assert task.steps.get(name="Look").state["seen"] == ["north", 4]

    @pytest.mark.parametrize(("inputs", "field"), [({}, "inputs.site"), ({"site": "x", "colour": 1}, "inputs.colour")])
    def test_those_that_do_not_satisfy_the_form_are_refused_field_by_field(
        self, inputs: dict[str, Any], field: str
    ) -> None:
        workflow = make_workflow(options={"initial_input_form": SiteForm})
        with pytest.raises(InvalidFields) as refused:
            start_task(workflow=workflow, inputs=inputs, actor="ada")
        assert set(refused.value.errors) == {field}
        assert not Task.objects.exists()

    @pytest.mark.parametrize("inputs", [{"task_id": 1}, {"site": object()}, {"site": "\0"}])
    def test_those_that_no_task_can_have_are_refused(self, inputs: dict[str, Any]) -> None:
        with pytest.raises(InvalidValue):
            start_task(workflow=make_workflow(), inputs=inputs, actor="ada")

    def test_a_task_whose_inputs_do_not_satisfy_the_form_any_more_stops_before_its_first_step(
        self, clock: Clock
    ) -> None:
        calls: list[int] = []
        look = make_step("Look", lambda: calls.append(1))
        workflow = make_workflow(look)
        task = start_task(workflow=workflow, inputs={"place": "north"}, actor="ada")
        register_code(workflow.name, [look], initial_input_form=SiteForm)
        task = run_due(clock, task)
        assert_status(task, TaskStatus.INCONSISTENT_DATA)
        assert task.failed_reason.startswith("its inputs do not satisfy the form any more: ")
        assert (calls, task.steps.count()) == ([], 0)

    @pytest.mark.parametrize("kind", ["clean", "made"])
    def test_a_form_whose_code_fails_when_the_task_begins_fails_the_task(self, clock: Clock, kind: str) -> None:
        def broken(self: Any) -> None:
            raise LookupError("no such site")

        form: Callable[..., Any] = type("BrokenForm", (forms.Form,), {"site": forms.CharField(), "clean": broken})
        workflow = make_workflow()
        task = start_task(workflow=workflow, inputs={"site": "x"}, actor="ada")
        if kind == "made":
            form = type("NeedyForm", (forms.Form,), {"__init__": lambda self, user: None})
        register_code(workflow.name, initial_input_form=form)
        task = run_due(clock, task)
        assert_status(task, TaskStatus.FAILED)
        assert "Form" in task.failed_reason

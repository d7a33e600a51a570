"""Lists of steps, @workflow and @task."""

from typing import Any

import pytest

from workflows.engine import (
    Step,
    StepList,
    Target,
    WorkflowDefinition,
    WorkflowError,
    abort,
    begin,
    conditional,
    done,
    init,
    inputstep,
    step,
    step_group,
    task,
    workflow,
)


@step("First")
def first() -> None:
    pass


@step("Second")
def second() -> None:
    pass


def names(steps: StepList) -> list[str]:
    return [each.name for each in steps]


def define(steps: Any, decorator: Any = None) -> WorkflowDefinition:
    def nightly() -> Any:
        return steps

    definition = (decorator or workflow("Nightly"))(nightly)
    assert isinstance(definition, WorkflowDefinition)
    return definition


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (first >> second, ["First", "Second"]),
        (begin >> first, ["First"]),
        (first >> begin, ["First"]),
        (begin >> begin, []),
        (first >> (second >> first), ["First", "Second", "First"]),
        ((first >> second) >> first, ["First", "Second", "First"]),
        ((first >> second) >> (second >> first), ["First", "Second", "Second", "First"]),
        (init >> first >> second >> done, ["Start", "First", "Second", "Done"]),
        (init >> done, ["Start", "Done"]),
    ],
)
def test_steps_and_lists_are_put_together_in_the_order_written(steps: StepList, expected: list[str]) -> None:
    assert isinstance(steps, StepList)
    assert names(steps) == expected


def test_putting_together_gives_a_new_list_and_leaves_the_old_ones() -> None:
    head = begin >> first
    longer = head >> second
    assert (names(begin), names(head), names(longer)) == ([], ["First"], ["First", "Second"])


@pytest.mark.parametrize("left", [first, first >> second, begin])
@pytest.mark.parametrize("right", [None, "second", print, first.function])
def test_only_steps_and_lists_can_be_put_together(left: Step | StepList, right: Any) -> None:
    with pytest.raises(WorkflowError, match=r"is not a step: decorate the function with @step"):
        left >> right


def test_a_list_shows_its_steps_in_order() -> None:
    assert repr(init >> first >> done) == "Start >> First >> Done"
    assert repr(begin) == "begin"
    assert repr(first) == "<Step 'First'>"


def test_a_list_is_read_by_position_and_length() -> None:
    steps = init >> first >> done
    assert len(steps) == 3
    assert (steps[1], steps[-1].name) == (first, "Done")
    with pytest.raises(IndexError):
        steps[3]


def test_a_workflow_takes_its_name_from_the_function() -> None:
    @workflow("Nightly sync", target=Target.CREATE)
    def create_link() -> StepList:
        return init >> first >> done

    assert create_link.name == "create_link"
    assert create_link.description == "Nightly sync"
    assert create_link.target is Target.CREATE
    assert names(create_link.steps) == ["Start", "First", "Done"]


@pytest.mark.parametrize("target", list(Target))
def test_only_workflows_for_the_system_are_tasks(target: Target) -> None:
    definition = define(init >> done, workflow("x", target=target))
    assert definition.is_task is (target is Target.SYSTEM)


def test_a_workflow_is_a_task_workflow_unless_it_says_otherwise() -> None:
    assert define(init >> done).target is Target.SYSTEM


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        (begin, "begin"),
        (first >> done, "First >> Done"),
        (init >> first, "Start >> First"),
        (done >> first >> init, "Done >> First >> Start"),
    ],
)
def test_a_workflow_without_a_beginning_or_an_end_is_refused(steps: StepList, shown: str) -> None:
    with pytest.raises(WorkflowError) as refusal:
        define(steps)
    assert str(refusal.value) == f"workflow 'nightly' is {shown}; it has to be init >> … >> done"


def test_a_step_that_is_only_called_start_is_no_beginning() -> None:
    with pytest.raises(WorkflowError, match=r"has to be init"):
        define(step("Start")(lambda: None) >> first >> done)


def test_an_end_in_the_middle_is_refused() -> None:
    with pytest.raises(WorkflowError, match=r"'done' can stand only at its end"):
        define(init >> done >> first >> done)


@pytest.mark.parametrize("decorator", [workflow("x"), task("x")])
@pytest.mark.parametrize(("returned", "kind"), [(None, "NoneType"), ([first], "list"), (first, "Step")])
def test_a_function_that_returns_no_list_of_steps_is_refused_by_name(decorator: Any, returned: Any, kind: str) -> None:
    with pytest.raises(WorkflowError) as refusal:
        define(returned, decorator)
    assert str(refusal.value) == f"workflow 'nightly' returns {kind}; return init >> … >> done"


@pytest.mark.parametrize("steps", [begin >> first, init >> first, first >> done, init >> first >> done])
def test_a_task_gets_the_beginning_and_the_end_that_it_lacks(steps: StepList) -> None:
    assert names(define(steps, task("x")).steps) == ["Start", "First", "Done"]


def test_a_task_of_no_steps_only_begins_and_ends() -> None:
    assert names(define(begin, task("x")).steps) == ["Start", "Done"]


def test_a_task_is_a_workflow_for_the_system_with_the_name_of_its_function() -> None:
    @task("Nightly sync")
    def task_sync_from() -> StepList:
        return begin >> first

    assert task_sync_from.name == "task_sync_from"
    assert task_sync_from.description == "Nightly sync"
    assert task_sync_from.is_task


def test_a_task_with_an_end_in_the_middle_is_refused() -> None:
    with pytest.raises(WorkflowError, match=r"'done' can stand only at its end"):
        define(begin >> first >> done >> second, task("x"))


class OneForm:
    pass


def test_what_a_workflow_is_made_with_is_kept_whichever_decorator_makes_it() -> None:
    options: dict[str, Any] = {
        "initial_input_form": OneForm,
        "run_predicate": lambda request: None,
        "authorize_callback": lambda user: True,
        "retry_auth_callback": lambda user: False,
        "step_aliases": {"Zeroth": "First"},
    }
    for decorator in (workflow("x", **options), task("x", **options)):
        definition = define(init >> first >> done, decorator)
        assert {name: getattr(definition, name) for name in options} == options
        assert definition.has_user_code_at_start


def test_without_a_form_or_a_predicate_no_code_of_its_author_decides_if_a_task_starts() -> None:
    assert not define(init >> done, workflow("x", authorize_callback=lambda user: True)).has_user_code_at_start


def test_the_forms_are_found_by_the_names_of_the_steps_that_ask_them() -> None:
    asking = inputstep("Ask", form=OneForm)(lambda: None)
    definition = define(init >> first >> step_group("Group", asking) >> done)
    assert definition.forms == {"Group: Ask": OneForm}


class TestAliases:
    @pytest.mark.parametrize(
        ("present", "hint"),
        [
            ("Frist", "leads from 'Old' to no step 'Frist'; did you mean 'First'?"),
            ("xyz", "leads from 'Old' to no step 'xyz'; its steps are Start, First, Group: Second, Done"),
            ("Second", "leads from 'Old' to no step 'Second'; did you mean 'Group: Second'?"),
        ],
    )
    def test_one_that_leads_to_no_step_is_refused_with_what_may_be_meant(self, present: str, hint: str) -> None:
        with pytest.raises(WorkflowError) as refusal:
            define(init >> first >> step_group("Group", second) >> done, workflow("x", step_aliases={"Old": present}))
        assert str(refusal.value) == f"workflow 'nightly': step_aliases {hint}"

    def test_what_is_given_is_copied(self) -> None:
        given = {"Old": "First"}
        definition = define(init >> first >> done, workflow("x", step_aliases=given))
        given.clear()
        assert definition.step_aliases == {"Old": "First"}


@pytest.mark.parametrize("length", [0, 256])
def test_a_name_that_cannot_be_recorded_is_refused(length: int) -> None:
    with pytest.raises(WorkflowError, match="a name, with those of the groups around it, is a text of 1 to 255 char"):
        define(init >> step("x" * length)(lambda: None) >> done)


def test_the_names_of_the_groups_count_as_well() -> None:
    longest = step("x" * 248)(lambda: None)
    assert len(define(init >> step_group("Group", longest) >> done).steps) == 3
    with pytest.raises(WorkflowError, match="has a step of the name 'Groups: x"):
        define(init >> step_group("Groups", longest) >> done)


def test_a_task_that_aborts_under_a_condition_still_ends_in_done() -> None:
    definition = define(begin >> first >> conditional(lambda state: True)(abort), task("x"))
    assert names(definition.steps) == ["Start", "First", "Abort", "Done"]

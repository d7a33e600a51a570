"""What is different between two releases: by table, from step lists and forms that were changed in one way each."""

from copy import deepcopy
from typing import Any

import pytest

from workflows.releases.differences import Change, Code, Difference, Fate, WorkflowDifference
from workflows.releases.differing import compare_functions, compare_workflows

Facts = dict[str, Any]

FIELD: Facts = {"kind": [{"type": "integer"}, 0], "is_needed": True, "choices": [], "bounds": [], "parts": []}


def make_step(name: str, **fields: Any) -> Facts:
    settings = {"kind": "plain", "form": None, "retry": None, "conditional": False, "atomic": False}
    return {"name": name, **settings, "timeout": None, "answer_within": None, "code": "one", **fields}


def make_form(**fields: Facts) -> Facts:
    return {"name": "OrderForm", "digest": repr(fields), "fields": fields}


def make_workflow(names: str = "A B C", **fields: Any) -> Facts:
    steps = [make_step(name) for name in ["Start", *names.split(), "Done"]]
    callbacks = {"predicate": None, "may_start": None, "may_resume": None}
    return {
        "description": "A task",
        "target": "SYSTEM",
        "steps": steps,
        "form": None,
        "aliases": {},
        **callbacks,
        **fields,
    }


def make_release(python: str = "3.11", **workflows: Facts) -> Facts:
    return {"name": "r1", "version": "0.1.0", "python": python, "zone_data": "2027a", "workflows": workflows}


def find_changes(former: Facts, present: Facts) -> tuple[Change, ...]:
    """Return what is different of the one workflow of two releases."""
    difference = compare_workflows(make_release(task_a=former), make_release(task_a=present))
    return difference.workflows[0].changes if difference.workflows else ()


# The steps between Start and Done then, and the aliases → what is said of it, and from which place on tasks stop.
LISTS: dict[str, tuple[str, dict[str, str], list[Change], int | None]] = {
    "nothing": ("A B C", {}, [], None),
    "appended": ("A B C D", {}, [Change(Code.STEP_APPENDED, "D", before="C")], None),
    "inserted": ("A X B C", {}, [Change(Code.STEP_INSERTED, "X", before="A")], 2),
    "removed": ("A C", {}, [Change(Code.STEP_REMOVED, "B", before=3)], 2),
    "moved": ("B A C", {}, [Change(Code.STEP_MOVED, "B", before=3, after=2)], 1),
    "replaced": ("A X C", {}, [Change(Code.STEP_REPLACED, "X", before="B")], 2),
    "renamed": (
        "A X C",
        {"B": "X"},
        [Change(Code.STEP_RENAMED, "X", before="B"), Change(Code.ALIAS_ADDED, before="B", after="X")],
        None,
    ),
    "renamed and moved": (
        "A C X",
        {"B": "X"},
        [Change(Code.STEP_RENAMED, "X", before="B"), Change(Code.ALIAS_ADDED, before="B", after="X")],
        2,
    ),
    "two inserted": (
        "A X Y B C",
        {},
        [Change(Code.STEP_INSERTED, "X", before="A"), Change(Code.STEP_INSERTED, "Y", before="X")],
        2,
    ),
    "one twice": ("A B B C", {}, [Change(Code.STEP_INSERTED, "B", before="B")], 3),
}


@pytest.mark.parametrize("case", LISTS)
def test_what_was_done_to_a_step_list_and_where_tasks_stop(case: str) -> None:
    names, aliases, expected, first_place = LISTS[case]
    former, present = make_workflow(), make_workflow(names, aliases=aliases)
    difference = compare_workflows(make_release(task_a=former), make_release(task_a=present))
    found = difference.workflows[0] if difference.workflows else WorkflowDifference("task_a", Fate.CHANGED)
    assert list(found.changes) == expected
    assert found.first_place == first_place


@pytest.mark.parametrize(
    ("key", "before", "after", "code"),
    [
        ("kind", "plain", "await_callback", Code.STEP_KIND),
        ("retry", None, [3, 10, 3600], Code.STEP_RETRY),
        ("conditional", False, True, Code.STEP_CONDITIONAL),
        ("atomic", False, True, Code.STEP_ATOMIC),
        ("timeout", None, 5.0, Code.STEP_TIMEOUT),
        ("answer_within", 60, None, Code.STEP_ANSWER_WITHIN),
    ],
)
def test_what_a_step_is_told_to_do_otherwise(key: str, before: Any, after: Any, code: Code) -> None:
    former, present = make_workflow(), make_workflow()
    former["steps"][2][key], present["steps"][2][key] = before, after
    assert find_changes(former, present) == (Change(code, "B", before=before, after=after),)


def test_a_step_that_was_renamed_is_compared_with_what_it_was() -> None:
    former, present = make_workflow(), make_workflow("A X C", aliases={"B": "X"})
    present["steps"][2]["timeout"] = 5
    assert Change(Code.STEP_TIMEOUT, "X", after=5) in find_changes(former, present)


def test_a_function_that_does_something_else_is_told_but_not_between_two_versions_of_python() -> None:
    former, present = make_workflow(), make_workflow()
    present["steps"][1]["code"] = "two"
    former["predicate"], present["predicate"] = {"name": "may", "code": "one"}, {"name": "may", "code": "two"}
    assert set(find_changes(former, present)) == {Change(Code.STEP_CODE, "A"), Change(Code.FUNCTION_CODE, after="may")}
    across = compare_workflows(make_release(task_a=former), make_release("3.12", task_a=present))
    assert across == Difference(general=(Change(Code.PYTHON, before="3.11", after="3.12"),))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"size": None}, [Change(Code.FIELD_REMOVED, field="size")]),
        ({"more": FIELD}, [Change(Code.FIELD_NEEDED_ADDED, field="more")]),
        ({"more": {**FIELD, "is_needed": False}}, [Change(Code.FIELD_ADDED, field="more")]),
        ({"size": {**FIELD, "is_needed": False}}, [Change(Code.FIELD_NOT_NEEDED, field="size")]),
        ({"size": {**FIELD, "choices": ["1"]}}, [Change(Code.FIELD_CHOICES, "", "size", [], ["1"])]),
        ({"size": {**FIELD, "bounds": ["b"]}}, [Change(Code.FIELD_BOUNDS, "", "size", [], ["b"])]),
        ({"size": {**FIELD, "kind": ["k"]}}, [Change(Code.FIELD_KIND, "", "size", FIELD["kind"], ["k"])]),
    ],
)
def test_what_a_form_asks_otherwise(change: dict[str, Facts | None], expected: list[Change]) -> None:
    fields: dict[str, Facts | None] = {"size": FIELD, **change}
    form = make_form(**{name: field for name, field in fields.items() if field is not None})
    assert list(find_changes(make_workflow(form=make_form(size=FIELD)), make_workflow(form=form))) == expected
    former, present = make_workflow(), make_workflow()
    former["steps"][2]["form"], present["steps"][2]["form"] = make_form(size=FIELD), form
    of_step = [Change(each.code, "B", each.field, each.before, each.after) for each in expected]
    assert list(find_changes(former, present)) == of_step


def test_forms_that_come_and_go_and_that_differ_in_what_is_not_stored() -> None:
    form = make_form(size=FIELD)
    assert find_changes(make_workflow(), make_workflow(form=form)) == (Change(Code.FORM_ADDED, after="OrderForm"),)
    assert find_changes(make_workflow(form=form), make_workflow()) == (Change(Code.FORM_REMOVED, before="OrderForm"),)
    other = {**form, "digest": "of many choices"}
    assert find_changes(make_workflow(form=form), make_workflow(form=other)) == (
        Change(Code.FORM_CHANGED, after="OrderForm"),
    )


def test_another_form_at_the_start_stops_every_task_that_has_begun() -> None:
    former = make_release(task_a=make_workflow())
    present = make_release(task_a=make_workflow(form=make_form(size=FIELD)))
    assert compare_workflows(former, present).workflows[0].first_place == 0


def test_workflows_that_are_new_gone_and_renamed() -> None:
    former = make_release(task_kept=make_workflow("K"), task_gone=make_workflow("G"), task_old=make_workflow("A B"))
    present = make_release(task_kept=make_workflow("K"), task_new=make_workflow("N"), task_name=make_workflow("A B"))
    assert compare_workflows(former, present).workflows == (
        WorkflowDifference("task_gone", Fate.REMOVED),
        WorkflowDifference("task_name", Fate.RENAMED, former_name="task_old"),
        WorkflowDifference("task_new", Fate.ADDED),
    )


@pytest.mark.parametrize("names", ["A B", ""])
def test_what_two_may_have_been_is_not_taken_for_renamed(names: str) -> None:
    same = make_workflow(names)
    present = make_release(task_new=same, task_other=same) if names else make_release(task_new=same)
    difference = compare_workflows(make_release(task_old=same), present)
    assert Fate.RENAMED not in {each.fate for each in difference.workflows}


def test_code_that_does_not_load_any_more_and_loads_again() -> None:
    broken = {"problem": "no module"}
    assert find_changes(make_workflow(), broken) == (Change(Code.CODE_BROKEN, after="no module"),)
    assert find_changes(broken, make_workflow()) == (Change(Code.CODE_MENDED, before="no module"),)
    assert find_changes(broken, {"problem": "no module at 0x7f"}) == ()


def test_description_target_and_who_is_asked() -> None:
    asked = {"name": "may", "code": ""}
    present = make_workflow(description="Another", target="CREATE", may_start=asked, may_resume=asked)
    assert find_changes(make_workflow(), present) == (
        Change(Code.DESCRIPTION, before="A task", after="Another"),
        Change(Code.TARGET, before="SYSTEM", after="CREATE"),
        Change(Code.MAY_START, after="may"),
        Change(Code.MAY_RESUME, after="may"),
    )


def test_the_same_is_no_difference_and_the_name_alone_is_one() -> None:
    release = make_release(task_a=make_workflow())
    assert not compare_workflows(release, deepcopy(release))
    difference = compare_workflows(release, {**release, "name": "r2", "zone_data": "2027b"})
    assert difference.general == (
        Change(Code.NAME, before="r1", after="r2"),
        Change(Code.ZONE_DATA, before="2027a", after="2027b"),
    )


def make_function(**fields: Any) -> Facts:
    defaults = {"name": "Nightly", "reference": "a:b", "rule": {"trigger": "cron"}, "runs": "daily at 01:00"}
    return {**defaults, "python": "3.11", "code": "one", **fields}


def test_functions_that_are_scheduled_in_code() -> None:
    former = {"gone": make_function(), "kept": make_function(), "later": make_function(), "other": make_function()}
    present = {
        "kept": make_function(),
        "later": make_function(rule={"trigger": "date"}, runs="once", name="Later"),
        "new": make_function(),
        "other": make_function(code="two"),
    }
    assert compare_functions(former, present).functions == (
        Change(Code.FUNCTION_REMOVED, "gone", before="daily at 01:00"),
        Change(Code.FUNCTION_NAME, "later", before="Nightly", after="Later"),
        Change(Code.FUNCTION_RULE, "later", before="daily at 01:00", after="once"),
        Change(Code.FUNCTION_ADDED, "new", after="daily at 01:00"),
        Change(Code.STEP_CODE, "other"),
    )
    assert not compare_functions(present, deepcopy(present))

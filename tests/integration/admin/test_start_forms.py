"""Starting a task by the form that its workflow declares, and by JSON where it declares none."""

import json
from typing import Any

import pytest
from django import forms
from django.test import Client

from tasks.models import Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, errors_of, page_url, read, start_url
from tests.support.factories import NOW, make_task, make_workflow
from workflows.engine import Target
from workflows.models import Workflow

MODEL = "tasks_task"


class OrderForm(forms.Form):
    """Has a field of every kind that looks different, and names that the page itself uses."""

    region = forms.ChoiceField(choices=[("north", "The north"), ("south", "The south")])
    count = forms.IntegerField(min_value=1, help_text="How many <i>pieces</i>.")
    is_urgent = forms.BooleanField(required=False, initial=True)
    note = forms.CharField(required=False, widget=forms.Textarea, initial="none yet")
    since = forms.DateField(required=False)
    at = forms.DateTimeField(required=False)
    daily = forms.TimeField(required=False)
    moment = forms.SplitDateTimeField(required=False)
    price = forms.DecimalField(required=False)
    tags = forms.MultipleChoiceField(required=False, choices=[("a", "A"), ("b", "B"), ("c", "C")])
    ways = forms.MultipleChoiceField(
        required=False, choices=[("x", "X"), ("y", "Y")], widget=forms.CheckboxSelectMultiple
    )
    size = forms.TypedChoiceField(choices=[("1", "One"), ("2", "Two")], coerce=int, widget=forms.RadioSelect)
    is_known = forms.NullBooleanField(required=False)
    extra = forms.JSONField(required=False)
    workflow = forms.CharField(required=False)
    status = forms.CharField(required=False, disabled=True, initial="fixed")

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("note") == "refuse":
            raise forms.ValidationError("Not <this> note.")
        return self.cleaned_data


class BrokenForm(forms.Form):
    region = forms.CharField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no <regions> today")


class FailingForm(forms.Form):
    region = forms.CharField()

    def clean(self) -> dict[str, Any]:
        raise RuntimeError("cannot look")


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_order", description="Order", options={"initial_input_form": OrderForm})


def filled_in(**fields: object) -> dict[str, object]:
    """Return what a browser sends for the form of an order, with its least, but for `fields`."""
    values: dict[str, object] = {"region": "north", "count": "2", "size": "2", "is_known": "unknown", **fields}
    return {f"inputs-{name}": value for name, value in values.items()}


def test_the_form_of_the_workflow_is_shown_with_its_fields(root: Client, workflow: Workflow) -> None:
    page = read(root.get(start_url(workflow)))
    assert "Start task_order" in page
    for shown in (
        '<option value="north">The north</option>',
        'type="number" name="inputs-count"',
        "How many <i>pieces</i>.",
        "none yet</textarea>",
        'type="date" name="inputs-since"',
        'type="datetime-local" name="inputs-at"',
        'type="time" name="inputs-daily"',
        'type="date" name="inputs-moment_0"',
        'type="radio" name="inputs-size" value="2"',
        'name="inputs-workflow"',
    ):
        assert shown in " ".join(page.split()), shown
    assert 'name="inputs"' not in page, "no JSON where there is a form"


def test_what_is_typed_becomes_the_inputs_of_the_task(root: Client, workflow: Workflow) -> None:
    sent = filled_in(
        note="two\nlines",
        since="2027-03-01",
        at="2027-03-01T10:30",
        daily="08:15:00",
        moment_0="2027-03-02",
        moment_1="07:00",
        price="1.50",
        tags=["a", "c"],
        ways=["y"],
        is_known="true",
        extra='{"a": [1, null]}',
        workflow="mine",
    )
    answer = root.post(start_url(workflow), sent)
    task = Task.objects.get()
    assert answer["Location"] == page_url(MODEL, task.pk)
    assert task.inputs == {
        "region": "north",
        "count": 2,
        "is_urgent": False,
        "note": "two\nlines",
        "since": "2027-03-01",
        "at": "2027-03-01T10:30:00Z",
        "daily": "08:15:00",
        "moment": "2027-03-02T07:00:00Z",
        "price": "1.50",
        "tags": ["a", "c"],
        "ways": ["y"],
        "size": 2,
        "is_known": True,
        "extra": {"a": [1, None]},
        "workflow": "mine",
        "status": "fixed",
    }
    assert (task.workflow, task.reporter) == (workflow, "root")


def test_a_field_that_is_emptied_is_empty_and_not_what_it_was_at_first(root: Client, workflow: Workflow) -> None:
    root.post(start_url(workflow), filled_in(note=""))
    assert Task.objects.get().inputs["note"] == ""


def test_errors_stand_at_their_fields_and_what_was_typed_stays(root: Client, workflow: Workflow) -> None:
    answer = root.post(start_url(workflow), filled_in(count="0", region="west", note="keep me", since="soon"))
    errors = errors_of(answer)
    assert errors.keys() == {"count", "region", "since"}
    assert "greater than or equal to 1" in errors["count"][0]
    page = read(answer)
    assert "keep me</textarea>" in page
    assert 'value="soon"' in page
    assert not Task.objects.exists()


def test_json_that_cannot_be_read_is_refused_at_its_field(root: Client, workflow: Workflow) -> None:
    answer = root.post(start_url(workflow), filled_in(extra="{"))
    assert "no JSON that can be read" in errors_of(answer)["extra"][0]
    assert not Task.objects.exists()


def test_what_the_form_says_of_all_of_it_stands_above_it(root: Client, workflow: Workflow) -> None:
    answer = root.post(start_url(workflow), filled_in(note="refuse"))
    assert errors_of(answer) == {"__all__": ["Not <this> note."]}
    assert "Not <this> note." not in answer.content.decode(), "as text, not as markup"


def test_the_form_of_a_workflow_cleans_once(root: Client, db: None) -> None:
    cleaned = []

    class CountingForm(forms.Form):
        region = forms.CharField()

        def clean_region(self) -> str:
            cleaned.append(1)
            return f"{self.cleaned_data['region']}!"

    workflow = make_workflow(options={"initial_input_form": CountingForm})
    root.post(start_url(workflow), {"inputs-region": "north"})
    assert (Task.objects.get().inputs, len(cleaned)) == ({"region": "north!"}, 1)


def test_a_start_that_the_workflow_refuses_says_why(root: Client, db: None) -> None:
    for form in (None, OrderForm):
        options = {"initial_input_form": form, "run_predicate": lambda request: f"{request.actor} has to wait"}
        workflow = make_workflow(options=options)
        answer = root.post(start_url(workflow), {"inputs": "", **filled_in()})
        assert errors_of(answer) == {"__all__": ["root has to wait"]}
    assert not Task.objects.exists()


def test_somebody_whom_the_workflow_does_not_let_start_it_is_told_so(root: Client, db: None) -> None:
    for form in (None, OrderForm):
        options = {"initial_input_form": form, "authorize_callback": lambda user: user.username == "other"}
        workflow = make_workflow(name=f"task_closed_{form}", options=options)
        answer = root.post(start_url(workflow), {"inputs": "", **filled_in()})
        assert errors_of(answer) == {"__all__": [f"User is not authorized to start '{workflow}'"]}
    assert not Task.objects.exists()


def test_a_form_that_cannot_be_made_is_told_and_leaves_json(root: Client, db: None) -> None:
    broken = make_workflow(options={"initial_input_form": BrokenForm})
    page = read(root.get(start_url(broken)))
    assert "its form BrokenForm cannot be shown: RuntimeError: no <regions> today" in page
    assert 'name="inputs"' in page
    answer = root.post(start_url(broken), {"inputs": "{}"})
    assert "no <regions> today" in errors_of(answer)["__all__"][0]


def test_a_form_that_fails_while_it_cleans_is_told_and_starts_nothing(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": FailingForm})
    answer = root.post(start_url(workflow), {"inputs-region": "north"})
    assert "cannot look" in errors_of(answer)["__all__"][0]
    assert not Task.objects.exists()


def test_fields_are_filled_in_by_the_address(root: Client, workflow: Workflow) -> None:
    page = read(root.get(f"{start_url(workflow)}&region=south&count=7"))
    assert '<option value="south" selected>' in page
    assert 'value="7"' in page
    assert f'value="{workflow.pk}"' not in page, "the workflow is none of its fields"


def test_the_list_of_workflows_leads_to_the_form_of_the_chosen_one(login: Login, workflow: Workflow) -> None:
    make_workflow(name="task_plain")
    operator = login("tasks.start_task")
    page = read(operator.get(add_url(MODEL)))
    assert f'<a href="{start_url(workflow)}">task_order</a>' in page
    assert "Asks for: " in page
    assert "task_plain" in page
    assert 'name="inputs"' not in page


@pytest.mark.parametrize(("wanted", "found"), [("ORD", {"task_order"}), ("plain", {"task_plain"}), ("x", set())])
def test_the_list_of_workflows_is_searched_by_name_and_description(
    root: Client, workflow: Workflow, wanted: str, found: set[str]
) -> None:
    make_workflow(name="task_plain")
    answer = root.get(add_url(MODEL), {"q": wanted})
    assert {str(each["workflow"]) for each in answer.context["choices"]} == found
    assert ("No workflow has “x”" in read(answer)) == (not found)


def test_the_list_of_workflows_is_bounded(root: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.admin.starting.MAX_CHOICES", 2)
    for number in range(2):
        make_workflow(name=f"task_of_many_{number}", has_code=False)
    assert "There are more" not in read(root.get(add_url(MODEL), {"q": "of_many"}))
    make_workflow(name="task_of_many_2", has_code=False)
    page = read(root.get(add_url(MODEL), {"q": "of_many"}))
    assert "There are more" in page
    assert "task_of_many_2" not in page


def test_a_task_runs_again_with_its_inputs_filled_in(root: Client, workflow: Workflow) -> None:
    plain = make_workflow()
    by_form = make_task(workflow, status=TaskStatus.COMPLETED, inputs={"region": "south", "count": 7})
    by_json = make_task(plain, status=TaskStatus.FAILED, inputs={"site": "ams-1"})
    for task, shown in ((by_form, '<option value="south" selected>'), (by_json, '"site": "ams-1"')):
        link = f"{start_url(task.workflow)}&again={task.pk}"
        assert f'href="{link}"' in read(root.get(page_url(MODEL, task.pk))).replace("&amp;", "&")
        page = read(root.get(link))
        assert shown in page
        assert "Nothing has started yet" in page
    root.post(link, {"inputs": '{"site": "ams-2"}'})
    assert Task.objects.filter(inputs={"site": "ams-2"}).count() == 1


def test_inputs_of_another_task_are_not_shown_to_those_who_may_not_see_it(login: Login, db: None) -> None:
    task = make_task(status=TaskStatus.COMPLETED, inputs={"site": "ams-1"})
    operator = login("tasks.start_task")
    for task_id in (str(task.pk), "nonsense"):
        page = read(operator.get(f"{start_url(task.workflow)}&again={task_id}"))
        assert "ams-1" not in page
        assert 'name="inputs"' in page


@pytest.mark.parametrize("chosen", ["", "nonsense", "01900000-0000-7000-8000-000000000001", "deleted", "product"])
def test_a_workflow_that_cannot_be_started_is_not_chosen(root: Client, chosen: str, db: None) -> None:
    rows = {
        "deleted": make_workflow(deleted_at=NOW),
        "product": make_workflow(target=Target.MODIFY),
    }
    url = start_url(rows[chosen]) if chosen in rows else f"{add_url(MODEL)}?workflow={chosen}"
    answer = root.get(url)
    assert answer.context["errors"]
    assert root.post(url, {"inputs": ""}).status_code == 200
    assert not Task.objects.exists()


def test_a_workflow_without_form_or_without_code_takes_json(root: Client, db: None) -> None:
    for workflow in (make_workflow(), make_workflow(has_code=False)):
        assert 'name="inputs"' in read(root.get(start_url(workflow)))
        root.post(start_url(workflow), {"inputs": json.dumps({"region": "north"})})
        assert Task.objects.get(workflow=workflow).inputs == {"region": "north"}

"""Input forms whose fields let one choose rows of the database."""

from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from tasks.models import Task
from tests.support.factories import make_workflow
from workflows.engine.errors import FormCodeError, InvalidFormInputs
from workflows.input_forms import describe_form, form_digest, validate_form
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

TOO_LARGE = 2**63


@pytest.fixture
def groups() -> list[Group]:
    return [Group.objects.create(name=name) for name in ("north", "south", "west")]


def one_of(rows: "QuerySet[Any]", **options: Any) -> type[forms.Form]:
    return type("OneForm", (forms.Form,), {"row": forms.ModelChoiceField(rows, **options)})


def some_of(rows: "QuerySet[Any]", **options: Any) -> type[forms.Form]:
    return type("SomeForm", (forms.Form,), {"row": forms.ModelMultipleChoiceField(rows, **options)})


def clean(form: type[forms.Form], answer: object) -> Any:
    """Return what becomes of an answer, after seeing that it stays what it is and has the schema."""
    values = validate_form(form=form, inputs={"row": answer})
    assert validate_form(form=form, inputs=values) == values
    Draft202012Validator(describe_form(form=form)).validate(values)
    return values["row"]


def refuse(form: type[forms.Form], answer: object) -> list[str]:
    with pytest.raises(InvalidFormInputs) as refusal:
        validate_form(form=form, inputs={"row": answer})
    return refusal.value.errors["row"]


def test_a_row_is_its_key(groups: list[Group]) -> None:
    form = one_of(Group.objects.all())
    assert clean(form, groups[1].pk) == clean(form, str(groups[1].pk)) == groups[1].pk
    assert clean(one_of(Group.objects.all(), required=False), None) is None
    assert clean(one_of(Group.objects.all(), required=False), "") is None


def test_a_uuid_key_is_text() -> None:
    workflow = make_workflow()
    form = one_of(Workflow.objects.all())
    assert clean(form, str(workflow.pk).upper()) == clean(form, workflow.pk.hex) == str(workflow.pk)
    assert clean(some_of(Workflow.objects.all()), [workflow.pk.hex]) == [str(workflow.pk)]


def test_a_row_is_known_by_the_field_that_the_form_names(groups: list[Group]) -> None:
    form = one_of(Group.objects.all(), to_field_name="name")
    assert clean(form, "south") == "south"
    assert clean(some_of(Group.objects.all(), to_field_name="name"), ["west", "north"]) == ["north", "west"]


def test_several_rows_are_their_keys_in_one_order(groups: list[Group]) -> None:
    first, second, third = (group.pk for group in groups)
    rows = Group.objects.order_by("-name")
    assert clean(some_of(rows), [third, str(first), second, first]) == [first, second, third]
    assert clean(some_of(rows, required=False), None) == []
    assert refuse(some_of(rows), []) == ["This field is required."]


@pytest.mark.parametrize(
    "answer", [0, -1, TOO_LARGE, -TOO_LARGE - 1, 10**30, "x", str(TOO_LARGE), "1.0", " ", "9" * 5000]
)
def test_a_key_that_no_row_has_is_refused(groups: list[Group], answer: object) -> None:
    assert refuse(one_of(Group.objects.all()), answer) == [
        "Select a valid choice. That choice is not one of the available choices."
    ]
    [message] = refuse(some_of(Group.objects.all()), [groups[0].pk, answer])
    assert message.startswith("Select a valid choice.")
    # The transaction has not failed, as one does in which PostgreSQL was asked for a number out of range.
    assert Group.objects.exists()


def test_a_key_of_text_has_bounds_too() -> None:
    assert refuse(one_of(Group.objects.all(), to_field_name="name"), "x" * 10**5)
    assert refuse(one_of(Workflow.objects.all()), "x")
    assert refuse(one_of(Workflow.objects.all()), str(uuid4()))
    assert refuse(some_of(Workflow.objects.all()), ["x"])


@pytest.mark.parametrize("answer", [True, 1.0, [1], {"pk": 1}])
def test_what_is_no_key_is_refused(groups: list[Group], answer: object) -> None:
    [message] = refuse(one_of(Group.objects.all()), answer)
    assert message.startswith("Give the key of one of the choices, not ")
    assert refuse(some_of(Group.objects.all()), [answer]) == [message]


def test_more_keys_than_a_statement_takes_are_refused(groups: list[Group]) -> None:
    form = some_of(Group.objects.all())
    assert clean(form, [groups[0].pk] * 10_000) == [groups[0].pk]
    assert refuse(form, [1] * 10_001) == ["Give at most 10000 keys, not 10001."]
    # That many different ones are one statement, on both databases.
    assert refuse(form, list(range(TOO_LARGE - 10_000, TOO_LARGE)))


@pytest.mark.parametrize("answer", [1, "1", True, {"a": 1}])
def test_what_is_no_list_of_keys_is_refused(answer: object) -> None:
    [message] = refuse(some_of(Group.objects.all(), required=False), answer)
    assert message.startswith("Give a list of keys, not ")


def test_a_row_outside_of_those_to_choose_from_is_refused(groups: list[Group]) -> None:
    form = one_of(Group.objects.exclude(name="north"))
    assert refuse(form, groups[0].pk)
    assert clean(form, groups[1].pk) == groups[1].pk


def test_rows_are_constants_with_titles(groups: list[Group]) -> None:
    rows = [{"const": group.pk, "title": group.name} for group in groups]
    schema = describe_form(form=one_of(Group.objects.all()))
    assert schema["properties"]["row"] == {"title": "Row", "type": "integer", "oneOf": rows}
    optional = describe_form(form=one_of(Group.objects.all(), required=False))["properties"]["row"]
    assert optional["type"] == ["integer", "null"]
    assert optional["oneOf"] == [*rows, {"const": None, "title": "---------"}]
    several = describe_form(form=some_of(Group.objects.order_by("-pk")))["properties"]["row"]
    assert several["items"] == {"type": "integer", "oneOf": rows[::-1]}


@pytest.mark.parametrize(
    ("model", "options", "kind"),
    [
        (Group, {}, {"type": "integer"}),
        (Group, {"to_field_name": "name"}, {"type": "string"}),
        (Group, {"to_field_name": "pk"}, {"type": "integer"}),
        (Workflow, {}, {"type": "string", "format": "uuid"}),
        (Task, {"to_field_name": "workflow"}, {"type": "string", "format": "uuid"}),
    ],
)
def test_a_key_has_the_type_of_its_column(model: type[Model], options: dict[str, Any], kind: dict[str, Any]) -> None:
    schema = describe_form(form=one_of(model._default_manager.none(), **options))["properties"]["row"]
    assert schema == {"title": "Row", **kind, "enum": []}


def test_rows_in_no_order_are_listed_by_their_keys(groups: list[Group]) -> None:
    assert not Group.objects.all().ordered
    with CaptureQueriesContext(connection) as queries:
        describe_form(form=one_of(Group.objects.all()))
    [query] = queries.captured_queries
    assert "ORDER BY" in query["sql"]


@pytest.mark.parametrize(("count", "is_listed"), [(1000, True), (1001, False)])
def test_more_than_a_thousand_rows_are_not_listed(count: int, is_listed: bool) -> None:
    Group.objects.bulk_create(Group(name=f"group {number}") for number in range(count))
    one = describe_form(form=one_of(Group.objects.all()))["properties"]["row"]
    some = describe_form(form=some_of(Group.objects.all()))["properties"]["row"]
    assert ("oneOf" in one, "oneOf" in some["items"]) == (is_listed, is_listed)
    optional = one_of(Group.objects.all(), required=False)
    assert clean(optional, None) is None
    last = Group.objects.latest("pk")
    assert clean(optional, last.pk) == last.pk


def test_an_initial_row_is_the_default(groups: list[Group]) -> None:
    for initial in (groups[1], groups[1].pk, lambda: groups[1]):
        form = one_of(Group.objects.all(), initial=initial, required=False)
        assert describe_form(form=form)["properties"]["row"]["default"] == groups[1].pk
        assert validate_form(form=form, inputs={}) == {"row": groups[1].pk}
    several = some_of(Group.objects.all(), initial=Group.objects.order_by("-pk"), required=False)
    assert validate_form(form=several, inputs={}) == {"row": sorted(group.pk for group in groups)}


def test_the_rows_count_for_nothing_in_the_digest_and_their_model_does(groups: list[Group]) -> None:
    with CaptureQueriesContext(connection) as queries:
        digests = [
            form_digest(form=form)
            for form in (
                one_of(Group.objects.all()),
                one_of(Group.objects.filter(name="north")),
                one_of(User.objects.all()),
                one_of(Group.objects.all(), to_field_name="name"),
                some_of(Group.objects.all()),
            )
        ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
    assert not queries.captured_queries


def test_rows_that_only_the_made_form_has_are_used_and_missing_ones_are_named(groups: list[Group]) -> None:
    class Late(forms.Form):
        row: "forms.ModelChoiceField[Group]" = forms.ModelChoiceField(None)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["row"].queryset = Group.objects.all()  # type: ignore[attr-defined]

    assert clean(Late, groups[0].pk) == groups[0].pk
    assert form_digest(form=Late)
    never = type("Never", (forms.Form,), {"row": forms.ModelChoiceField(None)})
    for call in (describe_form, lambda form: validate_form(form=form, inputs={"row": 1})):
        with pytest.raises(FormCodeError, match="its queryset is None; set it where it is declared"):
            call(form=never)


def test_a_model_form_checks_what_its_model_does(groups: list[Group]) -> None:
    class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
        class Meta:
            model = Group
            fields = ("name", "permissions")

    assert validate_form(form=GroupForm, inputs={"name": "east"}) == {"name": "east", "permissions": []}
    assert not Group.objects.filter(name="east").exists()
    with pytest.raises(InvalidFormInputs, match="Group with this Name already exists"):
        validate_form(form=GroupForm, inputs={"name": "north"})


def test_rows_that_clean_returns_become_keys(groups: list[Group]) -> None:
    class NamedForm(forms.Form):
        name = forms.CharField()

        def clean_name(self) -> Any:
            found = Group.objects.filter(name=self.cleaned_data["name"])
            return found if len(found) != 1 else found[0]

    assert validate_form(form=NamedForm, inputs={"name": "south"}) == {"name": groups[1].pk}
    assert validate_form(form=NamedForm, inputs={"name": "none"}) == {"name": []}
